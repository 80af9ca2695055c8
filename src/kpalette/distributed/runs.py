"""Runs: tiles that follow each other and are counted together, into one histogram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.distributed.checkpoints import Damaged
from kpalette.histogram import ColorHistogram
from kpalette.threads import make_team

#: Bytes from which on a table of all colours is faster than a histogram for each image.
MANY = 3 << 22
#: Colours of histograms to add up, from which on a run ends: these would take more than a table.
ENOUGH = 1 << 20


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

    def __iter__(self) -> Iterator[ByteArray]:
        """Yield the pixels of each image."""
        return iter(self.images)


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
        for pixels in part:
            self._n_bytes += pixels.nbytes
            if pixels.shape[-1] == 4 or (self._opaque is None and self._n_bytes < MANY):
                self._parts.append(ColorHistogram.from_pixels(pixels, self._team))
                continue
            self._opaque = self._opaque or _core.Counter()
            self._opaque.add(pixels.reshape(-1, 3), self._team)
        self.after = part.number + 1

    @property
    def is_full(self) -> bool:
        """Whether the next tile is for another run: this one has many colours, as noise has."""
        return sum(map(len, self._parts)) >= ENOUGH

    def total(self) -> ColorHistogram | None:
        """Return the histogram of all images; None if there was none."""
        parts = self._parts
        if self._opaque is not None:
            parts.append(ColorHistogram.from_core(*self._opaque.total(self._team)))
        return sum(parts[1:], parts[0]) if parts else None
