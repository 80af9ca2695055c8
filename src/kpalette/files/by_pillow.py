"""The stills that Pillow writes: WebP, TIFF, BMP."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import (
    check_color_count,
    check_size,
    to_pillow,
    to_true_color,
    without_full_alpha,
)

BLACK_AND_WHITE = ((0, 0, 0), (255, 255, 255))


def write_webp(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    optimize: bool,
    metadata: Metadata,
    *,
    profile: bytes | None = None,
) -> bytes:
    """Encode as lossless WebP, colours under full transparency included."""
    check_size(indices, "WebP", 16383)
    options: dict[str, Any] = {"lossless": True, "exact": True}
    if metadata.exif:
        options["exif"] = metadata.exif
    if metadata.xmp:
        options["xmp"] = metadata.xmp
    if profile:
        options["icc_profile"] = profile
    image = to_true_color(indices, without_full_alpha(colors))
    return min((_saved(image, "WEBP", options | way) for way in webp_ways(optimize)), key=len)


def webp_ways(optimize: bool) -> list[dict[str, int]]:
    """List how hard WebP tries: at its hardest it now and then finds more bytes than as usual."""
    usual, hardest = {"method": 4, "quality": 80}, {"method": 6, "quality": 100}
    return [hardest, usual] if optimize else [usual]


def write_tiff(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    optimize: bool,
    metadata: Metadata,
    *,
    profile: bytes | None = None,
) -> bytes:
    """Encode as TIFF: indexed where 256 opaque colours are enough."""
    colors = without_full_alpha(colors)
    options: dict[str, Any] = {"compression": "tiff_adobe_deflate"}
    tags: dict[int, Any] = {tag: text.encode() + b"\0" for tag, text in metadata.about.items()}
    if description := metadata.description:
        tags[IMAGE_DESCRIPTION] = description.encode() + b"\0"
    if metadata.xmp:
        tags[XMP] = metadata.xmp
    if tags:
        options["tiffinfo"] = tags
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if profile:
        options["icc_profile"] = profile
    if len(colors) > 256 or colors.shape[1] == 4:
        return _saved(to_true_color(indices, colors), "TIFF", options)
    return _with_full_white(_saved(to_pillow(indices, colors), "TIFF", options))


def write_bmp(
    indices: np.ndarray[Any, Any], colors: ByteArray, optimize: bool, metadata: Metadata
) -> bytes:
    """Encode as BMP, which has no alpha that programs agree on."""
    check_color_count(colors, "BMP")
    colors = without_full_alpha(colors)
    if colors.shape[1] == 4:
        raise ValueError(
            f"BMP: expected opaque colours, got an alpha of {colors[:, 3].min()}; "
            'alpha="flatten:#rrggbb" lays an image over a colour'
        )
    options = {"dpi": metadata.dpi} if metadata.dpi else {}
    if np.array_equal(colors, BLACK_AND_WHITE):  # of 8 bits, Pillow would read it as of one
        return _saved(Image.fromarray(indices.astype(bool)), "BMP", options)
    return _saved(to_pillow(indices, colors), "BMP", options)


IMAGE_DESCRIPTION, COLOR_MAP, XMP = 270, 320, 700


def _with_full_white(tiff: bytes) -> bytes:
    """Scale a TIFF's palette from 255 to 65,535.

    Pillow writes levels times 256, so that white is 65,280, which ImageMagick and others read as
    254. It reads them by dividing by 256, so that times 257 is as good to it.
    """
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    (entries,) = struct.unpack_from(order + "H", tiff, start)
    for entry in range(start + 2, start + 2 + 12 * entries, 12):
        tag, _, count, offset = struct.unpack_from(order + "HHII", tiff, entry)
        if tag == COLOR_MAP:
            levels = np.frombuffer(tiff, order + "u2", count, offset) // 256 * 257
            levels = levels.astype(order + "u2")
            return tiff[:offset] + levels.tobytes() + tiff[offset + 2 * count :]
    raise AssertionError("a TIFF of mode P without a palette")


def _saved(image: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
