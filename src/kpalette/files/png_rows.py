"""Rows of large PNG files, from anywhere: inflating goes on from places that were noted before.

What comes before a place is then only what inflating looks back to, 32 KB, and a row of pixels.
"""

from __future__ import annotations

import zlib
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
        self._data, found = opened(path)
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
        """Go on to the end of what is compressed, where its check sum is."""
        while not self._inflater.eof and (self._given or self._piece < len(self._file._pieces)):
            self._more(1)

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
            self._given = self._file._data[start:end]
            self._piece += 1
        try:
            found: bytes = self._inflater.decompress(self._given, most)
        except zlib.error as error:
            raise ImageReadError(f"the PNG is damaged: {error}") from error
        self._given = self._inflater.unconsumed_tail
        return found


def opened(path: str) -> tuple[mmap, plain_png.Layout]:
    """Open a file for reading by rows.

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
    found = plain_png.layout(data)
    if found is None or found.form.interlaced:
        raise ImageReadError(
            "expected a whole PNG in sRGB that is not interlaced, which can be read by rows"
        )
    return data, found
