"""Mapping a tile's pixels to indices, with the result that mapping the whole image gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import numpy as np
from dask.base import tokenize

from kpalette import dither, files, pipeline
from kpalette.colors import ByteArray
from kpalette.distributed.diffusing import FLOYD, diffuse
from kpalette.distributed.errors import reading
from kpalette.distributed.mosaics import Mosaic, tile_name
from kpalette.fit import Fitter
from kpalette.histogram import ColorHistogram
from kpalette.threads import make_team

Indices = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mapper:
    """Maps the tiles of one image.

    Attributes
    ----------
    alpha : str
        Whether to keep or flatten transparency: see :func:`kpalette.quantize`.
    space : str
        The colour space in which distances are measured.
    dither : str or None
    strength : float
    exact : bool
        Whether the palette holds every colour of the image, so that no distances are needed.
    """

    alpha: str
    space: str
    dither: str | None
    strength: float
    exact: bool

    def prepared(self, pixels: ByteArray, colors: ByteArray) -> ByteArray:
        """Return pixels with as many channels as the palette has."""
        pixels = files.apply_alpha(pixels, self.alpha)
        return files.with_alpha(pixels) if colors.shape[1] == 4 else pixels

    def map(
        self, pixels: ByteArray, colors: ByteArray, origin: tuple[int, int], **carried: Any
    ) -> Indices:
        """Map prepared pixels, of which the first is at row and column `origin` of the image.

        `carried` is the state of error diffusion from the rows above: see `dither.apply`.
        """
        team = make_team(1)
        k = len(colors)
        if self.exact:
            return pipeline.map_pixels(pixels, colors, np.arange(k, dtype=np.uint16), k, team)
        histogram = ColorHistogram.from_pixels(pixels, team)
        labels = Fitter(histogram, self.space, team).assign(colors).labels
        indices = pipeline.map_pixels(pixels, histogram.colors, labels, k, team)
        if self.dither is not None and self.strength > 0:
            dither.apply(
                self.dither,
                self.strength,
                pixels,
                histogram,
                labels,
                colors,
                indices,
                space=self.space,
                team=team,
                origin=origin,
                **carried,
            )
        return indices

    def map_block(
        self, block: Any, colors: ByteArray, image: str, block_info: Any = None
    ) -> Indices:
        """Map a block of a Dask array; errors name the tile."""
        rows, columns = block_info[0]["array-location"][:2]
        with reading(tile_name(image, block_info[0]["chunk-location"], rows, columns)):
            pixels = files.as_pixels(np.asarray(block))
            return self.map(self.prepared(pixels, colors), colors, (rows[0], columns[0]))


def map_tiles(mosaic: Mosaic, colors: ByteArray, mapper: Mapper, folder: str | None = None) -> Any:
    """Return a lazy array of indices (h, w), with the mosaic's chunks.

    Error diffusion saves its state in `folder`, so that a later run can resume.
    """
    array, dtype = mosaic.array, pipeline.index_dtype(len(colors))
    token = tokenize(array.name, colors, mapper)
    # As a task of its own, the palette is sent to each worker once.
    palette = dask.delayed(colors, name=f"palette-{token}")
    if mapper.dither == FLOYD and mapper.strength > 0:
        return diffuse(mosaic, palette, mapper, dtype, folder)
    return array.map_blocks(
        mapper.map_block,
        palette,
        image=mosaic.name,
        drop_axis=list(range(2, array.ndim)),
        dtype=dtype,
        meta=np.empty((0, 0), dtype),
        name=f"indices-{token}",
    )
