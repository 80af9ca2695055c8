"""An APNG's frames as they are stored: its chunks are walked here, and decoded as stills.

W3C (2025). Portable Network Graphics (PNG) Specification, third edition, 11.3.6.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from kpalette.files.arrays import as_pixels
from kpalette.files.composing import Disposal, RawFrame
from kpalette.files.decoding import ImageReadError
from kpalette.files.indexed_png import chunk
from kpalette.files.plain_png import SIGNATURE

#: What says how the pixels of all frames are to be read. Their orientation is that of the canvas.
SHARED = {
    b"PLTE", b"tRNS", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"mDCV", b"cLLI"
}  # fmt: skip
DISPOSALS: tuple[Disposal, ...] = ("none", "background", "previous")
END = b"IEND"


def read_frames(file: BinaryIO) -> Iterator[RawFrame]:
    """Yield an APNG's frames, each read when it is asked for; of another PNG, none.

    The file can seek, and may be used elsewhere between two frames. It may end there, too, with
    fewer frames than it announces. Check sums are left to the decoder of stills.

    Raises
    ------
    ImageReadError
        If the file ends within a frame, or a frame is out of order, has no pixels, or does not lie
        on the canvas. What is wrong with the pixels is found when they are decoded.
    """
    left = _announced(file)
    if not left:
        return
    header = shared = control = b""
    pixels: list[bytes] = []
    sequence = 0
    for kind, content in _chunks(file):
        if kind in (b"fcTL", END):
            if pixels:
                yield _frame(header, shared, control, pixels)
                left -= 1
            elif control and kind != END:
                raise ImageReadError("the image is damaged: there are no pixels")
            if not left:
                return
            control, pixels = content, []
        if kind in (b"fcTL", b"fdAT"):
            if not control:
                raise ImageReadError("the image is damaged: expected fcTL before fdAT")
            number = int.from_bytes(content[:4], "big")
            if number != sequence:
                raise ImageReadError(
                    f"the image is damaged: expected the sequence number {sequence}, got {number}"
                )
            sequence += 1
        if not header:
            header = content
            if kind != b"IHDR" or len(header) < 13:
                raise ImageReadError("the image is damaged: expected IHDR first, of 13 bytes")
        elif kind in SHARED:
            shared += chunk(kind, content)
        elif kind == b"IDAT" and sequence == 1:  # else the picture of other programs
            if control[4:20] != header[:8] + bytes(8):
                width, height = struct.unpack(">2I", header[:8])
                raise ImageReadError(
                    f"the image is damaged: expected a first frame of all {width}×{height} pixels"
                )
            pixels.append(content)
        elif kind == b"fdAT":
            pixels.append(content[4:])


def _announced(file: BinaryIO) -> int:
    """Return how many frames a file says that it has, before its picture; 0 for too many, too."""
    for kind, content in _chunks(file, until=b"IDAT"):
        if kind == b"acTL":
            number = int.from_bytes(content[:4], "big")
            return number if number < 1 << 31 else 0
    return 0


def _chunks(file: BinaryIO, until: bytes = END) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of chunks; the last is always one that ends the file."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    at = len(SIGNATURE)
    kind = b""
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        at += 12 + length
        if kind in (until, END):
            break
        if at - 4 > size:  # the check sum may be missing
            if kind in (b"IDAT", b"fdAT"):
                raise ImageReadError("the image is damaged: the file ends within the pixels")
            break
        yield kind, file.read(length)
    yield END, b""


def _frame(header: bytes, shared: bytes, control: bytes, pixels: list[bytes]) -> RawFrame:
    """Make a frame a PNG of its own."""
    if len(control) != 26:
        raise ImageReadError(f"the image is damaged: expected 26 bytes of fcTL, got {len(control)}")
    width, height, left, top, time, per, disposal, blend = struct.unpack(">4I2H2B", control[4:])
    canvas = struct.unpack(">2I", header[:8])
    if not (0 < width <= canvas[0] - left and 0 < height <= canvas[1] - top):
        raise ImageReadError(
            f"the image is damaged: expected a part of the {canvas[0]}×{canvas[1]} pixels, got "
            f"{width}×{height} from {left}, {top}"
        )
    if disposal > 2 or blend > 1:
        raise ImageReadError(
            "the image is damaged: expected a disposal of 0 to 2 and a blending of 0 or 1, got "
            f"{disposal} and {blend}"
        )
    parts = (
        SIGNATURE + chunk(b"IHDR", struct.pack(">2I", width, height) + header[8:]) + shared,
        chunk(b"IDAT", b"".join(pixels)),
        chunk(END, b""),
    )
    duration = round(1000 * time / (per or 100))
    read = partial(as_pixels, io.BytesIO(b"".join(parts)))
    return RawFrame(read, left, top, duration, DISPOSALS[disposal], blend == 1)
