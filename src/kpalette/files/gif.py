"""GIF: stills, and animations whose frames hold the changed rectangle, with just their own palette.

CompuServe Incorporated (1990). Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import IO, Any

import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.files.changes import Change, Indexed, changes, hundredths
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import check_color_count, check_no_soft_alpha, check_size

MOST = 65_535  #: The 16-bit limit of hundredths of a second, pixels of width, and repeats.


def write_still(
    indices: np.ndarray[Any, Any], colors: ByteArray, optimize: bool, metadata: Metadata
) -> bytes:
    """Encode a picture as GIF, where a pixel is transparent or opaque and nothing between."""
    check_color_count(colors, "GIF")
    check_no_soft_alpha(colors, "GIF")
    check_size(indices, "GIF", MOST)
    if optimize:
        used = np.unique(indices)
        indices, colors = np.searchsorted(used, indices), colors[used]
    clear = None
    if colors.shape[1] == 4 and len(found := np.flatnonzero(colors[:, 3] == 0)):
        clear = int(found[0])
        place = np.arange(len(colors))
        place[found] = clear  # a GIF has one transparent entry
        indices = place[indices]
    height, width = indices.shape
    bits = _bits(len(colors))
    extensions = b""
    if comment := metadata.description:
        extensions += b"!\xfe" + _blocks(comment.encode())
    if clear is not None:
        extensions += _control(keep=clear)
    version = b"GIF89a" if extensions else b"GIF87a"
    return (
        _header(version, (width, height), bits, colors)
        + extensions
        + struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0)
        + _data(indices)
        + b";"
    )


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
    file.write(_header(b"GIF89a", size, _bits_of_frame(shared), shared))
    if loop != 1:
        repeats = loop and loop - 1
        file.write(b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, repeats, 0))
    transparent = any((p[:, 3:] == 0).any() for p in palettes)
    for change in changes(frames, durations, hundredths, MOST, clear=True):
        file.write(_frame(change, shared, transparent))
    file.write(b";")


def _frame(change: Change, shared: ByteArray, transparent: bool) -> bytes:
    """Encode a frame the smallest way: what is shown already is left out, drawn again, or both."""
    bits = _bits_of_frame(change.colors)
    keep = _unused(change, 1 << bits)
    # If anything is transparent, every frame names a transparent entry: otherwise Pillow clears to
    # a colour.
    if not transparent and change.changed.all():
        keep = None
    ways = [_data(change.indices)] if keep is None or not transparent else []
    if keep is not None:
        kept = ~change.changed
        indices = np.where(change.opaque, change.indices, np.uint8(keep))
        ways.append(_data(np.where(kept, np.uint8(keep), indices)))
        ways.append(_data(indices, keep, kept))
    height, width = change.indices.shape
    own = not np.array_equal(change.colors, shared)
    return (
        _control(2 if change.cleared else 1, change.duration, keep)
        + struct.pack("<BHHHH", 0x2C, change.left, change.top, width, height)
        + (bytes([0x80 | (bits - 1)]) + _table(change.colors, bits) if own else b"\0")
        + min(ways, key=len)
    )


def _data(
    indices: np.ndarray[Any, Any],
    keep: int | None = None,
    kept: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
) -> bytes:
    """Compress indices; pixels that are `kept` may be written as the entry `keep`."""
    highest = max(int(indices.max()), keep or 0)
    return _core.lzw(
        np.ascontiguousarray(indices, np.uint8),
        max(1, highest.bit_length()),
        keep=-1 if keep is None else keep,
        kept=None if kept is None else kept.astype(np.uint8),
    )


def _header(version: bytes, size: tuple[int, int], bits: int, colors: ByteArray) -> bytes:
    return version + struct.pack("<HHBBB", *size, 0xF0 | (bits - 1), 0, 0) + _table(colors, bits)


def _control(disposal: int = 0, duration: int = 0, keep: int | None = None) -> bytes:
    """Return the extension that says how, and how long, a frame is shown."""
    flags = disposal << 2 | (keep is not None)
    return struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, duration, keep or 0, 0)


def _blocks(data: bytes) -> bytes:
    parts = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _bits(k: int) -> int:
    """Return the bits of an index of k colours."""
    return max(1, (k - 1).bit_length())


def _bits_of_frame(colors: ByteArray) -> int:
    """Return the bits of an index, with a spare entry if 8 bits allow it."""
    return min(8, len(colors).bit_length())


def _table(colors: ByteArray, bits: int) -> bytes:
    return np.ascontiguousarray(colors[:, :3]).tobytes().ljust(3 << bits, b"\0")


def _unused(change: Change, size: int) -> int | None:
    """Return an entry to mark unchanged pixels as transparent: one that this frame does not use.

    So all 256 colours stay available; a frame that uses all of them gets None.
    """
    if change.colors.shape[1] == 4 and len(clear := np.flatnonzero(change.colors[:, 3] == 0)):
        return int(clear[0])
    drawn = np.bincount(change.indices[change.changed], minlength=size) > 0
    free = np.flatnonzero(~drawn)
    return int(free[0]) if len(free) else None
