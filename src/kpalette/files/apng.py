"""Animated PNG: indexed if all frames together have at most 256 colours, otherwise true colour.

Indices always have 8 bits: with fewer, players built on libavcodec misplace the parts of a frame.
That costs 8 to 25 % for up to 16 colours.

W3C (2025). Portable Network Graphics (PNG) Specification, third edition.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import deflate
import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.arrays import with_alpha
from kpalette.files.changes import Change, Indexed, Mask, changes
from kpalette.files.indexed_png import chunk, density
from kpalette.files.plain_png import SIGNATURE

LONGEST = 65_535  #: Milliseconds, as 16 bits hold them.


@dataclass(frozen=True)
class _Layout:
    """The pixel format: indices into one palette, or true colour."""

    colors: ByteArray  # uint8 (n, 4), the distinct colours of all frames
    channels: int  # 1: indices; 3 or 4: true colour
    clear: int | None  # the index of the wholly transparent entry

    @classmethod
    def of(cls, palettes: Sequence[ByteArray]) -> _Layout:
        stacked = np.concatenate([with_alpha(palette) for palette in palettes])
        packed = stacked.view(np.uint32).reshape(-1)
        first = np.sort(np.unique(packed, return_index=True)[1])  # keeps their order
        colors = stacked[first]
        clear = np.flatnonzero(colors[:, 3] == 0)
        if len(colors) > 256:
            channels = 4 if (colors[:, 3] < 255).any() else 3
            return cls(colors, channels, None)
        if not len(clear) and len(colors) < 256:  # a transparent entry, for unchanged pixels
            clear = np.array([len(colors)])
            colors = np.concatenate([colors, np.zeros((1, 4), np.uint8)])
        return cls(colors, 1, int(clear[0]) if len(clear) else None)

    def rows(self, indices: ByteArray, colors: ByteArray, left_out: Mask | None) -> bytes:
        """Return a frame's uncompressed bytes; no row is filtered."""
        rgba = with_alpha(colors)
        if self.channels > 1:
            pixels = rgba[:, : self.channels][indices]
        else:
            ours = self.colors.view(np.uint32).reshape(-1)
            order = np.argsort(ours)
            theirs = np.ascontiguousarray(rgba).view(np.uint32).reshape(-1)
            pixels = order[np.searchsorted(ours, theirs, sorter=order)].astype(np.uint8)[indices]
        if left_out is not None:
            pixels[left_out] = self.clear or 0
        return np.pad(pixels.reshape(len(pixels), -1), ((0, 0), (1, 0))).tobytes()


def write(
    file: IO[bytes],
    frames: Iterable[Indexed],
    durations: Sequence[int],
    loop: int,
    size: tuple[int, int],
    palettes: Sequence[ByteArray],
    *,
    optimize: bool = False,
    dpi: tuple[float, float] | None = None,
    drawn: Sequence[Mask | None] | None = None,
) -> None:
    """Write frames as APNG: see :data:`kpalette.files.animated.ENCODERS`."""
    layout = _Layout.of(palettes)
    level = 12 if optimize else 10
    found = changes(frames, durations, LONGEST, drawn=drawn)
    pictures = [part for _, part in _pictures(found, layout, level)]
    kind = {1: 3, 3: 2, 4: 6}[layout.channels]
    file.write(SIGNATURE)
    file.write(chunk(b"IHDR", struct.pack(">2I5B", *size, 8, kind, 0, 0, 0)))
    file.write(chunk(b"acTL", struct.pack(">2I", len(pictures), loop)))
    if layout.channels == 1:
        file.write(chunk(b"PLTE", np.ascontiguousarray(layout.colors[:, :3]).tobytes()))
        if alpha := layout.colors[:, 3].tobytes().rstrip(b"\xff"):
            file.write(chunk(b"tRNS", alpha))
    if dpi:
        file.write(density(dpi))
    file.writelines(pictures)
    file.write(chunk(b"IEND", b""))


def frame_bytes(
    frames: Iterable[Indexed],
    durations: Sequence[int],
    palettes: Sequence[ByteArray],
    drawn: Sequence[Mask | None] | None = None,
) -> list[int]:
    """Return how many bytes :func:`write` takes for each frame: 0 for one that is as the last."""
    layout = _Layout.of(palettes)
    sizes = [0] * len(durations)
    for change, part in _pictures(changes(frames, durations, LONGEST, drawn=drawn), layout, 10):
        sizes[change.frame] += len(part)
    return sizes


def _pictures(
    found: Iterable[Change], layout: _Layout, level: int
) -> Iterator[tuple[Change, bytes]]:
    """Yield changes and their chunks."""
    sequence = 0
    for number, change in enumerate(found):
        blend, data = _smaller(change, layout, level, first=not number)
        height, width = change.indices.shape
        place = (width, height, change.left, change.top, change.duration, 1000, 0, blend)
        picture = chunk(b"fcTL", struct.pack(">5I2H2B", sequence, *place))
        if number:
            sequence += 1
            picture += chunk(b"fdAT", struct.pack(">I", sequence) + data)
        else:
            picture += chunk(b"IDAT", data)
        sequence += 1
        yield change, picture


def _smaller(change: Change, layout: _Layout, level: int, *, first: bool) -> tuple[int, bytes]:
    """Compress a frame the smaller way: replacing the last frame, or blended over it."""
    source, over = 0, 1
    ways: list[tuple[int, Mask | None]] = [(source, None)]
    can_leave_out = layout.clear is not None or layout.channels == 4
    drawn = with_alpha(change.colors)[change.indices[change.changed], 3]
    if not first and can_leave_out and (drawn == 255).all() and not change.changed.all():
        ways.append((over, ~change.changed))
    rows = ((blend, layout.rows(change.indices, change.colors, mask)) for blend, mask in ways)
    blend, best = min(rows, key=lambda way: len(deflate.zlib_compress(way[1], 1)))
    return blend, bytes(deflate.zlib_compress(best, level))
