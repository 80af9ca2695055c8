"""Rows of large PNG files, from anywhere: inflating goes on from places that were noted before.

What comes before a place is then only what inflating looks back to, 32 KB, and a row of pixels.
"""

from __future__ import annotations

import os
import threading
import weakref
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from typing import Any, NamedTuple

import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.files import plain_png
from kpalette.files.errors import ImageReadError

#: Compressed bytes that are given to zlib at a time.
PIECE = 1 << 14
#: Bytes of rows that are made to pixels at a time.
BATCH = 1 << 20


class Place(NamedTuple):
    """Where inflating can go on: before a row."""

    inflater: Any  # zlib's
    given: bytes  # to it, but not yet taken
    piece: int
    above: bytes


class PngRows:
    """The rows of a plain PNG file that is not interlaced.

    Parameters
    ----------
    path : str
    every : int
        A place is noted every so many rows; each takes some 50 KB.

    Attributes
    ----------
    height, width, channels : int

    Raises
    ------
    OSError
        If the file cannot be read.
    ImageReadError
        If it is damaged, or no plain PNG, or interlaced.
    """

    def __init__(self, path: str, every: int) -> None:
        found = layout_of(path)
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)
        self._lock = threading.Lock()
        self._form = found.form
        self.height, self.width, self.channels = found.height, found.width, found.form.channels
        self._every = every
        self._pieces = [
            (at, min(at + PIECE, end))
            for start, end in found.parts
            for at in range(start, end, PIECE)
        ]
        self._places = [Place(zlib.decompressobj(), b"", 0, b"")]
        self._note_places()

    def read(self, rows: slice, columns: slice) -> ByteArray:
        """Return pixels (rows, columns, channels) of slices that have a start and a stop.

        Raises
        ------
        ImageReadError
            If the file has changed since.
        """
        start, stop = rows.start, rows.stop
        stream = _Stream(self, self._places[start // self._every])
        stream.skip(start % self._every)
        parts = [np.array(pixels[:, columns]) for pixels in stream.batches(stop - start)]
        return np.concatenate(parts)

    def _bytes(self, start: int, end: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, end - start, start)
        with self._lock:  # on Windows, where threads share the place
            os.lseek(self._file, start, os.SEEK_SET)
            return os.read(self._file, end - start)

    def _note_places(self) -> None:
        """Go through the whole file once, which finds damage, too."""
        stream = _Stream(self, self._places[0])
        for first in range(0, self.height, self._every):
            stream.skip(min(self._every, self.height - first))
            self._places.append(stream.place())
        stream.finish()


class _Stream:
    """Rows from a place on."""

    def __init__(self, file: PngRows, place: Place) -> None:
        self._file = file
        self._inflater = place.inflater.copy()
        self._given, self._piece = place.given, place.piece
        self._reader = _core.PngRows(file._form, place.above)

    def place(self) -> Place:
        return Place(self._inflater.copy(), self._given, self._piece, self._reader.above)

    def skip(self, rows: int) -> None:
        for _ in self.batches(rows):
            pass

    def batches(self, rows: int) -> Any:
        """Yield the pixels of the next rows, some at a time."""
        stride = self._file._form.stride
        some = max(1, BATCH // stride)
        for first in range(0, rows, some):
            count = min(some, rows - first)
            pixels = self._reader.read(self._inflated(count * stride))
            if pixels is None:
                raise ImageReadError("the PNG is damaged")
            shape = count, self._file.width, self._file.channels
            yield np.frombuffer(pixels, np.uint8).reshape(shape)

    def finish(self) -> None:
        """Go on to the end of what is compressed, where its check sum is, or to more rows."""
        while not self._inflater.eof and (self._given or self._piece < len(self._file._pieces)):
            if self._more(1):
                return

    def _inflated(self, size: int) -> bytearray:
        found = bytearray()
        while len(found) < size:
            is_end = not self._given and self._piece == len(self._file._pieces)
            some = self._more(size - len(found))
            if not some and (is_end or self._inflater.eof):
                raise ImageReadError("the PNG has fewer rows than its header says")
            found += some
        return found

    def _more(self, most: int) -> bytes:
        if not self._given and self._piece < len(self._file._pieces):
            start, end = self._file._pieces[self._piece]
            # Not by mmap: a file that is cut off meanwhile would end the process.
            self._given = self._file._bytes(start, end)
            self._piece += 1
        try:
            found: bytes = self._inflater.decompress(self._given, most)
        except zlib.error as error:
            raise ImageReadError(f"the PNG is damaged: {error}") from error
        self._given = self._inflater.unconsumed_tail
        return found


def layout_of(path: str) -> plain_png.Layout:
    """Return where the pixels are in a file that can be read by rows.

    Raises
    ------
    OSError
        If it cannot be opened.
    ImageReadError
        If it is no plain PNG, or interlaced.
    """
    with open(path, "rb") as file:
        try:
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
        except ValueError:
            raise ImageReadError("the file is empty") from None
    with data:
        found = plain_png.layout(data)
    if found is None or found.form.interlaced:
        raise ImageReadError(
            "expected a whole PNG in sRGB that is not interlaced, which can be read by rows"
        )
    return found


def why_not(path: str | os.PathLike[str]) -> str | None:
    """Return why a PNG file cannot be read by rows; None if it can, or is no PNG."""
    with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        if data[: len(plain_png.SIGNATURE)] != plain_png.SIGNATURE:
            return None
        kinds = set(_kinds(data))
        if b"IEND" not in kinds:
            return "the PNG is cut off"
        found = plain_png.layout(data)
        if found is not None:
            return "the PNG is interlaced" if found.form.interlaced else None
    moving = b"acTL" in kinds
    colors = sorted(kind.decode() for kind in kinds & {b"cICP", b"iCCP", b"gAMA", b"cHRM"})
    if moving or b"eXIf" in kinds:
        return "the PNG is an animation" if moving else "the PNG has EXIF data, which may turn it"
    if colors:
        return f"the PNG has other colours than sRGB ({', '.join(colors)}) or is damaged"
    return "the PNG is damaged"


def _kinds(data: mmap) -> Iterator[bytes]:
    """Yield the types of the chunks that are whole, up to the last."""
    at = len(plain_png.SIGNATURE)
    while (end := at + 12 + int.from_bytes(data[at : at + 4], "big")) <= len(data):
        yield data[at + 4 : at + 8]
        if data[at + 4 : at + 8] == b"IEND":
            return
        at = end
