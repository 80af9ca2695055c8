"""Scene cuts of an animation: a frame whose colours differ from those of the frames before."""

from __future__ import annotations

from typing import Any

import numpy as np

from kpalette.histogram import ColorHistogram

#: Levels per channel of the coarse histograms that are compared.
LEVELS = 16

#: The least intersection of a frame's and its scene's coarse histograms. Between any two of twelve
#: photos it is at most 0.58, typically 0.28; while zooming from most of a photo to two fifths of
#: it, at least 0.62 for ten of the twelve.
ALIKE = 0.6


class SceneCutter:
    """Detects, frame by frame, where a scene begins.

    A frame continues a scene if the intersection of their coarse, normalized histograms is at
    least `ALIKE`. It is compared with the whole scene so far, so that a slow drift to other colours
    ends a scene too.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import ColorHistogram
    >>> cutter = SceneCutter()
    >>> greys = [np.full((2, 2), level, np.uint8) for level in (9, 10, 200)]
    >>> [cutter.begins(ColorHistogram.from_image(grey)) for grey in greys]
    [True, False, True]
    """

    def __init__(self) -> None:
        self._scene = np.zeros((LEVELS,) * 3)
        self._frames = 0

    def begins(self, histogram: ColorHistogram) -> bool:
        """Add the next frame, and return whether a scene begins with it."""
        coarse = _coarse(histogram)
        common = float(np.minimum(coarse, self._scene / max(1, self._frames)).sum())
        if common >= ALIKE:
            self._scene += coarse
            self._frames += 1
            return False
        self._scene, self._frames = coarse, 1
        return True


def _coarse(histogram: ColorHistogram) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a blurred, normalized histogram on a coarse grid; transparent pixels are black."""
    colors = histogram.colors[:, :3].astype(np.int64)
    if histogram.channels == 4:
        colors = colors * histogram.colors[:, 3:].astype(np.int64) // 255
    cells = colors * LEVELS // 256
    flat = (cells[:, 0] * LEVELS + cells[:, 1]) * LEVELS + cells[:, 2]
    grid: np.ndarray[Any, Any] = np.bincount(flat, histogram.counts, LEVELS**3).reshape(
        (LEVELS,) * 3
    )
    # Blurred, so that a small change across the edge of a cell stays small.
    for axis in range(3):
        wide = np.pad(grid, [(1, 1) if a == axis else (0, 0) for a in range(3)], "edge")
        low, high = np.take(wide, range(LEVELS), axis), np.take(wide, range(2, LEVELS + 2), axis)
        grid = grid / 2 + (low + high) / 4
    shares: np.ndarray[Any, np.dtype[np.float64]] = grid / grid.sum()
    return shares
