"""Lossless animated WebP: each frame holds the changed rectangle.

Pillow compresses. The container is written here: libwebp's muxer can lose the alpha flag, and
takes more than twice the bytes if little changes.

IETF (2024). WebP Image Format, RFC 9649.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import IO

from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files.arrays import with_alpha
from kpalette.files.by_pillow import webp_ways
from kpalette.files.changes import Change, Indexed, Mask, changes

LONGEST = 2**24 - 1  #: Milliseconds, as 24 bits hold them.
WIDEST = 16_383  #: Pixels of width or height.
ANIMATION, ALPHA, REPLACES = 0x02, 0x10, 0x02  # flags


def write(
    file: IO[bytes],
    frames: Iterable[Indexed],
    durations: Sequence[int],
    loop: int,
    size: tuple[int, int],
    palettes: Sequence[ByteArray],
    *,
    optimize: bool = False,
    drawn: Sequence[Mask | None] | None = None,
) -> None:
    """Write frames as WebP: see :data:`kpalette.files.animated.ENCODERS`."""
    if max(size) > WIDEST:
        raise ValueError(f"webp: expected at most {WIDEST} pixels a side, got {size[0]}×{size[1]}")
    if loop > 65_535:
        raise ValueError(f"webp: expected to be shown at most 65535 times, got {loop}")
    pictures: list[bytes] = []
    for change in changes(frames, durations, LONGEST, align=2, drawn=drawn):
        flags, data = _smaller(change, optimize, first=not pictures)
        height, width = change.indices.shape
        place = (change.left // 2, change.top // 2, width - 1, height - 1, change.duration)
        head = b"".join(value.to_bytes(3, "little") for value in place)
        pictures.append(_chunk(b"ANMF", head + bytes([flags]) + data))
    extent = b"".join((side - 1).to_bytes(3, "little") for side in size)
    chunks = [
        _chunk(b"VP8X", struct.pack("<I", ANIMATION | ALPHA) + extent),
        _chunk(b"ANIM", struct.pack("<IH", 0, loop)),
        *pictures,
    ]
    file.write(b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WEBP")
    file.writelines(chunks)


def _smaller(change: Change, optimize: bool, *, first: bool) -> tuple[int, bytes]:
    """Compress a frame the smallest way: replacing the last frame, or blended over it."""
    ways: list[tuple[int, Mask | None]] = [(REPLACES, None)]
    drawn = with_alpha(change.colors)[change.indices[change.changed], 3]
    if not first and (drawn == 255).all() and not change.changed.all():
        ways.append((0, ~change.changed))
    packed = (
        (flags, _compressed(change, left_out, way))
        for flags, left_out in ways
        for way in webp_ways(optimize)
    )
    return min(packed, key=lambda way: len(way[1]))


def _compressed(change: Change, left_out: Mask | None, way: dict[str, int]) -> bytes:
    rgba = with_alpha(change.colors)[change.indices]
    if left_out is not None:
        rgba[left_out] = 0
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "WEBP", lossless=True, exact=True, **way)
    data = file.getvalue()
    return data[data.index(b"VP8L", 12) :]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
