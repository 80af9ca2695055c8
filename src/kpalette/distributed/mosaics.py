"""An image in tiles: a Dask array whose blocks the workers read."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Self, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.task_spec import Task, TaskRef
from dask.utils import parse_bytes

from kpalette.distributed.errors import reading

Array: TypeAlias = np.ndarray[Any, Any]
Reader: TypeAlias = Callable[[slice, slice], Array]

#: The default size of a tile, in pixels: 50 MB in RGB.
TILE_PIXELS = 1 << 24


@dataclass(frozen=True)
class Sides:
    """Where blocks begin along an axis: a range, if it can, so that few bytes tell of many."""

    starts: Sequence[int]
    length: int

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Self:
        """Make them of the sizes of blocks."""
        length, step = int(sum(sizes)), int(sizes[0])
        if all(size == step for size in sizes[:-1]) and sizes[-1] <= step:
            return cls(range(0, length, step), length)
        return cls(np.cumsum((0, *sizes[:-1])).tolist(), length)

    def span(self, i: int) -> tuple[int, int]:
        """Return where a block begins and ends."""
        after = i + 1
        return self.starts[i], self.starts[after] if after < len(self.starts) else self.length

    def within(self, span: tuple[int, int]) -> range:
        """Return which blocks have something of what lies between two ends."""
        return range(bisect_right(self.starts, span[0]) - 1, bisect_left(self.starts, span[1]))


@dataclass(frozen=True)
class Grid:
    """Where the tiles of an image lie."""

    image: str
    rows: Sides
    columns: Sides

    @classmethod
    def of(cls, image: str, chunks: Any) -> Self:
        """Make it of an image's name and the sizes of blocks along rows and columns."""
        return cls(image, Sides.of(chunks[0]), Sides.of(chunks[1]))

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.rows.starts) * len(self.columns.starts)

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the position of each tile, row by row."""
        return product(range(len(self.rows.starts)), range(len(self.columns.starts)))

    def spans(self, place: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return a tile's rows and columns."""
        return self.rows.span(place[0]), self.columns.span(place[1])

    def name(self, place: tuple[int, ...]) -> str:
        """Return the name of a tile for errors."""
        return tile_name(self.image, place, *self.spans(place))


@dataclass(frozen=True)
class Mosaic:
    """An image in tiles.

    Attributes
    ----------
    array : dask.array (h, w), (h, w, 3) or (h, w, 4)
        Of a dtype that :func:`kpalette.files.as_pixels` takes; the colour axis is one chunk.
    name : str
        The image's name in errors.
    fingerprint : dict
        Values that identify the image, which JSON can hold.
    unit_rows : int
        The number of rows that are stored, and so best read, together.
    reader : Reader, optional
        What reads the tiles, if that is all that the array does.
    """

    array: Any
    name: str
    fingerprint: dict[str, Any]
    unit_rows: int = 1
    reader: Reader | None = None

    @cached_property
    def grid(self) -> Grid:
        """Where the tiles lie."""
        return Grid.of(self.name, self.array.chunks)

    def block(self, place: tuple[int, int]) -> Any:
        """Return Dask's node of a tile: a task that reads it, or a reference to the array's."""
        if self.reader is None:
            return TaskRef((self.array.name, *place, 0)[: self.array.ndim + 1])
        return Task(None, _read, self.reader, self.grid.name(place), *self.grid.spans(place))


def tile_name(
    image: str, place: tuple[int, ...], rows: tuple[int, int], columns: tuple[int, int]
) -> str:
    """Return the name of a tile: its position among the tiles, its rows and its columns."""
    return (
        f"{image}, tile ({place[0]}, {place[1]}), rows {rows[0]} to {rows[1] - 1}, "
        f"columns {columns[0]} to {columns[1] - 1}"
    )


def of_array(array: Any, chunks: Any, name: str = "array") -> Mosaic:
    """Make a mosaic of a Dask array, rechunked if `chunks` says so."""
    check_shape(array.shape, array.dtype)
    if any(np.isnan(size) for size in array.shape):
        raise ValueError(
            f"source: expected known sizes of chunks, got shape {array.shape}; "
            "call .compute_chunk_sizes() first"
        )
    if chunks is not None:
        array = array.rechunk(cut(array.shape, chunks))
    elif any(0 in sizes for sizes in array.chunks):  # indexing can leave empty chunks
        array = array.rechunk([[size for size in sizes if size] for sizes in array.chunks])
    if array.ndim == 3 and array.numblocks[2] > 1:
        raise ValueError(
            "source: expected the colour axis in one chunk, "
            f"got {array.chunks[2]}; call .rechunk({{2: -1}}) first"
        )
    return Mosaic(array, name, {"array": array.name, **_outlines(array)})


def of_reader(
    reader: Reader,
    shape: tuple[int, ...],
    dtype: Any,
    chunks: Any,
    unit: tuple[int, int],
    name: str,
    fingerprint: dict[str, Any],
) -> Mosaic:
    """Make a mosaic of what a reader returns for rows and columns.

    Parameters
    ----------
    reader : function of two slices
        Returns the pixels (rows, columns) or (rows, columns, c). It is pickled for the workers.
    shape, dtype
        Of the whole image.
    chunks
        As Dask takes them. By default aligned with `unit`, the rows and columns that are stored,
        and so read, together.
    name, fingerprint
        See `Mosaic`.
    """
    check_shape(shape, dtype)
    blocks = cut(shape, stored(shape, dtype, unit, chunks))
    array = da.map_blocks(
        _read_block,
        reader=reader,
        grid=Grid.of(name, blocks),
        chunks=blocks,
        dtype=dtype,
        meta=np.empty((0,) * len(shape), dtype),
        name=f"read-{tokenize(fingerprint, blocks)}",
    )
    return Mosaic(array, name, {**fingerprint, **_outlines(array)}, unit[0], reader)


def _read_block(reader: Reader, grid: Grid, block_id: Any = None) -> Array:
    # Not `block_info`, for which Dask keeps a kilobyte for each block.
    return _read(reader, grid.name(block_id), *grid.spans(block_id))


def _read(reader: Reader, where: str, rows: tuple[int, int], columns: tuple[int, int]) -> Array:
    with reading(where):
        return reader(slice(*rows), slice(*columns))


def check_shape(shape: tuple[int, ...], dtype: Any) -> None:
    """Raise an error for arrays that :func:`kpalette.files.as_pixels` would not take.

    Raises
    ------
    TypeError
        If the dtype is another.
    ValueError
        If the shape is another.
    """
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (3, 4)):
        raise ValueError(
            f"source: expected an array of shape (h, w), (h, w, 3) or (h, w, 4), got {shape}"
        )
    if 0 in shape:
        raise ValueError(f"source: expected at least one pixel, got an array of shape {shape}")
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype not in (np.uint8, np.bool_, np.uint16) and not np.issubdtype(dtype, np.floating):
        raise TypeError(f"source: expected dtype uint8, bool, uint16 or float, got {dtype}")


def cut(shape: tuple[int, ...], chunks: Any) -> tuple[tuple[int, ...], ...]:
    """Return the sizes of blocks along each axis; the colour axis is one block.

    Raises
    ------
    ValueError
        If Dask does not understand `chunks`, or they split the colour axis.
    """
    sides = shape[:2]
    colors, asked = None, chunks
    if len(shape) == 3 and isinstance(chunks, (tuple, list)) and len(chunks) == 3:
        *chunks, colors = chunks
    elif len(shape) == 3 and isinstance(chunks, dict):
        chunks = dict(chunks)
        colors = chunks.pop(2, None)
    if colors not in (None, -1, "auto", *shape[2:], (*shape[2:],), [*shape[2:]]):
        raise ValueError(f"chunks: expected all {shape[2]} channels in one chunk, got {asked!r}")
    try:
        # Dask measures "auto" in bytes; the dtype stands for all channels.
        blocks = da.core.normalize_chunks(
            tuple(chunks) if isinstance(chunks, list) else chunks,
            sides,
            dtype=np.dtype(f"V{(*shape, 1)[2]}"),
        )
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(
            f"chunks: expected sizes of blocks for {sides}, got {asked!r}: {error}"
        ) from None
    return (*blocks, shape[2:]) if len(shape) == 3 else blocks


def stored(shape: tuple[int, ...], dtype: Any, unit: tuple[int, int], chunks: Any) -> Any:
    """Return `chunks` if it is in pixels, otherwise a tile's size in multiples of `unit`.

    A tile has about `TILE_PIXELS` pixels, or as many bytes as `chunks` says, such as ``"64MiB"``.
    """
    if chunks is not None and (not isinstance(chunks, str) or chunks == "auto"):
        return chunks
    pixels = TILE_PIXELS
    if chunks is not None:
        try:
            pixels = parse_bytes(chunks) // (np.dtype(dtype).itemsize * (*shape, 1)[2])
        except ValueError as error:
            raise ValueError(
                f"chunks: expected sizes of blocks for {shape[:2]}, got {chunks!r}: {error}"
            ) from None
    side = math.isqrt(max(pixels, 1))
    width = min(shape[1], unit[1] * max(1, side // unit[1]))
    height = unit[0] * max(1, pixels // width // unit[0])
    return min(shape[0], height), width


def _outlines(array: Any) -> dict[str, Any]:
    return {
        "shape": [int(side) for side in array.shape],
        "dtype": array.dtype.str,
        "chunks": [[int(size) for size in sizes] for sizes in array.chunks[:2]],
    }
