"""Cards: a picture above the colours of its theme, as SVG, PNG, and in notebooks.

The core lays them out; here pictures are made small, and a PNG is drawn.
"""

from __future__ import annotations

import base64
import io
import math
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kpalette import _core, files
from kpalette.files.resizing import resized

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.themes import Theme

#: Pixels of a picture's longer side in a file: twice what a card shows, for sharp screens. In a
#: notebook, which stores every card, half of that.
SIDE = 1600
NOTEBOOK_SIDE = 800
#: The contrast that WCAG 2.1 asks of graphics; with less on white, there is more on black.
SEEN = 3
#: A PNG is drawn in twice the units of the layout.
SCALE = 2


def write(theme: Theme, path: str | os.PathLike[str], picture: Any, title: str | None) -> None:
    """Write a card: see :meth:`kpalette.Theme.card`."""
    kind = kind_of(path)
    data = encode(theme, kind, picture, Path(os.fspath(path)).stem if title is None else title)
    with files.replacing(path) as file:
        file.write(data)


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return ``"svg"`` or ``"png"``, by a file's name; raise ValueError for others."""
    kind = os.path.splitext(files.checked_path(path))[1][1:].lower()
    if kind not in ("svg", "png"):
        raise ValueError(f"path: expected a name that ends in .svg or .png, got {str(path)!r}")
    return kind


def encode(theme: Theme, kind: str, picture: Any, title: str) -> bytes:
    """Return the bytes of a card, with a picture that :func:`files.as_pixels` reads, or None."""
    pixels = None if picture is None else _small(files.as_pixels(picture), SIDE)
    if kind == "png":
        return _png(theme, pixels)
    return _svg(theme, pixels, title).encode()


def html(theme: Theme, picture: Any) -> str:
    """Return a card for a notebook; without its picture, if that is a file that has gone."""
    try:
        pixels = None if picture is None else _small(files.as_pixels(picture), NOTEBOOK_SIDE)
    except (OSError, ValueError):
        pixels = None
    colors = ", ".join(theme.hex)
    svg = base64.b64encode(_svg(theme, pixels, colors).encode()).decode()
    return (
        f'<img alt="{escape(f"Theme: {colors}")}" src="data:image/svg+xml;base64,{svg}" '
        'style="display:block;width:100%;max-width:480px">'
    )


def _small(pixels: ByteArray, side: int) -> ByteArray:
    """Return a picture of at most so many pixels a side."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    if longer <= side:
        return pixels
    size = [max(1, round(length * side / longer)) for length in (width, height)]
    return resized(pixels, *size)


def _card(theme: Theme, pixels: ByteArray | None) -> _core.Card:
    height, width = (0, 0) if pixels is None else pixels.shape[:2]
    colors, counts, roles = theme._parts()
    if pixels is not None and pixels.shape[2] == 4 and (pixels[..., 3] < 255).any():
        roles[_core.ROLES.index("background")] = _ground(pixels)
    return _core.Card(colors, counts, roles, width, height)


def _ground(pixels: ByteArray) -> tuple[int, int, int]:
    """Return what a transparent picture is laid over: white, or black if it is hardly seen on that.

    A colour of the theme would hide what has it. The contrast is the geometric mean of all pixels',
    each counting by its alpha.
    """
    r, g, b, alpha = (pixels.reshape(-1, 4) >> (4, 4, 4, 0)).astype(np.int64).T  # 16 levels each
    weights = np.bincount(r << 8 | g << 4 | b, alpha, 1 << 12)
    white, black = (255, 255, 255), (0, 0, 0)
    mean = 0.0  # of the logarithms
    for code in np.flatnonzero(weights).tolist():
        color = (17 * (code >> 8), 17 * (code >> 4 & 15), 17 * (code & 15))
        mean += weights[code] / weights.sum() * math.log(_core.contrast(color, white))
    return white if not weights.any() or mean >= math.log(SEEN) else black


def _svg(theme: Theme, pixels: ByteArray | None, title: str) -> str:
    uri = ""
    if pixels is not None:
        image, file = Image.fromarray(pixels), io.BytesIO()
        if pixels.shape[2] == 4:
            kind = "png"
            image.save(file, "PNG")
        else:
            kind = "jpeg"
            image.save(file, "JPEG", quality=85)
        uri = f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
    return _card(theme, pixels).svg(uri, "".join(filter(str.isprintable, title)))


def _png(theme: Theme, pixels: ByteArray | None) -> bytes:
    card = _card(theme, pixels)
    width, height = (round(side * SCALE) for side in card.size)
    canvas = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(canvas)
    for i, (x, y, wide, high, color, text) in enumerate(card.pieces):
        left, top = round(x * SCALE), round(y * SCALE)
        if text:
            font = ImageFont.load_default(high * SCALE)
            draw.text((left, top), text, tuple(color), font, anchor="ls")
        else:
            right, bottom = round((x + wide) * SCALE), round((y + high) * SCALE)
            draw.rectangle((left, top, right - 1, bottom - 1), tuple(color))
        if i == 0 and pixels is not None:  # over what is behind it
            left, top, wide, high = (round(value * SCALE) for value in card.picture_box)
            shown = Image.fromarray(np.ascontiguousarray(resized(pixels, wide, high)))
            canvas.paste(shown, (left, top), shown if shown.mode == "RGBA" else None)
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()
