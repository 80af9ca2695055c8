"""Small vivid regions keep a colour of their own, and the report names what lost most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kpalette
import reference
from conftest import noise
from kpalette import ColorHistogram, _core, metrics

SIDE = 300
SPOT = slice(40, 49)  # 81 of 90,000 pixels: 0.09 %


def field(
    spread: float, ramp: bool = False, spot: tuple[int, ...] = (215, 30, 35)
) -> np.ndarray[Any, Any]:
    """Make a grey-green field, noisy, perhaps with a ramp across it, and a vivid spot on it."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0 : 1 : 1j * SIDE, 0 : 1 : 1j * SIDE]
    middle = np.array([120.0, 140.0, 110.0])
    base = np.stack([60 * x, 30 * (x + y), 55 * y], axis=-1) + 90 if ramp else middle
    pixels = base + random.normal(0, spread, (SIDE, SIDE, 3))
    pixels[SPOT, SPOT] = random.normal(spot, 6, (9, 9, 3))
    return pixels.clip(0, 255).astype(np.uint8)


def loss_of_spot(pixels: np.ndarray[Any, Any], **options: Any) -> float:
    shown = kpalette.quantize(pixels, **options).rgb
    return metrics.compare(pixels[SPOT, SPOT, :3], shown[SPOT, SPOT]).delta_e


#: Of colours that are unlike each other, and mostly vivid.
SPREAD = np.array([[0, 0, 0], [170, 0, 0], [0, 170, 0], [0, 0, 170]], np.uint8)

SPOTS = {
    "red": (215, 30, 35),
    "yellow": (250, 220, 20),
    "orange": (250, 140, 20),
    "cyan": (20, 220, 230),
    "violet": (140, 40, 220),
    "lime": (150, 240, 20),
}


@pytest.mark.parametrize("spot", SPOTS.values(), ids=SPOTS)
@pytest.mark.parametrize("ramp", [False, True], ids=["field", "ramp"])
@pytest.mark.parametrize(("k", "spread"), [(8, 3), (16, 3), (16, 10)])
def test_spot_survives(k: int, spread: float, ramp: bool, spot: tuple[int, ...]) -> None:
    pixels = field(spread, ramp, spot)
    assert loss_of_spot(pixels, k=k) < 6


def test_spot_survives_the_best_effort() -> None:
    assert loss_of_spot(field(10, ramp=True), k=16, effort="best") < 6


def by_cost_alone(pixels: np.ndarray[Any, Any], k: int) -> kpalette.Quantized:
    """Quantize by a sweep, where nothing but cost counts."""
    return kpalette.sweep(pixels, [k]).at(k).palette.remap(pixels)


def test_of_a_shaded_region_its_vivid_part_counts(data: Path) -> None:
    photo = data / "walkthrough" / "flower.jpg"
    for k in (8, 9, 10, 12, 16):
        colors = kpalette.extract_palette(photo, k).colors
        away = reference.oklab(colors.astype(float)) - reference.oklab(np.array([[220.0, 190, 60]]))
        assert np.linalg.norm(away, axis=1).min() < 0.04, k  # the daisy's yellow, not its ochre


@pytest.mark.parametrize("k", [8, 16])
def test_keeping_a_region_saves_what_k_means_loses_for_little(k: int) -> None:
    pixels = field(20)
    plain = by_cost_alone(pixels, k)
    assert metrics.compare(pixels[SPOT, SPOT], plain.rgb[SPOT, SPOT]).delta_e > 15
    assert kpalette.quantize(pixels, k).mse < 1.02 * plain.mse


def test_only_errors_count_in_srgb() -> None:
    assert loss_of_spot(field(20), k=16, space="srgb") > 15


def test_spot_survives_beside_alpha_fixed_colours_and_weights() -> None:
    pixels = field(20)
    alpha = np.full((SIDE, SIDE, 1), 255, np.uint8)
    alpha[-50:] = 100
    assert loss_of_spot(np.concatenate([pixels, alpha], axis=2), k=16) < 6
    assert loss_of_spot(pixels, k=16, weights=np.ones((SIDE, SIDE))) < 6
    quantized = kpalette.quantize(pixels, 16, fixed=["#123456", "#654321"])
    assert {"#123456", "#654321"} <= set(quantized.palette.hex)
    assert loss_of_spot(pixels, k=16, fixed=["#123456"]) < 6


def test_palette_and_picture_agree() -> None:
    pixels = field(20)
    quantized = kpalette.quantize(pixels, 16)
    assert kpalette.extract_palette(pixels, 16).hex == quantized.palette.hex
    alone = kpalette.quantize(pixels, 16, threads=1)
    np.testing.assert_array_equal(alone.indices, quantized.indices)
    assert alone.palette.hex == quantized.palette.hex


def test_nothing_changes_where_nothing_is_lost() -> None:
    pixels = noise(200, 200)
    assert kpalette.extract_palette(pixels, 64) == by_cost_alone(pixels, 64).palette


def regions(pixels: np.ndarray[Any, Any], colors: list[list[int]], most: int) -> Any:
    team = _core.Team(2)
    histogram = ColorHistogram.from_image(pixels)
    points = _core.Points(histogram.colors, histogram.counts, team, "oklab")
    assignment = _core.Assignment(points, len(colors), team)
    centers = _core.place(np.array(colors, np.uint8), "oklab")
    assignment.update(centers)
    return _core.find_vivid_regions(assignment, centers, most)


def test_vivid_regions_are_far_heavy_and_as_many_as_allowed() -> None:
    pixels = np.full((100, 100, 3), 128, np.uint8)
    pixels[:2, :50] = 255, 0, 0  # 1 %
    pixels[2, :50] = 0, 0, 255  # 0.5 %
    pixels[3, :4] = 0, 255, 0  # 0.04 %: too few
    pixels[4:9] = 90, 90, 90  # not vivid
    pixels[9] = 120, 130, 120  # near
    grey = [[128, 128, 128]]
    # of fourth powers the blue, which is farther from grey, has more
    assert regions(pixels, grey, 9).tolist() == [[0, 0, 255], [255, 0, 0]]
    assert regions(pixels, grey, 1).tolist() == [[0, 0, 255]]
    assert regions(pixels, [*grey, [10, 10, 240]], 9).tolist() == [[255, 0, 0]]
    assert regions(pixels, [*grey, [240, 10, 10], [10, 10, 240]], 9).tolist() == []


def test_vivid_regions_are_far_from_every_centre_and_from_each_other() -> None:
    pixels = np.concatenate([noise(60, 60) // 3 + base for base in SPREAD]).astype(np.uint8)
    centers = [[128, 128, 128], [200, 60, 60]]
    found = regions(pixels, centers, 9)
    assert len(found) > 1
    coords = reference.oklab(np.concatenate([found, centers]).astype(float))
    away = np.linalg.norm(coords[:, None] - coords[: len(found)], axis=2)
    assert (away[~np.eye(*away.shape, dtype=bool)] > 0.09).all()
    assert (np.hypot(coords[: len(found), 1], coords[: len(found), 2]) > 0.08).all()


def test_fourth_powers() -> None:
    team = _core.Team(3)
    histogram = ColorHistogram.from_image(noise(150, 150))
    points = _core.Points(histogram.colors, histogram.counts, team, "oklab")
    assignment = _core.Assignment(points, 2, team)
    centers = _core.place(np.array([[90, 90, 90], [200, 9, 200]], np.uint8), "oklab")
    assignment.update(centers)
    offsets = _core.place(histogram.colors, "oklab") - centers[assignment.labels]
    wanted = (histogram.counts * (offsets**2).sum(axis=1) ** 2).sum()
    np.testing.assert_allclose(_core.fourth_powers(assignment, centers), wanted)


class TestReport:
    def test_names_what_lost_most(self) -> None:
        pixels = np.full((100, 100, 3), 128, np.uint8)
        pixels[:50] = 100
        pixels[0, :8] = 255, 0, 0
        pixels[1, :4] = 0, 255, 0  # 0.04 %: not worth a line
        report = kpalette.quantize(pixels, 1).report()
        first = report.losses[0]
        assert first.color == "#ff0000"
        assert first.share == 8e-4
        assert [loss.color for loss in report.losses[1:]] == ["#808080", "#646464"]
        shown = kpalette.quantize(pixels, 1)
        assert first.shown == shown.palette.hex[0]
        np.testing.assert_allclose(
            first.delta_e, metrics.compare(pixels[:1, :8], shown.rgb[:1, :8]).delta_e
        )
        assert report.comparison == metrics.compare(pixels, shown.rgb)
        assert "#ff0000" in str(report)

    def test_is_the_same_for_any_order_of_the_palette_and_any_dither(self) -> None:
        pixels = noise(60, 60)
        palette = kpalette.quantize(pixels, 8).palette
        plain = kpalette.quantize(pixels, 8).report(3)
        assert kpalette.quantize(pixels, 8).sorted("hue").report(3) == plain
        mixed = palette.remap(pixels, dither="bayer").report(3)
        assert mixed.losses == plain.losses
        seen = {"looks": plain.comparison.looks, "worst": plain.comparison.worst}
        assert replace(mixed.comparison, **seen) == plain.comparison != mixed.comparison
        assert len(plain.losses) == 3

    def test_lossless(self) -> None:
        report = kpalette.quantize(noise(4, 4), 16).report()
        assert report.losses == ()
        assert report.comparison.mse == 0
        assert "lossless" in str(report)

    def test_alpha(self) -> None:
        report = kpalette.quantize(noise(30, 30, 4), 4).report(2)
        assert all(len(loss.color) == 9 for loss in report.losses)

    def test_of_a_remapped_image(self) -> None:
        palette = kpalette.Palette(np.array([[0, 0, 0]], np.uint8))
        losses = palette.remap(np.full((5, 5, 3), 255, np.uint8)).report().losses
        assert [(loss.color, loss.shown, loss.share) for loss in losses] == [
            ("#ffffff", "#000000", 1.0)
        ]
        np.testing.assert_allclose(losses[0].delta_e, 100, atol=1e-3)

    @pytest.mark.parametrize(("n", "error"), [(-1, ValueError), (1.5, TypeError)])
    def test_bad_number(self, n: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match=r"n: expected .*, got"):
            kpalette.quantize(noise(4, 4), 2).report(n)

    def test_without_an_image(self) -> None:
        made = kpalette.quantize(noise(4, 4), 2)
        bare = kpalette.Quantized(made.indices, made.palette, made.mse, 0, 0)
        with pytest.raises(ValueError, match="expected the result of an image"):
            bare.report()
