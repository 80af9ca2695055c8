"""Edits of size: cutting out, and resampling in linear light, as it would mix before the eye."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]

#: Steps of linear light, of which sRGB's darkest levels are twenty apart.
STEPS = 1 << 16


class Crop(NamedTuple):
    """A rectangle, in pixels."""

    width: int
    height: int
    left: int
    top: int

    @classmethod
    def of(cls, text: object) -> Crop:
        """Read a rectangle such as ``"320x240+10+20"``.

        Raises
        ------
        TypeError, ValueError
            If it is none.
        """
        if not isinstance(text, str):
            raise TypeError(f"crop: expected text such as '320x240+10+20', got {text!r}")
        found = re.fullmatch(r"(\d{1,9})[xX×](\d{1,9})\+(\d{1,9})\+(\d{1,9})", text.strip())
        if found is None or 0 in (crop := cls(*map(int, found.groups())))[:2]:
            raise ValueError(
                "crop: expected WIDTHxHEIGHT+X+Y, with the corner at the top left, such as "
                f"'320x240+10+20', got {text!r}"
            )
        return crop

    def cut(self, pixels: ByteArray) -> ByteArray:
        """Return the part of an image (h, w, c).

        Raises
        ------
        ValueError
            If it is not all on the image.
        """
        height, width = pixels.shape[:2]
        if self.left + self.width > width or self.top + self.height > height:
            raise ValueError(
                f"crop: expected a part of {width}×{height} pixels, got "
                f"{self.width}x{self.height}+{self.left}+{self.top}"
            )
        part = pixels[self.top : self.top + self.height, self.left : self.left + self.width]
        return np.ascontiguousarray(part)


def new_size(width: int, height: int, wide: int | None, high: int | None) -> tuple[int, int]:
    """Return the width and height that are asked for, one of them in proportion if need be."""
    if wide is None and high is None:
        return width, height
    if wide is None:
        assert high is not None
        return max(1, round(width * high / height)), high
    return wide, max(1, round(height * wide / width)) if high is None else high


def resized(pixels: ByteArray, width: int, height: int) -> ByteArray:
    """Resample pixels (h, w, 3 or 4) by Lanczos's filter, in linear light, by their alpha.

    By whole factors they are enlarged as they are, so that pixel art stays sharp, and has no new
    colours.
    """
    high, wide = pixels.shape[:2]
    if (wide, high) == (width, height):
        return pixels
    if width % wide == 0 == height % high:
        repeated: ByteArray = pixels.repeat(height // high, axis=0).repeat(width // wide, axis=1)
        return repeated
    lights = [band.point(_light(), "F") for band in Image.fromarray(pixels[..., :3]).split()]
    if pixels.shape[2] == 3:
        return np.dstack([_levels(_scaled(light, width, height)) for light in lights])
    alpha = Image.fromarray(pixels[..., 3].astype(np.float32) / 255)
    shown = np.clip(_scaled(alpha, width, height), 0, 1)
    divisor = np.where(shown > 0, shown, 1)
    weights = np.asarray(alpha)
    bands = [
        _levels(_scaled(Image.fromarray(np.asarray(light) * weights), width, height) / divisor)
        for light in lights
    ]
    mixed = np.dstack([*bands, np.rint(255 * shown).astype(np.uint8)])
    mixed[mixed[..., 3] == 0] = 0
    return mixed


def _scaled(band: Image.Image, width: int, height: int) -> Floats:
    # What becomes a sixth or less is first averaged over whole pixels. That is quicker, and changes
    # levels of photos, screenshots and charts by 0.1 to 0.3 on average.
    size = width, height
    return np.asarray(band.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def _levels(light: Floats) -> ByteArray:
    """Return the 8-bit sRGB of linear light, which the filter may have driven out of 0 to 1."""
    steps = (np.clip(light, 0, 1) * (STEPS - 1) + 0.5).astype(np.uint16)
    levels: ByteArray = _table()[steps]
    return levels


@cache
def _light() -> list[float]:
    """Return the linear light of each 8-bit level (IEC 61966-2-1)."""
    levels = np.arange(256) / 255
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return [float(one) for one in light]


@cache
def _table() -> ByteArray:
    """Return the 8-bit level of each step of linear light."""
    light = np.arange(STEPS) / (STEPS - 1)
    levels = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    table: ByteArray = np.rint(255 * levels).astype(np.uint8)
    return table
