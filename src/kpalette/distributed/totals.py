"""The sum of all tiles, which the threads of one process add to: one table, whatever comes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import dask

from kpalette import _core
from kpalette.distributed.checkpoints import Damaged
from kpalette.histogram import MAX_RGBA, ColorCounter, ColorHistogram, PairwiseSum
from kpalette.threads import make_team


class Total:
    """Counts pixels, and adds histograms, as they come from several threads.

    Opaque pixels take a table of 16 MB for each thread that counts at a time, histograms 128 MB at
    most, together. No result waits for others to be merged. Of colours with alpha there are at most
    so many as Dask's setting ``kpalette.most-colors-with-alpha`` says.
    """

    def __init__(self) -> None:
        self._sum = ColorCounter(threads=1)
        self._with_alpha = PairwiseSum()
        self._most = int(dask.config.get("kpalette.most-colors-with-alpha", MAX_RGBA))
        self._lock = threading.Lock()
        self._idle: list[_core.Counter] = []  # no thread counts with these now
        self._damaged: list[str] = []

    def add_all(self, parts: Iterable[Any]) -> None:
        """Add histograms, and iterables of pixels, as they come."""
        for part in parts:
            if isinstance(part, Damaged):
                self._damaged += part.paths
            elif isinstance(part, ColorHistogram):
                self._add(part)
            elif part is not None:
                for pixels in part:
                    self._count(pixels)

    def _add(self, histogram: ColorHistogram) -> None:
        if histogram.channels == 3:
            self._sum.update(histogram)
            return
        with self._lock:
            self._with_alpha.add(histogram, self._most)

    def _count(self, pixels: Any) -> None:
        team = make_team(1)
        if pixels.shape[-1] == 4:
            self._add(ColorHistogram.from_pixels(pixels, team))
            return
        try:
            counter = self._idle.pop()
        except IndexError:
            counter = _core.Counter()
        counter.add(pixels.reshape(-1, 3), team)
        self._idle.append(counter)

    def result(self) -> ColorHistogram | Damaged | None:
        """Return the sum; what was damaged instead, if anything; None if nothing was added.

        The tables are gone then, whoever still holds this, as Dask's graphs do for a while.
        """
        if self._damaged:
            return Damaged(tuple(self._damaged))
        parts = [part for part in (self._colors_with_alpha(), self._opaque()) if part is not None]
        return sum(parts[1:], start=parts[0]) if parts else None

    def _colors_with_alpha(self) -> ColorHistogram | None:
        total, self._with_alpha = self._with_alpha, PairwiseSum()
        return None if total.empty else total.total()

    def _opaque(self) -> ColorHistogram | None:
        total, self._sum = self._sum, ColorCounter(threads=1)
        team = make_team(1)
        if len(self._idle) == 1 and total.n_pixels == 0:
            return ColorHistogram.from_core(*self._idle.pop().total(team))
        while self._idle:
            total.update(ColorHistogram.from_core(*self._idle.pop().total(team)))
        return total.histogram() if total.n_pixels else None
