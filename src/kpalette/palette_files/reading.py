"""The readers' common parts: their error, and parsing colours from text."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kpalette.checks import MAX_COLORS
from kpalette.colors import ByteArray, CountArray, levels_of

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 40


class PaletteReadError(ValueError):
    """A file without a readable palette: damaged, empty or of another format."""


class Entries(NamedTuple):
    """A file's uint8 colours (n, 3 or 4), and int64 counts (n,) if the format holds them."""

    colors: ByteArray
    counts: CountArray | None = None


def to_colors(entries: Sequence[Sequence[int]]) -> ByteArray:
    """Return entries of 3 or 4 levels as an array; those without alpha are opaque."""
    width = max((len(entry) for entry in entries), default=3)
    return np.array([[*entry, 255][:width] for entry in entries], np.uint8).reshape(-1, width)


def distinct(entries: Entries) -> Entries:
    """Return distinct colours in the order of their first entries, with counts summed.

    Raises
    ------
    PaletteReadError
        If there is no colour, or more distinct ones than a palette can have.
    """
    colors, counts = entries
    if not len(colors):
        raise PaletteReadError("expected at least one colour, got none")
    _, first, which = np.unique(colors, axis=0, return_index=True, return_inverse=True)
    if len(first) > MAX_COLORS:
        raise PaletteReadError(f"expected at most {MAX_COLORS:,} colours, got {len(first):,}")
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
        rest = error.object  # without the byte order mark
        at = len(data) - len(rest) + error.start
        raise PaletteReadError(
            f"expected text in UTF-8, got byte {rest[error.start]:#04x} at {at}"
        ) from None


def to_lines(text: str) -> list[str]:
    """Return a text's lines, stripped, without empty lines at the end."""
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text.rstrip())]


def to_levels(line: str, number: int) -> tuple[int, ...]:
    """Read R, G, B and optionally alpha, each 0 to 255, from the start of a line."""
    match = re.match(r"(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?(?=\s|$)", line, re.ASCII)
    # Python takes long to read numbers of very many digits.
    words = [word for word in match.groups() if word] if match else []
    levels = tuple(int(word) if len(word) < 9 else 256 for word in words)
    if not levels or max(levels) > 255:
        raise PaletteReadError(
            f"line {number}: expected three levels from 0 to 255, got {shown(line)}"
        )
    return levels


def parse_color(text: str, where: str) -> tuple[int, ...]:
    """Read rrggbb or rrggbbaa, the short forms rgb and rgba, each perhaps after a #, or a name."""
    levels = levels_of(text)
    if levels is None:
        raise PaletteReadError(f"{where}: expected rrggbb or rrggbbaa, got {shown(text)}")
    return levels


def shown(got: object) -> str:
    """Return a value's representation for an error, shortened."""
    return _SHORT.repr(got)
