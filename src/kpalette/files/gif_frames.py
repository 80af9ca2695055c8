"""A GIF's frames as they are stored: its blocks are walked here, and Pillow decodes indices.

CompuServe Incorporated (1990). Graphics Interchange Format, version 89a. Files that do not keep to
it are taken as Chromium takes them: a disposal of 4 is one of 3, what begins no block is the end,
and of several loop extensions the last counts, wherever it is.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.arrays import with_alpha
from kpalette.files.composing import Disposal, RawFrame
from kpalette.files.decoding import ImageReadError, opened

LOOPS = (b"\x0bNETSCAPE2.0\3\1", b"\x0bANIMEXTS1.0\3\1")
WINDOW = 1 << 13  #: Bytes that are read at once.
#: The colours of a GIF that has none.
GREYS = np.arange(256, dtype=np.uint8).repeat(3).tobytes()
DISPOSALS: dict[int, Disposal] = {2: "background", 3: "previous", 4: "previous"}


class _Block(NamedTuple):
    label: bytes  # "," of an image, otherwise what kind of extension
    place: bytes  # an image's descriptor
    table: bytes  # an image's colours, or those of the file
    data: bytes  # sub-blocks, with their lengths


def read_frames(file: BinaryIO) -> Iterator[RawFrame]:
    """Yield a GIF's frames, each read when it is asked for.

    The file can seek, and may be used elsewhere between two frames. It may end there, too. A frame
    of no pixels draws nothing.

    Raises
    ------
    ImageReadError
        If the file ends within what comes before a frame's pixels. What is wrong with the pixels
        is found when they are decoded.
    """
    control = bytes(4)
    for block in _blocks(file):
        if block.label == b"\xf9" and len(block.data) > 4:
            control = block.data[1:5]
        elif block.label == b",":
            yield _frame(block, control)
            control = bytes(4)


def read_loop(file: BinaryIO) -> int:
    """Read how many times a GIF is shown: 0 for ever, and once unless it says so."""
    repeats = [
        int.from_bytes(block.data[14:16], "little")
        for block in _blocks(file)
        if block.label == b"\xff" and block.data.startswith(LOOPS)
    ]
    return 1 if not repeats else repeats[-1] and repeats[-1] + 1


def _blocks(file: BinaryIO) -> Iterator[_Block]:
    file.seek(0)
    shared = _table(file, file.read(13)[10:11])
    while (kind := file.read(1)) in (b"!", b","):
        if kind == b"!":
            block = _Block(file.read(1), b"", b"", _data(file))
        else:
            place = file.read(9)
            table = _table(file, place[8:]) or shared
            block = _Block(kind, place, table, file.read(1) + _data(file))
        at = file.tell()
        yield block
        file.seek(at)


def _table(file: BinaryIO, flags: bytes) -> bytes:
    """Read a colour table, if there is one."""
    return file.read(6 << (flags[0] & 7)) if flags and flags[0] & 0x80 else b""


def _data(file: BinaryIO) -> bytes:
    """Read sub-blocks up to the empty one that ends them, or to the end of the file."""
    parts = []
    at = 0  # where in the window the next sub-block begins
    while window := file.read(WINDOW):
        while at < len(window):
            size = window[at]
            at += 1 + size
            if not size:
                parts.append(window[:at])
                file.seek(at - len(window), os.SEEK_CUR)
                return b"".join(parts)
        parts.append(window)
        at -= len(window)
    return b"".join(parts)


def _frame(block: _Block, control: bytes) -> RawFrame:
    """Make an image block a GIF of its own."""
    if len(block.data) < 2:
        raise ImageReadError("the image is damaged: the file ends before the pixels")
    left, top, width, height, flags = struct.unpack("<4HB", block.place)
    how, hundredths, clear = struct.unpack("<BHB", control)
    disposal = DISPOSALS.get(how >> 2 & 7, "none")
    alone = (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0),
        struct.pack("<B4HB", 0x2C, 0, 0, width, height, flags & 0x40),  # interlaced or not
        block.data + b";",
    )
    read = partial(_pixels, b"".join(alone), block.table or GREYS, clear if how & 1 else None)
    if not width or not height:
        read, left, top, disposal = partial(np.zeros, (1, 1, 4), np.uint8), 0, 0, "none"
    return RawFrame(read, left, top, 10 * hundredths, disposal, over=True)


def _pixels(gif: bytes, table: bytes, clear: int | None) -> ByteArray:
    """Decode a GIF without colours, whose levels of grey are indices, and give it colours."""
    with opened(io.BytesIO(gif)) as image:
        indices = np.asarray(image)
    colors = np.zeros((256, 3), np.uint8)  # black, where the table is too short
    colors[: len(table) // 3] = np.frombuffer(table, np.uint8).reshape(-1, 3)
    if clear is None or not (indices == clear).any():
        return colors.take(indices, axis=0)
    rgba = with_alpha(colors)
    rgba[clear] = 0
    # As numbers of 32 bits, which are looked up several times as quickly as rows of four bytes.
    pixels: ByteArray = rgba.view(np.uint32).take(indices).view(np.uint8)
    return pixels.reshape(*indices.shape, 4)
