"""Targets instead of k."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from conftest import gradient, noise
from kpalette import ColorHistogram, QualityNotReached, extract_palette, metrics, quantize
from kpalette.quality import PNGQUANT, pngquant_looks

TARGETS = [{"psnr": 30}, {"psnr": 31}, {"looks": 50}, {"looks": 65.5}]


def reaches(pixels: np.ndarray, q, quality: dict[str, float]) -> bool:
    ((name, wanted),) = quality.items()
    return getattr(metrics.compare(pixels, q), name) >= wanted


@pytest.mark.parametrize("quality", TARGETS)
@pytest.mark.parametrize("effort", ["fast", "balanced"])
@pytest.mark.parametrize("dither", [None, "floyd-steinberg", "blue-noise"])
def test_it_is_reached_and_not_with_one_colour_less(quality, effort, dither) -> None:
    pixels = gradient(70, 90)
    options = {"effort": effort, "dither": dither}
    q = quantize(pixels, 256, quality=quality, **options)
    k = len(q.palette)
    assert 1 < k < 256
    assert reaches(pixels, q, quality)
    assert not reaches(pixels, quantize(pixels, k - 1, **options), quality)
    again = quantize(pixels, k, **options)
    assert again.palette == q.palette
    assert np.array_equal(again.indices, q.indices)


def test_transparency_is_seen() -> None:
    pixels = np.dstack([gradient(50, 60), noise(50, 60, 1)])
    q = quantize(pixels, 256, quality={"looks": 40})
    assert 1 < len(q.palette) < 256
    assert reaches(pixels, q, {"looks": 40})


def test_a_background_dilutes_nothing() -> None:
    spot = gradient(32, 32)
    page = np.pad(spot, ((320, 640), (320, 640), (0, 0)), constant_values=255)
    for quality in ({"looks": 60}, {"looks": 80}):
        q = quantize(page, 256, quality=quality)
        assert len(q.palette) > 0.5 * len(quantize(spot, 256, quality=quality).palette)
    found = metrics.compare(page, q)
    assert found.delta_e < 0.01
    assert q.report().comparison.looks == found.looks >= 80
    left, top, width, height = q.report().comparison.worst
    assert (width, height) == (16, 16)
    assert left in (320, 336)
    assert top in (320, 336)


def test_a_report_sees_what_dithering_does() -> None:
    pixels = gradient(64, 64)
    for dither in (None, "floyd-steinberg"):
        q = quantize(pixels, 6, dither=dither)
        for made in (q, q.sorted("luminance")):
            report = made.report()
            assert report.comparison.looks == metrics.looks(pixels, q)
            assert f"worst of it     {report.comparison.worst}" in str(report).splitlines()
    assert "worst" not in str(quantize(pixels // 128, 8).report())


def test_palettes_alone() -> None:
    pixels = gradient(50, 60)
    histogram = ColorHistogram.from_image(pixels)
    for quality in ({"looks": 60}, {"psnr": 30}):
        made = extract_palette(pixels, 256, quality=quality)
        assert made == quantize(pixels, 256, quality=quality).palette
        if "psnr" in quality:
            assert extract_palette(histogram, 256, quality=quality) == made
    with pytest.raises(ValueError, match="quality: expected psnr for a histogram, got looks"):
        extract_palette(histogram, 256, quality={"looks": 60})


def test_a_palette_of_an_image_with_a_fixed_colour_with_alpha() -> None:
    pixels = gradient(20, 30)
    made = extract_palette(pixels, 64, quality={"looks": 50}, fixed=["#ff000080"])
    assert made.colors.shape[1] == 4


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
        ({}, ValueError, "one of looks, psnr, got {}"),
        ({"ssim": 0.9}, ValueError, "one of looks, psnr, got"),
        ({"psnr": 30, "looks": 70}, ValueError, "one of looks, psnr, got"),
        ({"delta_e": 2}, ValueError, "looks, such as {'looks': 75}, .* got {'delta_e': 2}"),
        ({"delta_e_p95": 4}, ValueError, "looks, such as {'looks': 75}"),
        ({"looks": 0}, ValueError, "looks above 0 and at most 100, got 0"),
        ({"looks": 101}, ValueError, "looks above 0 and at most 100, got 101"),
        ({"psnr": 0}, ValueError, "psnr above 0 and finite, got 0"),
        ({"psnr": float("nan")}, ValueError, ".*finite, got nan"),
        ({"psnr": float("inf")}, ValueError, ".*finite, got inf"),
        ({"psnr": 10**400}, ValueError, "psnr above 0 and finite, got 1000"),
        ({"psnr": "38"}, TypeError, "a number for psnr, got '38'"),
        ({"psnr": True}, TypeError, "a number for psnr, got True"),
        (38, TypeError, "a dict such as {'looks': 75}, got 38"),
    ],
)
def test_bad_ones_are_refused(quality, error, match) -> None:
    with pytest.raises(error, match=f"quality: expected {match}"):
        quantize(noise(4, 4), 2, quality=quality)


@pytest.mark.parametrize("name", ["chart", "gradient", "icon", "logo", "scan", "shot2x"])
@pytest.mark.parametrize("wanted", [70, 85])
def test_graphics_reach_it_in_the_file(data: Path, tmp_path: Path, name: str, wanted: int) -> None:
    source = data / "graphics" / f"{name}.png"
    if not source.exists():
        pytest.skip(f"no {source}")
    quantize(source, quality={"looks": wanted}, dither="floyd-steinberg").save(tmp_path / "a.png")
    assert metrics.looks(source, tmp_path / "a.png") >= wanted


def test_scale_of_pngquant() -> None:
    scale = [pngquant_looks(quality) for quality in range(101)]
    assert np.all(np.diff(scale) > 0)
    assert scale[100] == 100
    assert [scale[quality] for quality in PNGQUANT] == list(PNGQUANT.values())
    for quality, error in ((101, ValueError), (-1, ValueError), (60.5, TypeError)):
        with pytest.raises(error, match=r"quality: expected"):
            pngquant_looks(quality)
