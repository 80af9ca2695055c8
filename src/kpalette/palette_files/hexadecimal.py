"""The .hex of palette collections such as Lospec's: rrggbb per line, or rrggbbaa with alpha.

The format holds no names and no counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpalette.colors import hex_levels
from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    parse_color,
    to_colors,
    to_lines,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read the colours, with or without a # before each; short forms and names, too.

    A last line that is one of these must end, or it may be the beginning of another colour.
    """
    text = to_text(data)
    lines = to_lines(text)
    entries = [parse_color(line, f"line {i}") for i, line in enumerate(lines, 1) if line]
    last = lines[-1]
    is_whole = len(last.removeprefix("#")) in (6, 8) and hex_levels(last) is not None
    if last and not is_whole and not text.endswith(("\n", "\r")):
        raise PaletteReadError(
            f"line {len(lines)}: expected rrggbb or rrggbbaa, got {last!r} at the file's end, "
            "where it may be cut off; a line break after it says that it is whole"
        )
    return Entries(to_colors(entries))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours."""
    return "".join(f"{name[1:]}\n" for name in palette.hex).encode("ascii")
