"""Metrics: their published values, plain references, and laws that all comparisons keep."""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
import reference
from conftest import gradient, noise
from kpalette import metrics
from kpalette.looks import Place

# Sharma, Wu and Dalal (2005), table 1: L, a and b of two colours, and their difference.
PUBLISHED = [
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425),
    (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412),
    (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000),
    (50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000),
    (50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000),
    (50, 0, 0, 50, -1, 2, 2.3669),
    (50, -1, 2, 50, 0, 0, 2.3669),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0010, 7.1792),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0012, 7.2195),
    (50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045),
    (50, -0.0010, 2.4900, 50, 0.0010, -2.4900, 4.8045),
    (50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461),
    (50, 2.5, 0, 50, 0, -2.5, 4.3065),
    (50, 2.5, 0, 73, 25, -18, 27.1492),
    (50, 2.5, 0, 61, -5, 29, 22.8977),
    (50, 2.5, 0, 56, -27, -3, 31.9030),
    (50, 2.5, 0, 58, 24, 15, 19.4535),
    (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000),
    (50, 2.5, 0, 50, 3.2972, 0, 1.0000),
    (50, 2.5, 0, 50, 1.8634, 0.5757, 1.0000),
    (50, 2.5, 0, 50, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


def lab(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(0, 100, n), rng.uniform(-128, 128, (n, 2))])


def pixel_errors(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Oklab distance and CIEDE2000 of each pixel, by definition."""
    if a.shape[-1] == 4:
        both = [
            pixel_errors(reference.over_grey(a, backdrop), reference.over_grey(b, backdrop))
            for backdrop in (0, 255)
        ]
        return tuple((black + white) / 2 for black, white in zip(*both, strict=True))
    a, b = a.reshape(-1, 3), b.reshape(-1, 3)
    ok = np.linalg.norm(reference.oklab(a) - reference.oklab(b), axis=1)
    labs = [100 * reference.lab(colors) for colors in (a, b)]
    for colors, coords in zip((a, b), labs, strict=True):
        coords[(colors == colors[:, :1]).all(axis=1), 1:] = 0  # not what rounding leaves
    return ok, reference.delta_e_2000(*labs)


# CIEDE2000


def test_published_pairs() -> None:
    table = np.array(PUBLISHED)
    assert len(table) == 34
    for a, b in ((table[:, :3], table[:, 3:6]), (table[:, 3:6], table[:, :3])):
        assert np.array_equal(metrics.delta_e_2000(a, b).round(4), table[:, 6])
        assert np.array_equal(reference.delta_e_2000(a, b).round(4), table[:, 6])


@pytest.mark.parametrize("spread", [200, 10, 0.01])
def test_delta_e_2000_is_the_reference(spread: float) -> None:
    a = lab(20_000)
    b = a + np.random.default_rng(1).normal(0, spread, a.shape)
    a[:50, 1:] = 0
    b[25:75, 1:] = 0
    expected = reference.delta_e_2000(a, b)
    np.testing.assert_allclose(metrics.delta_e_2000(a, b), expected, rtol=1e-7, atol=1e-9)


def test_delta_e_2000_laws() -> None:
    a, b = lab(5000), lab(5000, seed=1)
    assert (metrics.delta_e_2000(a, a) == 0).all()
    assert np.array_equal(metrics.delta_e_2000(a, b), metrics.delta_e_2000(b, a))
    assert np.array_equal(
        metrics.delta_e_2000(a, b, threads=1), metrics.delta_e_2000(a, b, threads=3)
    )
    assert metrics.delta_e_2000([0, 0, 0], [100, 0, 0]) == pytest.approx(100)


def test_opposite_hues_do_not_depend_on_the_order() -> None:
    for turn in np.arange(0, 360, 15):
        b, a = 40 * np.sin(np.radians(turn)), 40 * np.cos(np.radians(turn))
        there, back = [60, a, b], [60, -a, -b]
        assert metrics.delta_e_2000(there, back) == metrics.delta_e_2000(back, there)


def test_delta_e_2000_broadcasts() -> None:
    a, b = lab(12).reshape(3, 4, 3), lab(4, seed=1)
    found = metrics.delta_e_2000(a, b)
    assert found.shape == (3, 4)
    for i in range(3):
        assert np.array_equal(found[i], metrics.delta_e_2000(a[i], b))


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        ([1, 2], [3, 4], ValueError, r"lab_a: expected shape (..., 3), got (2,)"),
        ([1, 2, 3], 2, ValueError, r"lab_b: expected shape (..., 3), got ()"),
        ([1, 2], [1, 2, 3], ValueError, r"lab_a: expected shape (..., 3), got (2,)"),
        (
            [[1, 2, 3]] * 2,
            [[1, 2, 3]] * 3,
            ValueError,
            "lab_a, lab_b: expected shapes that fit each other, got (2, 3) and (3, 3)",
        ),
        ([np.nan, 0, 0], [50, 0, 0], ValueError, "lab_a: expected finite values, got NaN or inf"),
        ([50, 0, 0], [0, -np.inf, 0], ValueError, "lab_b: expected finite values, got NaN or inf"),
        (
            [50, 0, 0],
            [0, -1e300, 0],
            ValueError,
            "lab_b: expected values up to ±1,000,000, got 1e+300",
        ),
        ([50, 0, 0], ["a", 0, 0], TypeError, "lab_b: expected numbers of shape (..., 3), got ['a'"),
        ([[1, 2, 3], [1]], [0, 0, 0], TypeError, "lab_a: expected numbers of shape (..., 3), got"),
    ],
)
def test_what_is_no_lab_is_refused(a: Any, b: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        metrics.delta_e_2000(a, b)


# Comparisons


def figures(found: metrics.Comparison) -> list[float]:
    return [value for value in vars(found).values() if isinstance(value, float)]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", ["quantized", "noisy", "few"])
def test_compare_is_the_reference(channels: int, kind: str) -> None:
    a = noise(40, 50, channels)
    if kind == "quantized":
        q = kpalette.quantize(a, 9)
        b = q.rgba if channels == 4 else q.rgb
    elif kind == "noisy":
        b = noise(40, 50, channels, seed=1)
    else:  # pairs that occur more than once, and colours with several partners
        a, b = a // 100 * 100, noise(40, 50, channels, seed=1) // 100 * 100
    ok, delta_e = pixel_errors(a, b)
    found = metrics.compare(a, b)
    assert found.mse == pytest.approx(reference.mse(a, b))
    assert found.psnr == pytest.approx(10 * math.log10(3 * 255**2 / found.mse))
    assert found.delta_e_ok == pytest.approx(ok.mean(), abs=3e-6)
    assert found.delta_e == pytest.approx(delta_e.mean(), abs=3e-4)
    p95 = np.percentile(delta_e, 95, method="inverted_cdf")
    assert found.delta_e_p95 == pytest.approx(p95, abs=1e-3)
    assert found.delta_e_max == pytest.approx(delta_e.max(), abs=1e-3)
    errors = metrics.error_map(a, b)
    assert errors.shape == (40, 50)
    np.testing.assert_allclose(errors.ravel(), delta_e, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_equal_images_differ_by_nothing(channels: int) -> None:
    a = noise(20, 30, channels)
    same = metrics.compare(a, a.copy())
    assert same == metrics.Comparison(0, math.inf, 0, 0, 0, 0, looks=100)
    assert not metrics.error_map(a, a).any()


@pytest.mark.parametrize("channels", [3, 4])
def test_compare_laws(channels: int) -> None:
    a = noise(40, 50, channels)
    b = np.clip(a.astype(int) + noise(40, 50, channels, seed=1) // 20, 0, 255).astype(np.uint8)
    found = metrics.compare(a, b)
    assert figures(metrics.compare(b, a)) == pytest.approx(figures(found), rel=1e-12)
    assert 0 < found.delta_e < found.delta_e_p95 < found.delta_e_max
    shuffled = np.random.default_rng(0).permutation(40 * 50)
    mixed = (image.reshape(-1, channels)[shuffled].reshape(50, 40, channels) for image in (a, b))
    elsewhere = replace(metrics.compare(*mixed), looks=found.looks)  # where things are, looks see
    assert figures(elsewhere) == pytest.approx(figures(found), rel=1e-12)
    assert metrics.compare(a, b, threads=1) == metrics.compare(a, b, threads=3) == found


def test_a_quantized_image_has_the_error_that_it_says() -> None:
    for photo in (gradient(60, 80), noise(40, 50, 4)):
        q = kpalette.quantize(photo, 12)
        for found in (metrics.compare(photo, q), metrics.compare(q, photo)):
            assert found.mse == pytest.approx(q.mse, rel=2e-4)
        assert metrics.compare(q, q).mse == 0


def test_what_cannot_be_seen_counts_for_nothing() -> None:
    a, b = noise(20, 30, 4), noise(20, 30, 4, seed=1)
    a[..., 3] = b[..., 3] = 0
    assert metrics.compare(a, b).delta_e_max == 0
    solid = np.dstack([noise(20, 30), np.full((20, 30), 255, np.uint8)])
    assert metrics.compare(solid, solid[..., :3]).mse == 0
    # With alpha in only one of them, the other is opaque.
    assert metrics.compare(solid, a).mse == pytest.approx(reference.mse(solid, a))


def test_one_pixel_and_the_share_that_95_percent_are() -> None:
    black, white = np.zeros((1, 1), np.uint8), np.full((1, 1), 255, np.uint8)
    found = metrics.compare(black, white)
    assert found.delta_e == found.delta_e_p95 == found.delta_e_max == pytest.approx(100, abs=1e-3)
    assert found.delta_e_ok == pytest.approx(1, abs=1e-5)
    assert found.mse == 3 * 255**2
    assert found.psnr == 0
    line = np.zeros((1, 100), np.uint8)
    for different, p95 in ((5, 0), (6, 100)):
        other = line.copy()
        other[0, :different] = 255
        assert metrics.compare(line, other).delta_e_p95 == pytest.approx(p95, abs=1e-3)


def test_paths_and_pillow_images(tmp_path: Path) -> None:
    a, b = gradient(20, 30), noise(20, 30)
    Image.fromarray(a).save(tmp_path / "a.png")
    assert metrics.compare(tmp_path / "a.png", Image.fromarray(b)) == metrics.compare(a, b)


def test_wrong_arguments(tmp_path: Path) -> None:
    a = noise(20, 30)
    with pytest.raises(ValueError, match="same size, got 30×20 and 20×30"):
        metrics.compare(a, noise(30, 20))
    for i, name in enumerate("ab"):
        images: list[Any] = [a, a]
        images[i] = 3
        with pytest.raises(TypeError, match=f"^{name}: expected a path, .* got int$"):
            metrics.compare(*images)
        images[i] = tmp_path / "words.png"
        images[i].write_bytes(b"words")
        with pytest.raises(
            kpalette.ImageReadError, match=f"^{name}: {re.escape(str(images[i]))}: expected an"
        ):
            metrics.error_map(*images)
    with pytest.raises(FileNotFoundError):
        metrics.compare(tmp_path / "missing.png", a)
    with pytest.raises(ValueError, match="threads"):
        metrics.compare(a, a, threads=0)


def test_to_dict_is_json() -> None:
    a = gradient(20, 30)
    for b in (a, 255 - a):
        found = metrics.compare(a, b)
        read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert read.pop("worst") == (found.worst and found.worst._asdict())
        expected = {**vars(found), "psnr": found.psnr if found.mse else None}
        del expected["worst"]
        assert read == expected


def test_table() -> None:
    found = metrics.Comparison(12.345, 37.25, 0.01234, 1.5, 3.25, 123.0, 0.98765)
    lines = found.table().splitlines()
    assert [line.split()[-1] for line in lines] == [
        "12.35", "dB", "0.0123", "1.50", "3.25", "123.00", "0.9877"
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    more = replace(found, looks=71.04, worst=Place(16, 32, 16, 8)).table().splitlines()
    assert more[0].split() == ["looks", "71.0"]
    assert more[1:-1] == lines
    assert more[-1] == "worst of it     16×8 at 16,32"
    assert "lossless" in metrics.Comparison(0, math.inf, 0, 0, 0, 0).table()
    assert "SSIM" not in metrics.Comparison(0, math.inf, 0, 0, 0, 0).table()


# SSIM


def test_ssim_without_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    a = noise(20, 30)
    assert metrics.compare(a, a).ssim is None
    with pytest.raises(ImportError, match="ssim: scikit-image is not installed"):
        metrics.compare(a, a, ssim=True)


def test_ssim(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of scikit-image, whether it is there or not."""
    seen = []

    class Stub:
        @staticmethod
        def structural_similarity(a: np.ndarray, b: np.ndarray, **options: Any) -> float:
            seen.append((a, b, options))
            return float(len(seen))

    monkeypatch.setitem(sys.modules, "skimage.metrics", Stub)
    a, b = noise(20, 30), noise(20, 30, seed=1)
    assert metrics.compare(a, b, ssim=True).ssim == 1
    assert np.array_equal(seen[0][0], a)
    assert np.array_equal(seen[0][1], b)
    assert (seen[0][2]["data_range"], seen[0][2]["channel_axis"]) == (255, 2)
    seen.clear()
    a, b = noise(20, 30, 4), noise(20, 30, 4, seed=1)
    assert metrics.compare(a, b, ssim=True).ssim == 1.5
    for (shown_a, shown_b, _), backdrop in zip(seen, (0, 255), strict=True):
        np.testing.assert_allclose(shown_a, reference.over_grey(a, backdrop), atol=0.51)
        np.testing.assert_allclose(shown_b, reference.over_grey(b, backdrop), atol=0.51)
    with pytest.raises(ValueError, match="sides of at least 11 pixels, got 30×10"):
        metrics.compare(a[:10], b[:10], ssim=True)


# The map


def test_error_map_is_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = noise(40, 50), noise(40, 50, seed=1)
    whole = metrics.error_map(a, b)
    monkeypatch.setattr(metrics, "MAP_CHUNK", 77)
    assert np.array_equal(metrics.error_map(a, b), whole)


def test_plot_error_map(tmp_path: Path) -> None:
    errors = np.zeros((30, 40), np.float32)
    errors[10:20, 10:20] = 50
    figure = metrics.plot_error_map(errors, title="two", save=tmp_path / "map.png")
    axes, scale = figure.axes
    (picture,) = axes.images
    assert np.array_equal(picture.get_array(), errors)
    assert picture.get_clim() == (0, 10)
    assert not axes.patches
    assert scale.get_ylabel() == "ΔE2000"
    with Image.open(tmp_path / "map.png") as image:
        assert len(image.convert("RGB").getcolors(1 << 20)) > 50


def test_plot_error_map_frames_the_worst_place(tmp_path: Path) -> None:
    a = np.zeros((40, 50, 3), np.uint8)
    b = a.copy()
    b[33:36, 17:20] = 99
    worst = metrics.compare(a, b).worst
    assert worst == (16, 32, 16, 8)
    errors = metrics.error_map(a, b)
    figure = metrics.plot_error_map(errors, worst=worst, save=tmp_path / "map.png")
    (frame,) = figure.axes[0].patches
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (15.5, 31.5, 16, 8)
