"""Dithering: its laws, its references, and the same bytes everywhere."""

import importlib.util
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpalette
import reference
from kpalette import ColorHistogram, Palette, _core, quantize
from kpalette import dither as dithering
from kpalette.choices import DITHERS, SPACES
from kpalette.histogram import Counted
from test_pipeline import images, photo_like, random_image

ORDERED = ["bayer", "blue-noise"]


def nearest_and_labels(pixels: np.ndarray, palette: np.ndarray, space: str, team: _core.Team):
    """The nearest entries of all pixels, the pixels' histogram, and its colours' entries."""
    histogram = ColorHistogram.from_pixels(pixels, team)
    points = _core.Points(histogram.colors, histogram.counts, team, space)
    assignment = _core.Assignment(points, len(palette), team)
    assignment.update(_core.place(palette, space))
    labels = assignment.labels
    indices = np.empty(pixels.shape[:2], np.uint8 if len(palette) <= 256 else np.uint16)
    flat = pixels.reshape(-1, pixels.shape[2])
    _core.remap(flat, histogram.colors, labels, indices.reshape(-1), team)
    return indices, histogram, labels


def dithered(pixels, palette, dither, space="oklab", strength=1.0, threads=2, origin=(0, 0)):
    team = _core.Team(threads)
    indices, histogram, labels = nearest_and_labels(pixels, palette, space, team)
    how = dithering.Dithering(dither, strength, space)
    image = Counted(pixels, histogram)
    dithering.apply(how, image, labels, palette, indices, team, dithering.Rest(origin))
    return indices


def distinct_colors(n: int, channels: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    colors = np.unique(rng.integers(0, 256, (4 * n, channels), np.uint8), axis=0)
    if channels == 4:
        colors[rng.random(len(colors)) < 0.5, 3] = 255
        colors = np.unique(colors, axis=0)
    return np.ascontiguousarray(rng.permutation(colors)[:n])


class TestLaws:
    @settings(deadline=None)
    @given(images, st.integers(1, 40), st.sampled_from(DITHERS), st.sampled_from(SPACES))
    def test_strength_zero_is_no_dither(self, pixels, k, dither, space) -> None:
        plain = quantize(pixels, k, space=space)
        none = quantize(pixels, k, space=space, dither=dither, dither_strength=0)
        assert np.array_equal(plain.indices, none.indices)
        assert plain.palette == none.palette
        assert plain.mse == none.mse
        palette = plain.palette.colors
        if pixels.shape[2] == palette.shape[1]:
            indices = dithered(pixels, palette, dither, space, strength=0)
            assert np.array_equal(indices, plain.indices)

    @settings(deadline=None)
    @given(images, st.integers(1, 40), st.sampled_from(DITHERS), st.floats(0.01, 1))
    def test_palette_counts_and_error_agree(self, pixels, k, dither, strength) -> None:
        q = quantize(pixels, k, dither=dither, dither_strength=strength)
        colors = q.palette.colors
        pixels = pixels if colors.shape[1] == pixels.shape[2] else pixels[..., :3]
        assert np.array_equal(
            np.bincount(q.indices.ravel(), minlength=k)[: len(colors)], q.palette.counts
        )
        assert q.mse == pytest.approx(reference.mse(pixels, colors[q.indices]), rel=1e-12)
        again = q.palette.remap(pixels, dither=dither, dither_strength=strength)
        assert np.array_equal(again.indices, q.indices)
        assert again.palette == q.palette

    @settings(deadline=None)
    @given(images, st.sampled_from(DITHERS))
    def test_an_image_of_the_palettes_colours_is_unchanged(self, pixels, dither) -> None:
        histogram = ColorHistogram.from_image(pixels)
        more = distinct_colors(20, histogram.channels, 3)
        palette = np.unique(np.concatenate([histogram.colors, more]), axis=0)
        pixels = np.ascontiguousarray(pixels[..., : histogram.channels])
        plain = dithered(pixels, palette, dither, strength=0)
        assert np.array_equal(dithered(pixels, palette, dither), plain)

    @pytest.mark.parametrize("dither", DITHERS)
    def test_flat_areas_stay_clean(self, dither) -> None:
        """Whatever is around a pixel whose colour is in the palette, or almost, it stays."""
        pixels = photo_like()
        some = quantize(pixels, 14).palette.colors
        pixels[40:90, 30:120] = (250, 20, 60)
        pixels[100:140, 30:120] = (11, 200, 90)
        palette = np.concatenate(
            [
                some,
                np.array([[250, 20, 60], [10, 201, 90]], np.uint8),
            ]
        )
        indices = dithered(pixels, palette, dither)
        assert (indices[40:90, 30:120] == 14).all()
        assert (indices[100:140, 30:120] == 15).all()

    @pytest.mark.parametrize("dither", DITHERS)
    @pytest.mark.parametrize("space", SPACES)
    def test_what_nobody_sees_is_left_alone(self, space, dither) -> None:
        """Errors of one level in two channels, or in colours that are all but clear."""
        rng = np.random.default_rng(4)
        palette = distinct_colors(60, 3, 6)
        nearest = rng.integers(0, len(palette), (30, 40))
        pixels = palette[nearest]
        pixels[..., :2] = np.clip(
            pixels[..., :2].astype(int) + rng.integers(-1, 2, (30, 40, 2)), 0, 255
        )
        plain, mixed = (dithered(pixels, palette, dither, space, s) for s in (0, 1))
        assert np.array_equal(plain, mixed)
        assert (palette[plain] != pixels).any()
        clear = np.zeros((30, 40, 4), np.uint8)
        clear[...] = 60, 50, 40, 12
        clear[:, ::2] = 80, 60, 30, 12
        entries = np.array([[70, 55, 35, 12], [200, 200, 200, 255]], np.uint8)
        assert (dithered(clear, entries, dither, space) == 0).all()

    @pytest.mark.parametrize("dither", DITHERS)
    def test_bands_of_a_sky_are_dithered(self, dither) -> None:
        sky = np.linspace((60, 110, 190), (170, 200, 230), 300).round().astype(np.uint8)
        pixels = np.ascontiguousarray(np.broadcast_to(sky[:, None], (300, 64, 3)))
        plain, mixed = (quantize(pixels, 16, dither=d).indices for d in (None, dither))
        assert (plain != mixed).mean() > 0.1

    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("space", SPACES)
    def test_error_is_bounded(self, space, channels) -> None:
        rng = np.random.default_rng(3)
        pixels = random_image(channels, 40, 50, 8)
        pixels[:, 25:] = rng.integers(0, 256, (40, 25, channels))
        palette = distinct_colors(9, channels, 1)
        plain, mixed = (
            dithered(pixels, palette, "floyd-steinberg", space, strength) for strength in (0, 1)
        )
        place = _core.place(pixels.reshape(-1, channels), "mixing")
        entries = _core.place(palette, "mixing")
        far, near = (np.linalg.norm(place - entries[i.ravel()], axis=1) for i in (mixed, plain))
        assert (far <= 7 * near * (1 + 1e-5)).all()
        assert (mixed != plain).any()

    @pytest.mark.parametrize("dither", DITHERS)
    def test_local_means_are_nearer(self, dither) -> None:
        pixels = np.broadcast_to(np.arange(256, dtype=np.uint8), (64, 256))
        plain, mixed = (
            quantize(pixels, 8, space="srgb", dither=d).rgb[..., 0].astype(float)
            for d in (None, dither)
        )

        def blocks(image):
            return image.reshape(8, 8, 32, 8).mean(axis=(1, 3))[:, 2:-2]

        errors = [np.abs(blocks(i) - blocks(pixels)).mean() for i in (plain, mixed)]
        assert errors[1] < 0.4 * errors[0]

    @pytest.mark.parametrize("dither", DITHERS)
    def test_more_strength_changes_more(self, dither) -> None:
        pixels = photo_like()
        changed = []
        plain = quantize(pixels, 16)
        for strength in (0, 0.25, 0.5, 0.75, 1):
            q = plain.palette.remap(pixels, dither=dither, dither_strength=strength)
            changed.append((q.indices != plain.indices).sum())
        assert changed == sorted(changed)
        assert changed[0] == 0 < changed[1]

    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("dither", ORDERED)
    @pytest.mark.parametrize("origin", [(0, 0), (1, 5), (64, 3), (77, 90)])
    def test_tiles_are_parts_of_the_whole(self, dither, channels, origin) -> None:
        pixels = photo_like(channels)
        palette = quantize(pixels, 12).palette.colors
        whole = dithered(pixels, palette, dither)
        y, x = origin
        tile = np.ascontiguousarray(pixels[y : y + 60, x : x + 70])
        assert np.array_equal(
            dithered(tile, palette, dither, origin=origin), whole[y : y + 60, x : x + 70]
        )

    @pytest.mark.parametrize("dither", DITHERS)
    def test_clear_and_opaque_stay_so(self, dither) -> None:
        pixels = photo_like(4)
        pixels[:60, :, 3] = 255
        pixels[100:, :, 3] = 0
        palette = distinct_colors(24, 4, 5)
        palette[0] = 0
        q, plain = (
            Palette(palette).remap(pixels, dither=dither, dither_strength=s) for s in (1, 0)
        )
        assert (q.indices != plain.indices).any()
        opaque = (pixels[..., 3] == 255) & (plain.rgba[..., 3] == 255)
        assert opaque.sum() > 1000
        assert (q.rgba[opaque][:, 3] == 255).all()
        assert np.array_equal(q.indices[100:], plain.indices[100:])

    def test_many_colours(self) -> None:
        pixels = photo_like()
        q = quantize(pixels, 700, effort="fast", dither="floyd-steinberg")
        assert q.indices.dtype == np.uint16
        assert q.palette.counts.sum() == pixels.shape[0] * pixels.shape[1]


class TestReferences:
    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("space", SPACES)
    @pytest.mark.parametrize("k", [2, 30, 300])
    def test_error_diffusion(self, space, channels, k) -> None:
        pixels = random_image(channels, 21, 34, k)
        pixels[8:] = photo_like(channels, 34)[8:21]
        if channels == 4:
            pixels[3:9, 5:20, 3] = 255
            pixels[9:12, 5:20, 3] = 0
        palette = distinct_colors(k, channels, 2)
        for strength in (0.6, 1.0):
            nearest = dithered(pixels, palette, "floyd-steinberg", space, 0)
            got = dithered(pixels, palette, "floyd-steinberg", space, strength)
            expected = reference.diffuse(pixels, palette, nearest, strength)
            assert np.array_equal(got, expected)
            assert not np.array_equal(got, nearest)

    @pytest.mark.parametrize("dither", ORDERED)
    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("space", SPACES)
    @pytest.mark.parametrize("k", [2, 40])
    def test_ordered(self, space, channels, k, dither) -> None:
        pixels = np.ascontiguousarray(photo_like(channels, 90)[20:38, 10:76])
        if channels == 4:
            pixels[3:9, 5:20, 3] = 255
            pixels[9:12, 5:20, 3] = 0
        palette = distinct_colors(k, channels, 2)
        mask = _core.mask(dither)
        for strength in (0.6, 1.0):
            nearest = dithered(pixels, palette, dither, space, 0)
            got = dithered(pixels, palette, dither, space, strength)
            expected = reference.ordered(pixels, palette, nearest, mask, strength)
            assert np.array_equal(got, expected)


class TestMasks:
    @pytest.mark.parametrize(("name", "side"), [("bayer", 16), ("blue-noise", 64)])
    def test_every_rank_once(self, name, side) -> None:
        mask = _core.mask(name)
        assert mask.shape == (side, side)
        assert sorted(mask.ravel().tolist()) == list(range(side * side))

    def test_bayer_is_the_published_one(self) -> None:
        # Bayer (1973): each step puts four of the matrix before side by side, times four, plus
        # 0, 2, 3, 1.
        mask = np.zeros((1, 1), int)
        for _ in range(4):
            mask = np.block([[4 * mask, 4 * mask + 2], [4 * mask + 3, 4 * mask + 1]])
        assert np.array_equal(_core.mask("bayer"), mask)

    def test_blue_noise_has_little_of_low_frequencies(self) -> None:
        mask = _core.mask("blue-noise")
        y, x = np.meshgrid(*2 * [np.fft.fftfreq(64)], indexing="ij")
        radius = np.hypot(y, x)
        for level in (256, 1024, 2048, 3072):
            power = np.abs(np.fft.fft2((mask < level) - level / 4096)) ** 2
            low, all_of_it = power[(radius > 0) & (radius < 0.1)], power[radius > 0]
            assert low.mean() < 0.1 * all_of_it.mean(), level

    def test_blue_noise_is_what_its_script_makes(self) -> None:
        root = Path(__file__).parents[1]
        spec = importlib.util.spec_from_file_location("tool", root / "tools" / "make_blue_noise.py")
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        ranks = tool.void_and_cluster(tool.SIDE, tool.SEED)
        assert np.array_equal(ranks, _core.mask("blue-noise"))
        committed = (root / "core" / "blue_noise.hpp").read_text()
        assert tool.header(ranks) + "\n" == committed


class TestSameBytes:
    @pytest.mark.parametrize("dither", DITHERS)
    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("k", [2, 17, 256, 700])
    def test_any_threads_and_instruction_set(self, monkeypatch, channels, k, dither) -> None:
        pixels = photo_like(channels, 200)
        palette = quantize(pixels, k, effort="fast").palette.colors
        expected = dithered(pixels, palette, dither, threads=1)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            for threads in (1, 2, 5):
                got = dithered(pixels, palette, dither, threads=threads)
                assert np.array_equal(got, expected)

    @pytest.mark.parametrize("dither", DITHERS)
    def test_on_a_photo(self, data, monkeypatch, dither) -> None:
        pixels = np.asarray(PIL.Image.open(data / "cq100" / "fruits.png"))
        expected = quantize(pixels, 64, dither=dither, threads=1)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            q = quantize(pixels, 64, dither=dither, threads=2)
            assert np.array_equal(q.indices, expected.indices)
            assert q.mse == expected.mse


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"dither": "floyd"}, ValueError, "floyd-steinberg, blue-noise, bayer, spatial, got"),
        ({"dither": ""}, ValueError, "got ''"),
        ({"dither": True}, TypeError, "dither: expected None or one of"),
        ({"dither_strength": 1.01}, ValueError, r"dither_strength: expected 0 to 1, got 1\.01"),
        ({"dither_strength": -0.5}, ValueError, "expected 0 to 1"),
        ({"dither_strength": np.nan}, ValueError, "expected 0 to 1, got nan"),
        ({"dither_strength": True}, TypeError, "expected a number, got True"),
        ({"dither_strength": "1"}, TypeError, "expected a number, got '1'"),
        ({"dither_strength": None}, TypeError, "expected a number"),
        ({"dither_strength": 1j}, TypeError, "expected a number"),
    ],
)
def test_bad_options_are_refused(options, error, match) -> None:
    pixels = np.zeros((4, 4), np.uint8)
    with pytest.raises(error, match=match):
        quantize(pixels, 2, **options)
    with pytest.raises(error, match=match):
        kpalette.Palette(np.zeros((1, 3), np.uint8)).remap(pixels, **options)


def test_one_row_one_column_one_colour() -> None:
    for shape in ((1, 50), (50, 1), (1, 1)):
        pixels = np.linspace(0, 255, shape[0] * shape[1]).astype(np.uint8).reshape(shape)
        for dither in DITHERS:
            for k in (1, 2, 3):
                assert quantize(pixels, k, dither=dither).indices.shape == shape


def test_diffusion_mixes_a_ramp() -> None:
    levels = np.linspace(20, 235, 512).round().astype(np.uint8)
    ramp = np.ascontiguousarray(np.broadcast_to(levels[None, :, None], (96, 512, 3)))
    palette = kpalette.quantize(ramp, 8).palette
    plain, mixed = (palette.remap(ramp, dither=d) for d in (None, "floyd-steinberg"))
    ends = palette.colors.min(), palette.colors.max()
    between = (levels > ends[0]) & (levels < ends[1])
    off = [np.abs(q.rgb[..., 0].mean(axis=0) - levels)[between].mean() for q in (plain, mixed)]
    assert off[1] < 0.3 * off[0]  # what nobody sees, up to 0.87 levels of grey, stays off


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"dither": 1}, TypeError, "dither: expected None or one of .*, got 1"),
        ({"dither_strength": "much"}, TypeError, "dither_strength: expected a number, got 'much'"),
        ({"dither_strength": True}, TypeError, "dither_strength: expected a number, got True"),
    ],
)
def test_options_of_another_kind(options, error, match) -> None:
    with pytest.raises(error, match=match):
        kpalette.quantize(np.eye(4, dtype=np.uint8), 2, **options)
