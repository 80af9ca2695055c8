"""CSS custom properties in ``:root``, one per colour: ``--brand-1: #rrggbb;`` and so on.

Alpha is written as #rrggbbaa, by CSS Color 4. The format holds no counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    parse_hex,
    to_colors,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read all custom properties that are hex colours, of 3, 4, 6 or 8 digits.

    Properties with other values, such as lengths and ``rgb(1 2 3)``, are skipped.
    """
    text = re.sub(r"/\*.*?(?:\*/|$)", " ", to_text(data), flags=re.DOTALL)
    entries = []
    for match in re.finditer(r"(?<![\w-])(--[\w-]+)\s*:\s*([^;{}]*)([;{}]?)", text):
        name, value, end = match[1], match[2].strip(), match[3]
        if not end:  # the file may be cut within the digits
            raise PaletteReadError(
                f"{name}: expected ';' or '}}' after its value, got the file's end"
            )
        if value.startswith("#"):
            entries.append(parse_hex(value, name))
    if not entries:
        raise PaletteReadError("expected at least one colour such as '--a: #ff8800;', got none")
    return Entries(to_colors(entries))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours; their names are the title and a number."""
    name = re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-") or "color"
    lines = [f"  --{name}-{i}: {color};" for i, color in enumerate(palette.hex, 1)]
    return "\n".join([":root {", *lines, "}", ""]).encode("ascii")
