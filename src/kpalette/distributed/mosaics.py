"""An image cut in tiles: a Dask array whose blocks are read where they are needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.utils import parse_bytes

from kpalette.distributed.errors import reading

Array: TypeAlias = np.ndarray[Any, Any]
Reader: TypeAlias = Callable[[slice, slice], Array]

#: About so many pixels make a tile, where nobody says another number: 50 MB in RGB.
TILE_PIXELS = 1 << 24


@dataclass(frozen=True)
class Mosaic:
    """An image in tiles.

    Attributes
    ----------
    array : dask.array (h, w), (h, w, 3) or (h, w, 4)
        Of a dtype that :func:`kpalette.files.as_pixels` takes; no block cuts the colour axis.
    name : str
        What to call it.
    fingerprint : dict
        What tells it from others, as JSON can hold it.
    unit_rows : int
        So many rows are stored together, and best read together.
    """

    array: Any
    name: str
    fingerprint: dict[str, Any]
    unit_rows: int = 1

    def block(self, i: int, j: int) -> tuple[Any, ...]:
        """Give Dask's key of a tile."""
        return (self.array.name, i, j, 0)[: self.array.ndim + 1]

    def tile_names(self) -> dict[tuple[int, int], str]:
        """Name each tile by its place."""
        edges = [np.cumsum((0, *sizes)).tolist() for sizes in self.array.chunks[:2]]
        rows, columns = (list(enumerate(pairwise(axis))) for axis in edges)
        return {
            (i, j): tile_name(self.name, (i, j), height, width)
            for (i, height), (j, width) in product(rows, columns)
        }


def tile_name(
    image: str, place: tuple[int, ...], rows: tuple[int, int], columns: tuple[int, int]
) -> str:
    """Name a tile, by its place among the tiles and where it begins and ends."""
    return (
        f"{image}, tile ({place[0]}, {place[1]}), rows {rows[0]} to {rows[1] - 1}, "
        f"columns {columns[0]} to {columns[1] - 1}"
    )


def of_array(array: Any, chunks: Any, name: str = "array") -> Mosaic:
    """Check a Dask array, and cut it anew if asked to."""
    check_shape(array.shape, array.dtype)
    if any(np.isnan(size) for size in array.shape):
        raise ValueError(
            f"source: expected known sizes of chunks, got shape {array.shape}; "
            "call .compute_chunk_sizes() first"
        )
    if chunks is not None:
        array = array.rechunk(cut(array.shape, chunks))
    if array.ndim == 3 and array.numblocks[2] > 1:
        raise ValueError(
            "source: expected chunks that leave the colour axis whole, "
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
    """Make a lazy array of what a reader gives for rows and columns.

    Parameters
    ----------
    reader : function of two slices
        Gives the pixels (rows, columns) or (rows, columns, c); with pickle, it gets to workers.
    shape, dtype
        Of the whole.
    chunks
        As Dask takes them; by default aligned with `unit`, the rows and columns that can be read
        without reading others, too.
    name, fingerprint
        As a `Mosaic` has them.
    """
    check_shape(shape, dtype)
    blocks = cut(shape, stored(shape, dtype, unit, chunks))
    array = da.map_blocks(
        _read_block,
        reader=reader,
        image=name,
        chunks=blocks,
        dtype=dtype,
        meta=np.empty((0,) * len(shape), dtype),
        name=f"read-{tokenize(fingerprint, blocks)}",
    )
    return Mosaic(array, name, {**fingerprint, **_outlines(array)}, unit[0])


def _read_block(reader: Reader, image: str, block_info: Any = None) -> Array:
    block = block_info[None]
    rows, columns = block["array-location"][:2]
    with reading(tile_name(image, block["chunk-location"], rows, columns)):
        return reader(slice(*rows), slice(*columns))


def check_shape(shape: tuple[int, ...], dtype: Any) -> None:
    """Raise an error for what :func:`kpalette.files.as_pixels` would not take.

    Raises
    ------
    TypeError
        If it is the dtype.
    ValueError
        If it is the shape.
    """
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (3, 4)):
        raise ValueError(
            f"source: expected an array of shape (h, w), (h, w, 3) or (h, w, 4), got {shape}"
        )
    if 0 in shape:
        raise ValueError(f"source: expected at least one pixel, got an array of {shape}")
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype not in (np.uint8, np.bool_, np.uint16) and not np.issubdtype(dtype, np.floating):
        raise TypeError(f"source: expected dtype uint8, bool, uint16 or float, got {dtype}")


def cut(shape: tuple[int, ...], chunks: Any) -> tuple[tuple[int, ...], ...]:
    """Give the sizes of blocks along each axis, the colours always in one.

    Raises
    ------
    ValueError
        If Dask does not understand `chunks`, or they cut the colour axis.
    """
    sides = shape[:2]
    if isinstance(chunks, (tuple, list)) and len(chunks) == 3 and len(shape) == 3:
        if chunks[2] not in (-1, None, shape[2], (shape[2],), [shape[2]]):
            raise ValueError(
                f"chunks: expected the colour axis, of {shape[2]}, whole, got {chunks}"
            )
        chunks = tuple(chunks[:2])
    if isinstance(chunks, dict):
        chunks = {axis: size for axis, size in chunks.items() if axis in (0, 1)}
    try:
        # Dask measures "auto" in bytes: those of all channels.
        blocks = da.core.normalize_chunks(chunks, sides, dtype=np.dtype(f"V{(*shape, 1)[2]}"))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"chunks: expected sizes of blocks for {sides}, got {chunks!r}: {error}"
        ) from None
    return (*blocks, shape[2:]) if len(shape) == 3 else blocks


def stored(shape: tuple[int, ...], dtype: Any, unit: tuple[int, int], chunks: Any) -> Any:
    """Choose the size of tiles of what is stored in units, unless `chunks` has it in pixels.

    Tiles are multiples of a unit in either direction, of about `TILE_PIXELS` or as many bytes as
    `chunks` says, ``"64MiB"``.
    """
    if chunks is not None and (not isinstance(chunks, str) or chunks == "auto"):
        return chunks
    pixels = TILE_PIXELS
    if chunks is not None:
        pixels = parse_bytes(chunks) // (np.dtype(dtype).itemsize * (*shape, 1)[2])
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
