"""Windows of an image: rectangles, put together from the tiles that they lie in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from dask.task_spec import List, Task, TaskRef

from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.distributed.tasks import Key

Span: TypeAlias = tuple[int, int]

#: Tasks for each block, where windows overlap: the tile, and parts of those around it.
PARTS = 8
#: Rows and columns of blocks in a wave then, 4096 / 8. What is around them is read again by others.
SIDE = 22


class Windows:
    """Makes Dask's nodes for the pixels of windows.

    Attributes
    ----------
    mosaic : Mosaic
    tasks : dict
        What the nodes need: tiles, each read once, and parts of them, so that no more than what is
        needed goes to another worker.
    """

    def __init__(self, mosaic: Mosaic) -> None:
        self.mosaic = mosaic
        self.tasks: dict[Key, Any] = {}

    def pixels(self, rows: Span, columns: Span) -> Any:
        """Return a node of the pixels in rows and columns of the image."""
        grid = self.mosaic.grid
        lines, stacks = grid.rows.within(rows), grid.columns.within(columns)
        places = list(product(lines, stacks))
        if len(places) == 1 and grid.spans(places[0]) == (rows, columns):
            return self.mosaic.block(places[0])  # read where it is needed, and for that alone
        parts = [[self._part((i, j), rows, columns) for j in stacks] for i in lines]
        return Task(None, _joined, List(*(List(*line) for line in parts)))

    def _part(self, place: tuple[int, int], rows: Span, columns: Span) -> Any:
        """Return a reference to what of a tile is in a window."""
        spans = self.mosaic.grid.spans(place)
        inside = [
            (max(first, start) - start, min(last, end) - start)
            for (first, last), (start, end) in zip((rows, columns), spans, strict=True)
        ]
        tile = self._tile(place)
        if inside == [(0, end - start) for start, end in spans]:
            return tile
        key = (f"part-{self.mosaic.array.name}", *place, *inside[0], *inside[1])
        self.tasks[key] = Task(key, _part, tile, *inside)
        return TaskRef(key)

    def _tile(self, place: tuple[int, int]) -> Any:
        """Return a reference to a tile that is read once, for all windows."""
        node = self.mosaic.block(place)
        if isinstance(node, TaskRef):
            return node
        key = (f"tile-{self.mosaic.array.name}", *place)
        self.tasks[key] = Task(key, node.func, *node.args)
        return TaskRef(key)


def _part(tile: Any, rows: Span, columns: Span) -> Any:
    return np.asarray(tile)[slice(*rows), slice(*columns)]


def _joined(parts: list[list[Any]]) -> Any:
    lines = [np.concatenate([*map(np.asarray, line)], axis=1) for line in parts]
    return np.concatenate(lines, axis=0) if len(lines) > 1 else lines[0]


def squares(grid: Grid) -> Iterator[tuple[int, int]]:
    """Yield the positions of blocks, square by square, of `SIDE` blocks a side."""
    n_rows, n_columns = len(grid.rows.starts), len(grid.columns.starts)
    for top, left in product(range(0, n_rows, SIDE), range(0, n_columns, SIDE)):
        rows, columns = (
            range(top, min(top + SIDE, n_rows)),
            range(left, min(left + SIDE, n_columns)),
        )
        yield from product(rows, columns)
