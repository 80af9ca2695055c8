"""The .hex of palette collections such as Lospec's: rrggbb per line, or rrggbbaa with alpha.

Holds no names and no counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpalette.palette_files.reading import Entries, parse_hex, to_colors, to_lines, to_text

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read the colours, with or without a # before each."""
    lines = enumerate(to_lines(to_text(data)), 1)
    return Entries(to_colors([parse_hex(line, f"line {i}") for i, line in lines if line]))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours."""
    return "".join(f"{name[1:]}\n" for name in palette.hex).encode("ascii")
