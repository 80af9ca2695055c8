"""Pixels in the colour space of their file, for pictures that are to stay in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray, hex_name
from kpalette.files import icc
from kpalette.files.arrays import apply_alpha, as_pixels
from kpalette.files.decoding import ImageSource, opened
from kpalette.files.icc import Convert
from kpalette.files.levels import read_levels


@dataclass(frozen=True, eq=False)
class StoredPixels:
    """An image's levels as its file has them, and the profile that says what they mean.

    Attributes
    ----------
    pixels : uint8 array (h, w, 3) or (h, w, 4)
    profile : bytes
        ICC, of RGB.
    """

    pixels: ByteArray
    profile: bytes
    _to_srgb: Convert
    _from_srgb: Convert

    def to_srgb(self, colors: ByteArray) -> ByteArray:
        """Convert uint8 colours (..., 3) or (..., 4) of this space, clipped to sRGB."""
        return _converted(colors, self._to_srgb)

    def from_srgb(self, colors: ByteArray) -> ByteArray:
        """Convert uint8 sRGB colours (..., 3) or (..., 4) to this space."""
        return _converted(colors, self._from_srgb)

    def apply_alpha(self, alpha: str) -> StoredPixels:
        """Do the same as :func:`apply_alpha`, by a colour of sRGB."""
        if not alpha.startswith("flatten"):
            return replace(self, pixels=apply_alpha(self.pixels, alpha))
        backdrop = apply_alpha(np.zeros((1, 1, 4), np.uint8), alpha)
        color = hex_name(self.from_srgb(backdrop)[0, 0])
        return replace(self, pixels=apply_alpha(self.pixels, f"flatten:{color}"))


def read_stored(
    source: ImageSource, *, allow_truncated: bool = False
) -> tuple[ByteArray, StoredPixels | None]:
    """Return an image's pixels in sRGB, as :func:`as_pixels`, and as they are stored.

    The latter are None where that is sRGB, or a space that no ICC profile of RGB tells: grey, CMYK,
    Lab, PQ and HLG.

    Raises
    ------
    OSError, TypeError, ValueError
        As :func:`as_pixels`.
    """
    if isinstance(source, np.ndarray):
        return as_pixels(source), None
    with opened(source, allow_truncated=allow_truncated) as image:
        found = read_levels(image)
        pixels = found.pixels()
        profile = found.space and found.space.profile()
        back = profile and icc.from_srgb(profile)
        if not found.space or not profile or not back:
            return pixels, None
        return pixels, StoredPixels(found.levels(), profile, found.space.to_srgb, back)


def _converted(colors: ByteArray, convert: Convert) -> ByteArray:
    rows = np.ascontiguousarray(colors[..., :3]).reshape(-1, 1, 3)
    found = np.asarray(convert(Image.fromarray(rows)).convert("RGB")).reshape(*colors.shape[:-1], 3)
    return np.concatenate([found, colors[..., 3:]], axis=-1)
