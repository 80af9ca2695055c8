"""The changes from frame to frame of an animation: which pixels to write, and for how long."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.arrays import with_alpha

#: One number for each pixel's colour; 0 is transparent.
Shown: TypeAlias = np.ndarray[Any, np.dtype[np.uint32]]
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
#: An indexed frame: uint8 indices (h, w), and uint8 colours (k, 3) or (k, 4).
Indexed: TypeAlias = "tuple[ByteArray, ByteArray]"
#: One with what to draw of it at least.
Drawn: TypeAlias = "tuple[ByteArray, ByteArray, Mask | None]"
Frame = TypeVar("Frame", Indexed, Drawn)


@dataclass(frozen=True, eq=False)
class Change:
    """The rectangle that is written for a frame.

    Attributes
    ----------
    indices : uint8 array (h, w)
        The pixels of the rectangle.
    colors : uint8 array (k, 3) or (k, 4)
    left, top : int
        The rectangle's position.
    changed : bool array (h, w)
        Pixels to draw: those whose colour differs from the one already shown there, and perhaps
        others that take fewer bytes if they are drawn.
    duration : int
        In milliseconds.
    frame : int
        The number of the frame, the first of those that look the same.
    """

    indices: ByteArray
    colors: ByteArray
    left: int
    top: int
    changed: Mask
    duration: int
    frame: int


def shown(indices: ByteArray, colors: ByteArray) -> Shown:
    """Return one number per pixel by which frames are compared; 0 if it is transparent."""
    table = with_alpha(colors).copy()
    table[table[:, 3] == 0] = 0
    return table.view(np.uint32).reshape(-1)[indices]


def merged(
    frames: Iterable[Frame], durations: Iterable[int]
) -> Iterator[tuple[int, Frame, Shown, int]]:
    """Merge consecutive frames that look the same: the first's number, and the sum of durations."""
    last: tuple[int, Frame, Shown] | None = None
    total = 0
    for number, (frame, duration) in enumerate(zip(frames, durations, strict=True)):
        now = shown(frame[0], frame[1])
        if last is not None and np.array_equal(now, last[2]):
            total += duration
            continue
        if last is not None:
            yield last[0], last[1], last[2], total
        last, total = (number, frame, now), duration
    if last is not None:
        yield last[0], last[1], last[2], total


def changes(
    frames: Iterable[Indexed],
    durations: Sequence[int],
    longest: int,
    *,
    align: int = 1,
    drawn: Sequence[Mask | None] | None = None,
) -> Iterator[Change]:
    """Yield what to write for each frame: the smallest rectangle that holds its changes.

    Parameters
    ----------
    frames : iterable of pairs of indices and colours
    durations : sequence of int
        In milliseconds.
    longest : int
        The longest duration of one frame. For longer ones, frames of one unchanged pixel follow.
    align : int
        `left` and `top` are multiples of it.
    drawn : sequence of bool arrays (h, w) or None, optional
        What to draw of each frame at least, if anything changes: frames were made for that.
    """
    canvas: Shown | None = None
    masks = itertools.repeat(None) if drawn is None else drawn
    told = ((*frame, mask) for frame, mask in zip(frames, masks, strict=drawn is not None))
    for number, (indices, colors, mask), now, time in merged(told, durations):
        for done in range(0, max(time, 1), longest):
            changed = np.ones(now.shape, bool) if canvas is None else now != canvas
            if mask is not None and changed.any():
                changed = changed | mask
            part = _around(changed, align)
            top, left = part[0].start, part[1].start
            duration = min(longest, time - done)
            yield Change(indices[part], colors, left, top, changed[part], duration, number)
            canvas = now


def hundredths(durations: Iterable[int]) -> Iterator[int]:
    """Round milliseconds to hundredths of a second, carrying the rounding error to the next.

    Durations above 0 become at least 2 hundredths: viewers show shorter ones for a tenth of a
    second. Of what that adds, at most half a hundredth is carried.
    """
    owed = 0
    for duration in durations:
        least = 2 if duration else 0
        rounded = max(least, (duration + owed + 5) // 10)
        owed = max(-5, duration + owed - 10 * rounded)
        yield rounded


def _around(mask: Mask, align: int) -> tuple[slice, slice]:
    """Return the smallest rectangle that holds all true pixels; one pixel if there is none."""
    if not mask.any():
        return slice(0, 1), slice(0, 1)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = (int(which[0]) // align * align for which in (rows, columns))
    return slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
