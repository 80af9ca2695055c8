"""What the readers of several formats share: their error, and colours from text."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kpalette.colors import ByteArray, CountArray, hex_levels
from kpalette.palette import MAX_COLORS

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 40


class PaletteReadError(ValueError):
    """A file that holds no palette that can be read: damaged, empty or of another kind."""


class Entries(NamedTuple):
    """What a file holds: uint8 colours (n, 3 or 4), and int64 counts (n,) if the format has any."""

    colors: ByteArray
    counts: CountArray | None = None


def to_colors(entries: Sequence[Sequence[int]]) -> ByteArray:
    """Make an array of entries of 3 or 4 levels; if any has alpha, those without are opaque."""
    width = max((len(entry) for entry in entries), default=3)
    return np.array([[*entry, 255][:width] for entry in entries], np.uint8).reshape(-1, width)


def distinct(entries: Entries) -> Entries:
    """Keep the first of equal colours, with all their counts.

    Raises
    ------
    PaletteReadError
        If none are left, or more than a palette has.
    """
    colors, counts = entries
    if not len(colors):
        raise PaletteReadError("expected at least one colour, got none")
    _, first, which = np.unique(colors, axis=0, return_index=True, return_inverse=True)
    if len(first) > MAX_COLORS:
        raise PaletteReadError(f"expected at most {MAX_COLORS} colours, got {len(first)}")
    order = np.sort(first)
    if counts is None:
        return Entries(colors[order])
    sums = np.zeros(len(first), np.int64)
    np.add.at(sums, which.ravel(), counts)
    return Entries(colors[order], sums[np.argsort(first)])


def to_text(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        rest = error.object  # without the mark
        at = len(data) - len(rest) + error.start
        raise PaletteReadError(
            f"expected text in UTF-8, got byte {rest[error.start]:#04x} at {at}"
        ) from None


def to_lines(text: str) -> list[str]:
    """Give the lines of a text, without spaces around them and without empty ones at the end."""
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text.rstrip())]


def to_levels(line: str, number: int) -> tuple[int, ...]:
    """Read R, G, B and perhaps alpha, each 0 to 255, from the start of a line."""
    match = re.match(r"(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?(?=\s|$)", line, re.ASCII)
    # More digits than a level has could take Python long to read.
    words = [word for word in match.groups() if word] if match else []
    levels = tuple(int(word) if len(word) < 9 else 256 for word in words)
    if not levels or max(levels) > 255:
        raise PaletteReadError(
            f"line {number}: expected three levels from 0 to 255, got {shown(line)}"
        )
    return levels


def parse_hex(text: str, where: str) -> tuple[int, ...]:
    """Read rrggbb or rrggbbaa, or in short rgb or rgba, with or without a # before it."""
    levels = hex_levels(text)
    if levels is None:
        raise PaletteReadError(f"{where}: expected rrggbb or rrggbbaa, got {shown(text)}")
    return levels


def shown(got: object) -> str:
    """Show what came in an error: at most its beginning."""
    return _SHORT.repr(got)
