"""BMP files that Pillow reads wrong."""

from __future__ import annotations

import io

from PIL import Image

from kpalette.files.formats import open_image

BITS, USED = slice(28, 30), slice(46, 50)  # per pixel, and colours in the palette


def is_misread(image: Image.Image) -> bool:
    """Return whether Pillow may decode wrong pixels without an error.

    It takes a palette of black and white for a sign of one bit per pixel.
    """
    return image.format == "BMP" and image.mode == "1"


def read(data: bytes) -> Image.Image | None:
    """Read a BMP of black and white with more bits per pixel; None if it has one."""
    if int.from_bytes(data[BITS], "little") == 1:
        return None
    patched = bytearray(data)
    patched[USED] = (3).to_bytes(4, "little")  # a third colour, which no pixel has
    return open_image(io.BytesIO(patched))
