"""quantize and its kin: the laws, the references, and the same bytes everywhere."""

import io
import itertools
import math
import pickle
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kpalette
import reference
from conftest import noise
from kpalette import ColorHistogram, Palette, _core, extract_palette, quantize
from kpalette.choices import EFFORTS, SPACES

QUICK = sorted(set(EFFORTS) - {"best"})  # for tests of many examples
SEEDINGS = _core.SEEDINGS

images = st.tuples(
    st.sampled_from([3, 4]), st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**32 - 1)
).map(lambda args: random_image(*args))


def random_image(channels: int, height: int, width: int, seed: int) -> np.ndarray:
    """Something between noise and a few colours, by seed."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (int(rng.integers(1, 9)), channels))
    noise = rng.normal(0, rng.choice([0, 2, 40]), (height, width, channels))
    pixels = base[rng.integers(0, len(base), (height, width))] + noise
    return np.clip(pixels, 0, 255).astype(np.uint8)


def photo_like(channels: int = 3, size: int = 160) -> np.ndarray:
    """Smooth gradients with noise: thousands of colours, in clusters of all shapes."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0 : 1 : 1j * size, 0 : 1 : 1j * size]
    waves = [np.sin(3 * x + c) * np.cos(5 * y * (c + 1)) for c in range(channels)]
    pixels = 127 + 110 * np.stack(waves, axis=-1) + rng.normal(0, 6, (size, size, channels))
    return np.clip(pixels, 0, 255).astype(np.uint8)


class TestLaws:
    @given(images, st.integers(1, 300), st.sampled_from(QUICK), st.sampled_from(SPACES))
    def test_indices_palette_counts_and_error_agree(self, pixels, k, effort, space) -> None:
        q = quantize(pixels, k, effort=effort, space=space)
        colors = q.palette.colors
        pixels = pixels if colors.shape[1] == pixels.shape[2] else pixels[..., :3]
        distinct = reference.histogram(pixels)
        assert len(q.palette) == min(k, len(distinct))
        assert len(np.unique(colors, axis=0)) == len(colors)
        assert np.array_equal(
            np.bincount(q.indices.ravel(), minlength=len(colors)), q.palette.counts
        )
        assert (np.diff(q.palette.counts) <= 0).all()
        assert q.mse == pytest.approx(reference.mse(pixels, colors[q.indices]), rel=1e-12)
        assert (q.rgb if colors.shape[1] == 3 else q.rgba).shape == pixels.shape

    @given(images, st.integers(1, 40), st.sampled_from(QUICK), st.sampled_from(SPACES))
    def test_every_index_is_a_nearest_colour(self, pixels, k, effort, space) -> None:
        q = quantize(pixels, k, effort=effort, space=space)
        colors = q.palette.colors
        flat = np.ascontiguousarray(pixels.reshape(-1, pixels.shape[2])[:, : colors.shape[1]])
        offsets = _core.place(flat, space)[:, None] - _core.place(colors, space)[None]
        squares = (offsets**2).sum(axis=2)
        chosen = squares[np.arange(len(flat)), q.indices.ravel()]
        assert (chosen == squares.min(axis=1)).all()

    @given(images, st.integers(0, 3), st.sampled_from(QUICK))
    def test_few_colours_come_back_unchanged(self, pixels, more, effort) -> None:
        distinct = len(ColorHistogram.from_image(pixels))
        q = quantize(pixels, distinct + more, effort=effort)
        assert len(q.palette) == distinct
        assert q.mse == 0
        assert q.psnr == math.inf
        if q.palette.colors.shape[1] == 3:
            assert np.array_equal(q.rgb, pixels[..., :3])
        else:
            visible = pixels[..., 3] > 0
            assert np.array_equal(q.rgba[visible], pixels[visible])
            assert (q.rgba[~visible] == 0).all()

    def test_more_colours_cost_less(self) -> None:
        ks = (1, 2, 4, 8, 16, 32, 64, 128, 256)
        errors = [quantize(photo_like(), k, space="srgb").mse for k in ks]
        assert errors == sorted(errors, reverse=True)

    def test_more_effort_costs_less(self) -> None:
        for k in (4, 16, 64):
            errors = [
                quantize(photo_like(), k, effort=effort, space="srgb").mse
                for effort in ("fast", "balanced", "best")
            ]
            assert errors == sorted(errors, reverse=True)

    def test_one_colour_is_the_mean(self) -> None:
        pixels = photo_like()
        mean = pixels.reshape(-1, 3).mean(axis=0)
        few = quantize(pixels, 1, space="srgb")
        assert few.palette.colors.tolist() == [np.floor(mean + 0.5).tolist()]

    def test_repeating_pixels_changes_only_counts(self) -> None:
        pixels = photo_like(size=64)
        once, thrice = (quantize(np.tile(pixels, (n, 1, 1)), 12) for n in (1, 3))
        assert np.array_equal(once.palette.colors, thrice.palette.colors)
        assert np.array_equal(3 * once.palette.counts, thrice.palette.counts)
        assert np.array_equal(np.tile(once.indices, (3, 1)), thrice.indices)

    def test_no_entry_is_unused_when_most_colours_are_kept(self) -> None:
        rng = np.random.default_rng(5)
        pixels = rng.integers(0, 16, (200, 200, 3), np.uint8)
        distinct = len(ColorHistogram.from_image(pixels))
        for k in (distinct // 2, distinct - 1):
            q = quantize(pixels, k)
            assert len(q.palette) == k
            assert q.palette.counts.min() > 0

    def test_many_colours(self) -> None:
        rng = np.random.default_rng(1)
        pixels = rng.integers(0, 256, (300, 300, 3), np.uint8)
        q = quantize(pixels, 5000, effort="fast")
        assert q.indices.dtype == np.uint16
        assert len(q.palette) == 5000
        assert q.mse == pytest.approx(reference.mse(pixels, q.rgb), rel=1e-12)


class TestRefinement:
    """The core's passes against the plain specification."""

    def start(self, k: int, seeding: str = "random", channels: int = 3):
        histogram = ColorHistogram.from_image(photo_like(channels, 60))
        team = _core.Team(2)
        points = _core.Points(histogram.colors, histogram.counts, team)
        centers = _core.seed(points, seeding, k, 3, team)
        return histogram, points, centers, team

    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("k", [1, 2, 7, 40, 300])
    @pytest.mark.parametrize("isa", _core.isas())
    def test_labels_are_the_references(self, monkeypatch, k, channels, isa) -> None:
        monkeypatch.setenv("KPALETTE_ISA", isa)
        histogram, points, centers, team = self.start(k, channels=channels)
        coords = _core.place(histogram.colors)
        assignment = _core.Assignment(points, k, team)
        rng = np.random.default_rng(0)
        for _ in range(6):
            assignment.update(centers)
            labels = reference.nearest(coords, centers)
            assert np.array_equal(assignment.labels, labels)
            counts = np.bincount(labels, histogram.counts, k)
            assert np.array_equal(assignment.counts, counts)
            squares = ((coords - centers[labels]) ** 2).sum(axis=1)
            assert assignment.cost(centers) == pytest.approx((histogram.counts * squares).sum())
            centers = centers + rng.normal(0, np.ptp(coords, axis=0).max() / 50, centers.shape)

    @pytest.mark.parametrize("seeding", SEEDINGS)
    @pytest.mark.parametrize("channels", [3, 4])
    def test_cost_never_rises_between_plain_passes(self, seeding, channels) -> None:
        _, points, centers, team = self.start(24, seeding, channels)
        assignment = _core.Assignment(points, 24, team)
        costs = []
        for _ in range(30):
            centers, cost, n_iter, _ = _core.lloyd(
                assignment, centers, max_iter=1, tol=0, relaxed=0
            )
            costs.append(cost)
            assert n_iter == 1
        assert all(b <= a * (1 + 1e-12) for a, b in itertools.pairwise(costs))
        assert costs[-1] < costs[0]

    @pytest.mark.parametrize("seeding", SEEDINGS)
    @pytest.mark.parametrize("channels", [3, 4])
    def test_seeds(self, seeding, channels) -> None:
        histogram, points, centers, team = self.start(50, seeding, channels)
        assert centers.shape == (50, channels)
        assert len(np.unique(centers, axis=0)) == 50
        again = _core.seed(points, seeding, 50, 3, _core.Team(3))
        assert np.array_equal(centers, again)
        if seeding != "wu":
            coords = {tuple(c) for c in _core.place(histogram.colors).tolist()}
            assert {tuple(c) for c in centers.tolist()} <= coords
            other = _core.seed(points, seeding, 50, 4, team)
            assert not np.array_equal(centers, other)

    def test_weights_draw_the_seeds(self) -> None:
        colors = np.array([[0, 0, 0], [9, 9, 9], [200, 0, 0], [0, 200, 0]], np.uint8)
        team = _core.Team(1)
        for seeding in ("random", "k-means++", "maximin"):
            histogram = ColorHistogram(colors, np.array([1, 1, 10**15, 1]))
            points = _core.Points(histogram.colors, histogram.counts, team)
            assert _core.seed(points, seeding, 1, 5, team).tolist() == [[200, 0, 0]]

    def test_maximin_takes_the_farthest(self) -> None:
        colors = np.array([[0, 0, 0], [10, 0, 0], [100, 0, 0], [255, 0, 0]], np.uint8)
        histogram = ColorHistogram(colors, np.array([10**15, 1, 1, 1]))
        team = _core.Team(1)
        points = _core.Points(histogram.colors, histogram.counts, team)
        centers = _core.seed(points, "maximin", 3, 0, team)
        assert centers[:, 0].tolist() == [0, 255, 100]

    def test_wu_cuts_where_the_variance_falls_most(self) -> None:
        rng = np.random.default_rng(0)
        clouds = [rng.normal(c, 4, (400, 3)) for c in ([40, 40, 40], [60, 200, 40], [220, 90, 200])]
        pixels = np.clip(np.concatenate(clouds), 0, 255).astype(np.uint8)[None]
        histogram = ColorHistogram.from_image(pixels)
        team = _core.Team(1)
        points = _core.Points(histogram.colors, histogram.counts, team)
        centers = _core.seed(points, "wu", 3, 0, team)
        expected = np.array([pixels[0, i * 400 : (i + 1) * 400].mean(axis=0) for i in range(3)])
        assert np.allclose(sorted(centers.tolist()), sorted(expected.tolist()), atol=1e-9)

    def test_an_empty_cluster_takes_the_dearest_colour(self) -> None:
        colors = np.array([[0, 0, 0], [1, 0, 0], [90, 0, 0], [255, 0, 0]], np.uint8)
        histogram = ColorHistogram(colors, np.array([5, 5, 100, 1]))
        team = _core.Team(1)
        points = _core.Points(histogram.colors, histogram.counts, team)
        assignment = _core.Assignment(points, 2, team)
        start = np.array([[0.0, 0, 0], [0, 0, 0]])
        centers, _, _, converged = _core.lloyd(assignment, start, max_iter=50, tol=0, relaxed=0)
        assert converged
        # The mean of all is 83.4, from where five pixels of 0 cost most.
        assert sorted(centers[:, 0]) == pytest.approx([0.5, (9000 + 255) / 101])

    def test_improve_never_raises_the_cost(self) -> None:
        for k in (2, 9, 60):
            _, points, centers, team = self.start(k)
            assignment = _core.Assignment(points, k, team)
            centers, before, _, _ = _core.lloyd(assignment, centers, max_iter=500, tol=0, relaxed=0)
            centers, _ = _core.improve(assignment, centers, rounds=10, passes=4)
            assert assignment.cost(centers) <= before

    def test_improve_leaves_a_bad_minimum(self) -> None:
        # Four clouds, two centres in one of them and one between two others: k-means is stuck.
        rng = np.random.default_rng(2)
        where = np.array([[30, 30, 30], [220, 30, 30], [30, 220, 30], [220, 220, 220]])
        clouds = np.concatenate([rng.normal(w, 5, (500, 3)) for w in where])
        pixels = np.clip(clouds, 0, 255).astype(np.uint8)[None]
        histogram = ColorHistogram.from_image(pixels)
        team = _core.Team(1)
        points = _core.Points(histogram.colors, histogram.counts, team)
        assignment = _core.Assignment(points, 4, team)
        start = np.array([[28.0, 30, 30], [33, 30, 30], [125, 125, 30], [220, 220, 220]])
        centers, stuck, _, converged = _core.lloyd(
            assignment, start, max_iter=100, tol=0, relaxed=0
        )
        assert converged
        centers, _ = _core.improve(assignment, centers, rounds=8, passes=5)
        assert assignment.cost(centers) < stuck / 10
        assert np.abs(np.array(sorted(centers.tolist())) - sorted(where.tolist())).max() < 2


class TestSameBytes:
    @pytest.fixture(params=[3, 4], ids=["rgb", "rgba"])
    def pixels(self, request) -> np.ndarray:
        return photo_like(request.param, 200)

    @staticmethod
    def result(pixels, k, effort, threads, space="oklab") -> tuple[bytes, bytes, float]:
        q = quantize(pixels, k, effort=effort, space=space, threads=threads)
        return q.indices.tobytes(), q.palette.colors.tobytes(), q.mse

    @pytest.mark.parametrize(
        ("effort", "k"), [*itertools.product(QUICK, [2, 17, 256, 700]), ("best", 17)]
    )
    def test_any_threads_and_instruction_set(self, monkeypatch, pixels, k, effort) -> None:
        expected = self.result(pixels, k, effort, 1)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            assert _core.isa() == isa
            for threads in (1, 2, 5):
                assert self.result(pixels, k, effort, threads) == expected

    @pytest.mark.parametrize("space", SPACES)
    def test_any_space(self, monkeypatch, pixels, space) -> None:
        expected = self.result(pixels, 40, "balanced", 1, space)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            assert self.result(pixels, 40, "balanced", 3, space) == expected

    @pytest.mark.parametrize("seeding", SEEDINGS)
    def test_any_threads_for_seeds(self, seeding) -> None:
        histogram = ColorHistogram.from_image(photo_like(3, 300))
        teams = [_core.Team(n) for n in (1, 3)]
        one, three = (
            _core.seed(_core.Points(histogram.colors, histogram.counts, team), seeding, 30, 9, team)
            for team in teams
        )
        assert np.array_equal(one, three)

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="others have one instruction set")
    @pytest.mark.skipif(sys.platform != "linux", reason="asks Linux, which knows the same")
    def test_instruction_sets_are_those_that_the_system_supports(self) -> None:
        found = re.search(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        flags = {*found.group(1).split()}
        needs = {
            "avx512": {"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"},
            "avx2": {"avx2", "fma"},
            "baseline": set(),
        }
        assert _core.isas() == [name for name, needed in needs.items() if needed <= flags]

    def test_an_instruction_set_that_is_not_there(self, monkeypatch) -> None:
        monkeypatch.setenv("KPALETTE_ISA", "mmx")
        with pytest.raises(ValueError, match=r"KPALETTE_ISA: expected one of .*, got mmx"):
            quantize(photo_like(), 2)

    @pytest.mark.parametrize("k", [16, 256])
    def test_on_a_photo(self, data, monkeypatch, k) -> None:
        pixels = np.asarray(PIL.Image.open(data / "cq100" / "fruits.png"))
        expected = self.result(pixels, k, "balanced", 1)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            assert self.result(pixels, k, "balanced", 2) == expected


class TestPaletteAndRemap:
    def test_extracted_palette_is_the_quantized_one(self) -> None:
        pixels = photo_like(4)
        assert extract_palette(pixels, 9) == quantize(pixels, 9).palette
        assert extract_palette(ColorHistogram.from_image(pixels), 9) == extract_palette(pixels, 9)

    @given(images, st.integers(1, 30))
    def test_remap_gives_the_quantized_image(self, pixels, k) -> None:
        q = quantize(pixels, k)
        again = q.palette.remap(pixels)
        assert np.array_equal(again.indices, q.indices)
        assert again.palette == q.palette
        assert again.mse == q.mse
        assert again.n_iter == 0

    def test_remap_keeps_the_palettes_order_and_unused_colours(self) -> None:
        palette = Palette(np.array([[0, 0, 0], [9, 200, 9], [255, 255, 255]], np.uint8))
        q = palette.remap(np.array([[255, 250, 3]], np.uint8))
        assert q.indices.tolist() == [[2, 2, 0]]
        assert q.palette.counts.tolist() == [1, 0, 2]

    @pytest.mark.parametrize("space", SPACES)
    def test_remap_measures_distances_in_the_given_space(self, space: str) -> None:
        pixels = noise(40, 50)
        q = kpalette.quantize(pixels, 9, space=space)
        again = q.palette.remap(pixels, space=space)
        np.testing.assert_array_equal(again.indices, q.indices)
        assert again.mse == q.mse

    @pytest.mark.parametrize(("space", "error"), [("hsv", ValueError), (3, TypeError)])
    def test_remap_refuses_an_unknown_space(self, space, error: type[Exception]) -> None:
        with pytest.raises(error, match="space: expected"):
            kpalette.Palette(np.zeros((1, 3), np.uint8)).remap(noise(2, 2), space=space)

    def test_remap_of_other_channels(self) -> None:
        opaque = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
        clear = Palette(np.array([[0, 0, 0, 0], [255, 255, 255, 255]], np.uint8))
        rgba = np.array([[[255, 255, 255, 250], [0, 0, 0, 10]]], np.uint8)
        assert opaque.remap(rgba).indices.tolist() == [[1, 0]]
        assert clear.remap(rgba).indices.tolist() == [[1, 0]]
        assert clear.remap(rgba[..., :3]).rgba[0, 0].tolist() == [255, 255, 255, 255]

    def test_hex_shares_and_repr(self) -> None:
        palette = Palette(np.array([[255, 0, 10, 128]], np.uint8), np.array([4]))
        assert palette.hex == ["#ff000a80"]
        assert palette.shares.tolist() == [1.0]
        assert repr(palette) == "Palette(1 colour: #ff000a80)"
        assert Palette(palette.colors).shares.tolist() == [0.0]
        assert palette != "palette"

    def test_pickled_is_equal_and_read_only(self) -> None:
        palette = quantize(photo_like(), 4).palette
        again = pickle.loads(pickle.dumps(palette))
        assert again == palette
        assert not again.colors.flags.writeable

    @pytest.mark.parametrize(
        ("colors", "counts", "error", "match"),
        [
            (np.zeros((1, 3), np.uint8), [2**63], OverflowError, "got 9223372036854775808"),
            (np.zeros((0, 3), np.uint8), None, ValueError, "1 to 65536 colours, got 0"),
            (np.zeros((2, 3), np.uint8), None, ValueError, "got #000000 more than once"),
            (np.zeros((1, 3), np.uint8), [0.5], TypeError, "integer dtype"),
            (np.zeros((1, 3), np.uint8), [1, 2], ValueError, r"expected shape \(1,\)"),
            (np.zeros((1, 3), np.uint8), [-1], ValueError, "at least 0, got -1"),
        ],
    )
    def test_bad_palettes_are_refused(self, colors, counts, error, match) -> None:
        with pytest.raises(error, match=match):
            Palette(colors, None if counts is None else np.array(counts))


class TestOutput:
    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("k", [2, 16, 256])
    def test_saved_png_decodes_to_the_same(self, tmp_path, channels, k) -> None:
        q = quantize(photo_like(channels), k)
        for keep_order in (False, True):
            q.save(tmp_path / "a.png", keep_order=keep_order)
            with PIL.Image.open(tmp_path / "a.png") as saved:
                assert saved.mode == "P"
                assert np.array_equal(np.asarray(saved), q.indices) or not keep_order
                decoded = np.asarray(saved.convert("RGB" if channels == 3 else "RGBA"))
            assert np.array_equal(decoded, q.rgb if channels == 3 else q.rgba)

    def test_to_pil_of_many_colours_is_true_colour(self) -> None:
        q = quantize(photo_like(), 300)
        assert q.to_pil().mode == "RGB"
        assert np.array_equal(np.asarray(q.to_pil()), q.rgb)

    def test_psnr(self) -> None:
        q = quantize(np.array([[0, 2]], np.uint8), 1, space="srgb")
        assert q.mse == 3.0
        assert q.psnr == pytest.approx(10 * math.log10(255**2))

    def test_sources_agree(self, tmp_path) -> None:
        pixels = photo_like()
        picture = PIL.Image.fromarray(pixels)
        picture.save(tmp_path / "a.png")
        expected = quantize(pixels, 5).palette
        file = io.BytesIO((tmp_path / "a.png").read_bytes())
        for source in (picture, tmp_path / "a.png", str(tmp_path / "a.png"), file, pixels / 255):
            assert quantize(source, 5).palette == expected


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"k": 0}, ValueError, "k: expected 1 to 65536, got 0"),
        ({"k": -1}, ValueError, "k: expected 1 to 65536, got -1"),
        ({"k": 1.5}, TypeError, r"k: expected an integer, got 1\.5"),
        ({"k": True}, TypeError, "k: expected an integer, got True"),
        ({"k": 65_537}, ValueError, "k: expected 1 to 65536, got 65537"),
        (
            {"space": "rgb"},
            ValueError,
            "space: expected one of oklab, srgb, linear, lab, got 'rgb'",
        ),
        (
            {"effort": "most"},
            ValueError,
            "effort: expected one of fast, balanced, best, got 'most'",
        ),
        ({"effort": ["fast"]}, TypeError, "effort: expected a string"),
        ({"seed": -1}, ValueError, "seed: expected"),
        ({"seed": 0.5}, TypeError, "seed: expected an integer"),
        ({"threads": 0}, ValueError, "threads: expected"),
    ],
)
def test_bad_options_are_refused(options, error, match) -> None:
    for function in (quantize, extract_palette):
        with pytest.raises(error, match=match):
            function(np.zeros((4, 4), np.uint8), **options)


class TestAlpha:
    def test_flattened_over_a_colour(self) -> None:
        pixels = photo_like(4, 40)
        backdrop = np.array([10, 200, 255])
        share = pixels[..., 3:] / 255
        over = np.floor(pixels[..., :3] * share + backdrop * (1 - share) + 0.5).astype(np.uint8)
        flat = quantize(pixels, 256 * 256, alpha="flatten:#0ac8ff")
        assert flat.palette.colors.shape[1] == 3
        assert np.array_equal(flat.rgb, over)
        assert quantize(pixels, 9, alpha="flatten:0AC8FF").palette == quantize(over, 9).palette
        short, long = (quantize(pixels, 9, alpha=f"flatten:#{c}") for c in ("0cf", "00ccff"))
        assert np.array_equal(short.rgb, long.rgb)

    def test_opaque_images_stay_as_they_are(self) -> None:
        pixels = photo_like(3, 40)
        kept, flat = (quantize(pixels, 9, alpha=alpha) for alpha in ("keep", "flatten:#ff0000"))
        assert kept.palette == flat.palette

    def test_corners(self) -> None:
        pixels = np.array([[[255, 255, 255, 255], [9, 9, 9, 0], [0, 0, 0, 255]]], np.uint8)
        flat = quantize(pixels, 3, alpha="flatten:#ffffff")
        assert flat.rgb.tolist() == [[[255] * 3, [255] * 3, [0] * 3]]

    @pytest.mark.parametrize("k", [1, 2, 9, 40])
    def test_threshold(self, k: int) -> None:
        pixels = noise(9, 12, 4)
        hard = quantize(pixels, k, alpha="threshold")
        shown = np.where(pixels[..., 3:] < 128, 0, pixels | (0, 0, 0, 255)).astype(np.uint8)
        np.testing.assert_array_equal(hard.rgba, quantize(shown, k).rgba)
        if k > 1:
            np.testing.assert_array_equal(hard.rgba[..., 3], shown[..., 3])
        pixels[..., 3] |= 128
        assert quantize(pixels, k, alpha="threshold").palette.colors.shape[1] == 3

    @pytest.mark.parametrize(
        ("alpha", "error"),
        [
            ("drop", ValueError),
            ("flatten", ValueError),
            ("flatten:#ff", ValueError),
            ("flatten:#ffff", ValueError),
            ("flatten:#ffffff00", ValueError),
            (None, TypeError),
            (0, TypeError),
        ],
    )
    def test_others_are_refused(self, alpha, error) -> None:
        with pytest.raises(
            error, match="alpha: expected 'keep', 'threshold' or 'flatten:#rrggbb', got"
        ):
            quantize(photo_like(3, 8), 2, alpha=alpha)


def test_public_names() -> None:
    assert kpalette.__all__ == sorted(kpalette.__all__)
    assert all(getattr(kpalette, name) is not None for name in kpalette.__all__)
    assert issubclass(kpalette.model.KMeans, kpalette.KMeans)
    assert dir(kpalette) == kpalette.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kpalette.nothing  # noqa: B018


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_integers_may_be_numpys(dtype: type) -> None:
    """Small ones would overflow, and large unsigned ones become floats."""
    pixels, k, seed = noise(16, 16), 100, np.iinfo(dtype).max
    expected = quantize(pixels, k, effort="best", seed=int(seed))
    assert quantize(pixels, dtype(k), effort="best", seed=dtype(seed)).palette == expected.palette
    palette = extract_palette(pixels, dtype(k), effort="best", seed=dtype(seed))
    assert palette == expected.palette
    found = kpalette.sweep(pixels, [dtype(3), dtype(k)], effort="fast", seed=dtype(seed))
    assert [point.k for point in found] == [3, k]
    moving = kpalette.quantize_animation([(pixels, 40)], dtype(k), seed=dtype(seed))
    assert len(moving.palettes[0]) == k


@given(hnp.arrays(np.uint8, (3, 5, 3)))
def test_arrays_may_be_views(pixels) -> None:
    assert quantize(pixels[::-1, ::2], 2).palette == quantize(pixels[::-1, ::2].copy(), 2).palette


def test_an_array_needs_no_pillow() -> None:
    code = (
        "import sys, numpy as np, kpalette; kpalette.quantize(np.zeros((4, 4, 3), np.uint8), 2);"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    unused = {"PIL", "click", "deflate", "matplotlib", "kpalette.looks", "kpalette.spatial"}
    assert loaded & unused == set()
