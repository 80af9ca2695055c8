"""What a frame of an animation changes: which pixels, for how long, and what must be cleared."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.decoding import with_alpha

#: One number for each pixel's colour; 0 is transparent.
Shown: TypeAlias = np.ndarray[Any, np.dtype[np.uint32]]
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
#: An indexed frame: uint8 indices (h, w), and uint8 colours (k, 3) or (k, 4).
Indexed: TypeAlias = "tuple[ByteArray, ByteArray]"


@dataclass(frozen=True, eq=False)
class Change:
    """What is written for a frame.

    Attributes
    ----------
    indices : uint8 array (h, w)
        Of the part that is written.
    colors : uint8 array (k, 3) or (k, 4)
    left, top : int
        Where the part is.
    changed : bool array (h, w)
        Where the part shows other colours than are there already.
    opaque : bool array (h, w)
        Where it shows a colour that is not wholly transparent.
    duration : int
        In the units of the format.
    cleared : bool
        Whether the part is to become transparent before the next frame.
    """

    indices: ByteArray
    colors: ByteArray
    left: int
    top: int
    changed: Mask
    opaque: Mask
    duration: int
    cleared: bool


def shown(indices: ByteArray, colors: ByteArray) -> Shown:
    """Give what two frames are compared by."""
    table = with_alpha(colors).copy()
    table[table[:, 3] == 0] = 0
    return table.view(np.uint32).reshape(-1)[indices]


def merged(
    frames: Iterable[Indexed], durations: Iterable[int]
) -> Iterator[tuple[Indexed, Shown, int]]:
    """Make one frame of those that look the same as the one before, shown for as long."""
    last: tuple[Indexed, Shown] | None = None
    total = 0
    for frame, duration in zip(frames, durations, strict=True):
        now = shown(*frame)
        if last is not None and np.array_equal(now, last[1]):
            total += duration
            continue
        if last is not None:
            yield *last, total
        last, total = (frame, now), duration
    if last is not None:
        yield *last, total


def changes(
    frames: Iterable[Indexed],
    durations: Sequence[int],
    units: Callable[[Iterable[int]], Iterator[int]],
    longest: int,
    *,
    clear: bool,
    align: int = 1,
) -> Iterator[Change]:
    """Give what has to be written for each frame: the rectangle around all that changes.

    Parameters
    ----------
    frames : iterable of pairs of indices and colours
    durations : sequence of int
        In milliseconds.
    units : function
        Turns milliseconds, one after the other, into the units of the format.
    longest : int
        How many units one frame can be shown for. For more, nothing is written again.
    clear : bool
        Whether pixels become transparent only by clearing the frame before, as in GIF.
    align : int
        What `left` and `top` are multiples of.
    """
    canvas: Shown | None = None
    for (indices, colors), now, duration, following in _timed(frames, durations, units, longest):
        changed = np.ones(now.shape, bool) if canvas is None else now != canvas
        touched = changed
        cleared = False
        if clear and following is not None:
            vanishing = (following == 0) & (now != 0)
            cleared = bool(vanishing.any())
            touched = changed | vanishing
        part = _around(touched, align)
        top, left = part[0].start, part[1].start
        yield Change(
            indices[part], colors, left, top, changed[part], now[part] != 0, duration, cleared
        )
        canvas = now
        if cleared:
            canvas = now.copy()
            canvas[part] = 0


def exact(durations: Iterable[int]) -> Iterator[int]:
    """Keep milliseconds."""
    yield from durations


def hundredths(durations: Iterable[int]) -> Iterator[int]:
    """Round milliseconds to hundredths of a second, what is lost being made up for by the next.

    Those above 0 are at least 2 hundredths, since viewers take less for a mistake, and show it for
    a tenth of a second. What that adds is not taken from the next, beyond half a hundredth.
    """
    owed = 0
    for duration in durations:
        least = 2 if duration else 0
        rounded = max(least, (duration + owed + 5) // 10)
        owed = max(-5, duration + owed - 10 * rounded)
        yield rounded


def _timed(
    frames: Iterable[Indexed],
    durations: Sequence[int],
    units: Callable[[Iterable[int]], Iterator[int]],
    longest: int,
) -> Iterator[tuple[Indexed, Shown, int, Shown | None]]:
    """Merge frames, cut their times to what the format has room for, and look one ahead."""
    for_units, for_frames = itertools.tee(merged(frames, durations))
    times = units(time for *_, time in for_units)
    parts = (
        (frame, now, min(longest, time - done))
        for (frame, now, _), time in zip(for_frames, times, strict=True)
        for done in range(0, max(time, 1), longest)
    )
    for this, after in itertools.pairwise(itertools.chain(parts, [None])):
        assert this is not None
        yield *this, None if after is None else after[1]


def _around(mask: Mask, align: int) -> tuple[slice, slice]:
    """Give the least rectangle with all that is true; one pixel, if nothing is."""
    if not mask.any():
        return slice(0, 1), slice(0, 1)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = (int(which[0]) // align * align for which in (rows, columns))
    return slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
