"""Colours on a terminal: a field of each, where it shows colours."""

from __future__ import annotations

import os
from collections.abc import Sequence


def is_colored() -> bool:
    """Return whether stdout is a terminal that shows colours, of a user who wants them."""
    if os.name == "nt" and "WT_SESSION" not in os.environ:
        return False  # of Windows's terminals, the old one shows the codes themselves
    return os.isatty(1) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def field(color: Sequence[int], text: str = "") -> str:
    """Return a field of a colour and a gap; nothing where colours are not shown.

    `text` is the hex of what is written in it, if anything.
    """
    if not is_colored():
        return ""
    written = "      "
    front = ""
    if text:
        r, g, b = bytes.fromhex(text[1:])
        written, front = "  Aa  ", f"\x1b[38;2;{r};{g};{b}m"
    r, g, b = color
    return f"\x1b[48;2;{r};{g};{b}m{front}{written}\x1b[0m  "
