"""Small writers of GIF and APNG files, valid or not, for tests of reading them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conftest import chunk, noise
from kpalette import _core
from kpalette.files import open_frames, with_alpha

Pixels = np.ndarray[Any, Any]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NONE, BACKGROUND, PREVIOUS = range(3)  # what APNG disposes of; GIF's numbers are one more
SOURCE, OVER = range(2)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A frame to write: uint8 pixels (h, w, 4) for APNG, indices (h, w) for GIF."""

    pixels: Pixels
    left: int = 0
    top: int = 0
    disposal: int = NONE
    blend: int = OVER
    duration: int = 50


def loop_extension(repeats: int, name: bytes = b"NETSCAPE2.0") -> bytes:
    return b"!\xff\x0b" + name + struct.pack("<BBHB", 3, 1, repeats, 0)


def gif(
    size: tuple[int, int],
    frames: Iterable[Drawn | bytes],
    colors: Pixels,
    *,
    clear: int | None = None,
    own: bool = False,
) -> bytes:
    """Write frames as GIF, and bytes among them as they are.

    `clear` is the transparent index. With `own`, each frame has the colour table, and there is no
    global one.
    """
    depth = max(1, (len(colors) - 1).bit_length())
    table = colors.tobytes().ljust(3 << depth, b"\0")
    flags = 0x80 | (depth - 1)
    parts = [b"GIF89a", struct.pack("<HHBBB", *size, 0 if own else flags, 0, 0)]
    parts += [] if own else [table]
    for frame in frames:
        if isinstance(frame, bytes):
            parts.append(frame)
            continue
        control = (frame.disposal + 1) << 2 | (clear is not None)
        parts.append(
            struct.pack("<4BHBB", 0x21, 0xF9, 4, control, frame.duration // 10, clear or 0, 0)
        )
        place = (frame.left, frame.top, *frame.pixels.shape[::-1])
        parts.append(
            struct.pack("<B4HB", 0x2C, *place, flags if own else 0) + (table if own else b"")
        )
        parts.append(_core.lzw(np.ascontiguousarray(frame.pixels), 8))
    return b"".join(parts) + b";"


def png_rows(pixels: Pixels) -> bytes:
    return zlib.compress(np.pad(pixels.reshape(len(pixels), -1), ((0, 0), (1, 0))).tobytes())


def control(number: int, frame: Drawn, **other: Any) -> bytes:
    """Make a frame's control chunk, of other values than the frame's where they are given."""
    height, width = frame.pixels.shape[:2]
    values = {
        "number": number, "width": width, "height": height, "left": frame.left, "top": frame.top,
        "duration": frame.duration, "per": 1000, "disposal": frame.disposal, "blend": frame.blend,
    } | other  # fmt: skip
    return chunk(b"fcTL", struct.pack(">5I2H2B", *values.values()))


def apng(
    size: tuple[int, int],
    frames: Sequence[Drawn],
    *,
    announced: int | None = None,
    loop: int = 0,
    still: Pixels | None = None,
    before: bytes = b"",
    kind: int = 6,
) -> bytes:
    """Write frames as APNG; `still` is a default image that is no frame, `before` other chunks."""
    parts = [
        SIGNATURE,
        chunk(b"IHDR", struct.pack(">2I5B", *size, 8, kind, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">2I", len(frames) if announced is None else announced, loop)),
        before,
    ]
    if still is not None:
        parts.append(chunk(b"IDAT", png_rows(still)))
    number = 0
    for frame in frames:
        parts.append(control(number, frame))
        number += 1
        if number == 1 and still is None:
            parts.append(chunk(b"IDAT", png_rows(frame.pixels)))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", number) + png_rows(frame.pixels)))
            number += 1
    return b"".join(parts) + chunk(b"IEND", b"")


#: Of GIFs: what an index means, and in which letter tests write it.
COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
LETTERS = {(0, 0, 0, 0): ".", **{(*c, 255): "KRGB"[i] for i, c in enumerate(COLORS.tolist())}}


def walked(data: bytes) -> list[Pixels]:
    """Return the frames as arrays (h, w, 4)."""
    return [with_alpha(pixels) for pixels, _ in open_frames(io.BytesIO(data)).walk()]


def letters(data: bytes) -> list[str]:
    """Return each frame of a GIF as a line: a word for each row of pixels."""
    return [
        " ".join("".join(LETTERS[tuple(pixel)] for pixel in row) for row in pixels.tolist())
        for pixels in walked(data)
    ]


def full(index: int, width: int, height: int) -> Pixels:
    return np.full((height, width), index, np.uint8)


def soft(height: int, width: int, seed: int = 0) -> Pixels:
    return noise(height, width, 4, seed)


def opaque(height: int, width: int, seed: int = 0) -> Pixels:
    return with_alpha(noise(height, width, 3, seed))
