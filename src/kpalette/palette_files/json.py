"""JSON with everything that a palette holds: colours as hex, counts, and shares for people.

Only this format restores the same palette, counts included, and the same theme. A plain list of
colours is read too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette.colors import checked_counts
from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    parse_color,
    shown,
    to_colors,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette


def read(data: bytes) -> Entries:
    """Read colours, and counts if there are any; shares are computed from the counts."""
    try:
        content = json.loads(to_text(data))
    except PaletteReadError:
        raise
    except RecursionError:
        raise PaletteReadError(
            "expected a list of colours, got lists that are nested too deeply"
        ) from None
    except ValueError as error:
        raise PaletteReadError(f"expected JSON, got other text: {error}") from None
    names, counts = content, None
    if isinstance(content, dict):
        names, counts = content.get("colors"), content.get("counts")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PaletteReadError(f"colors: expected a list of strings, got {shown(names)}")
    colors = to_colors([parse_color(name, f"colour {i}") for i, name in enumerate(names, 1)])
    if counts is None:
        return Entries(colors)
    if not isinstance(counts, list) or not all(
        type(n) is int and -(2**63) <= n < 2**63 for n in counts
    ):
        raise PaletteReadError(f"counts: expected a list of whole numbers, got {shown(counts)}")
    try:
        return Entries(colors, checked_counts(np.array(counts, np.int64), len(colors)))
    except (ValueError, OverflowError) as error:  # of a sum that is too large
        raise PaletteReadError(str(error)) from None


def read_more(data: bytes) -> dict[str, Any]:
    """Read what a theme has besides, of a file that `read` takes: roles and places."""
    content = json.loads(to_text(data))
    if not isinstance(content, dict):
        return {}
    return {name: content[name] for name in ("roles", "places") if content.get(name) is not None}


def write(palette: Palette, title: str) -> bytes:
    """Write colours, counts and shares, and what a theme has besides, one per line."""
    return f"{json.dumps(palette.to_dict(), indent=1)}\n".encode("ascii")
