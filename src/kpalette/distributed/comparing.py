"""How an image in tiles looks in few colours: what tiles of the measure sum up to adds up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.task_spec import Task, TaskRef

from kpalette import files
from kpalette.colors import ByteArray
from kpalette.distributed import running, tasks
from kpalette.distributed.errors import reading
from kpalette.distributed.mapping import Indices, Mapper
from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.distributed.tasks import Key, Tasks
from kpalette.looks import TILE, Reference, TileErrors
from kpalette.threads import make_team


def tile_errors(
    mosaic: Mosaic, indices: Any, colors: ByteArray, mapper: Mapper, scheduler: Any, progress: bool
) -> TileErrors:
    """Measure how a mosaic looks as indices (h, w) of colours (k, channels): see `QuantizedArray`.

    The same whole or in tiles: blocks are cut anew where tiles of the measure would be.
    """
    rows, columns = (aligned(sizes) for sizes in indices.chunks)
    source = mosaic.array.rechunk((rows, columns, *mosaic.array.chunks[2:]))
    indices = indices.rechunk((rows, columns))
    grid = Grid.of(mosaic.name, (rows, columns))
    token = tokenize(source.name, indices.name, colors, mapper)
    compared = da.map_blocks(
        _compare,
        source,
        indices if source.ndim == 2 else indices[..., None],
        dask.delayed(colors, name=f"colors-{token}"),
        mapper=mapper,
        grid=grid,
        drop_axis=list(range(2, source.ndim)),
        chunks=((1,) * len(rows), (1,) * len(columns)),
        dtype=object,
        meta=np.empty((0, 0), object),
        name=f"compare-{token}",
    )
    waves = _summing(compared, grid, f"errors-{token}")
    total: TileErrors = running.run(waves, _sum, scheduler, progress)
    return total


def _summing(compared: Any, grid: Grid, token: str) -> Iterator[Tasks]:
    """Yield tasks that return what was measured of each block."""
    for wave in tasks.in_waves(grid.places()):
        results: dict[Key, Any] = {}
        names: dict[Key, str] = {}
        for place in wave:
            key = (token, *place)
            results[key] = Task(key, _only, TaskRef((compared.name, *place)))
            names[key] = grid.name(place)
        yield tasks.needing(compared, results, names)


def aligned(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return sizes of blocks whose edges are the nearest ones between tiles of the measure."""
    edges = np.cumsum((0, *sizes))
    inner = np.rint(edges[1:-1] / TILE).astype(np.int64) * TILE
    kept = np.unique([0, *inner[inner < edges[-1]], edges[-1]])
    return tuple(np.diff(kept).tolist())


def _compare(
    block: Any,
    indices: Indices,
    colors: ByteArray,
    mapper: Mapper,
    grid: Grid,
    block_id: Any = None,
) -> Any:
    """Measure one block, as an array (1, 1)."""
    rows, columns = grid.spans(block_id)
    with reading(grid.name(block_id)):
        pixels = mapper.prepared(files.tile_pixels(np.asarray(block)), colors.shape[1])
        reference = Reference(pixels, make_team(1), (rows[0], columns[0]))
        found = np.empty((1, 1), object)
        flat = np.ascontiguousarray(indices.reshape(pixels.shape[:2]))
        found[0, 0] = reference.index_errors(flat, colors)
        return found


def _only(found: Any) -> TileErrors:
    errors: TileErrors = found[0, 0]
    return errors


def _sum(parts: list[TileErrors]) -> TileErrors:
    return reduce(add, parts)
