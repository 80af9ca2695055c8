"""What matters: fixed colours, weights for pixels, and what stands out."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from conftest import gradient, noise
from kpalette import ColorHistogram, _core, extract_palette, quantize, quantize_animation
from kpalette.importance import saliency_map


def rows(colors: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(color) for color in colors.tolist()}


def with_spot(size: int = 200) -> np.ndarray:
    """Grey-green, with a small vivid red square off the middle."""
    rng = np.random.default_rng(0)
    field = rng.normal([120, 140, 110], 18, (size, size, 3)).clip(0, 255).astype(np.uint8)
    field[30:36, 30:37] = 220, 30, 30
    return field


class TestFixed:
    @given(
        st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(0, 6), st.sampled_from([3, 4])
    )
    def test_are_in_the_palette_whatever_they_are(self, seed, k, m, channels) -> None:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(0, 256, (9, 9, channels), np.uint8)
        drawn = rng.integers(0, 256, (min(m, k), int(rng.integers(3, 5))), np.uint8)
        fixed = np.unique(drawn, axis=0)
        q = quantize(pixels, k, fixed=fixed)
        colors = q.palette.colors
        wanted = fixed
        if colors.shape[1] > fixed.shape[1]:
            wanted = np.hstack([fixed, np.full((len(fixed), 1), 255, np.uint8)])
        assert rows(wanted) <= rows(colors)
        assert len(colors) <= k
        assert len(rows(colors)) == len(colors)
        counts = np.bincount(q.indices.ravel(), minlength=len(colors))
        assert np.array_equal(counts, q.palette.counts)
        assert (np.diff(counts) <= 0).all()

    def test_others_make_room(self) -> None:
        pixels = gradient(80, 80)
        free = quantize(pixels, 6)
        used = free.palette.hex[:2]
        again = quantize(pixels, 6, fixed=used, effort="best")
        best = quantize(pixels, 6, effort="best")
        assert set(used) <= set(again.palette.hex)
        # With two of its own colours fixed, a fit loses little; with strange ones, it adapts.
        assert again.mse < 1.1 * best.mse
        odd = quantize(pixels, 6, fixed=["#ff00ff", "#00ffff"])
        four = quantize(pixels, 4)
        assert odd.mse <= 1.02 * four.mse

    def test_joint_fit_is_better_than_appending(self) -> None:
        pixels = noise(60, 60)
        fixed = [(250, 250, 250), (5, 5, 5), (250, 5, 5)]
        joint = quantize(pixels, 8, fixed=fixed, space="srgb")
        free = quantize(pixels, 5, space="srgb").palette.colors
        appended = np.vstack([fixed, free])
        labels = reference.nearest(pixels.reshape(-1, 3), appended)
        assert joint.mse < reference.mse(pixels, appended[labels].reshape(pixels.shape))

    def test_formats(self) -> None:
        pixels = noise(20, 20)
        palettes = [
            quantize(pixels, 4, fixed=fixed).palette
            for fixed in (["#0a141e"], ["0A141E"], [(10, 20, 30)], np.array([[10, 20, 30]]))
        ]
        assert all(palette == palettes[0] for palette in palettes)
        short, long = (
            quantize(pixels, 4, fixed=fixed).palette
            for fixed in (["#f80", "0AFb"], ["#ff8800", "#00aaffbb"])
        )
        assert short == long
        assert quantize(pixels, 4, fixed=None).palette == quantize(pixels, 4).palette
        with_alpha = quantize(pixels, 4, fixed=["#0a141e80"]).palette
        assert (10, 20, 30, 128) in rows(with_alpha.colors)
        assert "#0a141e" in extract_palette(pixels, 4, fixed=["#0a141e"]).hex
        histogram = ColorHistogram.from_image(pixels)
        assert "#0a141e80" in extract_palette(histogram, 4, fixed=["#0a141e80"]).hex

    def test_few_colours_are_kept_beside_them(self) -> None:
        pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
        q = quantize(pixels, 4, fixed=["#010203", "#ffffff"])
        assert q.palette.hex == ["#010203", "#040506", "#ffffff"]
        assert q.palette.counts.tolist() == [1, 1, 0]
        assert q.mse == 0

    def test_those_that_the_image_lacks_take_room(self) -> None:
        pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
        q = quantize(pixels, 2, fixed=["#ffffff"])
        assert len(q.palette) == 2
        assert q.palette.counts.tolist() == [2, 0]

    @pytest.mark.parametrize("alpha", ["flatten:#ffffff", "flatten:#fff"])
    def test_opaque_ones_alone_go_with_an_opaque_image(self, alpha) -> None:
        pixels = noise(6, 6, 4)
        message = f"fixed: expected opaque colours with alpha='{alpha}', got #ff880080"
        for function in (quantize, quantize_animation):
            source = pixels if function is quantize else [(pixels, 40)]
            with pytest.raises(ValueError, match=message):
                function(source, 4, fixed=["#123456", "#ff880080"], alpha=alpha)
            found = function(source, 4, fixed=["#123456", "#ff8800ff"], alpha=alpha)
            palette = found.palette if function is quantize else found.palettes[0]
            assert {"#123456", "#ff8800"} < set(palette.hex)

    @pytest.mark.parametrize(
        ("fixed", "error", "match"),
        [
            (["#000000", "#111111", "#222222"], ValueError, "at most k = 2 colours, got 3"),
            (["#00000"], ValueError, "such as 'white' or '#ff8800', got '#00000'"),
            (["#00000g"], ValueError, "or '#ff8800', got"),
            (["rad"], ValueError, "such as 'white' or '#ff8800', got 'rad'"),
            ([(1, 2)], ValueError, "3 or 4 levels"),
            ([(1, 2, 256)], ValueError, "0 to 255, got 256"),
            ([(1, 2, 0.5)], TypeError, "an integer, got 0.5"),
            (["#000000", (0, 0, 0)], ValueError, "distinct"),
            ([5], TypeError, "such as '#ff8800', got 5"),
            (["#f800f"], ValueError, "or '#ff8800', got"),
            ({"#000000"}, TypeError, "sequence of colours"),
        ],
    )
    def test_bad_ones_are_refused(self, fixed, error, match) -> None:
        with pytest.raises(error, match=f"fixed: expected.*{match}"):
            quantize(noise(4, 4), 2, fixed=fixed)


class TestWeights:
    def test_zero_is_as_if_not_there(self) -> None:
        left, right = noise(40, 30, seed=1), noise(40, 30, seed=2) // 4
        pixels = np.hstack([left, right])
        weights = np.hstack([np.ones((40, 30)), np.zeros((40, 30))])
        weighted, alone = quantize(pixels, 7, weights=weights), quantize(left, 7)
        assert rows(weighted.palette.colors) == rows(alone.palette.colors)
        assert weighted.palette.counts.sum() == pixels[..., 0].size
        offsets = _core.place(pixels.reshape(-1, 3), "oklab")[:, None] - _core.place(
            weighted.palette.colors, "oklab"
        )
        nearest = (offsets**2).sum(axis=2).argmin(axis=1)
        assert np.array_equal(weighted.indices.ravel(), nearest)

    def test_what_weighs_nothing_gets_no_colour_even_where_there_is_room(self) -> None:
        pixels = np.array([[[1, 2, 3], [90, 5, 6], [4, 5, 200]]], np.uint8)
        q = quantize(pixels, 3, weights=[[1, 1, 0]], fixed=["#ffffff"])
        assert set(q.palette.hex) == {"#010203", "#5a0506", "#ffffff"}
        assert q.n_distinct == 3

    def test_whole_ones_are_repeats(self) -> None:
        pixels = noise(20, 20)
        counts = np.random.default_rng(0).integers(1, 5, (20, 20))
        repeated = np.repeat(pixels.reshape(-1, 3), counts.ravel(), axis=0)[None]
        weighted = quantize(pixels, 6, weights=counts / 4)
        assert rows(weighted.palette.colors) == rows(quantize(repeated, 6).palette.colors)

    @pytest.mark.parametrize("value", [1, 0.3, True])
    def test_equal_ones_change_nothing(self, value) -> None:
        pixels = noise(50, 50)
        plain = quantize(pixels, 9)
        weighted = quantize(pixels, 9, weights=np.full((50, 50), value))
        assert weighted.palette == plain.palette
        assert np.array_equal(weighted.indices, plain.indices)
        assert weighted.mse == plain.mse

    @pytest.mark.parametrize("saliency", [False, True])
    @pytest.mark.parametrize("exponent", [-1074, -1060, -1000, 9, 1020])
    def test_their_scale_changes_nothing(self, exponent, saliency) -> None:
        pixels = noise(30, 30)
        weights = np.random.default_rng(0).integers(0, 8, (30, 30)).astype(float)
        plain = quantize(pixels, 5, weights=weights, saliency=saliency)
        scaled = quantize(pixels, 5, weights=np.ldexp(weights, exponent), saliency=saliency)
        assert scaled.palette == plain.palette

    def test_what_weighs_more_loses_less(self) -> None:
        pixels = noise(60, 60)
        weights = np.ones((60, 60))
        weights[:30] = 20

        def error_above(q) -> float:
            return reference.mse(pixels[:30], q.rgb[:30])

        assert error_above(quantize(pixels, 16, weights=weights)) < error_above(
            quantize(pixels, 16)
        )

    @pytest.mark.parametrize(
        ("weights", "error", "match"),
        [
            (np.ones((4, 5)), ValueError, r"expected shape \(4, 4\), got \(4, 5\)"),
            (np.ones(16), ValueError, r"expected shape \(4, 4\), got \(16,\)"),
            (-np.ones((4, 4)), ValueError, "at least 0, got -1.0"),
            (np.zeros((4, 4)), ValueError, "only zeros"),
            (np.full((4, 4), np.nan), ValueError, "NaN or infinity"),
            (np.full((4, 4), np.inf), ValueError, "NaN or infinity"),
            (np.full((4, 4), "a"), TypeError, "expected numbers"),
            ("map.png", TypeError, r"numbers, as an array \(h, w\), got str"),
            (Path("map.png"), TypeError, r"numbers, as an array \(h, w\), got \w+Path"),
            ([[1, 2], [3]], ValueError, r"expected shape \(4, 4\), got rows of several lengths"),
        ],
    )
    def test_bad_ones_are_refused(self, weights, error, match) -> None:
        with pytest.raises(error, match=f"weights: .*{match}"):
            quantize(noise(4, 4), 2, weights=weights)


class TestSaliency:
    def test_a_vivid_spot_stands_out(self) -> None:
        weights = saliency_map(with_spot())
        assert weights.shape == (200, 200)
        assert weights.min() >= 0.1
        assert weights.max() == 1
        assert weights[31:35, 31:36].min() > 2 * np.median(weights)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 2), (70, 45), (130, 20)])
    @pytest.mark.parametrize("channels", [3, 4])
    def test_it_is_the_reference(self, shape, channels) -> None:
        pixels = noise(*shape, channels)
        if channels == 4:
            pixels[: shape[0] // 2, :, 3] = 0
        expected = reference.saliency(pixels)
        for threads in (1, 3):
            found = saliency_map(pixels, _core.Team(threads))
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        hidden = np.zeros((4, 5, 4), np.uint8)
        assert (saliency_map(hidden) == 1).all()

    @pytest.mark.parametrize("value", ["yes", 1, None])
    def test_it_is_true_or_false(self, value) -> None:
        with pytest.raises(TypeError, match=f"saliency: expected True or False, got {value!r}"):
            quantize(noise(4, 4), 2, saliency=value)

    def test_it_lowers_the_error_there(self) -> None:
        pixels = with_spot()
        pixels[30:36, 30:37, 1] += np.random.default_rng(1).integers(0, 90, (6, 7), np.uint8)

        def error_of_spot(saliency: bool) -> float:
            q = quantize(pixels, 12, saliency=saliency)
            return reference.mse(pixels[30:36, 30:37], q.rgb[30:36, 30:37])

        assert error_of_spot(True) < error_of_spot(False)

    @pytest.mark.parametrize("channels", [3, 4])
    def test_a_palette_is_that_of_the_picture(self, channels) -> None:
        pixels = with_spot() if channels == 3 else noise(60, 60, 4)
        q = quantize(pixels, 12, saliency=True)
        palette = extract_palette(pixels, 12, saliency=True)
        np.testing.assert_array_equal(palette.colors, q.palette.colors)
        np.testing.assert_array_equal(palette.counts, q.palette.counts)
        assert palette.hex != extract_palette(pixels, 12).hex

    def test_a_palette_reaches_its_target(self) -> None:
        for target in ({"looks": 60}, {"psnr": 30}):
            q = quantize(with_spot(), 64, saliency=True, quality=target)
            assert extract_palette(with_spot(), 64, saliency=True, quality=target) == q.palette

    def test_a_histogram_does_not_tell_it(self) -> None:
        histogram = ColorHistogram.from_image(noise(4, 4))
        with pytest.raises(ValueError, match=r"saliency: expected an image, .*got a histogram"):
            extract_palette(histogram, 2, saliency=True)
        with pytest.raises(TypeError, match="saliency: expected True or False, got 1"):
            extract_palette(histogram, 2, saliency=1)

    def test_one_colour_and_one_pixel(self) -> None:
        for pixels in (np.full((5, 7, 3), 9, np.uint8), noise(1, 1), noise(1, 9)):
            assert quantize(pixels, 2, saliency=True).indices.shape == pixels.shape[:2]

    def test_transparent_pixels_do_not_stand_out(self) -> None:
        pixels = np.dstack([with_spot(80), np.full((80, 80), 255, np.uint8)])
        pixels[30:36, 30:37, 3] = 0
        weights = saliency_map(pixels)
        assert weights[33, 33] == weights.min() == pytest.approx(0.1)
