"""A picture of the palette as an indexed PNG: swatches in rows, in the palette's order.

Any PNG is read: its palette if it is indexed, otherwise its distinct colours in the order in which
they first appear. The format holds alpha, but no names and no counts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from kpalette import files
from kpalette.files.decoding import opened
from kpalette.files.plain_png import SIGNATURE
from kpalette.files.tagged import DECLARATIONS
from kpalette.palette_files.reading import Entries, PaletteReadError

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.palette import Palette

WIDTH = 512
PER_ROW = 16


def read(data: bytes) -> Entries:
    """Read the palette of an indexed PNG, or the distinct colours of another."""
    if not data.startswith(SIGNATURE):
        raise PaletteReadError(
            f"expected a PNG, got a file that starts with {repr(data[:8])[2:-1]}"
        )
    try:
        with opened(io.BytesIO(data)) as image:
            pixels = files.as_pixels(image)
            if image.mode == "P":
                return Entries(_palette_of(image))
    except files.ImageReadError as error:
        raise PaletteReadError(str(error)) from None
    flat = pixels.reshape(-1, pixels.shape[2])
    codes = files.with_alpha(flat).view(np.uint32).ravel()
    return Entries(flat[np.sort(np.unique(codes, return_index=True)[1])])


def _palette_of(image: Image.Image) -> ByteArray:
    entries = Image.fromarray(np.array(image.getpalette("RGB"), np.uint8).reshape(1, -1, 3))
    entries.info = {key: image.info[key] for key in DECLARATIONS if key in image.info}
    colors: ByteArray = files.as_pixels(entries)[0]
    alphas = image.info.get("transparency")
    if alphas is None:
        return colors
    if isinstance(alphas, int):  # the index of the one transparent entry
        alphas = b"\xff" * alphas + b"\0"
    full = np.frombuffer(alphas[: len(colors)].ljust(len(colors), b"\xff"), np.uint8)
    return np.column_stack([colors, full])


def write(palette: Palette, title: str) -> bytes:
    """Draw rows of swatches of nearly equal width. A gap would add a colour, so there is none."""
    rows = -(-len(palette) // PER_ROW)
    cuts = np.arange(rows + 1) * len(palette) // rows
    height = 64 if rows == 1 else 32
    indices = np.empty((rows * height, WIDTH), np.uint8)
    for row in range(rows):
        n = cuts[row + 1] - cuts[row]
        indices[row * height : (row + 1) * height] = cuts[row] + np.arange(WIDTH) * n // WIDTH
    return files.encode(indices, palette.colors, "png", keep_order=True)
