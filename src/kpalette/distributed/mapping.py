"""Mapping a tile's pixels to indices, with the result that mapping the whole image gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import dask
import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.task_spec import Task, TaskRef

from kpalette import files
from kpalette.colors import ByteArray
from kpalette.distributed import around
from kpalette.distributed.around import SPATIAL
from kpalette.distributed.diffusing import FLOYD, bands, cut
from kpalette.distributed.errors import reading
from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.distributed.tasks import Key
from kpalette.distributed.windows import Span, Windows
from kpalette.dither import Dithering, Rest, apply
from kpalette.fit import Fitter
from kpalette.histogram import Counted
from kpalette.remap import index_dtype, map_pixels
from kpalette.threads import make_team

Indices = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mapper:
    """Maps the tiles of one image.

    Attributes
    ----------
    alpha : str
        Whether to keep or flatten transparency: see :func:`kpalette.quantize`.
    dithering : Dithering
    exact : bool
        Whether the palette holds every colour of the image, so that no distances are needed.
    """

    alpha: str
    dithering: Dithering
    exact: bool

    def prepared(self, pixels: ByteArray, channels: int) -> ByteArray:
        """Return pixels with as many channels as the palette has."""
        pixels = files.apply_alpha(pixels, self.alpha)
        return files.with_alpha(pixels) if channels == 4 else pixels

    def map(self, pixels: ByteArray, colors: ByteArray, rest: Rest) -> Indices:
        """Map prepared pixels, which are a part of an image."""
        team = make_team(1)
        k = len(colors)
        if self.exact:
            return map_pixels(pixels, colors, np.arange(k, dtype=np.uint16), k, team)
        image = Counted.of(pixels, team)
        histogram = image.histogram
        labels = Fitter(histogram, self.dithering.space, team).assign(colors).labels
        indices = map_pixels(pixels, histogram.colors, labels, k, team)
        if self.dithering.is_on:
            apply(self.dithering, image, labels, colors, indices, team, rest)
        return indices

    @property
    def is_diffusing(self) -> bool:
        """Whether each row of pixels depends on those above."""
        return self.dithering.is_on and self.dithering.name == FLOYD

    @property
    def reach(self) -> tuple[int, int, int]:
        """How many rows above and below a block, and columns beside, its indices depend on."""
        if self.dithering.is_on and self.dithering.name == SPATIAL:
            return around.REACH, around.PASSES, around.REACH
        return 0, 0, 0


@dataclass(frozen=True)
class Block:
    """Maps a block by the pixels in a window, which reaches as far as they count.

    Attributes
    ----------
    where : str
        The block's name for errors.
    spans, window : pair of pairs of int
        The rows and columns of the block and of its window.
    """

    mapper: Mapper
    where: str
    spans: tuple[Span, Span]
    window: tuple[Span, Span]

    @classmethod
    def of(cls, mapper: Mapper, grid: Grid, place: tuple[int, ...]) -> Self:
        """Make it of its place among all blocks."""
        above, below, beside = mapper.reach
        (top, bottom), (left, right) = spans = grid.spans(place)
        rows = max(0, top - above), min(bottom + below, grid.rows.length)
        columns = max(0, left - beside), min(right + beside, grid.columns.length)
        return cls(mapper, grid.name(place), spans, (rows, columns))

    def mapped(self, window: Any, colors: ByteArray) -> tuple[ByteArray, Indices]:
        """Return the block's pixels, and its indices, from the window's pixels."""
        (top, bottom), (left, right) = self.spans
        (first_row, _), (first_column, _) = self.window
        inside = (
            slice(top - first_row, bottom - first_row),
            slice(left - first_column, right - first_column),
        )
        with reading(self.where):
            pixels = files.tile_pixels(np.asarray(window))
            pixels = self.mapper.prepared(pixels, colors.shape[1])
            indices = self.mapper.map(pixels, colors, Rest((first_row, first_column)))
        return np.ascontiguousarray(pixels[inside]), np.ascontiguousarray(indices[inside])

    def indices(self, window: Any, colors: ByteArray) -> Indices:
        """Return the block's indices."""
        return self.mapped(window, colors)[1]


def map_tiles(mosaic: Mosaic, colors: ByteArray, mapper: Mapper) -> Any:
    """Return a lazy array of indices (h, w), with the mosaic's chunks."""
    array, dtype = mosaic.array, index_dtype(len(colors))
    name = f"indices-{tokenize(array.name, colors, mapper)}"
    # As a task of its own, the palette is sent to each worker once.
    palette = dask.delayed(colors, name=f"palette-{name}")
    if not mapper.is_diffusing and mapper.reach == (0, 0, 0):
        return array.map_blocks(
            _map_block,
            palette,
            mapper=mapper,
            grid=mosaic.grid,
            drop_axis=list(range(2, array.ndim)),
            dtype=dtype,
            meta=np.empty((0, 0), dtype),
            name=name,
        )
    windows, grid = Windows(mosaic), mosaic.grid
    sent = TaskRef(palette.key)
    graph: dict[Key, Any] = {}
    if mapper.is_diffusing:
        for i, band in bands(windows, grid, sent, mapper, range(len(grid.rows.starts))):
            for j in range(len(grid.columns.starts)):
                graph[name, i, j] = Task((name, i, j), cut, band, *grid.columns.span(j))
    else:
        for place in grid.places():
            block = Block.of(mapper, grid, place)
            key = (name, *place)
            graph[key] = Task(key, block.indices, windows.pixels(*block.window), sent)
    graph |= windows.tasks
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[array, palette])
    return da.Array(layers, name, array.chunks[:2], dtype=dtype)


def _map_block(
    block: Any, colors: ByteArray, mapper: Mapper, grid: Grid, block_id: Any = None
) -> Indices:
    return Block.of(mapper, grid, block_id).indices(block, colors)
