"""The sum of all tiles, which the threads of one process add to: one table, whatever comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.distributed.checkpoints import Damaged
from kpalette.histogram import ColorCounter, ColorHistogram
from kpalette.threads import make_team

#: Bytes from which on a table of all colours is faster than a histogram for each image.
MANY = 3 << 22


@dataclass(frozen=True)
class Images:
    """What a task reads: the pixels of a tile, of a photo or of several.

    Attributes
    ----------
    number : int
        Of the tile, photo or partition, in the source's order.
    images : iterable of uint8 arrays (h, w, c)
        Each is read when it is asked for.
    """

    number: int
    images: Iterable[ByteArray]


#: What a task returns: pixels that are to be counted, or what a file of the checkpoint holds.
Part: TypeAlias = "Images | ColorHistogram | Damaged"


class Run:
    """Counts tiles that follow each other: RGB images together, which is faster than to add up."""

    def __init__(self, first: int) -> None:
        self.first = self.after = first
        self._team = make_team(1)
        self._parts: list[ColorHistogram] = []
        self._opaque: Any = None
        self._n_bytes = 0

    def count(self, part: Images) -> None:
        """Count the images of the next tile."""
        for pixels in part.images:
            self._n_bytes += pixels.nbytes
            if pixels.shape[-1] == 4 or (self._opaque is None and self._n_bytes < MANY):
                self._parts.append(ColorHistogram.from_pixels(pixels, self._team))
                continue
            self._opaque = self._opaque or _core.Counter()
            self._opaque.add(pixels.reshape(-1, 3), self._team)
        self.after = part.number + 1

    def total(self) -> ColorHistogram | None:
        """Return the histogram of all images; None if there was none."""
        parts = self._parts
        if self._opaque is not None:
            parts.append(ColorHistogram.from_core(*self._opaque.total(self._team)))
        return sum(parts[1:], parts[0]) if parts else None


class Total:
    """Counts pixels, and adds histograms, as they come from several threads.

    Opaque pixels take a table of 16 MB for each thread that counts at a time, histograms 128 MB at
    most, together. No result waits for others to be merged.
    """

    def __init__(self) -> None:
        self._sum = ColorCounter(threads=1)
        self._idle: list[_core.Counter] = []  # no thread counts with these now
        self._damaged: list[str] = []

    def add_all(self, parts: Iterable[Part]) -> None:
        """Add histograms, and pixels, as they come."""
        for part in parts:
            if isinstance(part, Damaged):
                self._damaged += part.paths
            elif isinstance(part, ColorHistogram):
                self._sum.update(part)
            else:
                for pixels in part.images:
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
        """Return the sum; what was damaged instead, if anything; None if nothing was added."""
        if self._damaged:
            return Damaged(tuple(self._damaged))
        team = make_team(1)
        while self._idle:
            counter = self._idle.pop()
            if not self._idle and self._sum.n_pixels == 0:
                return ColorHistogram.from_core(*counter.total(team))
            self._sum.update(ColorHistogram.from_core(*counter.total(team)))
            del counter
        return self._sum.histogram() if self._sum.n_pixels else None
