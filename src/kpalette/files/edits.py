"""What can be done to the frames of an animation: edits of time and size, made while walking."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from kpalette.checks import check_flag, checked_whole
from kpalette.colors import ByteArray
from kpalette.files import times
from kpalette.files.frame_store import Walk, there_and_back
from kpalette.files.resizing import Crop, new_size, resized

#: Pixels a side that can be asked for.
MOST = 65_535
#: Durations are whole milliseconds.
MOST_FPS = 1000


@dataclass(frozen=True)
class Edits:
    """Edits of time and size: the fields are the arguments of :func:`kpalette.clip`.

    Raises
    ------
    TypeError, ValueError
        If one of them is of the wrong kind, or out of range.
    """

    fps: float | None = None
    speed: float = 1.0
    width: int | None = None
    height: int | None = None
    crop: str | tuple[int, int, int, int] | None = None
    start: float = 0.0  # or text, which becomes seconds
    end: float | None = None
    bounce: bool = False

    def __post_init__(self) -> None:
        """Check them."""
        if self.fps is not None:
            _checked_number("fps", self.fps, MOST_FPS)
        _checked_number("speed", self.speed, math.inf)
        for name in ("width", "height"):
            if getattr(self, name) is not None:
                checked_whole(name, getattr(self, name), 1, MOST)
        if self.crop is not None:
            Crop.of(self.crop)
        for name in ("start", "end"):
            object.__setattr__(self, name, _as_seconds(name, getattr(self, name)))
        _checked_number("start", self.start, math.inf, or_zero=True)
        if self.end is not None:
            _checked_number("end", self.end, math.inf)
            if self.end <= self.start:
                raise ValueError(
                    f"end: expected more than the start, {self.start} s, got {self.end} s"
                )
        check_flag("bounce", self.bounce)

    @property
    def given(self) -> list[str]:
        """The names of those that are asked for."""
        return [one.name for one in fields(self) if getattr(self, one.name) != one.default]

    @property
    def rate(self) -> Fraction | None:
        """Frames a second, exactly."""
        return None if self.fps is None else Fraction(float(self.fps))

    @property
    def source_rate(self) -> Fraction | None:
        """Frames a second of the source that are enough, before it is played faster."""
        return None if self.rate is None else self.rate * Fraction(float(self.speed))

    def foreseen(self, n_frames: int | None, seconds: float | None) -> int | None:
        """Return about how many frames will be left of a source of so many; None if unknown."""
        if n_frames is None:
            return None
        left = float(n_frames)
        if seconds:
            last = seconds if self.end is None else min(self.end, seconds)
            shown = max(0.0, last - self.start) / self.speed
            rate = n_frames / seconds * self.speed
            left = shown * min(rate, self.fps or math.inf)
        return max(1, round(2 * left - 2 if self.bounce else left))

    def applied(self, walk: Walk, begin: float) -> Walk:
        """Return a walk through frames with these edits, of a source from `begin` seconds on."""
        if not self.given:
            return walk

        def edited() -> Iterator[tuple[ByteArray, int]]:
            frames = walk()
            if {"fps", "speed", "start", "end"} & set(self.given):
                frames = times.as_viewers(frames)
            if self.start or self.end is not None:
                end = None if self.end is None else 1000 * (self.end - begin)
                frames = self._checked(times.cut(frames, 1000 * (self.start - begin), end))
            if self.speed != 1:
                frames = times.faster(frames, Fraction(float(self.speed)))
            if self.rate is not None:
                frames = times.at_most(frames, self.rate)
            for pixels, duration in frames:
                yield self._shaped(pixels), duration

        return there_and_back(edited) if self.bounce else edited

    def _checked(self, frames: Iterator[tuple[ByteArray, int]]) -> Iterator[tuple[ByteArray, int]]:
        first = next(frames, None)
        if first is None:
            raise ValueError(f"start: expected a time before the end, got {self.start} s")
        yield from itertools.chain([first], frames)

    def _shaped(self, pixels: ByteArray) -> ByteArray:
        if self.crop is not None:
            pixels = Crop.of(self.crop).cut(pixels, self.crop)
        height, width = pixels.shape[:2]
        return resized(pixels, *new_size(width, height, self.width, self.height))


def _as_seconds(name: str, moment: object) -> object:
    try:
        return times.seconds(moment) if isinstance(moment, str) else moment
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _checked_number(name: str, value: object, most: float, *, or_zero: bool = False) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    if not (0 < value <= most or (or_zero and value == 0)) or value == math.inf:
        least = "0 or more" if or_zero else "a number above 0"
        limit = "" if most == math.inf else f" and at most {most:g}"
        raise ValueError(f"{name}: expected {least}{limit}, got {value}")
