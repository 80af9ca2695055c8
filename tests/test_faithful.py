"""What most of a cluster is, its palette entry is too: paper stays white, opaque stays opaque."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

import kpalette
from kpalette.choices import SPACES


def page() -> np.ndarray[Any, Any]:
    """Make black shapes with soft edges on a white page."""
    image = Image.new("RGB", (800, 480), "white")
    draw = ImageDraw.Draw(image)
    for i in range(12):
        draw.ellipse((20 + 60 * i, 30 + 30 * i, 60 + 60 * i, 60 + 32 * i), fill="black")
    return np.asarray(image.resize((200, 120), Image.Resampling.LANCZOS))


def logo() -> np.ndarray[Any, Any]:
    """Make an opaque disc with soft edges and a soft shadow on nothing."""
    shadow = Image.new("RGBA", (120, 120))
    ImageDraw.Draw(shadow).ellipse((30, 34, 90, 94), fill=(0, 0, 0, 160))
    shadow = shadow.filter(ImageFilter.GaussianBlur(4))
    disc = Image.new("RGBA", (480, 480))
    ImageDraw.Draw(disc).ellipse((120, 120, 360, 360), fill=(230, 126, 34, 255))
    shadow.alpha_composite(disc.resize((120, 120), Image.Resampling.LANCZOS))
    return np.asarray(shadow)


@pytest.mark.parametrize("space", ["linear", "oklab", "lab"])
@pytest.mark.parametrize("k", [4, 8])
def test_paper_is_white_and_ink_is_black(k: int, space: str) -> None:
    assert kpalette.quantize(page(), k, space=space).palette.hex[:2] == ["#ffffff", "#000000"]


def test_in_srgb_only_the_error_counts() -> None:
    plain = kpalette.quantize(page(), 2, space="srgb")
    exact = kpalette.quantize(page(), 2, fixed=["#ffffff", "#000000"], space="srgb")
    assert plain.mse < exact.mse


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("dither", [None, "floyd-steinberg", "blue-noise"])
@pytest.mark.parametrize("k", [3, 8, 16])
def test_clear_and_opaque_stay_so(k: int, dither: str | None, space: str) -> None:
    pixels = logo()
    alpha = pixels[..., 3]
    quantized = kpalette.quantize(pixels, k, dither=dither, space=space)
    assert (quantized.rgba[alpha == 0] == 0).all()
    assert (quantized.rgba[alpha == 255][:, 3] == 255).all()


def test_clear_stays_so_beside_fixed_colours() -> None:
    pixels = logo()
    quantized = kpalette.quantize(pixels, 8, fixed=["#ff8800", (0, 0, 0, 128)])
    assert (quantized.rgba[pixels[..., 3] == 0] == 0).all()


def test_the_mean_of_what_has_no_majority_stays() -> None:
    ramp = np.arange(100, 111, dtype=np.uint8).reshape(1, -1)
    assert kpalette.quantize(ramp, 1).palette.hex == ["#696969"]
