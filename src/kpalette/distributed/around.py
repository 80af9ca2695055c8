"""Exact spatial dithering: how far it reaches, and the rows that a palette is moved by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dask.base import tokenize
from dask.task_spec import Task

from kpalette import _core, files
from kpalette.colors import ByteArray
from kpalette.distributed import running, tasks
from kpalette.distributed.mosaics import Mosaic
from kpalette.distributed.tasks import Key, Tasks

if TYPE_CHECKING:
    from kpalette.distributed.mapping import Mapper

SPATIAL = "spatial"
#: How far the passes reach into what is around a pixel, and beyond that the rest of the block of 32
#: pixels there, in which errors are diffused from row to row; so below only the former counts.
PASSES, BLOCK = 12, 31
REACH = PASSES + BLOCK


def palette_rows(
    mosaic: Mosaic, mapper: Mapper, channels: int, scheduler: Any, progress: bool
) -> ByteArray:
    """Return the pixels (h, w, channels) that the image's palette is moved by.

    They are of whole rows of tiles, which are read again; but at most 4 megapixels are kept.
    """
    rows, columns = _core.palette_places(*mosaic.array.shape[:2])
    token = tokenize(mosaic.array.name, mapper, channels)
    waves = _taking(mosaic, mapper, channels, (rows, columns), f"rows-{token}")
    whole = np.empty((len(rows), len(columns), channels), np.uint8)
    for places, pixels in running.run(waves, _joined, scheduler, progress):
        whole[places] = pixels
    return whole


def _taking(
    mosaic: Mosaic, mapper: Mapper, channels: int, wanted: tuple[Any, Any], token: str
) -> Iterator[Tasks]:
    """Yield tasks that take the wanted rows and columns of the tiles that have any."""
    for wave in tasks.in_waves(mosaic.grid.places()):
        results: dict[Key, Any] = {}
        names: dict[Key, str] = {}
        for place in wave:
            spans = mosaic.grid.spans(place)
            found = [np.searchsorted(*pair).tolist() for pair in zip(wanted, spans, strict=True)]
            places = slice(*found[0]), slice(*found[1])
            inside = wanted[0][places[0]] - spans[0][0], wanted[1][places[1]] - spans[1][0]
            if len(inside[0]) and len(inside[1]):
                key = (token, *place)
                taker = Taker(mapper, channels, inside, places)
                results[key] = Task(key, taker.take, mosaic.block(place))
                names[key] = mosaic.grid.name(place)
        if results:
            yield tasks.needing(mosaic.array, results, names)


@dataclass(frozen=True, eq=False)
class Taker:
    """Takes some rows and columns of a tile."""

    mapper: Mapper
    channels: int
    inside: tuple[Any, Any]
    places: tuple[slice, ...]

    def take(self, block: Any) -> list[tuple[tuple[slice, ...], ByteArray]]:
        """Return the pixels, and their places among those of all tiles."""
        pixels = files.tile_pixels(np.asarray(block)[np.ix_(*self.inside)])
        return [(self.places, self.mapper.prepared(pixels, self.channels))]


def _joined(parts: list[list[Any]]) -> list[Any]:
    return [one for part in parts for one in part]
