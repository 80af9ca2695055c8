"""Exact error diffusion: bands as wide as the image, mapped from top to bottom."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.task_spec import Task, TaskRef

from kpalette import files
from kpalette.colors import ByteArray
from kpalette.distributed.errors import reading, writing
from kpalette.distributed.mosaics import Mosaic, tile_name
from kpalette.dither import Rest

if TYPE_CHECKING:
    from kpalette.distributed.mapping import Indices, Mapper

FLOYD = "floyd-steinberg"


@dataclass(frozen=True)
class Carry:
    """The state that a band passes to the band below.

    Attributes
    ----------
    above : uint8 array (w, c)
        The band's last row of pixels.
    errors : float32 array (w, 4)
        The error diffused from that row to the next.
    """

    above: ByteArray
    errors: np.ndarray[Any, np.dtype[np.float32]]

    def save(self, path: str) -> None:
        """Write the state to a file: atomically, and so that it stays."""
        with writing(path), files.replacing(path) as file:
            np.savez(file, above=self.above, errors=self.errors)

    @classmethod
    def load(cls, path: str) -> Carry:
        """Read what :meth:`save` wrote."""
        with np.load(path) as file:
            return cls(file["above"], file["errors"])


def drop_damaged(folder: str) -> None:
    """Delete saved states that cannot be read, so that their bands are mapped again."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            Carry.load(path)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            with writing(path):
                os.unlink(path)


def band_chunks(mosaic: Mosaic) -> tuple[int, int]:
    """Return the height and width of bands: whole rows with about as many pixels as a tile."""
    height, width = mosaic.array.shape[:2]
    tile_height, tile_width = mosaic.array.chunksize[:2]
    rows = max(1, tile_height * tile_width // width // mosaic.unit_rows) * mosaic.unit_rows
    return min(rows, height), width


def diffuse(mosaic: Mosaic, palette: Any, mapper: Mapper, dtype: Any, folder: str | None) -> Any:
    """Return a lazy array of indices (h, w), with the mosaic's chunks.

    Parameters
    ----------
    mosaic : Mosaic
        Horizontally adjacent blocks are joined into bands.
    palette : Delayed
        The colours.
    mapper : Mapper
    dtype : dtype
        The dtype of the indices.
    folder : str, optional
        Where each band's state is saved. A later run starts from the saved states, without mapping
        the bands above again.
    """
    bands = mosaic.array.rechunk({1: -1})
    rows, columns = mosaic.array.chunks[:2]
    tops = np.cumsum((0, *rows)).tolist()
    lefts = np.cumsum((0, *columns)).tolist()
    token = tokenize(mosaic.array.name, palette.key, mapper, folder)
    name = f"indices-{token}"
    graph: dict[Any, Any] = {}
    for i in range(len(rows)):
        band = (f"band-{token}", i)
        carry = (f"carry-{token}", i)
        where = tile_name(mosaic.name, (i, 0), (tops[i], tops[i + 1]), (0, lefts[-1]))
        file = None if folder is None else os.path.join(folder, f"{i}.npz")
        above = TaskRef((f"carry-{token}", i - 1)) if i else None
        step = Band(mapper, tops[i], where, file)
        block = (bands.name, i, *(0,) * (bands.ndim - 1))
        graph[band] = Task(band, step.map, TaskRef(block), TaskRef(palette.key), above)
        if file is not None and os.path.exists(file):
            graph[carry] = Task(carry, Carry.load, file)
        else:
            graph[carry] = Task(carry, _second, TaskRef(band))
        for j in range(len(columns)):
            key = (name, i, j)
            graph[key] = Task(key, _cut, TaskRef(band), lefts[j], lefts[j + 1])
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[bands, palette])
    return da.Array(layers, name, (rows, columns), dtype=dtype)


@dataclass(frozen=True)
class Band:
    """Maps one band."""

    mapper: Mapper
    top: int
    where: str
    file: str | None

    def map(
        self, block: Any, colors: ByteArray, before: Carry | None = None
    ) -> tuple[Indices, Carry]:
        """Return the band's indices, and the state for the next band."""
        with reading(self.where):
            pixels = self.mapper.prepared(files.tile_pixels(np.asarray(block)), colors.shape[1])
        if before is None:
            above, errors = None, np.zeros((pixels.shape[1], 4), np.float32)
        else:
            above, errors = before.above, before.errors.copy()
        indices = self.mapper.map(pixels, colors, Rest((self.top, 0), above, errors))
        carry = Carry(pixels[-1].copy(), errors)
        if self.file is not None:
            carry.save(self.file)
        return indices, carry


def _second(pair: tuple[Indices, Carry]) -> Carry:
    return pair[1]


def _cut(pair: tuple[Indices, Carry], left: int, right: int) -> Indices:
    return np.ascontiguousarray(pair[0][:, left:right])
