"""Exact error diffusion: bands as wide as the image, mapped from top to bottom."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from dask.base import tokenize
from dask.task_spec import Task, TaskRef

from kpalette import files
from kpalette.colors import ByteArray
from kpalette.distributed.errors import reading, writing
from kpalette.distributed.mosaics import Grid, Mosaic, tile_name
from kpalette.distributed.windows import Windows
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


def to_map(done: np.ndarray[Any, Any], folder: str) -> list[int]:
    """Return which bands must be mapped: those with blocks to do, and what those wait for.

    Parameters
    ----------
    done : bool array (rows, columns)
        Which blocks are done.
    folder : str
        Where the states of bands are saved.
    """
    found: list[int] = []
    for i in reversed(range(len(done))):
        is_awaited = bool(found) and found[-1] == i + 1 and not os.path.exists(state(folder, i))
        if is_awaited or not done[i].all():
            found.append(i)
    return found[::-1]


def state(folder: str, i: int) -> str:
    """Return the path of a band's state."""
    return os.path.join(folder, f"{i}.npz")


@dataclass(frozen=True)
class Band:
    """Maps a band: a row of blocks.

    Attributes
    ----------
    top : int
        The band's first row of pixels.
    where : str
        The band's name for errors.
    file : str or None
        Where its state is saved.
    """

    mapper: Mapper
    top: int
    where: str
    file: str | None

    def mapped(
        self, block: Any, colors: ByteArray, before: Carry | None
    ) -> tuple[ByteArray, Indices, Carry]:
        """Return the band's pixels and indices, and the state for the next band."""
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
        return pixels, indices, carry

    def map(self, *args: Any) -> tuple[Indices, Carry]:
        """Return the band's indices, and the state for the next band."""
        _, indices, carry = self.mapped(*args)
        return indices, carry


def bands(
    windows: Windows,
    grid: Grid,
    palette: Any,
    mapper: Mapper,
    which: Sequence[int],
    *,
    above: Carry | None = None,
    folder: str | None = None,
    step: Callable[..., tuple[Any, Carry]] = Band.map,
) -> Iterator[tuple[int, Any]]:
    """Yield bands with references to Dask's tasks of a step, each of which awaits the one above.

    Parameters
    ----------
    windows : Windows
        Gets the tasks.
    palette : TaskRef
        The colours.
    which : sequence of int
        In order. Those above missing ones are in `folder`.
    above : Carry, optional
        The state above the first of `which`.
    folder : str, optional
        Where each band's state is saved.
    step : function
        Takes a `Band` and the arguments of :meth:`Band.mapped`.
    """
    token = tokenize(windows.mosaic.array.name, palette, mapper, folder, step)
    before: Any = above
    for n, i in enumerate(which):
        if folder is not None and i > 0 and (n == 0 or which[n - 1] != i - 1):
            before = Task(None, Carry.load, state(folder, i - 1))
        rows = grid.rows.span(i)
        where = tile_name(grid.image, (i, 0), rows, (0, grid.columns.length))
        band = Band(mapper, rows[0], where, state(folder, i) if folder is not None else None)
        pixels = windows.pixels(rows, (0, grid.columns.length))
        key = (f"band-{token}", i)
        windows.tasks[key] = Task(key, step, band, pixels, palette, before)
        yield i, TaskRef(key)
        carry = (f"carry-{token}", i)
        windows.tasks[carry] = Task(carry, itemgetter(1), TaskRef(key))
        before = TaskRef(carry)


def cut(found: tuple[Indices, Carry], left: int, right: int) -> Indices:
    """Return some columns of a band's indices."""
    return np.ascontiguousarray(found[0][:, left:right])
