"""Animated GIF: each frame holds the changed rectangle, with exactly its own palette.

Pillow compresses. The blocks are written here, because Pillow's writer chooses palettes and
disposal itself.
CompuServe Incorporated (1990). Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import IO

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files.changes import Change, Indexed, changes, hundredths
from kpalette.files.pictures import check_no_soft_alpha

MOST = 65_535  #: The 16-bit limit of hundredths of a second, pixels of width, and repeats.


def write(
    file: IO[bytes],
    frames: Iterable[Indexed],
    durations: Sequence[int],
    loop: int,
    size: tuple[int, int],
    palettes: Sequence[ByteArray],
    *,
    optimize: bool = False,
) -> None:
    """Write frames as GIF: see :data:`kpalette.files.animated.ENCODERS`."""
    for colors in palettes:
        check_no_soft_alpha(colors, "gif")
    if max(size) > MOST:
        raise ValueError(f"gif: expected at most {MOST} pixels a side, got {size[0]}×{size[1]}")
    if loop > MOST + 1:
        raise ValueError(f"gif: expected to be shown at most {MOST + 1} times, got {loop}")
    shared = palettes[0]
    depth, table = _table(shared)
    file.write(b"GIF89a" + struct.pack("<HHBBB", *size, 0xF0 | (depth - 1), 0, 0) + table)
    if loop != 1:
        repeats = loop and loop - 1
        file.write(b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, repeats, 0))
    transparent = any((p[:, 3:] == 0).any() for p in palettes)
    for change in changes(frames, durations, hundredths, MOST, clear=True):
        file.write(_frame(change, shared, transparent))
    file.write(b";")


def _frame(change: Change, shared: ByteArray, transparent: bool) -> bytes:
    """Encode a frame the smaller way: with unchanged pixels transparent, or drawn again."""
    depth, table = _table(change.colors)
    leave = _unused(change, 1 << depth)
    ways = [leave]
    if not transparent and change.changed.all():
        ways = [None]
    elif not transparent and leave is not None:
        ways = [leave, None]
    # If anything is transparent, every frame names a transparent entry: otherwise Pillow clears to
    # a colour.
    best = b""
    for way in ways:
        indices = change.indices
        if way is not None:
            indices = np.where(change.changed & change.opaque, indices, np.uint8(way))
        data = _compressed(indices)
        if not best or len(data) < len(best):
            best, used = data, way
    height, width = change.indices.shape
    own = not np.array_equal(change.colors, shared)
    flags = (2 if change.cleared else 1) << 2 | (used is not None)
    return (
        struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, change.duration, used or 0, 0)
        + struct.pack("<BHHHH", 0x2C, change.left, change.top, width, height)
        + bytes([0x80 | (depth - 1) if own else 0])
        + (table if own else b"")
        + best
    )


def _table(colors: ByteArray) -> tuple[int, bytes]:
    """Return the bits per index and the colour table, with a spare entry if 8 bits allow it."""
    depth = min(8, len(colors).bit_length())
    return depth, np.ascontiguousarray(colors[:, :3]).tobytes().ljust(3 << depth, b"\0")


def _unused(change: Change, size: int) -> int | None:
    """Return an entry to mark unchanged pixels as transparent: one that this frame does not use.

    So all 256 colours stay available; a frame that uses all of them gets None.
    """
    if change.colors.shape[1] == 4 and len(clear := np.flatnonzero(change.colors[:, 3] == 0)):
        return int(clear[0])
    drawn = np.bincount(change.indices[change.changed], minlength=size) > 0
    free = np.flatnonzero(~drawn)
    return int(free[-1]) if len(free) else None


def _compressed(indices: ByteArray) -> bytes:
    """Compress indices with Pillow: return the minimum code size and the data blocks."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(indices)).save(file, "GIF", interlace=0, optimize=False)
    data = file.getvalue()
    at = 13 + _table_bytes(data[10])
    while data[at] != 0x2C:  # extensions before the image: two bytes, then blocks
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    at += 10 + _table_bytes(data[at + 9])
    return data[at : data.rindex(b";")]


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
