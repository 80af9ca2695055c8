"""Frames that were walked through once, kept as the rectangles that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kpalette.colors import ByteArray

#: Bytes that are kept in memory.
BUDGET = 256_000_000
#: From so many frames on it is foreseen whether all will fit.
SAMPLE = 16


class Step(NamedTuple):
    """From one frame to the next: a rectangle, and where its pixels are, and those before it."""

    top: int  # -1 for a frame of another shape than the last, which is whole
    left: int
    shape: tuple[int, ...]
    at: int
    before_shape: tuple[int, ...]
    before_at: int
    duration: int


class FrameStore:
    """Frames, of which each takes the bytes of the rectangle in which it differs from the last.

    Beyond `BUDGET` they go to a temporary file.

    Parameters
    ----------
    both_ways : bool
        Whether they can be walked through backwards, too, which takes twice as much.
    """

    def __init__(self, *, both_ways: bool = False) -> None:
        self.steps: list[Step] = []
        self.size = 0
        self._both_ways = both_ways
        from kpalette.files.spool import Spool  # with what few runs need

        self._file = Spool(max_size=BUDGET)
        self._last: ByteArray | None = None

    def add(self, pixels: ByteArray, duration: int) -> None:
        """Add a frame, uint8 (h, w, c), and its milliseconds."""
        before, self._last = self._last, pixels
        top, left, (high, wide) = -1, 0, pixels.shape[:2]
        place = np.s_[0:high, 0:wide]
        if before is not None and before.shape == pixels.shape:
            top, left, high, wide = changed(before, pixels)
            place = np.s_[top : top + high, left : left + wide]
        before_at, before_shape = -1, (0, 0, 0)
        if before is not None and self._both_ways:
            before_at, before_shape = self._write(before[place]), before[place].shape
        now = pixels[place]
        at = self._write(now)
        self.steps.append(Step(top, left, now.shape, at, before_shape, before_at, duration))

    def close(self) -> None:
        """Free what the frames take."""
        self._file.close()

    def __iter__(self) -> Iterator[tuple[ByteArray, int]]:
        """Walk through the frames; one that is as the last is the same array."""
        frame: ByteArray | None = None
        for step in self.steps:
            frame = self._drawn(frame, step, step.at, step.shape)
            yield frame, step.duration

    def backwards(self) -> Iterator[tuple[ByteArray, int]]:
        """Walk from the last frame but one to the second."""
        frame = self._last
        for number in range(len(self.steps) - 1, 1, -1):
            step = self.steps[number]
            frame = self._drawn(frame, step, step.before_at, step.before_shape)
            yield frame, self.steps[number - 1].duration

    def _drawn(
        self, frame: ByteArray | None, step: Step, at: int, shape: tuple[int, ...]
    ) -> ByteArray:
        if step.top < 0 or frame is None:
            return self._read(at, shape)
        high, wide = shape[:2]
        if not high:
            return frame
        frame = frame.copy()
        place = np.s_[step.top : step.top + high, step.left : step.left + wide]
        frame[place] = self._read(at, shape)
        return frame

    def _write(self, pixels: ByteArray) -> int:
        at = self.size
        self._file.seek(at)
        self._file.write(np.ascontiguousarray(pixels).data)
        self.size += pixels.size
        return at

    def _read(self, at: int, shape: tuple[int, ...]) -> ByteArray:
        self._file.seek(at)
        data = bytearray(self._file.read(int(np.prod(shape))))
        return np.frombuffer(data, np.uint8).reshape(shape)


def changed(before: ByteArray, now: ByteArray) -> tuple[int, int, int, int]:
    """Return the smallest rectangle in which two images (h, w, c) differ: top, left and sides."""
    height, width, channels = now.shape
    rows = np.flatnonzero((before != now).reshape(height, -1).any(axis=1))
    if not len(rows):
        return 0, 0, 0, 0
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    differs = (before[top:bottom] != now[top:bottom]).reshape(-1, width * channels).any(axis=0)
    columns = np.flatnonzero(differs) // channels
    left, right = int(columns[0]), int(columns[-1]) + 1
    return top, left, bottom - top, right - left


Walk = Callable[[], Iterator[tuple[ByteArray, int]]]


def remembered(walk: Walk, n_frames: int | None = None) -> Walk:
    """Return the same walk, whose frames are made once if they fit into `BUDGET`, else each time.

    `n_frames` is about how many there are.
    """
    kept: FrameStore | None = None
    fits = True

    def walk_again() -> Iterator[tuple[ByteArray, int]]:
        nonlocal kept, fits
        if kept is not None:
            yield from kept
            return
        store = FrameStore() if fits else None
        for number, (pixels, duration) in enumerate(walk(), 1):
            if store is not None:
                store.add(pixels, duration)
                foreseen = max(1.0, (n_frames or 0) / number) if number >= SAMPLE else 1
                if store.size * foreseen > BUDGET:
                    store.close()
                    store, fits = None, False
            yield pixels, duration
        kept = store

    return walk_again


def walked_once(frames: Iterator[tuple[ByteArray, int]]) -> Walk:
    """Return a walk that can be made again, through what can be walked through only once."""
    store = FrameStore()

    def walk() -> Iterator[tuple[Any, int]]:
        yield from store
        for pixels, duration in frames:
            store.add(pixels, duration)
            yield pixels, duration

    return walk


def there_and_back(walk: Walk) -> Walk:
    """Return a walk through frames and back again, in which neither end is shown twice."""

    def bounced() -> Iterator[tuple[ByteArray, int]]:
        store = FrameStore(both_ways=True)
        try:
            for pixels, duration in walk():
                store.add(pixels, duration)
                yield pixels, duration
            yield from store.backwards()
        finally:
            store.close()

    return bounced
