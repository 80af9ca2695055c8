"""Edits of time: frames with durations in whole milliseconds, which add up exactly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias

from kpalette.colors import ByteArray

Shown: TypeAlias = "tuple[ByteArray, int]"

#: For so many milliseconds viewers show a frame whose file says 0.
UNTIMED = 100
HALF = Fraction(1, 2)


def seconds(text: str) -> float:
    """Return the seconds of a time: ``"12.5"``, or ``"1:02:03.5"`` with hours and minutes.

    Raises
    ------
    ValueError
        If it is none.
    """
    if re.fullmatch(r"(\d{1,6}:){0,2}\d{1,9}(\.\d{0,9})?", text, re.ASCII) is None:
        raise ValueError(f"expected seconds, such as 12.5, or 1:02:03.5, got {text!r}")
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def at(number: int, fps: Fraction) -> int:
    """Return when a frame begins, counted from 0, if there are so many a second."""
    return round(1000 * number / fps)


def as_viewers(frames: Iterable[Shown]) -> Iterator[Shown]:
    """Replace durations of 0 by what viewers make of them."""
    for pixels, duration in frames:
        yield pixels, duration or UNTIMED


def cut(frames: Iterable[Shown], start: float, end: float | None) -> Iterator[Shown]:
    """Yield what is shown from `start` to `end`, in milliseconds; to the last frame, if None."""
    now = 0
    first, last = round(start), math.inf if end is None else round(end)
    for pixels, duration in frames:
        begin, now = now, now + duration
        if now > first:
            yield pixels, int(min(now, last)) - max(begin, first)
        if now >= last:
            return


def faster(frames: Iterable[Shown], speed: Fraction) -> Iterator[Shown]:
    """Show frames at so many times their speed, without those of less than half a millisecond."""
    now = 0
    for pixels, duration in frames:
        begin, now = now, now + duration
        if shown := round(now / speed) - round(begin / speed):
            yield pixels, shown


def at_most(frames: Iterable[Shown], fps: Fraction) -> Iterator[Shown]:
    """Leave out frames, so that there are at most so many a second.

    A frame waits until the one before has been shown for 1 / `fps`; if the next one comes before,
    it is left out. So what is slower stays as it is, and steady frames follow each other steadily.
    """
    slot = 1000 / fps
    now = 0
    due = Fraction(0)  # when the next frame may be shown
    shown: tuple[ByteArray, int] | None = None  # and from when on
    waiting: ByteArray | None = None
    for pixels, duration in frames:
        begin, now = now, now + duration
        # Times were rounded, so that what is half a millisecond off is in time.
        if shown is not None and waiting is not None and begin - due > HALF:
            yield shown[0], round(due) - shown[1]
            shown, waiting, due = (waiting, round(due)), None, due + slot
        if shown is None or begin - due >= -HALF:
            if shown is not None:
                yield shown[0], begin - shown[1]
            due = (due if abs(begin - due) <= HALF else Fraction(begin)) + slot
            shown, waiting = (pixels, begin), None
        else:
            waiting = pixels
    if shown is not None and waiting is not None and round(due) < now:
        yield shown[0], round(due) - shown[1]
        shown = waiting, round(due)
    if shown is not None:
        yield shown[0], now - shown[1]
