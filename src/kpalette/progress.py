"""Progress, in one line on stderr that the next one overwrites."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

#: Seconds between two lines.
PAUSE = 0.1


class ProgressLine:
    """A line such as ``photos: 12 of 200 [0:05, 1:18 left]``; a context manager that removes it.

    Parameters
    ----------
    label : str
        What is counted.
    total : int, optional
        How many there will be, if that is known.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self.label, self.total, self.done = label, total, 0
        self._start = time.monotonic()
        self._next = self._start
        self._width = 0

    def __enter__(self) -> ProgressLine:
        """Show that nothing is done yet."""
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the line."""
        self.clear()

    def update(self, done: int) -> None:
        """Take how many are done, and show it unless that was just done for another number."""
        self.done = done
        if time.monotonic() >= self._next:
            self.show()

    def show(self) -> None:
        """Write the line anew."""
        now = time.monotonic()
        self._next = now + PAUSE
        seconds = now - self._start
        of = "" if self.total is None else f" of {self.total:,}"
        left = ""
        if self.total and 0 < self.done < self.total:
            left = f", {_clock(seconds / self.done * (self.total - self.done))} left"
        text = f"{self.label}: {self.done:,}{of} [{_clock(seconds)}{left}]"
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Remove the line, so that another can be printed in its place."""
        sys.stderr.write(f"\r{' ' * self._width}\r")
        sys.stderr.flush()
        self._width = 0


def counted(items: list[T], label: str, *, shown: bool) -> Iterator[T]:
    """Walk through a list, and show how far that is in a line that stays."""
    if not shown:
        yield from items
        return
    line = ProgressLine(label, len(items))
    line.show()
    try:
        for number, item in enumerate(items, 1):
            yield item
            line.update(number)
    finally:
        line.show()
        sys.stderr.write("\n")


@contextmanager
def frames_bar(shown: bool, n_frames: int | None) -> Iterator[Callable[[str, int], object] | None]:
    """Show how many frames are done, and for how long it will go on."""
    if not shown:
        yield None
        return
    line = ProgressLine("count frames", n_frames)
    steps = ["count"]
    counted = 0

    def tell(step: str, done: int) -> None:
        nonlocal line, counted
        if step != steps[-1] or done < line.done:  # again from the first
            counted = counted or line.done
            line.clear()
            line = ProgressLine(f"{step} frames", counted)
            steps.append(step)
        if line.total is not None and done > line.total:
            line.total = None  # it was but foreseen
        line.update(done)

    try:
        line.show()
        yield tell
    finally:
        line.clear()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
