"""GIMP's .gpl: a line of text per colour, with R, G and B in decimal, and its name.

Names are hex, or those that people have for a theme's colours. Inkscape, Krita, Scribus and
Aseprite read it too. The format holds no alpha and no counts.
Aseprite's variant, with alpha as a fourth number, is read but not written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    shown,
    to_colors,
    to_levels,
    to_lines,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette

MAGIC = "GIMP Palette"


def read(data: bytes) -> Entries:
    """Read the colours; names, in any encoding, and columns are skipped."""
    lines = to_lines(data.decode("utf-8-sig", "replace"))
    if lines[0] != MAGIC:
        raise PaletteReadError(f"expected {MAGIC!r} in the first line, got {shown(lines[0])}")
    fields, entries = {}, []
    for number, line in enumerate(lines[1:], 2):
        if field := re.match(r"([A-Za-z]+):\s*(.*)", line):
            fields[field[1]] = field[2]
        elif line and not line.startswith("#"):
            # A name can be a number, so only the header says whether the fourth is alpha.
            width = 4 if fields.get("Channels") == "RGBA" else 3
            entries.append(to_levels(" ".join(line.split()[:width]), number))
    return Entries(to_colors(entries))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours and their names."""
    # Three lines besides the first: Pillow reads no more of them if there are 256 colours.
    lines = [MAGIC, f"Name: {title}", "Columns: 0", "#"]
    for (r, g, b), name in zip(palette.colors.tolist(), palette._labels(), strict=True):
        lines.append(f"{r:3} {g:3} {b:3}\t{name}")
    return "\n".join([*lines, ""]).encode("utf-8")
