"""GIF: stills, and animations whose frames hold the changed rectangle.

CompuServe Incorporated (1990). Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.files.changes import Indexed, hundredths
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import (
    check_color_count,
    check_no_soft_alpha,
    check_size,
    check_sums,
)

MOST = 65_535  #: The 16-bit limit of hundredths of a second, pixels of width, and repeats.


class Image(NamedTuple):
    """A frame's rectangle as it is written: what the core gives for it."""

    left: int
    top: int
    width: int
    height: int
    keep: int  #: The entry that leaves what is shown, or -1.
    cleared: bool  #: Whether it becomes transparent before the next frame.
    data: bytes
    table: ByteArray | None = None  #: Its own colours.


@dataclass(frozen=True, eq=False)
class Coded:
    """The frames of an animation as a GIF has them.

    Attributes
    ----------
    table : uint8 array (k, 3)
        The colours that frames without a table of their own share.
    images : tuple of Image or None
        One for each frame; None for one that is as the frame before.
    """

    table: ByteArray
    images: tuple[Image | None, ...]

    @property
    def n_bytes(self) -> tuple[int, ...]:
        """The bytes of each frame: 0 for one that is as the frame before."""
        return tuple(
            0 if image is None else len(_control()) + len(_placed(image)) for image in self.images
        )


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


def code(frames: Iterable[Indexed], team: _core.Team) -> Coded:
    """Compress frames without loss: of each, what it changes, in the smallest of a few ways.

    Parameters
    ----------
    frames : iterable of pairs of indices and colours
    team : Team

    Raises
    ------
    ValueError
        If a colour is half-transparent, or a side has more than 65,535 pixels.
    """
    frames = [(np.ascontiguousarray(indices, np.uint8), colors) for indices, colors in frames]
    for colors in {colors.tobytes(): colors for _, colors in frames}.values():
        check_no_soft_alpha(colors, "gif")
    height, width = frames[0][0].shape
    if max(width, height) > MOST:
        raise ValueError(f"gif: expected at most {MOST} pixels a side, got {width}×{height}")
    images = [found and Image(*found) for found in _core.code_changes(frames, team)]
    return arrange(images, [colors for _, colors in frames])


def arrange(images: Sequence[Image | None], colors: Sequence[ByteArray]) -> Coded:
    """Sort palettes by how many frames draw with an entry, so that codes begin with fewer bits.

    Parameters
    ----------
    images : sequence of Image or None
        With entries of `colors`, and without tables.
    colors : sequence of uint8 arrays (k, 3 or 4)
        The palette of each. That of most is the one that they share.
    """
    drawn = [None if image is None else _drawn(image) for image in images]
    names = [some.tobytes() for some in colors]
    [(most_used, _)] = Counter(names).most_common(1)
    is_own = [name != most_used for name in names]
    shared = colors[names.index(most_used)]
    uses = np.zeros(256, np.int64)
    for entries, own in zip(drawn, is_own, strict=True):
        if entries is not None and not own:
            uses += entries
    order = np.argsort(-uses, kind="stable")
    most = 1
    arranged: list[Image | None] = []
    for image, some, entries, own in zip(images, colors, drawn, is_own, strict=True):
        if image is None or entries is None:
            arranged.append(None)
            continue
        which = np.flatnonzero(entries) if own else order
        place = np.zeros(256, np.uint8)
        place[which] = np.arange(len(which))
        taken = place[entries]
        keep = image.keep
        if keep >= 0:
            free = np.ones(256, np.bool_)  # np.setdiff1d would import numpy.ma
            free[taken] = False
            keep = int(free.argmax())
            place[image.keep] = keep
        highest = max(int(taken.max(initial=0)), keep)
        data = _core.recode_lzw(image.data, place, max(1, highest.bit_length()))
        most = most if own else max(most, highest + 1)
        table = some[which] if own else None
        arranged.append(image._replace(keep=keep, data=data, table=table))
    return Coded(shared[order[: min(most, len(shared))]], tuple(arranged))


def _drawn(image: Image) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return whether an image draws with each of 256 entries."""
    entries = np.asarray(_core.lzw_entries(image.data)).astype(bool)
    if image.keep >= 0:
        entries[image.keep] = False
    return entries


def write(
    file: IO[bytes],
    frames: Iterable[Indexed],
    durations: Sequence[int],
    loop: int,
    size: tuple[int, int],
    palettes: Sequence[ByteArray],
    *,
    optimize: bool = False,
    coded: Coded | None = None,
) -> None:
    """Write frames as GIF: see :data:`kpalette.files.animated.ENCODERS`.

    `coded` is what :func:`code` has made of them.
    """
    if loop > MOST + 1:
        raise ValueError(f"gif: expected to be shown at most {MOST + 1} times, got {loop}")
    if coded is None:
        coded = code(frames, _core.Team(1))
    bits = _table_bits(coded)
    file.write(_header(b"GIF89a", size, bits, coded.table))
    if loop != 1:
        repeats = loop and loop - 1
        file.write(b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, repeats, 0))
    for image, duration in _timed(coded.images, durations):
        disposal = 2 if image.cleared else 1
        file.write(_control(disposal, duration, None if image.keep < 0 else image.keep))
        file.write(_placed(image))
    file.write(b";")


def _table_bits(coded: Coded) -> int:
    """Return the bits of the shared table, in which entries to keep have a place too."""
    keeps = [image.keep for image in coded.images if image is not None and image.table is None]
    return _bits(max(len(coded.table), max(keeps, default=0) + 1))


def _timed(images: Sequence[Image | None], durations: Sequence[int]) -> Iterator[tuple[Image, int]]:
    """Yield each image and its hundredths; where it takes longer, a pixel that stays follows."""
    drawn: list[Image] = []
    shown: list[int] = []
    for image, duration in zip(images, durations, strict=True):
        if image is None:
            shown[-1] += duration
        else:
            drawn.append(image)
            shown.append(duration)
    stays = Image(0, 0, 1, 1, 0, False, _data(np.zeros((1, 1), np.uint8)))
    for image, duration in zip(drawn, hundredths(shown), strict=True):
        times = [min(MOST, duration - done) for done in range(0, max(duration, 1), MOST)]
        # What is cleared is drawn once more at last, since that which stays clears nothing.
        others = [image if image.cleared else stays] * (len(times) - 1)
        parts = [image, *others]
        for part, time in zip(parts[:-1], times[:-1], strict=True):
            yield part._replace(cleared=False), time
        yield parts[-1], times[-1]


def _placed(image: Image) -> bytes:
    """Return an image with its place, and its colours if they are its own."""
    own = b"\0"
    if image.table is not None:
        bits = _own_bits(image.table, image.keep)
        own = bytes([0x80 | (bits - 1)]) + _table(image.table, bits)
    place = struct.pack("<BHHHH", 0x2C, image.left, image.top, image.width, image.height)
    return place + own + image.data


def _own_bits(table: ByteArray, keep: int) -> int:
    return _bits(max(len(table), keep + 1))


def _data(indices: np.ndarray[Any, Any]) -> bytes:
    """Compress indices."""
    bits = max(1, int(indices.max()).bit_length())
    return _core.lzw(np.ascontiguousarray(indices, np.uint8), bits)


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


def _table(colors: ByteArray, bits: int) -> bytes:
    return np.ascontiguousarray(colors[:, :3]).tobytes().ljust(3 << bits, b"\0")
