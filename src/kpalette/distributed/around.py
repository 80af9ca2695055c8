"""Exact spatial dithering: blocks with a margin, and the rows that a palette is moved by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.array.overlap import ensure_minimum_chunksize, overlap
from dask.base import tokenize
from dask.task_spec import Task

from kpalette import _core, files
from kpalette.colors import ByteArray
from kpalette.distributed import running, tasks
from kpalette.distributed.errors import reading
from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.distributed.tasks import Key, Tasks
from kpalette.dither import Rest

if TYPE_CHECKING:
    from kpalette.distributed.mapping import Indices, Mapper

SPATIAL = "spatial"
#: How far the passes reach into what is around a pixel, and beyond that the rest of the block of 32
#: pixels there, in which errors are diffused from row to row; so below only the former counts.
PASSES, BLOCK = 12, 31
REACH = PASSES + BLOCK


def map_spatially(mosaic: Mosaic, palette: Any, mapper: Mapper, dtype: Any) -> Any:
    """Return a lazy array of indices (h, w), with the mosaic's chunks.

    Parameters
    ----------
    mosaic : Mosaic
        Blocks that are lower or narrower than what reaches into them are cut anew.
    palette : Delayed
        The colours.
    """
    array = mosaic.array
    rows, columns = _thick_enough(array.chunks[:2])
    depth = {
        0: (REACH, PASSES) if len(rows) > 1 else 0,
        1: REACH if len(columns) > 1 else 0,
    }
    wide = overlap(array.rechunk((rows, columns, *array.chunks[2:])), depth, boundary="none")
    token = tokenize(array.name, palette.key, mapper)
    mapped = da.map_blocks(
        Around(mapper, Grid.of(mosaic.name, (rows, columns))).map_block,
        wide,
        palette,
        chunks=(rows, columns),
        drop_axis=list(range(2, array.ndim)),
        dtype=dtype,
        meta=np.empty((0, 0), dtype),
        name=f"indices-{token}",
    )
    return mapped.rechunk(array.chunks[:2])


def _thick_enough(chunks: Any) -> tuple[tuple[int, ...], ...]:
    """Return sizes of blocks (rows, columns) that hold what reaches into the next ones."""
    least = [min(REACH, sum(sizes)) for sizes in chunks]
    if all(min(sizes) >= side for sizes, side in zip(chunks, least, strict=True)):
        return tuple(chunks)
    side = max(2 * REACH, math.isqrt(max(chunks[0]) * max(chunks[1])))
    cut = da.core.normalize_chunks((side, side), [sum(sizes) for sizes in chunks])
    return tuple(map(ensure_minimum_chunksize, least, cut))


@dataclass(frozen=True)
class Around:
    """Maps blocks that have a margin, which is cut off again; errors name the tile."""

    mapper: Mapper
    grid: Grid

    def map_block(self, block: Any, colors: ByteArray, block_id: Any = None) -> Indices:
        """Map a block of a Dask array."""
        (top, bottom), (left, right) = self.grid.spans(block_id)
        start = max(0, top - REACH), max(0, left - REACH)
        with reading(self.grid.name(block_id)):
            pixels = self.mapper.prepared(files.tile_pixels(np.asarray(block)), colors.shape[1])
            found = self.mapper.map(pixels, colors, Rest(start))
        inner = found[top - start[0] : bottom - start[0], left - start[1] : right - start[1]]
        return np.ascontiguousarray(inner)


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
