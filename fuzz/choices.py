"""Decisions read from bytes, so that a fuzzer that mutates bytes mutates decisions."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """A reader of bytes, which reads zeros after the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, n: int) -> bytes:
        """Read n bytes, or as many as there are."""
        taken = self._data[self._at : self._at + n]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """Read all remaining bytes."""
        return self.take(len(self._data))

    def number(self, size: int = 1) -> int:
        """Read an integer of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def real(self) -> float:
        """Read a float, NaN and infinity included."""
        return float(struct.unpack("<f", self.take(4).ljust(4, b"\0"))[0])

    def one_of(self, options: Sequence[T]) -> T:
        """Choose one of several options; the first, for zeros."""
        return options[self.number() % len(options)]

    def part(self) -> bytes:
        """Read bytes that follow their length."""
        return self.take(self.number(2))
