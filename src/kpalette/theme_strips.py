"""Strips: the colours of a film over time, a column for each moment, from left to right.

Each scene has a theme, of which a column shows how much there is in its moment. So a strip is calm
where the film is, and changes where it cuts; themes of single moments would flicker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kpalette import _core
from kpalette.scopes import SceneCutter
from kpalette.theme_counting import Look, ThemeCounter

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.histogram import ColorHistogram

WIDTH, HEIGHT = 1200, 200
#: Moments that a strip shows at most. While frames come, there may be twice as many.
MOMENTS = 300
#: Colours of a scene. With fewer, a strip looks poor; with more, it is a crowd.
COLORS = 6
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
        edges = np.arange(n + 1) * WIDTH // n
        moments = [_total(self._moments[cuts[i] : cuts[i + 1]]) for i in range(n)]
        for scene in _scenes(moments):
            colors = _total([moments[i] for i in scene]).make(COLORS)[0]
            for i in scene:
                column = _column(colors, moments[i].histogram)
                strip[:, edges[i] : edges[i + 1]] = column[:, None]
        return strip


def _total(parts: list[ThemeCounter]) -> ThemeCounter:
    return sum(parts[1:], start=parts[0])


def _scenes(moments: list[ThemeCounter]) -> list[list[int]]:
    """Return the numbers of the moments of each scene, without those of which nothing is seen."""
    cutter = SceneCutter()
    scenes: list[list[int]] = [[]]
    for i, moment in enumerate(moments):
        if moment.is_empty:
            continue
        if cutter.begins(moment.histogram):
            scenes.append([])
        scenes[-1].append(i)
    return [scene for scene in scenes if scene]


def _column(colors: ByteArray, histogram: ColorHistogram) -> ByteArray:
    """Return the colours of a column, uint8 (HEIGHT, 3): the lightest above, each by its share."""
    centers = _core.place(colors, "oklab")
    order = np.argsort(-centers[:, 0], kind="stable")
    places = _core.place(histogram.colors, "oklab")
    nearest = ((places[:, None] - centers[order]) ** 2).sum(axis=2).argmin(axis=1)
    counts = np.bincount(nearest, histogram.counts, minlength=len(order))
    ends = np.cumsum(counts) / counts.sum()
    middles = (np.arange(HEIGHT) + 0.5) / HEIGHT
    column: ByteArray = colors[order][np.searchsorted(ends, middles).clip(max=len(order) - 1)]
    return column
