"""Levels: how a Pillow image, of whatever mode, becomes 8-bit sRGB, with alpha if it has any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import tagged, transparency
from kpalette.files.arrays import to_levels, without_opaque_alpha
from kpalette.files.bands import pixel_bytes
from kpalette.files.code_points import note_code_points
from kpalette.files.errors import ImageReadError
from kpalette.files.orientation import upright


@dataclass(frozen=True)
class Stored:
    """An image's colours as its file has them: in a space of their own, or in sRGB.

    Attributes
    ----------
    image : Pillow image
        Of mode L, RGB, CMYK or LAB; or of RGBA, whose alpha is known besides, where colours are
        sRGB.
    alpha : Pillow image, optional
        Of mode L.
    space : Space, optional
        None where colours are sRGB.
    """

    image: Image.Image
    alpha: Image.Image | None
    space: tagged.Space | None

    def pixels(self) -> ByteArray:
        """Return sRGB: uint8 (h, w, 3), or (h, w, 4) if some pixel is not opaque."""
        return self._with_alpha(self.space.to_srgb(self.image) if self.space else self.image)

    def levels(self) -> ByteArray:
        """Return the levels of RGB as they are stored, in the same shape."""
        return self._with_alpha(self.image)

    def _with_alpha(self, image: Image.Image) -> ByteArray:
        channels = 4 if self.alpha else 3
        pixels = np.frombuffer(pixel_bytes(image, self.alpha), np.uint8)
        return without_opaque_alpha(pixels.reshape(image.height, image.width, channels))


def read_levels(image: Image.Image) -> Stored:
    """Read an image's levels, upright.

    Raises
    ------
    ImageReadError
        If it has no pixels, or its levels are of a range that is not known.
    """
    if 0 in image.size:
        raise ImageReadError(
            f"expected at least one pixel, got an image of {image.width}×{image.height}"
        )
    note_code_points(image)  # which loading forgets
    opened, image = image, transparency.as_stored(image)
    image.load()
    info = opened.info
    image = upright(image)
    if image.mode == "F":
        raise ImageReadError("the pixels are floating-point numbers, whose range is not known")
    if image.mode.startswith("I"):
        is_tagged = tagged.declared(info, "L") is not None
        image = _from_16_bits(image, drop=is_tagged and opened.format == "PNG")
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    alpha = None
    if image.has_transparency_data:
        alpha = (image if image.mode == "RGBA" else image.convert("RGBA")).getchannel("A")
    mode = image.mode
    if mode not in ("CMYK", "LAB", "L", "RGB"):
        mode = "L" if mode in ("1", "LA") else "RGB"
    space = tagged.declared(info, mode)
    if image.mode != mode and (image.mode != "RGBA" or space is not None):
        image = image.convert(mode)  # a copy, which RGBA does without
    return Stored(image, alpha, space)


def _from_16_bits(image: Image.Image, *, drop: bool) -> Image.Image:
    """Make grey of 16 bits, which Pillow gives in integer modes of several widths, mode L or LA.

    Levels are rounded, unless the lower eight bits are to `drop`: as Pillow does with colours, and
    as browsers do with all. In linear light that makes twelve levels of a dark grey.
    """
    grey = np.asarray(image)
    if grey.min() < 0 or grey.max() > 65535:
        raise ImageReadError(
            f"expected grey values from 0 to 65535, got {grey.min()} to {grey.max()}"
        )
    levels = (grey >> 8).astype(np.uint8) if drop else to_levels(grey.astype(np.uint16))
    result = Image.fromarray(levels)
    if "transparency" in image.info:
        result.putalpha(Image.fromarray(to_levels(grey != image.info["transparency"])))
    return result
