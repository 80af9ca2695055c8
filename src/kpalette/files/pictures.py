"""Indices and a palette as Pillow images."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray


def to_pillow(indices: np.ndarray[Any, Any], colors: ByteArray) -> Image.Image:
    """Make a Pillow image: mode P for at most 256 colours, otherwise RGB or RGBA.

    Parameters
    ----------
    indices : integer array (h, w)
    colors : uint8 array (k, 3) or (k, 4)
    """
    if len(colors) > 256:
        return to_true_color(indices, colors)
    image = Image.fromarray(indices.astype(np.uint8, copy=False))
    image.putpalette(np.ascontiguousarray(colors[:, :3]).tobytes(), "RGB")
    if colors.shape[1] == 4:
        image.info["transparency"] = trimmed_alphas(colors)
    return image


def to_true_color(indices: np.ndarray[Any, Any], colors: ByteArray) -> Image.Image:
    """Make a Pillow image of mode RGB, or RGBA if the colours have alpha."""
    return Image.fromarray(np.take(colors, indices, axis=0))


def trimmed_alphas(colors: ByteArray) -> bytes:
    """Give the alphas of colours (k, 4); those after the last that is not 255 go without saying."""
    return colors[:, 3].tobytes().rstrip(b"\xff") or b"\xff"


def has_soft_alpha(colors: ByteArray) -> bool:
    """Tell whether a colour (k, 3 or 4) is neither opaque nor wholly transparent."""
    return colors.shape[1] == 4 and bool(((colors[:, 3] > 0) & (colors[:, 3] < 255)).any())


def without_full_alpha(colors: ByteArray) -> ByteArray:
    """Give colours (k, 3) if all are opaque, otherwise as they are."""
    if colors.shape[1] == 4 and int(colors[:, 3].min()) == 255:
        return np.ascontiguousarray(colors[:, :3])
    return colors
