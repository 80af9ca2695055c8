"""ICC profiles: conversion to sRGB and back by LittleCMS, and a profile for a colour space."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image

from kpalette.files.rgb_spaces import RGBSpace, to_xyz_d50

if TYPE_CHECKING:
    from PIL import ImageCms

Convert: TypeAlias = Callable[[Image.Image], Image.Image]

#: The mode of the images that profiles of a kind are for.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


def to_srgb(icc: bytes, mode: str) -> Convert | None:
    """Return a function that converts images of mode L, RGB, CMYK or LAB to sRGB, in mode RGB.

    None if the profile is broken or is for another mode. It is then ignored, as browsers do.
    """
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        takes = _MODES.get(profile.profile.xcolor_space.strip())
        if takes is None or (takes != mode and (mode, takes) != ("L", "RGB")):
            return None
        transform = _transform(profile, _srgb(), takes)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if takes == "L":
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        table = np.asarray(transform.apply(ramp))[0]
        return lambda image: Image.fromarray(table[np.asarray(image)])
    return lambda image: transform.apply(image if image.mode == takes else image.convert(takes))


def from_srgb(icc: bytes) -> Convert | None:
    """Return a function that converts images of mode RGB from sRGB to the profile's colours.

    None if the profile is not one of RGB, or has no table for this direction.
    """
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != "RGB":
            return None
        return _transform(_srgb(), profile, "RGB").apply
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def profile_of(space: RGBSpace) -> bytes:
    """Return a display profile of an RGB space (ICC.1:2022, version 4.3)."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(min(max(value, -32767), 32767) * 65536))

    def text(words: str) -> bytes:
        encoded = words.encode("utf-16-be")
        return b"mluc" + struct.pack(">4x2I2s2s2I", 1, 12, b"en", b"US", len(encoded), 28) + encoded

    columns = [*zip(*to_xyz_d50(space.primaries), strict=True)]
    curve = b"para" + struct.pack(">4xH2x", 3) + b"".join(map(number, space.curve))
    tags = {
        b"desc": text("The colour space of the original file"),
        b"cprt": text("No copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + _D50,
    }
    for letter, column in zip("rgb", columns, strict=True):
        tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + b"".join(map(number, column))
        tags[f"{letter}TRC".encode()] = curve
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        table += tag + struct.pack(">2I", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = struct.pack(">I", start + len(body))
    kind = b"\x04\x30\0\0" + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header = (size + bytes(4) + kind).ljust(68, b"\0") + _D50
    return header.ljust(128, b"\0") + table + body


_D50 = bytes.fromhex("0000f6d6 00010000 0000d32d")  # in 65,536ths, as each profile has it


def _srgb() -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _transform(
    source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile, mode: str
) -> ImageCms.ImageCmsTransform:
    from PIL import ImageCms

    # Between the points of its table LittleCMS is off by up to 7 levels of a dark grey.
    flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.HIGHRESPRECALC
    return ImageCms.buildTransform(
        source,
        target,
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION | flags,
    )
