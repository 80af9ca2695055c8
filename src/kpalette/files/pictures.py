"""Pillow images of indices and a palette, and checks of the palette's alpha."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray, is_soft, look_up


def to_pillow(indices: np.ndarray[Any, Any], colors: ByteArray) -> Image.Image:
    """Return a Pillow image: of mode P for at most 256 colours, otherwise RGB or RGBA.

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
    """Return a Pillow image of mode RGB, or RGBA if the colours have alpha."""
    return Image.fromarray(look_up(colors, indices))


def trimmed_alphas(colors: ByteArray) -> bytes:
    """Return the alphas of colours (k, 4) without those of 255 at the end, which PNG implies."""
    return colors[:, 3].tobytes().rstrip(b"\xff") or b"\xff"


def check_sums(indices: np.ndarray[Any, Any], colors: ByteArray) -> tuple[int, int]:
    """Return what tells, in half a millisecond, whether arrays have changed."""
    return zlib.crc32(np.ascontiguousarray(indices).data), zlib.crc32(colors.tobytes())


def check_no_soft_alpha(colors: ByteArray, what: str) -> None:
    """Raise ValueError if a colour (k, 3 or 4) is neither opaque nor wholly transparent."""
    if is_soft(colors):
        raise ValueError(
            f"{what}: expected colours that are opaque or wholly transparent, got half-transparent "
            "ones; alpha='threshold' makes them so, alpha='flatten:#ffffff' lays the image over a "
            "colour"
        )


def check_color_count(colors: ByteArray, what: str) -> None:
    """Raise ValueError if there are more than 256 colours."""
    if len(colors) > 256:
        raise ValueError(
            f"{what}: expected at most 256 colours, got {len(colors):,}; "
            "PNG, WebP and TIFF hold more"
        )


def check_size(indices: np.ndarray[Any, Any], what: str, most: int) -> None:
    """Raise ValueError if a side has more than so many pixels."""
    height, width = indices.shape
    if max(height, width) > most:
        raise ValueError(f"{what}: expected sides of at most {most:,} pixels, got {width}×{height}")


def without_full_alpha(colors: ByteArray) -> ByteArray:
    """Return colours (k, 3) if all are opaque, otherwise unchanged."""
    if colors.shape[1] == 4 and int(colors[:, 3].min()) == 255:
        return np.ascontiguousarray(colors[:, :3])
    return colors
