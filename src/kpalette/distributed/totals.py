"""The sum of all tiles, which the threads of one process add to: one table, whatever comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kpalette import _core
from kpalette.distributed.checkpoints import Damaged
from kpalette.histogram import ColorCounter, ColorHistogram
from kpalette.threads import make_team


class Total:
    """Counts pixels, and adds histograms, as they come from several threads.

    Opaque pixels take a table of 16 MB for each thread that counts at a time, histograms 128 MB at
    most, together. No result waits for others to be merged.
    """

    def __init__(self) -> None:
        self._sum = ColorCounter(threads=1)
        self._idle: list[_core.Counter] = []  # no thread counts with these now
        self._damaged: list[str] = []

    def add_all(self, parts: Iterable[Any]) -> None:
        """Add histograms, and iterables of pixels, as they come."""
        for part in parts:
            if isinstance(part, Damaged):
                self._damaged += part.paths
            elif isinstance(part, ColorHistogram):
                self._sum.update(part)
            elif part is not None:
                for pixels in part:
                    self._count(pixels)

    def _count(self, pixels: Any) -> None:
        team = make_team(1)
        if pixels.shape[-1] == 4:
            self._sum.update(ColorHistogram.from_pixels(pixels, team))
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
        team = make_team(1)
        while self._idle:
            counter = self._idle.pop()
            if not self._idle and self._sum.n_pixels == 0:
                return ColorHistogram.from_core(*counter.total(team))
            self._sum.update(ColorHistogram.from_core(*counter.total(team)))
            del counter
        total, self._sum = self._sum, ColorCounter(threads=1)
        return total.histogram() if total.n_pixels else None
