"""Bare frames with their times, out of the Matroska stream that ffmpeg writes to a pipe.

Lhomme, Bunkus and Rice (2024). Matroska Media Container Format Specification. RFC 9559.
https://doi.org/10.17487/RFC9559
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

#: Elements whose content is walked through: segment, tracks, a track, cluster, group of blocks.
MASTERS = {0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0}
SIMPLE_BLOCK, BLOCK = 0xA3, 0xA1
CLUSTER_TIME, USUAL_DURATION = 0xE7, 0x23E383
#: No element that is not a block is larger, in what is read here.
MOST = 1 << 24


class Timed(NamedTuple):
    """A frame.

    Attributes
    ----------
    time : int
        When it is shown, in milliseconds.
    usual : float or None
        For how many milliseconds frames of a constant rate are.
    data : bytearray
    """

    time: int
    usual: float | None
    data: bytearray


def read_frames(stream: IO[bytes], size: int) -> Iterator[Timed]:
    """Read frames of `size` bytes, one at a time, up to the last that is whole.

    Times are in milliseconds, as ffmpeg writes them. What is no Matroska gives no frames.
    """
    cluster, usual = 0, None
    while (kind := _identity(stream)) is not None and (length := _length(stream)) is not None:
        if kind in MASTERS:
            continue
        if kind in (SIMPLE_BLOCK, BLOCK):
            head = stream.read(4)  # the track, the time from that of the cluster, and flags
            data = bytearray(size)
            if length != size + 4 or len(head) < 4 or _filled(stream, data) < size:
                return
            yield Timed(cluster + int.from_bytes(head[1:3], "big", signed=True), usual, data)
            continue
        if length > MOST or len(content := stream.read(length)) < length:
            return
        if kind == CLUSTER_TIME:
            cluster = int.from_bytes(content, "big")
        elif kind == USUAL_DURATION:
            usual = int.from_bytes(content, "big") / 1e6


def _filled(stream: IO[bytes], data: bytearray) -> int:
    """Fill a buffer as far as the stream goes, and return how far."""
    rest = memoryview(data)
    while rest and (n := stream.readinto(rest)):  # type: ignore[attr-defined]
        rest = rest[n:]
    return len(data) - len(rest)


def _identity(stream: IO[bytes]) -> int | None:
    """Read an element's number, of one to four bytes; None at the end."""
    first = stream.read(1)
    if not first or first[0] < 0x10:
        return None
    more = 8 - first[0].bit_length()
    rest = stream.read(more)
    return int.from_bytes(first + rest, "big") if len(rest) == more else None


def _length(stream: IO[bytes]) -> int | None:
    """Read an element's length, of one to eight bytes; None at the end."""
    first = stream.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = stream.read(more)
    value = int.from_bytes(first + rest, "big") - (1 << 7 * (more + 1))
    return value if len(rest) == more else None
