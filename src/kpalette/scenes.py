"""Where an animation cuts to something else: consecutive frames whose colours are not alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from kpalette.histogram import ColorHistogram

#: Levels of each of R, G, B and alpha that are told apart, roughly.
LEVELS = 16

#: How much of a frame's colours the scene must have had already. Between any two of twelve photos
#: it was 0.58 at most and 0.28 as a rule; while zooming from most of a photo to two fifths of it,
#: at least 0.62 for ten of the twelve.
ALIKE = 0.6


class SceneCutter:
    """Tells, frame by frame, where a scene begins.

    A frame goes on with a scene if their shares of pixels by colour, on a coarse grid, have at
    least `ALIKE` in common. It is held against the whole scene so far, so that a slow drift to
    other colours ends one as well.

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
        """Take the next frame, and tell whether a scene begins with it."""
        coarse = _coarse(histogram)
        common = float(np.minimum(coarse, self._scene / max(1, self._frames)).sum())
        if common >= ALIKE:
            self._scene += coarse
            self._frames += 1
            return False
        self._scene, self._frames = coarse, 1
        return True


def _coarse(histogram: ColorHistogram) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the share of pixels near each point of a grid; what is clear counts as black."""
    colors = histogram.colors[:, :3].astype(np.int64)
    if histogram.channels == 4:
        colors = colors * histogram.colors[:, 3:].astype(np.int64) // 255
    cells = colors * LEVELS // 256
    flat = (cells[:, 0] * LEVELS + cells[:, 1]) * LEVELS + cells[:, 2]
    grid: np.ndarray[Any, Any] = np.bincount(flat, histogram.counts, LEVELS**3).reshape(
        (LEVELS,) * 3
    )
    # Blurred, so that a small step across the edge of a cell remains a small one.
    for axis in range(3):
        wide = np.pad(grid, [(1, 1) if a == axis else (0, 0) for a in range(3)], "edge")
        low, high = np.take(wide, range(LEVELS), axis), np.take(wide, range(2, LEVELS + 2), axis)
        grid = grid / 2 + (low + high) / 4
    shares: np.ndarray[Any, np.dtype[np.float64]] = grid / grid.sum()
    return shares
