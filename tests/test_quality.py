"""Targets instead of k."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import gradient, noise, raw_png
from kpalette import (
    ColorHistogram,
    QualityNotReached,
    cli,
    extract_palette,
    metrics,
    quantize,
)
from kpalette.quality import PNGQUANT_LEAST, PNGQUANT_MOST, fit_fewest, pngquant_looks

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
        ({"delta_e": 2}, ValueError, "looks, such as {'looks': 75}, got {'delta_e': 2}"),
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
    worst, best = np.transpose([pngquant_looks(quality, quality) for quality in range(101)])
    for scale, table in ((worst, PNGQUANT_LEAST), (best, PNGQUANT_MOST)):
        assert np.all(np.diff(scale) > 0)
        assert scale[100] == 100
        assert [scale[quality] for quality in table] == list(table.values())
    assert np.all(worst <= best)
    for quality, error in ((101, ValueError), (-1, ValueError), (60.5, TypeError)):
        with pytest.raises(error, match=r"least quality: expected"):
            pngquant_looks(quality, 100)
        with pytest.raises(error, match=r"most quality: expected"):
            pngquant_looks(0, quality)


class Search:
    """Counts the fits of a search over a quality that is known for each k."""

    def __init__(self, qualities: list[float]) -> None:
        self.qualities = qualities
        self.fits = 0

    def fit(self, k: int) -> range:
        self.fits += 1
        return range(min(k, len(self.qualities)))

    def fewest(self, least: int, most: int, wanted: float, name: str = "looks") -> int:
        return len(fit_fewest(self.fit, least, most, (name, wanted), self.measured))

    def measured(self, found: range) -> float:
        return self.qualities[len(found) - 1]


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 300), st.floats(1, 100))
def test_one_colour_less_does_not_reach_it(seed: int, n: int, most: int, wanted: float) -> None:
    rng = np.random.default_rng(seed)
    rising = 100 - 70 / np.arange(1, n + 1) ** rng.uniform(0.1, 2) + rng.normal(0, 2, n)
    qualities = [*rising[:-1].clip(0, 99.9).tolist(), 100.0]  # all of an image's colours are exact
    for least in (1, min(3, n, most)):
        search = Search(qualities)
        if max(qualities[:most]) < wanted:
            with pytest.raises(QualityNotReached, match=f"with {most} colour{'s' * (most > 1)}$"):
                search.fewest(least, most, wanted)
            continue
        try:
            k = search.fewest(least, most, wanted)
        except QualityNotReached:
            continue  # the most do not reach it, though fewer may, by luck
        assert least <= k <= most
        assert qualities[k - 1] >= wanted
        assert k == least or qualities[k - 2] < wanted


@pytest.mark.parametrize("wanted", [40, 60, 70, 75, 80])
def test_a_search_takes_few_fits(wanted: float) -> None:
    search = Search([100 - 25 * float(np.log1p(40 / k)) for k in range(1, 257)])
    k = search.fewest(1, 256, wanted)
    assert search.qualities[k - 2] < wanted <= search.qualities[k - 1]
    assert search.fits <= 6  # bisection takes 9 and more


@pytest.mark.parametrize("k", [1, 2, 5, 31, 32, 33, 200, 256])
def test_what_has_few_colours_is_found_lossless(k: int) -> None:
    search = Search([20 + 10 * float(np.log2(n)) for n in range(1, k)] + [float("inf")])
    assert search.fewest(1, 256, 500, "psnr") == k
    assert search.fits <= 14


# Pictures that are easily forgotten


def soft_disc() -> np.ndarray:
    """Make a disc whose edge is half transparent, and around which nothing is seen."""
    y, x = np.mgrid[:48, :48] - 24
    alpha = np.clip((20 - np.hypot(x, y)) * 60, 0, 255)
    return np.dstack([gradient(48, 48), alpha.astype(np.uint8)])


def clear() -> np.ndarray:
    pixels = noise(20, 30, 4)
    pixels[..., 3] = 0
    return pixels


ODD = {
    "a pixel": noise(1, 1),
    "a half-transparent pixel": noise(1, 1, 4),
    "a row": noise(1, 400),
    "a column": noise(400, 1),
    "a long row": np.repeat(gradient(1, 1000), 100, axis=1),
    "a long column": np.repeat(gradient(1000, 1), 100, axis=0),
    "all transparent": clear(),
    "all equal": np.full((20, 30, 3), 77, np.uint8),
    "soft edges": soft_disc(),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("dither", [None, "floyd-steinberg", "blue-noise", "bayer"])
def test_odd_pictures_reach_it_or_say_what_they_reach(name, dither, tmp_path) -> None:
    photo, out = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(ODD[name]).save(photo)
    every = ("looks", 70), ("psnr", 30), ("looks", 100), ("psnr", 60)
    for measure, wanted in every[: 1 if "long" in name else 4]:
        args = ["quantize", str(photo), f"--{measure}", str(wanted), "--dither", dither or "none"]
        code = cli.run([*args, "-fqo", str(out)])
        options = {"quality": {measure: wanted}, "dither": dither}
        if code == 99:
            with pytest.raises(QualityNotReached) as caught:
                quantize(ODD[name], **options)
            assert caught.value.reached < wanted
        else:
            assert code == 0
            assert out.read_bytes() == quantize(ODD[name], **options).encode()
            assert getattr(metrics.compare(photo, out), measure) >= wanted


def test_sixteen_bits(tmp_path) -> None:
    levels = np.random.default_rng(0).integers(0, 65_536, (30, 30, 3))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    file = io.BytesIO(raw_png(30, 30, 16, 2, rows))
    for dither in (None, "floyd-steinberg"):
        found = quantize(file, quality={"looks": 60}, dither=dither)
        assert metrics.looks(file, io.BytesIO(found.encode())) >= 60
