"""Strips: the colours of a film over time, a column for each moment, from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.theme_counting import Look, ThemeCounter

if TYPE_CHECKING:
    from kpalette.colors import ByteArray

WIDTH, HEIGHT = 1200, 200
#: Moments that a strip shows at most. While frames come, there may be twice as many.
MOMENTS = 300
#: Colours of a moment. One alone makes a bar of mud; with more, columns do not read as one.
COLORS = 4
#: Pixels of a frame's side that are counted: a moment's colours need no more.
SIDE = 160


class StripCounter:
    """Counts the colours of frames by moments, whose number need not be known beforehand."""

    def __init__(self, look: Look, team: _core.Team) -> None:
        self._look, self._team = look, team
        self._moments: list[ThemeCounter] = []
        self._frames, self._each = 0, 1  # frames of a moment

    def add(self, pixels: ByteArray) -> None:
        """Count the next frame, uint8 (h, w, 3 or 4)."""
        moment = ThemeCounter(self._look, self._team)
        moment.add(pixels, step=-(-max(pixels.shape[:2]) // SIDE))
        if self._frames % self._each == 0:
            if len(self._moments) == 2 * MOMENTS:
                pairs = zip(self._moments[::2], self._moments[1::2], strict=True)
                self._moments = [a + b for a, b in pairs]
                self._each *= 2
            self._moments.append(moment)
        else:
            self._moments[-1] += moment
        self._frames += 1

    def draw(self) -> ByteArray:
        """Return the strip, uint8 (HEIGHT, WIDTH, 3); black where no pixel was looked at."""
        strip = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        n = min(len(self._moments), MOMENTS)
        cuts = np.arange(n + 1) * len(self._moments) // n
        columns = np.arange(n + 1) * WIDTH // n
        for i in range(n):
            parts = self._moments[cuts[i] : cuts[i + 1]]
            moment = sum(parts[1:], start=parts[0])
            if not moment.is_empty:
                strip[:, columns[i] : columns[i + 1]] = _column(*moment.make(COLORS)[:2])[:, None]
        return strip


def _column(colors: ByteArray, counts: Any) -> ByteArray:
    """Return the colours of a column, uint8 (HEIGHT, 3): the lightest above, each by its share."""
    order = np.argsort(-_core.place(colors, "oklab")[:, 0], kind="stable")
    ends = np.cumsum(counts[order]) / counts.sum()
    middles = (np.arange(HEIGHT) + 0.5) / HEIGHT
    column: ByteArray = colors[order][np.searchsorted(ends, middles).clip(max=len(colors) - 1)]
    return column
