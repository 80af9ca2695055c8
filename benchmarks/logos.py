"""Ten logos, drawn with smooth edges, and the colour that a person would call each one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIDE, FINER = 160, 4


def drawn(ground: str, draw: Callable[[ImageDraw.ImageDraw], None]) -> Any:
    """Draw on a square of 100 × 100 units; return pixels (160, 160, 3)."""
    large = Image.new("RGB", (SIDE * FINER, SIDE * FINER), ground)
    draw(ImageDraw.Draw(large))
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))


def at(*units: float) -> list[float]:
    return [unit * SIDE * FINER / 100 for unit in units]


def word(d: ImageDraw.ImageDraw, color: str, y: float) -> None:
    """Draw bars of different lengths, like letters."""
    for x, height in zip(range(12, 88, 9), (12, 8, 8, 14, 8, 12, 8, 10, 8), strict=True):
        d.rectangle(at(x, y - height, x + 5, y), fill=color)


def ring(d: ImageDraw.ImageDraw) -> None:
    d.ellipse(at(20, 20, 80, 80), outline="#1a73e8", width=60)


def shop(d: ImageDraw.ImageDraw) -> None:
    d.polygon(at(30, 30, 70, 30, 80, 80, 20, 80), fill="#96bf48")
    d.polygon(at(60, 30, 70, 30, 80, 80, 66, 80), fill="#5e8e3e")
    word(d, "#ffffff", 62)


def letters(d: ImageDraw.ImageDraw) -> None:
    word(d, "#e50914", 60)


def on_red(d: ImageDraw.ImageDraw) -> None:
    word(d, "#ffffff", 60)


def fox(d: ImageDraw.ImageDraw) -> None:
    d.polygon(at(15, 20, 50, 40, 85, 20, 75, 65, 50, 85, 25, 65), fill="#ff7139")
    d.polygon(at(40, 68, 60, 68, 50, 85), fill="#331e54")


def arrow(d: ImageDraw.ImageDraw) -> None:
    word(d, "#221f1f", 50)
    d.arc(at(15, 25, 85, 75), 30, 150, fill="#ff9900", width=36)


def black(d: ImageDraw.ImageDraw) -> None:
    d.polygon(at(50, 15, 80, 80, 65, 80, 50, 45, 35, 80, 20, 80), fill="#000000")


def cup(d: ImageDraw.ImageDraw) -> None:
    d.ellipse(at(10, 10, 90, 90), fill="#00704a")
    d.ellipse(at(30, 30, 70, 70), fill="#ffffff")
    d.polygon(at(50, 35, 62, 62, 38, 62), fill="#000000")


def bird(d: ImageDraw.ImageDraw) -> None:
    d.ellipse(at(25, 30, 75, 70), fill="#1da1f2")
    d.polygon(at(70, 40, 88, 45, 72, 52), fill="#1da1f2")


def stripes(d: ImageDraw.ImageDraw) -> None:
    d.rectangle(at(15, 30, 85, 70), fill="#4a154b")
    d.rectangle(at(15, 64, 85, 70), fill="#ecb22e")


#: The pixels of each, and the colour.
LOGOS: dict[str, tuple[Any, str]] = {
    "ring": (drawn("white", ring), "#1a73e8"),
    "shop": (drawn("white", shop), "#96bf48"),
    "letters on white": (drawn("white", letters), "#e50914"),
    "letters on red": (drawn("#cc0000", on_red), "#cc0000"),
    "fox": (drawn("white", fox), "#ff7139"),
    "arrow": (drawn("white", arrow), "#ff9900"),
    "black": (drawn("white", black), "#000000"),
    "cup": (drawn("white", cup), "#00704a"),
    "bird on black": (drawn("black", bird), "#1da1f2"),
    "stripes": (drawn("#f4f4f4", stripes), "#4a154b"),
}
