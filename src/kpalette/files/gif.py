"""GIF: stills, and animations whose frames hold the changed rectangle, with just their own palette.

CompuServe Incorporated (1990). Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.files.changes import Change, Indexed, changes, hundredths
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import (
    check_color_count,
    check_no_soft_alpha,
    check_size,
    check_sums,
)

MOST = 65_535  #: The 16-bit limit of hundredths of a second, pixels of width, and repeats.


@dataclass(frozen=True, eq=False)
class Image:
    """A frame's rectangle as it is written: what `_core.choose_by_lzw` returns."""

    left: int
    top: int
    width: int
    height: int
    keep: int  # the entry that leaves what is shown, or -1
    data: bytes


def keep(
    kept: dict[Any, Any], indices: np.ndarray[Any, Any], colors: ByteArray, data: bytes
) -> None:
    """Keep the data that a picture's indices were chosen for, with what :func:`encode` keeps."""
    kept[_key(indices, colors)] = data


def _key(indices: np.ndarray[Any, Any], colors: ByteArray) -> tuple[object, ...]:
    return (*check_sums(indices, colors), "gif")


def write_still(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    optimize: bool,
    metadata: Metadata,
    *,
    kept: dict[Any, Any] | None = None,
) -> bytes:
    """Encode a picture as GIF, where a pixel is transparent or opaque and nothing between."""
    check_color_count(colors, "GIF")
    check_no_soft_alpha(colors, "GIF")
    check_size(indices, "GIF", MOST)
    data = kept and kept.get(_key(indices, colors))
    if optimize and not data:
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
        + (data or _data(indices))
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
    images: Sequence[Image | None] | None = None,
) -> None:
    """Write frames as GIF: see :data:`kpalette.files.animated.ENCODERS`.

    With `images`, frames are written like that; those without one are as the frame before.
    """
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
    if images is None:
        transparent = any((p[:, 3:] == 0).any() for p in palettes)
        for change in changes(frames, durations, hundredths, MOST, clear=True):
            file.write(_frame(change, shared, transparent))
    else:
        for image, indexed, duration in _timed(images, frames, durations):
            file.write(_control(1, duration, None if image.keep < 0 else image.keep))
            file.write(_placed(image, indexed[1], shared))
    file.write(b";")


def _timed(
    images: Sequence[Image | None], frames: Iterable[Indexed], durations: Sequence[int]
) -> Iterator[tuple[Image, Indexed, int]]:
    """Yield each image with its frame and its hundredths; one pixel again where it takes longer."""
    drawn: list[tuple[Image, Indexed]] = []
    shown: list[int] = []
    for image, frame, duration in zip(images, frames, durations, strict=True):
        if image is None:
            shown[-1] += duration
        else:
            drawn.append((image, frame))
            shown.append(duration)
    for (image, frame), duration in zip(drawn, hundredths(shown), strict=True):
        yield image, frame, min(duration, MOST)
        pixel = Image(0, 0, 1, 1, -1, _data(frame[0][:1, :1]))
        for done in range(MOST, duration, MOST):
            yield pixel, frame, min(duration - done, MOST)


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
    image = Image(change.left, change.top, width, height, -1, min(ways, key=len))
    control = _control(2 if change.cleared else 1, change.duration, keep)
    return control + _placed(image, change.colors, shared)


def _placed(image: Image, colors: ByteArray, shared: ByteArray) -> bytes:
    """Return an image with its place, and its colours if they are not those of all."""
    own = b"\0"
    if not np.array_equal(colors, shared):
        bits = _bits_of_frame(colors)
        own = bytes([0x80 | (bits - 1)]) + _table(colors, bits)
    place = struct.pack("<BHHHH", 0x2C, image.left, image.top, image.width, image.height)
    return place + own + image.data


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
