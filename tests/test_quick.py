"""Effort "fast" in sRGB goes by bins of colours: what it gives is as true as ever."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import kpalette
from kpalette import pipeline
from kpalette.quick import QuicklyQuantized

FAST = {"space": "srgb", "effort": "fast"}


def photo(height: int = 300, width: int = 400) -> np.ndarray[Any, Any]:
    """Make smooth ramps with noise, which fill a few thousand bins."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(3).integers(0, 30, (height, width, 3))
    ramps = np.stack([x * 220 / width, y * 220 / height, 220 * np.sin(x / 60) ** 2], axis=-1)
    return (ramps + noise).astype(np.uint8)


@pytest.mark.parametrize("k", [1, 2, 16, 64])
def test_the_quick_way_gives_the_palette_of_the_histogram_and_the_nearest_entries(k: int) -> None:
    pixels = photo()
    quick = kpalette.quantize(pixels, k, threads=1, **FAST)
    assert isinstance(quick, QuicklyQuantized)
    fitted = kpalette.extract_palette(kpalette.ColorHistogram.from_image(pixels), k, **FAST)
    np.testing.assert_array_equal(quick.palette.colors, fitted.colors)
    np.testing.assert_array_equal(quick.palette.counts, fitted.counts)
    mapped = fitted.remap(pixels, space="srgb")
    np.testing.assert_array_equal(quick.indices, mapped.indices)
    assert quick.indices.dtype == np.uint8
    assert quick.mse == pytest.approx(mapped.mse, rel=1e-12)
    assert quick.n_distinct == mapped.n_distinct
    assert not quick.is_exact
    assert str(quick.report()) == str(mapped.report())
    many = kpalette.quantize(pixels, k, threads=3, **FAST)
    np.testing.assert_array_equal(many.indices, quick.indices)


def test_the_error_is_near_that_of_a_fit_to_all_colours() -> None:
    pixels = photo()
    for k in (2, 16, 64):
        quick = kpalette.quantize(pixels, k, **FAST)
        exact = kpalette.quantize(pixels, k, space="srgb", effort="balanced")
        assert quick.mse < 1.25 * exact.mse


def test_fixed_colours_stay() -> None:
    quick = kpalette.quantize(photo(), 16, fixed=["#010203", "#ff00ff"], **FAST)
    assert isinstance(quick, QuicklyQuantized)
    assert {"#010203", "#ff00ff"} <= set(quick.palette.hex)


def test_what_is_asked_for_later_is_of_the_pixels_that_were_given() -> None:
    pixels = photo()
    expected = kpalette.quantize(pixels.copy(), 16, **FAST)
    quick = kpalette.quantize(pixels, 16, **FAST)
    pixels[:] = 0
    assert quick.mse == expected.mse > 0
    assert quick.n_distinct == expected.n_distinct


def test_results_can_be_pickled_and_replaced() -> None:
    quick = kpalette.quantize(photo(), 16, **FAST)
    assert repr(pickle.loads(pickle.dumps(quick))) == repr(quick)
    assert replace(quick, n_iter=7).mse == quick.mse


@pytest.mark.parametrize(
    "options",
    [
        {"space": "oklab"},
        {"effort": "balanced"},
        {"k": 257},
        {"dither": "bayer"},
        {"posterize": 2},
        {"quality": {"psnr": 20}},
        {"saliency": True},
        {"smaller": 1},
    ],
    ids=str,
)
def test_all_else_goes_the_way_of_the_histogram(options: dict[str, Any]) -> None:
    made = kpalette.quantize(photo(260, 260), **{"k": 16, **FAST, **options})
    assert not isinstance(made, QuicklyQuantized)


@pytest.mark.parametrize("name", ["small", "alpha", "few colours", "large area"])
def test_so_do_pictures_whose_bins_do_not_suffice(name: str) -> None:
    pixels = photo()
    if name == "small":
        pixels = pixels[:200, :300]
    elif name == "alpha":
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 99, np.uint8)])
    elif name == "few colours":
        pixels = pixels // 64 * 64
    else:
        pixels[:100] = 255
    made = kpalette.quantize(pixels, 16, **FAST)
    assert not isinstance(made, QuicklyQuantized)
    if name == "few colours":
        exact = kpalette.quantize(pixels, made.n_distinct, **FAST)
        assert exact.is_exact
        np.testing.assert_array_equal(exact.rgb, pixels)


def test_a_picture_is_counted_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(*_: Any) -> None:
        raise AssertionError("counted")

    monkeypatch.setattr(pipeline.Counted, "of", counted)
    quick = kpalette.quantize(photo(), 16, **FAST)
    assert quick.encode("png", quick=True)[:4] == b"\x89PNG"
