"""How an image in tiles looks in few colours: what tiles of the measure sum up to adds up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from dask.base import tokenize
from dask.task_spec import DataNode, Task, TaskRef

from kpalette.colors import ByteArray
from kpalette.distributed import diffusing, running, tasks
from kpalette.distributed.diffusing import Band, Carry
from kpalette.distributed.mapping import Block, Mapper
from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.distributed.tasks import Key, Tasks
from kpalette.distributed.windows import PARTS, Windows, squares
from kpalette.looks import TILE, Reference, TileErrors
from kpalette.threads import make_team


def tile_errors(
    mosaic: Mosaic, colors: ByteArray, mapper: Mapper, scheduler: Any, progress: bool
) -> TileErrors:
    """Measure how a mosaic looks in colours (k, channels): see `QuantizedArray`.

    The same whole or in tiles: blocks are cut anew where tiles of the measure would be.
    """
    grid = Grid.of(mosaic.name, [aligned(sizes) for sizes in mosaic.array.chunks[:2]])
    if not mapper.is_diffusing:
        waves = _summing(mosaic, grid, colors, mapper)
        total: TileErrors = running.run(waves, _sum, scheduler, progress)
        return total
    errors, above = [], None
    for which in tasks.in_waves(range(len(grid.rows.starts)), len(grid.columns.starts)):
        wave = _diffusing(mosaic, grid, colors, mapper, which, above)
        found = running.run([wave], _sum_in_order, scheduler, progress, in_order=True)
        errors.append(found[0])
        above = found[1]
    return _sum(errors)


def _summing(mosaic: Mosaic, grid: Grid, colors: ByteArray, mapper: Mapper) -> Iterator[Tasks]:
    """Yield tasks that return what was measured of each block."""
    token = tokenize(mosaic.array.name, colors, mapper)
    palette = f"colors-{token}"
    for wave in tasks.in_waves(squares(grid), PARTS):
        windows = Windows(mosaic)
        results: dict[Key, Any] = {palette: DataNode(palette, colors)}
        names: dict[Key, str] = {}
        for place in wave:
            block = Block.of(mapper, grid, place)
            key = (f"errors-{token}", *place)
            pixels = windows.pixels(*block.window)
            results[key] = Task(key, _compare, block, pixels, TaskRef(palette))
            names[key] = block.where
        yield tasks.needing(mosaic.array, {**windows.tasks, **results}, names)


def _diffusing(
    mosaic: Mosaic,
    grid: Grid,
    colors: ByteArray,
    mapper: Mapper,
    which: list[int],
    above: Carry | None,
) -> Tasks:
    """Return tasks that measure bands; the last also returns the state for the next one."""
    token = tokenize(mosaic.array.name, colors, mapper)
    palette = f"colors-{token}"
    windows = Windows(mosaic)
    results: dict[Key, Any] = {palette: DataNode(palette, colors)}
    names: dict[Key, str] = {}
    how: Any = (windows, grid, TaskRef(palette), mapper, which)
    for i, band in diffusing.bands(*how, above=above, step=_compare_band):
        key = (f"errors-{token}", i)
        results[key] = Task(key, tuple if i == which[-1] else _without_carry, band)
        names[key] = grid.name((i, 0))
    return tasks.needing(mosaic.array, {**windows.tasks, **results}, names)


def aligned(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return sizes of blocks whose edges are the nearest ones between tiles of the measure."""
    edges = np.cumsum((0, *sizes))
    inner = np.rint(edges[1:-1] / TILE).astype(np.int64) * TILE
    kept = np.unique([0, *inner[inner < edges[-1]], edges[-1]])
    return tuple(np.diff(kept).tolist())


def _compare(block: Block, window: Any, colors: ByteArray) -> TileErrors:
    """Measure one block."""
    pixels, indices = block.mapped(window, colors)
    (top, _), (left, _) = block.spans
    return Reference(pixels, make_team(1), (top, left)).index_errors(indices, colors)


def _compare_band(
    band: Band, pixels: Any, colors: ByteArray, above: Carry | None
) -> tuple[TileErrors, Carry]:
    """Measure one band; return the state for the next one, too."""
    prepared, indices, carry = band.mapped(pixels, colors, above)
    return Reference(prepared, make_team(1), (band.top, 0)).index_errors(indices, colors), carry


def _without_carry(found: tuple[TileErrors, Carry]) -> tuple[TileErrors, None]:
    return found[0], None


def _sum(parts: list[TileErrors]) -> TileErrors:
    return reduce(add, parts)


def _sum_in_order(
    parts: list[tuple[TileErrors, Carry | None]],
) -> tuple[TileErrors, Carry | None]:
    return _sum([errors for errors, _ in parts]), parts[-1][1]
