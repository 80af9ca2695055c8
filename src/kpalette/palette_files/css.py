"""CSS custom properties in ``:root``, one per colour: ``--brand-1: #rrggbb;`` and so on.

Alpha is written as #rrggbbaa, by CSS Color 4. The format holds no counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    parse_color,
    to_colors,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read all custom properties that are hex colours, of 3, 4, 6 or 8 digits.

    Properties with other values, such as lengths and ``rgb(1 2 3)``, are skipped. Of a theme's
    file, its colours are read, not those of the texts and pages that go with them.
    """
    text = re.sub(r"/\*.*?(?:\*/|$)", " ", to_text(data), flags=re.DOTALL)
    entries: list[tuple[str, tuple[int, ...]]] = []
    for match in re.finditer(r"(?<![\w-])(--[\w-]+)\s*:\s*([^;{}]*)([;{}]?)", text):
        name, value, end = match[1], match[2].strip(), match[3]
        if not end:  # the file may be cut within the digits
            raise PaletteReadError(
                f"{name}: expected ';' or '}}' after its value, got the file's end"
            )
        if value.startswith("#"):
            entries.append((name, parse_color(value, name)))
    if not entries:
        raise PaletteReadError("expected at least one colour such as '--a: #ff8800;', got none")
    names = {name for name, _ in entries}
    of_theme = [color for name, color in entries if _is_of_theme(name, names)]
    return Entries(to_colors(of_theme or [color for _, color in entries]))


def _is_of_theme(name: str, names: set[str]) -> bool:
    """Return whether a property is a numbered colour of a theme, as its `to_css` names them."""
    title, _, number = name.rpartition("-")
    return number.isdigit() and {f"{title}-on-{number}", f"{title}-page-background"} <= names


def write(palette: Palette, title: str) -> bytes:
    """Write the colours; their names are the title and a number."""
    name = re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-") or "color"
    lines = [f"  --{name}-{i}: {color};" for i, color in enumerate(palette.hex, 1)]
    return "\n".join([":root {", *lines, "}", ""]).encode("ascii")
