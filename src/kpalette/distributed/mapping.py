"""Mapping a tile's pixels to indices, with the result that mapping the whole image gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import numpy as np
from dask.base import tokenize

from kpalette import files, pipeline
from kpalette.colors import ByteArray
from kpalette.distributed.around import SPATIAL, map_spatially
from kpalette.distributed.diffusing import FLOYD, diffuse
from kpalette.distributed.errors import reading
from kpalette.distributed.mosaics import Grid, Mosaic
from kpalette.dither import Dithering, Rest, apply
from kpalette.fit import Fitter
from kpalette.histogram import Counted
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
            return pipeline.map_pixels(pixels, colors, np.arange(k, dtype=np.uint16), k, team)
        image = Counted.of(pixels, team)
        histogram = image.histogram
        labels = Fitter(histogram, self.dithering.space, team).assign(colors).labels
        indices = pipeline.map_pixels(pixels, histogram.colors, labels, k, team)
        if self.dithering.is_on:
            apply(self.dithering, image, labels, colors, indices, team, rest)
        return indices

    def map_tile(self, tile: Any, colors: ByteArray, where: str, start: tuple[int, int]) -> Indices:
        """Map a tile whose first pixel is at `start`; errors name the tile."""
        with reading(where):
            pixels = files.tile_pixels(np.asarray(tile))
            return self.map(self.prepared(pixels, colors.shape[1]), colors, Rest(start))

    def map_block(self, block: Any, colors: ByteArray, grid: Grid, block_id: Any = None) -> Indices:
        """Map a block of a Dask array; errors name the tile."""
        rows, columns = grid.spans(block_id)
        return self.map_tile(block, colors, grid.name(block_id), (rows[0], columns[0]))

    @property
    def needs_tile_alone(self) -> bool:
        """Whether a tile's indices depend on its own pixels and place alone."""
        return not self.dithering.is_on or self.dithering.name not in (FLOYD, SPATIAL)


def map_tiles(mosaic: Mosaic, colors: ByteArray, mapper: Mapper, folder: str | None = None) -> Any:
    """Return a lazy array of indices (h, w), with the mosaic's chunks.

    Error diffusion saves its state in `folder`, so that a later run can resume.
    """
    array, dtype = mosaic.array, pipeline.index_dtype(len(colors))
    token = tokenize(array.name, colors, mapper)
    # As a task of its own, the palette is sent to each worker once.
    palette = dask.delayed(colors, name=f"palette-{token}")
    if mapper.dithering.name == FLOYD and mapper.dithering.is_on:
        return diffuse(mosaic, palette, mapper, dtype, folder)
    if mapper.dithering.name == SPATIAL and mapper.dithering.is_on:
        return map_spatially(mosaic, palette, mapper, dtype)
    return array.map_blocks(
        mapper.map_block,
        palette,
        grid=mosaic.grid,
        drop_axis=list(range(2, array.ndim)),
        dtype=dtype,
        meta=np.empty((0, 0), dtype),
        name=f"indices-{token}",
    )
