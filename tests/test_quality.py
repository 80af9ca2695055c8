"""Targets instead of k."""

import pickle

import numpy as np
import pytest

from conftest import gradient, noise
from kpalette import QualityNotReached, metrics, quantize

TARGETS = [{"psnr": 30}, {"psnr": 31.5}, {"delta_e": 3.0}, {"delta_e_p95": 6}]


def reaches(pixels: np.ndarray, q, quality: dict[str, float]) -> bool:
    ((name, wanted),) = quality.items()
    value = getattr(metrics.compare(pixels, q), name)
    return value >= wanted if name == "psnr" else value <= wanted


@pytest.mark.parametrize("quality", TARGETS)
@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_it_is_reached_and_not_with_one_colour_less(quality, effort) -> None:
    pixels = gradient(70, 90)
    q = quantize(pixels, 256, quality=quality, effort=effort)
    k = len(q.palette)
    assert 1 < k < 256
    assert reaches(pixels, q, quality)
    assert not reaches(pixels, quantize(pixels, k - 1, effort=effort), quality)
    again = quantize(pixels, k, effort=effort)
    assert again.palette == q.palette
    assert np.array_equal(again.indices, q.indices)


def test_one_colour_may_be_enough() -> None:
    assert len(quantize(noise(9, 9) // 64 + 100, 9, quality={"psnr": 20}).palette) == 1


def test_all_colours_may_be_needed() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 5, 3), np.uint8)
    assert len(quantize(pixels, 256, quality={"psnr": 90}).palette) == 25


def test_fixed_colours_are_the_least() -> None:
    fixed = [(i, 0, 255) for i in range(12)]
    q = quantize(np.full((4, 4, 3), 9, np.uint8), 64, quality={"psnr": 20}, fixed=fixed)
    assert len(q.palette) >= 12


def test_not_reached() -> None:
    pixels = noise(40, 40)
    with pytest.raises(
        QualityNotReached, match=r"expected psnr 60, reached 1\d\.\d+ with 4"
    ) as info:
        quantize(pixels, 4, quality={"psnr": 60})
    error = pickle.loads(pickle.dumps(info.value))
    assert (error.name, error.wanted, error.k) == ("psnr", 60, 4)
    assert error.reached == pytest.approx(quantize(pixels, 4).psnr)


@pytest.mark.parametrize(
    ("quality", "error", "match"),
    [
        ({}, ValueError, "one of psnr, delta_e, delta_e_p95, got {}"),
        ({"ssim": 0.9}, ValueError, "one of psnr, delta_e, delta_e_p95"),
        ({"psnr": 30, "delta_e": 2}, ValueError, "one of psnr, delta_e, delta_e_p95"),
        ({"psnr": 0}, ValueError, "psnr above 0 and finite, got 0"),
        ({"psnr": float("nan")}, ValueError, ".*finite, got nan"),
        ({"delta_e": float("inf")}, ValueError, ".*finite, got inf"),
        ({"psnr": 10**400}, ValueError, "psnr above 0 and finite, got 1000"),
        ({"psnr": "38"}, TypeError, "a number for psnr, got '38'"),
        ({"psnr": True}, TypeError, "a number for psnr, got True"),
        (38, TypeError, "a dict such as {'psnr': 38}, got 38"),
    ],
)
def test_bad_ones_are_refused(quality, error, match) -> None:
    with pytest.raises(error, match=f"quality: expected {match}"):
        quantize(noise(4, 4), 2, quality=quality)
