"""Files of histograms: compressed NumPy archives of steps along the Morton curve, and counts."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core, files
from kpalette.files.remarks import left_out

if TYPE_CHECKING:
    import zipfile

    from kpalette.colors import ByteArray, CountArray

FORMAT_VERSION = 2


def write(colors: ByteArray, counts: CountArray, path: str | os.PathLike[str]) -> None:
    """Write colours in Morton order, and counts: see :meth:`kpalette.ColorHistogram.save`."""
    import zipfile  # which few runs need

    steps = np.diff(_core.to_codes(colors), prepend=np.uint32(0))
    parts = {
        "version": np.array(FORMAT_VERSION),
        "channels": np.array(colors.shape[1]),
        "steps": _to_planes(steps),
        "counts": _to_planes(counts),
    }
    # Like np.savez_compressed, but at a level that takes a quarter of the time.
    options: Any = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    with files.replacing(path) as file, zipfile.ZipFile(file, "w", **options) as archive:
        for name, part in parts.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, part, allow_pickle=False)


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Open a file; whatever fails within is a ValueError that says that it is no histogram."""
    import zipfile

    with open(files.checked_path(path), "rb") as file:
        try:
            if file.read(2) != b"PK":
                raise ValueError("expected a NumPy archive")
            with zipfile.ZipFile(file) as archive:
                yield archive
        except MemoryError:
            raise
        except Exception as error:
            # Damaged files raise any of a dozen exceptions of zipfile, zlib and NumPy.
            raise ValueError(f"{os.fspath(path)!r} is not a histogram: {error}") from error


def read(archive: zipfile.ZipFile) -> tuple[ByteArray, CountArray]:
    """Read colours and counts: see :meth:`kpalette.ColorHistogram.load`."""
    version = int(_member(archive, "version"))
    if version != FORMAT_VERSION:
        raise ValueError(
            f"expected format version {FORMAT_VERSION}, which this kpalette reads, got {version}"
        )
    channels = int(_member(archive, "channels"))
    if channels not in (3, 4):
        raise ValueError(f"expected 3 or 4 channels, got {channels}")
    most = 2 ** (8 * channels)  # colours
    steps = _from_planes(_member(archive, "steps", 4 * most), 4)
    codes = np.cumsum(steps, dtype=np.uint64)
    counts = _from_planes(_member(archive, "counts", 8 * most), 8).view(np.int64)
    if codes.max(initial=0) >= most:
        raise ValueError("expected colours of 8 bits per channel")
    return _core.from_codes(codes.astype(np.uint32), channels), counts


def _member(archive: zipfile.ZipFile, name: str, most: int = 8) -> np.ndarray[Any, Any]:
    """Read an array of at most `most` bytes.

    NumPy's own reader allocates as much memory as the header asks for.
    """
    with archive.open(f"{name}.npy") as file, left_out(""):  # of headers that others wrote
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{name}: expected an array in format 1.0 of NumPy")
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or size > most:
            raise ValueError(f"{name}: expected at most {most} bytes, got {shape} of {dtype}")
        data = file.read(size + 1)  # up to the end, so that zipfile compares the checksum
        if len(data) != size:
            raise ValueError(f"{name}: expected {size} bytes, got {len(data)} or more")
    return np.ndarray(shape, dtype, data, order="F" if by_columns else "C")


def _to_planes(values: np.ndarray[Any, Any]) -> ByteArray:
    """Return the lowest bytes of all values, then the next ones: that compresses better."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return little.view(np.uint8).reshape(len(values), -1).T


def _from_planes(planes: ByteArray, size: int) -> np.ndarray[Any, Any]:
    """Return the values, of `size` bytes each, from their planes of bytes."""
    if planes.dtype != np.uint8 or planes.ndim != 2 or len(planes) != size:
        raise ValueError(f"expected uint8 planes ({size}, n), got {planes.dtype} {planes.shape}")
    return np.ascontiguousarray(planes.T).view(f"<u{size}").reshape(-1)
