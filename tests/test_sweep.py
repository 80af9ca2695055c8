"""sweep: its laws, its elbow, and what it shows."""

from __future__ import annotations

import io
import itertools
import json
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import ColorHistogram, _core, curve, files, quantize, sweep
from kpalette.choices import EFFORTS, SPACES
from kpalette.elbow import find_elbow

QUICK = sorted(set(EFFORTS) - {"best"})


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """Something between noise and a few colours, with or without alpha."""
    channels, height, width = draw(st.tuples(st.sampled_from([3, 4]), *[st.integers(1, 20)] * 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    base = rng.integers(0, 256, (draw(st.integers(1, 8)), channels))
    spread = draw(st.sampled_from([0, 2, 40]))
    pixels = base[rng.integers(0, len(base), (height, width))]
    return np.clip(pixels + rng.normal(0, spread, pixels.shape), 0, 255).astype(np.uint8)


def assert_falls(cost: np.ndarray) -> None:
    assert all(b < a or a == b == 0 for a, b in itertools.pairwise(cost)), cost.tolist()


# Laws


@given(
    images(),
    st.lists(st.integers(1, 120), min_size=1, max_size=9),
    st.sampled_from(SPACES),
    st.sampled_from(QUICK),
)
def test_the_cost_falls_until_nothing_is_lost(pixels, ks, space, effort) -> None:
    found = sweep(pixels, ks, space=space, effort=effort)
    assert found.k.tolist() == sorted(set(ks))
    assert_falls(found.cost)
    for point in found:
        assert len(point.palette) == min(point.k, found.n_distinct)
        assert (point.cost == 0) == (point.mse == 0) == (point.k >= found.n_distinct)
        mapped = point.palette.remap(pixels, space=space)
        assert mapped.palette == point.palette
        assert (point.mse, point.psnr) == (mapped.mse, mapped.psnr)
        if space == "srgb":
            assert point.cost == pytest.approx(mapped.mse * found.n_pixels, rel=3e-4)


@pytest.mark.parametrize("ks", [range(1, 13), [2, 4, 8, 16, 32, 64, 128, 256], [3, 300]], ids=str)
def test_photos_are_as_good_as_one_by_one(data: Path, ks: Any) -> None:
    ratios = []
    for path in sorted((data / "cq100").glob("*.png")):
        pixels = files.as_pixels(path)
        found = sweep(ColorHistogram.from_image(pixels), ks)
        assert_falls(found.cost)
        ratios += [point.mse / quantize(pixels, point.k).mse for point in found]
    assert np.mean(ratios) < 1.005


def test_one_k_is_quantize() -> None:
    for k in (1, 7, 300):
        point, q = sweep(noise(30, 30), [k]).at(k), quantize(noise(30, 30), k)
        assert (point.palette, point.mse, point.n_iter) == (q.palette, q.mse, q.n_iter)


@pytest.mark.parametrize("channels", [3, 4])
def test_any_threads_and_instruction_set(monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    def result(threads: int) -> list[Any]:
        found = sweep(noise(90, 90, channels), [2, 3, 17, 200, 300], threads=threads)
        return [(p.palette.colors.tobytes(), p.mse, p.n_iter, p.png_bytes) for p in found]

    expected = result(1)
    for isa in _core.isas():
        monkeypatch.setenv("KPALETTE_ISA", isa)
        assert result(1) == result(3) == expected


# File sizes


@pytest.mark.parametrize("channels", [3, 4])
def test_png_bytes_are_those_of_the_saved_file(tmp_path: Path, channels: int) -> None:
    pixels = noise(40, 30, channels)
    found = sweep(pixels, [1, 2, 5, 16, 256, 257, 5000])
    for point in found.points[:-2]:
        point.palette.remap(pixels).save(tmp_path / "a.png")
        assert point.png_bytes == (tmp_path / "a.png").stat().st_size
    assert found.png_bytes[-2:] == (None, None)


def test_colours_that_all_fit_have_a_size_for_any_k(tmp_path: Path) -> None:
    flag = np.repeat([[[255, 0, 0]], [[255, 255, 255]], [[0, 0, 255]]], 4, axis=1).astype(np.uint8)
    quantize(flag, 256).save(tmp_path / "a.png")
    size = (tmp_path / "a.png").stat().st_size
    assert sweep(flag, [3, 4, 70_000 - 5_000]).png_bytes == (size, size, size)


def test_any_number_of_images_may_wait_to_be_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sweep(gradient(30, 40), range(1, 30)).png_bytes
    for waiting in (1, 5 * 30 * 40):
        monkeypatch.setattr(curve, "WAITING_BYTES", waiting)
        assert sweep(gradient(30, 40), range(1, 30)).png_bytes == expected


# Sources and arguments


def test_a_histogram_has_no_file_sizes() -> None:
    pixels = noise(30, 30)
    counted = sweep(ColorHistogram.from_image(pixels), [4, 9])
    assert counted.png_bytes == (None, None)
    for a, b in zip(counted, sweep(pixels, [4, 9]), strict=True):
        assert a.palette == b.palette
        assert a.mse == b.mse


def test_the_source_is_read_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.fromarray(gradient(20, 20)).save(file, "PNG")
    calls = []
    for home, name in ((files, "as_pixels"), (_core, "count_colors")):
        plain = getattr(home, name)
        spy = lambda *args, plain=plain, name=name: calls.append(name) or plain(*args)  # noqa: E731
        monkeypatch.setattr(home, name, spy)
    found = sweep(file, [2, 4, 8])
    assert calls == ["as_pixels", "count_colors"]
    assert found.n_pixels == found.n_distinct == 400


def test_k_values_may_be_any_iterable_of_integers() -> None:
    pixels = gradient(20, 20)
    expected = sweep(pixels, [2, 5, 9]).mse.tolist()
    for ks in ((9, 2, 5, 2), np.array([9, 5, 2]), iter([5, 9, 2]), {2, 5, 9}):
        found = sweep(pixels, ks)
        assert found.k.tolist() == [2, 5, 9]
        assert found.mse.tolist() == expected
    assert sweep(pixels).k.tolist() == list(range(2, 65, 2))


@pytest.mark.parametrize(
    ("ks", "error", "match"),
    [
        ([], ValueError, "k_values: expected at least one k, got none"),
        (range(5, 2), ValueError, "k_values: expected at least one k, got none"),
        (16, TypeError, "k_values: expected an iterable of integers, got 16"),
        ("2:64:2", TypeError, "k_values: expected an iterable of integers, got '2:64:2'"),
        ([2, 0], ValueError, "k: expected 1 to 65536, got 0"),
        ([65_537], ValueError, "k: expected 1 to 65536, got 65537"),
        ([2.0], TypeError, r"k: expected an integer, got 2\.0"),
        (np.array([2.0]), TypeError, "k: expected an integer"),
        ([True], TypeError, "k: expected an integer, got True"),
    ],
)
def test_bad_k_values_are_refused(ks: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        sweep(gradient(4, 4), ks)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"space": "rgb"}, ValueError),
        ({"effort": "most"}, ValueError),
        ({"seed": -1}, ValueError),
        ({"threads": 0}, ValueError),
        ({"threads": 1.0}, TypeError),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{next(iter(options))}: expected"):
        sweep(gradient(4, 4), [2], **options)


def test_between_two_points_there_is_no_elbow(tmp_path: Path) -> None:
    for ks, expected in (([3], False), ([3, 4], False), ([3, 4, 5], True), ([1, 400], False)):
        found = sweep(gradient(20, 20), ks)
        assert (found.elbow in ks, found.elbow is None) == (expected, not expected)
        assert found.to_dict()["elbow"] == found.elbow
        shown = [repr(found), found.table(), found._repr_html_()]
        assert ["elbow" in text for text in shown] == [expected] * 3
        assert len(found.plot(save=tmp_path / "a.png").axes[0].lines) == 1 + expected


def test_a_point_by_its_k() -> None:
    found = sweep(gradient(20, 20), [2, 5])
    assert found.at(5) is found.points[1]
    assert len(found) == 2
    with pytest.raises(ValueError, match=r"k: expected one of \[2, 5\], got 3"):
        found.at(3)


# The elbow


@pytest.mark.parametrize("power", [0.5, 1, 2])
@pytest.mark.parametrize("last", [64, 256])
def test_elbow_of_a_power_law(power: float, last: int) -> None:
    """Where the slope of log(cost), -power / k, is the mean one: a power does not matter."""
    k = np.arange(2, last + 1)
    expected = (last - 2) / math.log(last / 2)
    assert abs(find_elbow(k, 1e12 * k ** -float(power)) - expected) <= 1


@given(
    st.lists(st.integers(1, 300), min_size=3, max_size=30, unique=True).map(sorted),
    st.integers(0, 100),
    st.floats(0.2, 1),
    st.floats(0, 0.19),
)
def test_elbow_of_two_straight_lines_is_where_they_meet(ks, at, steep, flat) -> None:
    k = np.array(ks)
    kink = ks[1 + at % (len(ks) - 2)]
    fall = steep * np.minimum(k - k[0], kink - k[0]) + flat * np.maximum(k - kink, 0)
    assert find_elbow(k, np.exp(-20 * fall / fall[-1])) == kink


def test_elbow_where_more_colours_pay_to_the_end() -> None:
    k = np.arange(2, 20)
    assert find_elbow(k, 1e15 * 0.5**k) == 19  # a straight line
    assert find_elbow(k, 1e9 - 1e6 * k**2) == 19  # ever steeper
    assert find_elbow(np.array([2, 4]), np.array([9.0, 8.0])) == 4
    assert find_elbow(np.array([7]), np.array([9.0])) == 7


def test_elbow_where_nothing_is_lost() -> None:
    assert find_elbow(np.array([2, 4, 6, 8, 10]), np.array([1e6, 1e5, 0, 0, 0])) == 6
    assert find_elbow(np.array([5, 6]), np.zeros(2)) == 5
    assert find_elbow(np.array([4, 5, 6]), np.array([3.0, 0, 0])) == 5
    colors = noise(1, 5)
    assert sweep(np.repeat(colors, 9, axis=0), range(2, 30)).elbow == 5


def test_elbow_of_a_colour_checker_is_its_number_of_patches(data: Path) -> None:
    assert sweep(data / "cq100" / "color_checker.png").elbow == 24


# What it shows


def test_to_dict_is_json() -> None:
    found = sweep(gradient(20, 20), [2, 400])
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read == found.to_dict()
    assert {key: read[key] for key in ("n_pixels", "n_distinct", "elbow")} == {
        "n_pixels": 400,
        "n_distinct": 400,
        "elbow": None,
    }
    two, all_of_them = read["points"]
    assert two["palette"] == found.at(2).palette.hex
    assert all(two[key] == getattr(found.at(2), key) for key in two if key != "palette")
    assert (all_of_them["mse"], all_of_them["psnr"], all_of_them["png_bytes"]) == (0, None, None)


def test_columns_are_those_of_the_points() -> None:
    found = sweep(gradient(20, 20), [2, 5, 7])
    for name in ("k", "cost", "mse", "psnr", "seconds", "png_bytes"):
        assert list(getattr(found, name)) == [getattr(point, name) for point in found]
    assert (found.seconds > 0).all()
    assert repr(found).startswith("Sweep(k = 2 to 7, MSE ")


@pytest.mark.parametrize("ks", [[2, 4, 8, 16], [3], [500, 600]], ids=str)
@pytest.mark.parametrize("source", [gradient(20, 20), ColorHistogram.from_image(gradient(20, 20))])
def test_plot(ks: list[int], source: Any) -> None:
    found = sweep(source, ks)
    figure = found.plot(figsize=(5, 3))
    sized = any(found.png_bytes)
    assert [axes.get_ylabel() for axes in figure.axes] == ["PSNR, dB", "PNG, kB"][: 1 + sized]
    axes = figure.axes[0]
    assert axes.get_xlabel() == "k, colours"
    shown, *_ = axes.lines
    assert shown.get_xdata().tolist() == ks
    assert [y for y in shown.get_ydata() if y == y] == [p.psnr for p in found if p.mse]
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    told = [text.get_text() for text in legend.get_texts()]
    elbow = [f"elbow, k = {found.elbow}"] * (len(ks) > 2 and any(found.cost))
    assert told == ["PSNR", *["PNG size"] * sized, *elbow]


def test_plot_into_a_file(tmp_path: Path) -> None:
    sweep(gradient(20, 20), [2, 4]).plot(figsize=(5, 3), save=tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (500, 300)


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_chart_is_the_same_each_time(kind: str, start: bytes) -> None:
    one, two = (sweep(gradient(20, 20), [2, 4, 8]).chart(kind) for _ in range(2))
    assert one.startswith(start)
    assert one == two


def test_notebooks_show_a_chart_and_a_table() -> None:
    seen: list[tuple[str, str]] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            seen.append((tag, dict(attrs).get("src", "")))

        def handle_data(self, data: str) -> None:
            seen.append(("text", data))

    found = sweep(gradient(20, 20), [2, 4, 400])
    Parser().feed(found._repr_html_())
    assert [tag for tag, _ in seen].count("tr") == 1 + 3
    ((_, source),) = [pair for pair in seen if pair[0] == "img"]
    assert source.startswith("data:image/png;base64,")
    assert len(source) < 60_000
    texts = [text for tag, text in seen if tag == "text"]
    for cell in (*curve.HEADINGS, f"{found.png_bytes[0]:,}", f"{found.mse[1]:.2f}", "lossless"):
        assert cell in texts


def test_table_marks_the_elbow() -> None:
    found = sweep(gradient(20, 20), [2, 4, 8, 16])
    lines = found.table().splitlines()
    assert [line.split()[0] for line in lines] == ["k", "2", "4", "8", "16"]
    (marked,) = [line for line in lines if line.endswith("<- elbow")]
    assert int(marked.split()[0]) == found.elbow


def test_what_is_lossless_is_told_once() -> None:
    found = sweep(np.repeat(noise(1, 5), 9, axis=0), range(2, 30))
    assert found.lossless == 5
    assert [row[0] for row in found.rows()] == ["2", "3", "4", "5"]
    assert len(found.table().splitlines()) == 1 + 4
    assert found._repr_html_().count("<tr>") == 1 + 4
    assert len(found) == 28
    assert sweep(gradient(20, 20), [2, 4]).lossless is None


def test_one_colour_has_no_elbow() -> None:
    found = sweep(np.zeros((1, 1, 3), np.uint8), range(2, 65, 2))
    assert (found.lossless, found.elbow, len(found)) == (2, None, 32)
    assert repr(found) == "Sweep(k = 2 to 64, MSE 0 to 0)"
    assert len(found.table().splitlines()) == 2
    assert "elbow" not in found.table() + found._repr_html_()


def test_names() -> None:
    assert kpalette.sweep is curve.sweep
    assert kpalette.Sweep is curve.Sweep
