"""Large PNG files as mosaics: bands of rows over their whole width."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Lock
from typing import Any

from kpalette.colors import ByteArray
from kpalette.distributed import mosaics
from kpalette.distributed.mosaics import Mosaic, of_reader
from kpalette.files.errors import ImageReadError
from kpalette.files.png_rows import PngRows, opened

#: Places in a file from which rows are read: 50 KB each.
PLACES = 256
#: Pixels between them at least.
LEAST_APART = 1 << 20

_lock = Lock()
_read: dict[PngReader, PngRows] = {}


@dataclass(frozen=True)
class PngReader:
    """Reads regions of a PNG. Each process goes through the file once before."""

    path: str
    every: int
    version: tuple[int, int]  # the file's size and time

    def read(self, rows: slice, columns: slice) -> ByteArray:
        """Read rows and columns as RGB or RGBA."""
        with _lock:
            if self not in _read:
                _read.clear()
                _read[self] = PngRows(self.path, self.every)
            file = _read[self]
        return file.read(rows, columns)


def open_path(path: str, chunks: Any) -> Mosaic | None:
    """Open a PNG of more pixels than a tile has; None if it is another file.

    None, too, if it cannot be read by rows, as one that is interlaced.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    status = os.stat(path)
    try:
        _, found = opened(path)
    except ImageReadError:
        return None
    shape = found.height, found.width, found.form.channels
    if shape[0] * shape[1] <= mosaics.TILE_PIXELS:
        return None
    every = max(1, -(-found.height // PLACES), LEAST_APART // found.width)
    reader = PngReader(path, every, (status.st_size, status.st_mtime_ns))
    fingerprint = {"png": path, "size": status.st_size, "mtime": status.st_mtime_ns}
    return of_reader(reader.read, shape, "u1", chunks, (1, found.width), path, fingerprint)
