"""The colour space that a file declares, and its way to sRGB.

A PNG file is asked for its cICP chunk first, then for iCCP, sRGB, and gAMA with or without cHRM
(third edition, 4.3); an AVIF or HEIF file for its ICC profile, then for the code points of its colr
box; all others for an ICC profile. What is unknown or makes no sense counts for nothing, and so the
next is asked. Where nothing is declared, colours are sRGB.

W3C (2025). Portable Network Graphics (PNG) Specification, third edition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import icc, tone_mapping
from kpalette.files.code_points import CodePoints
from kpalette.files.icc import Convert
from kpalette.files.rgb_spaces import CURVES, PRIMARIES, SRGB, SRGB_CURVE, RGBSpace
from kpalette.files.srgb_profile import is_srgb
from kpalette.files.tone_mapping import is_hdr

#: Where the info of a Pillow image says what space its colours are in.
DECLARATIONS = ("cicp", "icc_profile", "nclx", "srgb", "gamma", "chromaticity")

IS_SRGB = RGBSpace(SRGB, SRGB_CURVE)

#: Of H.273's transfer functions, those of cameras: AVIF files are shown as if these were sRGB's.
_OF_CAMERAS = (1, 6, 14, 15)


class Space(NamedTuple):
    """A colour space: the way from it to sRGB, and what tells of it, if an ICC profile can."""

    to_srgb: Convert
    told: bytes | RGBSpace | None

    def profile(self) -> bytes | None:
        """Return the ICC profile of the file, or one that is made for it."""
        return icc.profile_of(self.told) if isinstance(self.told, RGBSpace) else self.told


def declared(info: Mapping[Any, Any], mode: str) -> Space | None:
    """Return the space that a file declares for its colours; None where that is sRGB.

    Parameters
    ----------
    info : mapping
        That of the Pillow image, with what :func:`note_code_points` put there.
    mode : {"L", "RGB", "CMYK", "LAB"}
        That of the images to convert.
    """
    for space in _spaces(info, mode):
        if space is not None:
            is_srgb = space.told == IS_SRGB or _changes_nothing(space.to_srgb, mode)
            return None if is_srgb else space
    return None


def _spaces(info: Mapping[Any, Any], mode: str) -> Iterator[Space | None]:
    """Yield what a file declares, in order of precedence; None for what makes no sense."""
    if points := info.get("cicp"):
        yield _of_code_points(points)
    profile = info.get("icc_profile")
    if profile and mode in ("L", "RGB") and is_srgb(profile):
        yield _of_rgb(IS_SRGB)
    elif profile:
        convert = icc.to_srgb(profile, mode)
        yield convert and Space(convert, profile)
    if points := info.get("nclx"):
        primaries = points.primaries if points.primaries in PRIMARIES else 1
        known = points.transfer in CURVES and points.transfer not in _OF_CAMERAS
        transfer = points.transfer if known or is_hdr(points) else 13
        yield _of_code_points(CodePoints(primaries, transfer))
    if "srgb" in info:
        yield _of_rgb(IS_SRGB)
    if "gamma" in info:
        yield _of_rgb(RGBSpace.of_gamma(info["gamma"], info.get("chromaticity")))


def _of_code_points(points: CodePoints) -> Space | None:
    if is_hdr(points):
        return _of_levels(lambda levels: tone_mapping.to_srgb(levels, points), None)
    return _of_rgb(RGBSpace.of_code_points(points))


def _of_rgb(space: RGBSpace | None) -> Space | None:
    return None if space is None else _of_levels(space.to_srgb, space)


def _of_levels(convert: Callable[[ByteArray], ByteArray], told: RGBSpace | None) -> Space:
    return Space(lambda image: Image.fromarray(convert(np.asarray(image))), told)


def _changes_nothing(convert: Convert, mode: str) -> bool:
    """Return whether no colour moves by more than a level: the space is sRGB by some name.

    Rounding would only add noise then, and colours to an image that had few.
    """
    if mode not in ("L", "RGB"):
        return False
    ramp = np.arange(0, 256, 15, dtype=np.uint8)
    axes = [ramp] * len(mode)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 1, len(mode))
    probe = Image.fromarray(grid.squeeze(2) if mode == "L" else grid)
    moved = np.asarray(convert(probe).convert("RGB")).astype(int) - np.asarray(probe.convert("RGB"))
    return bool(np.abs(moved).max() <= 1)
