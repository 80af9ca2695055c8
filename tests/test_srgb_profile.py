"""A profile that is taken for sRGB is one that LittleCMS finds to change no colour."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from kpalette.files import icc, tagged
from kpalette.files.icc import profile_of
from kpalette.files.rgb_spaces import CURVES, PRIMARIES, SRGB, SRGB_CURVE, RGBSpace
from kpalette.files.srgb_profile import is_srgb

OURS = profile_of(RGBSpace(SRGB, SRGB_CURVE))
LITTLE_CMS = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def changes_nothing(profile: bytes) -> bool:
    convert = icc.to_srgb(profile, "RGB")
    assert convert is not None
    return tagged._changes_nothing(convert, "RGB")


def with_curve(curve: bytes) -> bytes:
    """Return a profile whose channels have that curve, at its end."""
    start = len(OURS)
    made = OURS + curve + bytes(-len(curve) % 4)
    for letter in b"rgb":
        at = OURS.index(bytes([letter]) + b"TRC")
        made = made[: at + 4] + struct.pack(">2I", start, len(curve)) + made[at + 12 :]
    return struct.pack(">I", len(made)) + made[4:]


def table(count: int, wrong: float = 0) -> bytes:
    x = np.linspace(0, 1, count)
    levels = np.where(x < 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    levels[count // 2] += wrong
    return struct.pack(">4s4xI", b"curv", count) + (levels * 65535).round().astype(">u2").tobytes()


@pytest.mark.parametrize(
    "profile", [OURS, LITTLE_CMS, *(with_curve(table(n)) for n in (256, 1024, 4096))]
)
def test_srgb(profile: bytes) -> None:
    assert is_srgb(profile)
    assert changes_nothing(profile)
    for mode in ("L", "RGB"):
        assert tagged.declared({"icc_profile": profile}, mode) is None


def test_that_of_a_photo(data: Path) -> None:
    for path in data.glob("large/*.jpg"):
        with Image.open(path) as image:
            assert is_srgb(image.info["icc_profile"])
            assert changes_nothing(image.info["icc_profile"])


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        OURS[:-1],
        OURS + b"more",
        OURS.replace(b"mntr", b"prtr"),
        OURS.replace(b"RGB XYZ ", b"GRAYXYZ "),
        OURS.replace(b"acsp", b"????"),
        OURS.replace(b"wtpt", b"A2B0"),
        OURS.replace(b"wtpt", b"D2B0"),
        OURS.replace(b"wtpt", b"rXYZ"),
        OURS.replace(b"rXYZ", b"none"),
        OURS.replace(b"gTRC", b"none"),
        OURS[:128] + b"\0\0\1\0" + OURS[132:],
        OURS[:140] + b"\xff" * 4 + OURS[144:],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes(),
        *(profile_of(RGBSpace(PRIMARIES[n], SRGB_CURVE)) for n in PRIMARIES if n != 1),
        *(profile_of(RGBSpace(SRGB, curve)) for curve in CURVES.values() if curve != SRGB_CURVE),
        with_curve(table(255)),
        with_curve(table(1024, 0.001)),
        with_curve(table(1024)[:-2]),
        with_curve(b"curv" + bytes(8)),
        with_curve(b"para"),
        with_curve(b"text" + bytes(30)),
    ],
)
def test_others(profile: bytes) -> None:
    assert not is_srgb(profile)


@given(st.data())
def test_changed_profiles(data: Any) -> None:
    """Whatever byte changes, what is taken for sRGB still changes no colour."""
    profile = bytearray(data.draw(st.sampled_from([OURS, LITTLE_CMS])))
    for _ in range(data.draw(st.integers(1, 3))):
        profile[data.draw(st.integers(0, len(profile) - 1))] = data.draw(st.integers(0, 255))
    if is_srgb(bytes(profile)) and icc.to_srgb(bytes(profile), "RGB") is not None:
        assert changes_nothing(bytes(profile))


@pytest.mark.parametrize("name", [b"rXYZ", b"gXYZ", b"bXYZ"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_primaries_at_the_limit(name: bytes, sign: int) -> None:
    """The farthest ones that are let through change no colour either."""
    start = struct.unpack_from(">I", OURS, OURS.index(name) + 4)[0] + 8

    def moved(steps: int) -> bytes:
        numbers = np.frombuffer(OURS, ">i4", 3, start) + sign * steps
        return OURS[:start] + numbers.astype(">i4").tobytes() + OURS[start + 12 :]

    farthest = max(steps for steps in range(60) if is_srgb(moved(steps)))
    assert 0 < farthest < 40  # of 65,536
    assert changes_nothing(moved(farthest))
