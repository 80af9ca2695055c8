"""The .hex of palette collections such as Lospec's: rrggbb per line, or rrggbbaa with alpha.

The format holds no names and no counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    parse_hex,
    to_colors,
    to_lines,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read the colours, with or without a # before each."""
    entries = []
    for number, line in enumerate(to_lines(to_text(data)), 1):
        if len(line.removeprefix("#")) in (3, 4):  # no short form, but a file that was cut off
            raise PaletteReadError(f"line {number}: expected rrggbb or rrggbbaa, got {line!r}")
        if line:
            entries.append(parse_hex(line, f"line {number}"))
    return Entries(to_colors(entries))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours."""
    return "".join(f"{name[1:]}\n" for name in palette.hex).encode("ascii")
