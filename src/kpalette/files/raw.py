"""Frames of raw pixels from a pipe, as ffmpeg and others write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from kpalette.checks import checked_whole
from kpalette.colors import ByteArray
from kpalette.files.decoding import ImageReadError


def raw_frames(
    stream: BinaryIO, width: int, height: int, *, channels: int = 3
) -> Iterator[ByteArray]:
    """Read frames of raw 8-bit pixels, one at a time, until the stream ends.

    Parameters
    ----------
    stream : binary file object
        Such as the stdout of ``ffmpeg -i film.mp4 -f rawvideo -pix_fmt rgb24 -``.
    width, height : int
        The size of each frame, at least 1.
    channels : {3, 4}
        R, G, B and optionally alpha (ffmpeg's ``rgb24`` and ``rgba``).

    Yields
    ------
    uint8 array (height, width, channels)
        A new array for each frame.

    Raises
    ------
    ImageReadError
        If the stream ends within a frame.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import io
    >>> import kpalette
    >>> film = io.BytesIO(bytes(2 * 4 * 3 * 3))  # of four by three pixels
    >>> kpalette.ColorHistogram.from_images(kpalette.raw_frames(film, 4, 3)).n_pixels
    24
    """
    if not hasattr(stream, "read"):
        raise TypeError(f"stream: expected a binary file object, got {type(stream).__name__}")
    checked_whole("width", width, 1, 2**31 - 1)
    checked_whole("height", height, 1, 2**31 - 1)
    if channels not in (3, 4):
        raise ValueError(f"channels: expected 3 or 4, got {channels!r}")
    return _read(stream, (height, width, channels))


def _read(stream: BinaryIO, shape: tuple[int, int, int]) -> Iterator[ByteArray]:
    number = 0
    while True:
        frame = np.empty(shape, np.uint8)
        rest = frame.data.cast("B")
        size = len(rest)
        while rest:
            part = stream.read(len(rest))  # a pipe may return fewer bytes
            if not isinstance(part, bytes):
                raise TypeError(
                    f"stream: expected a binary file object, got one of {type(part).__name__}"
                )
            if not part:
                break
            rest[: len(part)] = part
            rest = rest[len(part) :]
        if len(rest) == size:
            return
        if rest:
            raise ImageReadError(
                f"frame {number}: expected {size} bytes ({shape[1]}×{shape[0]}, {shape[2]} "
                f"channels), got {size - len(rest)}"
            )
        yield frame
        number += 1
