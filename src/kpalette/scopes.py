"""Palette scopes of animations: one palette for all frames, for each scene, or for each frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette.choices import Scope
from kpalette.histogram import ColorHistogram, PairwiseSum
from kpalette.spatial import RowSample, Sampled

if TYPE_CHECKING:
    from kpalette.colors import ByteArray

#: Levels per channel of the coarse histograms that are compared.
LEVELS = 16

#: The least intersection of a frame's and its scene's coarse histograms. Between any two of twelve
#: photos it is at most 0.58, typically 0.28; while zooming from most of a photo to two fifths of
#: it, at least 0.62 for ten of the twelve.
ALIKE = 0.6

#: For each scope, a function that decides frame by frame whether a new palette begins.
SCOPES: dict[Scope, Callable[[], Callable[[ColorHistogram], bool]]] = {
    "global": lambda: lambda histogram: False,
    "scene": lambda: SceneCutter().begins,
    "frame": lambda: _differs(),
}


def scopes_to_try(scope: object) -> list[Scope]:
    """Return the names of the scopes to try; raise an error for an unknown name."""
    known = ", ".join(["auto", *SCOPES])
    if not isinstance(scope, str):
        raise TypeError(f"palette_scope: expected one of {known}, got {scope!r}")
    if scope != "auto" and scope not in SCOPES:
        raise ValueError(f"palette_scope: expected one of {known}, got {scope!r}")
    return [name for name in SCOPES if scope in ("auto", name)]


class ScopeCount:
    """Which frames share a palette in one scope, and their colours together.

    Attributes
    ----------
    scope : {"global", "scene", "frame"}
    which : list of int
        The number of each frame's palette.
    spans : list of Sampled
        The frames of each palette together; none for palettes of single frames.
    """

    def __init__(self, scope: Scope, with_rows: bool) -> None:
        self.scope = scope
        self.which: list[int] = []
        self.spans: list[Sampled] = []
        self._with_rows = with_rows
        self._begins = SCOPES[scope]()
        self._sum, self._rows = PairwiseSum(), RowSample()

    def add(self, histogram: ColorHistogram, pixels: ByteArray) -> None:
        """Add the next frame, whose histogram is that of its pixels."""
        begins = self._begins(histogram)
        if self.scope == "frame":
            last = self.which[-1] if self.which else -1
            self.which.append(last + begins)
            return
        if begins and self.which:
            self.close()
        self._sum.add(histogram)
        if self._with_rows:
            self._rows.add(pixels, len(self.which))
        self.which.append(len(self.spans))

    def close(self) -> None:
        """End the frames of the last palette."""
        if self.scope == "frame":
            return
        self.spans.append(Sampled(self._sum.total(), self._rows.parts))
        self._sum, self._rows = PairwiseSum(), RowSample()


def _differs() -> Callable[[ColorHistogram], bool]:
    """Return a function that is true if a histogram differs from the one before."""
    last: ColorHistogram | None = None

    def begins(histogram: ColorHistogram) -> bool:
        nonlocal last
        before, last = last, histogram
        return histogram != before

    return begins


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
