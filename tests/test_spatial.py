"""Palettes for mixing and spatial dithering: their specifications, laws, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_mixing as specification
from kpalette import ColorHistogram, _core, extract_palette, quantize, spatial
from kpalette.choices import DITHERS
from kpalette.fit import FitOptions, Fitter
from test_dither import distinct_colors, dithered
from test_pipeline import images, photo_like


def picture(channels: int, height: int = 40, width: int = 50) -> np.ndarray:
    pixels = np.ascontiguousarray(photo_like(channels, 90)[20 : 20 + height, 10 : 10 + width])
    if channels == 4:
        pixels[3:9, 5:20, 3] = 255
        pixels[9:12, 5:20, 3] = 0
    return pixels


class TestTheSpaceForMixing:
    def test_is_what_the_specification_says(self) -> None:
        colors = distinct_colors(3000, 3, 1)
        placed = _core.place(colors, "mixing") / _core.steps(3, "mixing")
        assert np.abs(placed - specification.mixing(colors)).max() < 2e-6

    def test_colours_come_back(self) -> None:
        colors = distinct_colors(3000, 3, 2)
        assert np.array_equal(_core.unplace(_core.place(colors, "mixing"), "mixing"), colors)


class TestMixtures:
    @pytest.mark.parametrize("k", [1, 2, 7, 40])
    def test_are_convex_and_few(self, k) -> None:
        colors, palette = distinct_colors(500, 3, 3), distinct_colors(k, 3, 4)
        shares = _core.mixtures(colors, palette)
        assert (shares >= 0).all()
        assert np.abs(shares.sum(axis=1) - 1).max() < 1e-6
        assert ((shares > 0).sum(axis=1) <= 6).all()

    def test_are_as_specified(self) -> None:
        colors, palette = distinct_colors(300, 3, 3), distinct_colors(20, 3, 4)
        entries = specification.mixing(palette)
        shares = _core.mixtures(colors, palette)
        for x, got in zip(specification.mixing(colors), shares, strict=True):
            expected = specification.mixture(x, entries)
            costs = [specification.mixing_cost(x, entries, s) for s in (got, expected)]
            assert costs[0] == pytest.approx(costs[1], abs=1e-5)

    def test_cost_never_rises_with_a_step(self) -> None:
        entries = specification.mixing(distinct_colors(20, 3, 4))
        for x in specification.mixing(distinct_colors(100, 3, 5)):
            costs = [
                specification.mixing_cost(x, entries, specification.mixture(x, entries, steps))
                for steps in range(6)
            ]
            assert (np.diff(costs) <= 1e-12).all()


class TestPalettesForMixing:
    def test_least_squares_never_raises_the_cost(self) -> None:
        x = specification.mixing(distinct_colors(200, 3, 6))
        entries = specification.mixing(distinct_colors(9, 3, 7))
        counts = np.arange(1.0, 201)
        stays = np.arange(9) < 2
        shares = np.array([specification.mixture(one, entries) for one in x])

        def cost(entries: np.ndarray) -> float:
            each = [
                specification.mixing_cost(a, entries, b) for a, b in zip(x, shares, strict=True)
            ]
            return float(counts @ each)

        best = specification.best_entries(x, counts, shares, entries, stays)
        assert np.array_equal(best[stays], entries[stays])
        assert cost(best) < cost(entries + 1.3 * (best - entries)) < cost(entries)

    def test_are_as_specified(self) -> None:
        """Within the levels that rounding makes: the core rounds to sRGB in each round."""
        pixels = picture(3)
        histogram = ColorHistogram.from_image(pixels)
        assert len(histogram) <= 4096  # of more, the core looks at a part
        team = _core.Team(1)
        plain, got = (
            Fitter(histogram, "oklab", team).fit(6, FitOptions("balanced", 0, mixing=on)).palette
            for on in (False, True)
        )
        x, counts = specification.mixing(histogram.colors), histogram.counts.astype(float)
        colors = plain.colors
        for _ in range(5):
            entries = specification.mixing(colors)
            shares = np.array([specification.mixture(one, entries) for one in x])
            best = specification.best_entries(x, counts, shares, entries, np.zeros(6, bool))
            colors = _core.unplace((entries + 1.3 * (best - entries)) * 2**20, "mixing")
        expected = {tuple(color) for color in colors.astype(int)}
        for color in got.colors.astype(int):
            assert min(np.abs(color - other).max() for other in expected) <= 4

    @pytest.mark.parametrize("dither", DITHERS)
    def test_reach_further_out(self, dither) -> None:
        pixels = picture(3)
        plain, mixed = (quantize(pixels, 6, dither=d).palette.colors for d in (None, dither))

        def spread(colors: np.ndarray) -> float:
            return float(np.linalg.det(np.cov(specification.mixing(colors).T)))

        assert spread(mixed) > 1.2 * spread(plain)

    @settings(deadline=None, max_examples=25)
    @given(images, st.integers(1, 20), st.sampled_from(DITHERS))
    def test_are_distinct_and_keep_fixed_colours(self, pixels, k, dither) -> None:
        fixed = ["#ff0080", "#010203"][: max(0, k - 1)]
        q = quantize(pixels, k, dither=dither, fixed=fixed)
        assert len(np.unique(q.palette.colors, axis=0)) == len(q.palette) <= k
        assert set(fixed) <= {name[:7] for name in q.palette.hex}

    @pytest.mark.parametrize("dither", DITHERS)
    def test_a_page_stays_what_it_is(self, dither) -> None:
        pixels = np.full((60, 200, 3), 254, np.uint8)
        pixels[20:40, 20:120] = photo_like(3, 100)[20:40]
        q = quantize(pixels, 8, dither=dither)
        page = (pixels == 254).all(axis=2)
        assert (q.rgb[page] == 254).all()

    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("dither", DITHERS)
    def test_large_flat_areas_are_not_dithered(self, dither, channels) -> None:
        """Nor where k-means has one centre for two of them: each has 2 in 8 pixels or more."""
        pixels = np.full((80, 100, channels), 255, np.uint8)
        pixels[:32, :, :3] = 246, 248, 250
        pixels[60:, :, :3] = distinct_colors(2000, 3, 8).reshape(20, 100, 3)
        q = quantize(pixels, 8, dither=dither)
        assert np.array_equal(q.rgb[:60], pixels[:60, :, :3])
        if channels == 4:
            pixels[60, 0, 3] = 0
            q = quantize(pixels, 8, dither=dither)
            assert np.array_equal(q.rgb[:60], pixels[:60, :, :3])

    def test_only_opaque_colours_are_mixed(self) -> None:
        pixels = picture(4)
        plain, mixed = (quantize(pixels, 12, dither=d).palette.colors for d in (None, "bayer"))
        soft, soft_mixed = ({tuple(c) for c in p if c[3] != 255} for p in (plain, mixed))
        assert soft
        assert soft == soft_mixed
        assert not np.array_equal(np.sort(plain, axis=0), np.sort(mixed, axis=0))

    def test_larger_ones_are_left_as_they_are(self) -> None:
        pixels = photo_like()
        plain, mixed = (quantize(pixels, 300, dither=d) for d in (None, "bayer"))
        assert np.array_equal(plain.palette.colors, mixed.palette.colors)

    def test_of_many_images(self) -> None:
        pixels = picture(3)
        one = extract_palette(ColorHistogram.from_image(pixels), 8, dither="bayer")
        assert one.hex == quantize(pixels, 8, dither="bayer").palette.hex
        assert one.hex != extract_palette(pixels, 8).hex


class TestSpatial:
    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("k", [2, 30, 300])
    @pytest.mark.parametrize(("strength", "origin"), [(1, (0, 0)), (0.6, (5, 40)), (0.1, (31, 2))])
    def test_is_as_specified(self, channels, k, strength, origin) -> None:
        pixels, palette = picture(channels), distinct_colors(k, channels, 2)
        nearest = dithered(pixels, palette, "spatial", strength=0)
        got = dithered(pixels, palette, "spatial", strength=strength, origin=origin)
        expected = specification.map_spatially(pixels, palette, nearest, strength, origin)
        assert np.array_equal(got, expected)
        assert not np.array_equal(got, nearest)

    @pytest.mark.parametrize("channels", [3, 4])
    def test_energy_never_rises(self, channels) -> None:
        pixels, palette = picture(channels), distinct_colors(9, channels, 2)
        nearest = dithered(pixels, palette, "spatial", strength=0)
        found = specification.Spatial(pixels, palette, nearest, 1.0)
        plain = found.energy()
        found.diffuse()
        energies = [found.energy(), *(found.energy() for _ in found.phases())]
        assert (np.diff(energies) <= 0).all()
        assert energies[-1] < min(energies[0], 0.7 * plain)
        before = found.centers.copy()
        found.centers = specification.spatial_step(found)
        least = found.energy()
        found.centers = before + 1.5 * (found.centers - before)
        assert least < found.energy() < energies[-1]

    def test_a_part_is_as_in_the_whole(self) -> None:
        """Tall enough that it is mapped in bands; parts overlap by what reaches into them."""
        rows = np.random.default_rng(5).integers(0, 256, (40, 36, 3), np.uint8)
        pixels = np.repeat(np.tile(rows, (1600, 1, 1)), 1, axis=0)
        palette = distinct_colors(7, 3, 2)
        whole = dithered(pixels, palette, "spatial")
        seam = 2**21 // 36 // 32 * 32
        assert 32 < seam < len(pixels) - 100
        for first in (seam - 90, seam - 32, seam):
            part = np.ascontiguousarray(pixels[first : first + 180])
            got = dithered(part, palette, "spatial", origin=(first, 0))
            inner = slice(32 + 12, 180 - 12)
            assert np.array_equal(got[inner], whole[first : first + 180][inner])

    @pytest.mark.parametrize("k", [4, 16])
    def test_looks_better_than_error_diffusion(self, k) -> None:
        pixels = photo_like()
        energies = []
        for dither in ("floyd-steinberg", "spatial"):
            q = quantize(pixels, k, dither=dither)
            found = specification.Spatial(pixels, q.palette.colors, q.indices, 1.0)
            energies.append(found.energy())
        assert energies[1] < 0.95 * energies[0]

    @pytest.mark.parametrize("channels", [3, 4])
    def test_the_palette_moves_and_stays_distinct(self, channels) -> None:
        pixels = photo_like(channels)
        pixels[20:, :, 3:] = 255
        mixed, moved = (quantize(pixels, 12, dither=d).palette for d in ("bayer", "spatial"))
        assert len(np.unique(moved.colors, axis=0)) == len(moved) == 12
        assert sorted(mixed.hex) != sorted(moved.hex)

    @pytest.mark.parametrize("channels", [3, 4])
    @pytest.mark.parametrize("k", [2, 16, 256])
    def test_same_bytes(self, monkeypatch, channels, k) -> None:
        pixels = photo_like(channels, 200)
        expected = quantize(pixels, k, dither="spatial", threads=1)
        for isa in _core.isas():
            monkeypatch.setenv("KPALETTE_ISA", isa)
            for threads in (1, 2, 5):
                q = quantize(pixels, k, dither="spatial", threads=threads)
                assert q.palette == expected.palette
                assert np.array_equal(q.indices, expected.indices)

    @pytest.mark.parametrize("channels", [3, 4])
    def test_what_is_kept_stays_and_the_rest_goes_with_it(self, channels) -> None:
        pixels, palette = picture(channels), distinct_colors(9, channels, 2)
        rng = np.random.default_rng(3)
        kept = rng.random(pixels.shape[:2]) < 0.5
        given = dithered(pixels, palette, "spatial", strength=0)
        given[kept] = rng.integers(0, 9, kept.sum())
        got, alone = given.copy(), given.copy()
        how = {"strength": 1, "origin": (5, 7), "team": _core.Team(2)}
        flat = np.ascontiguousarray(pixels.reshape(-1, channels))
        rest = (flat, palette, flat[:1], np.zeros(1, np.uint16))
        for indices, mask in ((got, kept.view(np.uint8)), (alone, None)):
            _core.dither("spatial", *rest[:2], indices, *rest[2:], **how, kept=mask)
        assert np.array_equal(got[kept], given[kept])
        expected = specification.map_spatially(pixels, palette, given, 1, (5, 7), kept)
        assert np.array_equal(got, expected)
        assert not np.array_equal(got[~kept], alone[~kept])

    def test_weights_move_the_palette_to_what_matters(self) -> None:
        pixels = photo_like()
        weights = np.full(pixels.shape[:2], 0.02)
        weights[:, :40] = 1
        mixed, moved = (
            quantize(pixels, 8, dither=dither, weights=weights).palette
            for dither in ("bayer", "spatial")
        )
        energies = []
        for palette in (mixed, moved, quantize(pixels, 8, dither="spatial").palette):
            indices = palette.remap(pixels, dither="spatial").indices
            found = specification.Spatial(pixels, palette.colors, indices, 1.0)
            energies.append(specification.weighted_energy(found, weights))
        assert energies[1] < 0.97 * min(energies[0], energies[2])


class TestMovedPalettes:
    """What moves a palette: whole images, rows of large ones or of many, and weights."""

    @staticmethod
    def moved(parts, palette, weights=None, strength=1.0, team=None) -> np.ndarray:
        colors = np.unique(np.concatenate([part.reshape(-1, 3) for part in parts]), axis=0)
        counts, labels = np.ones(len(colors), np.int64), np.zeros(len(colors), np.uint16)
        return _core.spatial_palette(
            list(parts), palette, colors, counts, labels, weights=weights, strength=strength,
            team=team or _core.Team(2),
        )  # fmt: skip

    def test_a_weighted_step_is_least_squares(self) -> None:
        pixels, palette = picture(3, 18, 20), distinct_colors(6, 3, 2)
        weights = np.random.default_rng(5).integers(0, 9, pixels.shape[:2]) ** 3
        nearest = dithered(pixels, palette, "spatial", strength=0)
        found = specification.Spatial(pixels, palette, nearest, 1.0)
        found.diffuse()
        plain = specification.spatial_step(found)
        ones = specification.weighted_step(found, np.ones_like(weights))
        assert np.allclose(ones[:, :3], plain[:, :3])
        before = specification.weighted_energy(found, weights)
        step = specification.weighted_step(found, weights) - found.centers
        energies = []
        for length in (0.9, 1.0, 1.1, 1.5):
            found.centers = specification.Spatial._place(palette) + length * step
            energies.append(specification.weighted_energy(found, weights))
        assert energies[1] < min(energies[0], energies[2])
        assert energies[3] < before

    @pytest.mark.parametrize("weighted", [False, True])
    def test_are_as_specified(self, weighted) -> None:
        """Within the levels that rounding makes: the core rounds to sRGB in each round."""
        pixels = picture(3, 24, 20)
        palette = quantize(pixels, 6).palette.colors
        weights = np.ones(pixels.shape[:2], np.uint16)
        if weighted:
            weights = np.random.default_rng(5).integers(0, 17, weights.shape).astype(np.uint16) ** 3
        colors = palette
        for _ in range(2):
            found = specification.Spatial(pixels, colors, np.zeros(weights.shape, int), 1.0)
            found = specification.Spatial(pixels, colors, found.nearest(), 1.0)
            found.PASSES = 1
            found.diffuse()
            for _ in found.phases():
                pass
            step = specification.weighted_step(found, weights) - found.centers
            places = (found.centers + 1.5 * step)[:, :3] * 64
            colors = _core.unplace(np.rint(places).astype(np.int32), "mixing")
        got = self.moved([pixels], palette, [weights] if weighted else None)
        errors = np.abs(got.astype(int) - colors)
        assert errors.max() <= 8
        assert errors.mean() < 2
        assert np.abs(got.astype(int) - palette).max() > 12

    def test_weights_scale_and_repeat(self) -> None:
        pixels, palette = picture(3), distinct_colors(6, 3, 2)
        expected = self.moved([pixels], palette)
        ones = np.ones(pixels.shape[:2], np.uint16)
        for weight in (1, 64, 4096):
            assert np.array_equal(self.moved([pixels], palette, [weight * ones]), expected)
        assert np.array_equal(self.moved([pixels, pixels], palette), expected)
        other = np.ascontiguousarray(pixels[::-1, :30])
        both = [ones, 0 * ones[:, :30]]
        assert np.array_equal(self.moved([pixels, other], palette, both), expected)
        assert not np.array_equal(self.moved([pixels, other], palette), expected)
        assert np.array_equal(self.moved([pixels], palette, [0 * ones]), palette)
        assert np.array_equal(self.moved([pixels[:0]], palette), palette)

    @pytest.mark.parametrize("weights", [False, True])
    def test_threads_change_nothing(self, weights) -> None:
        parts = [photo_like(3, 120), picture(3, 7, 30)]
        some = [np.arange(p[..., 0].size, dtype=np.uint16).reshape(p.shape[:2]) % 99 for p in parts]
        first, second = (
            self.moved(parts, distinct_colors(30, 3, 2), some if weights else None, team=team)
            for team in (_core.Team(1), _core.Team(5))
        )
        assert np.array_equal(first, second)

    @settings(deadline=None)
    @given(st.integers(1, 400_000), st.integers(1, 400_000))
    def test_places_are_whole_blocks_far_apart(self, height, width) -> None:
        if height * width > 2**26:
            height = max(1, 2**26 // width)
        rows, columns = _core.palette_places(height, width)
        assert len(rows) * len(columns) <= 2**22
        for places, size in ((rows, height), (columns, width)):
            assert (np.diff(places) > 0).all()
            assert 0 <= places[0] <= places[-1] < size
            if len(places) < size:
                assert (np.diff(places.reshape(-1, 32)) == 1).all()
                gaps = np.diff(places[::32] // 32)
                assert gaps.max(initial=0) - gaps.min(initial=99) <= 1
        again = _core.palette_places(len(rows), len(columns))
        assert [len(some) for some in again] == [len(rows), len(columns)]
        if (height + 31) * max(width, 32) <= 2**22:
            assert (len(rows), len(columns)) == (height, width)

    def test_rows_of_many_images(self, monkeypatch) -> None:
        monkeypatch.setattr(spatial, "MOST_PIXELS", 20_000)
        rng = np.random.default_rng(7)
        sizes = rng.integers(1, (200, 60), (40, 2))
        images = [np.full((h, w, 3), i, np.uint8) for i, (h, w) in enumerate(sizes)]

        def sampled(order) -> list[np.ndarray]:
            sample = spatial.RowSample()
            for number in order:
                sample.add(images[number], number)
            return sample.parts

        expected = sampled(range(40))
        for _ in range(5):
            got = sampled(rng.permutation(40))
            assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
        assert 10_000 < sum(part[..., 0].size for part in expected) <= 20_000
        shown = np.unique(np.concatenate([part[..., 0].ravel() for part in expected]))
        assert len(shown) > 10
        few = sampled([3])
        assert len(few) == 1
        assert np.array_equal(few[0], images[3])

    @pytest.mark.parametrize("dither", DITHERS)
    @pytest.mark.parametrize("saliency", [False, True])
    def test_are_those_of_quantize(self, dither, saliency) -> None:
        pixels = photo_like()
        how = {"dither": dither, "dither_strength": 0.5, "saliency": saliency, "fixed": ["#f08"]}
        palette = extract_palette(pixels, 7, **how)
        assert np.array_equal(palette.colors, quantize(pixels, 7, **how).palette.colors)
        if not saliency:
            assert extract_palette([pixels], 7, **how) == palette
            both = extract_palette((pixels, picture(4)), 7, **how)
            assert both.colors.shape == (7, 4)
            assert "#ff0088ff" in both.hex

    def test_many_images_have_no_saliency_and_no_looks(self) -> None:
        two = [picture(3), picture(4)]
        with pytest.raises(ValueError, match=r"saliency: expected an image, .* got many images"):
            extract_palette(two, 4, saliency=True)
        with pytest.raises(ValueError, match="quality: expected psnr for many images"):
            extract_palette(two, 4, quality={"looks": 60})
        with pytest.raises(ValueError, match="source: expected at least one image, got none"):
            extract_palette([], 4)
        assert extract_palette(two, 200, quality={"psnr": 25}).counts.sum() == 4000

    def test_an_opaque_alpha_is_none(self) -> None:
        pixels = photo_like()
        histogram = ColorHistogram.from_image(pixels)
        opaque = np.dstack([pixels, np.full_like(pixels[..., :1], 255)])
        first, second = (
            extract_palette(spatial.Sampled(histogram, [part]), 7, dither="spatial")
            for part in (pixels, opaque)
        )
        assert first == second

    def test_posterized_ones_stay(self) -> None:
        moved, mixed = (
            quantize(photo_like(), 30, dither=dither, posterize=4).palette
            for dither in ("spatial", "bayer")
        )
        assert sorted(moved.hex) == sorted(mixed.hex)

    def test_none_moves_where_all_are_fixed(self) -> None:
        names = ["#ff0000", "#00ff00", "#0000ff"]
        assert sorted(quantize(photo_like(), 3, dither="spatial", fixed=names).palette.hex) == (
            sorted(names)
        )


class TestBadInput:
    @pytest.mark.parametrize("dither", DITHERS)
    @pytest.mark.parametrize("k", [1, 2, 3, 200])
    @pytest.mark.parametrize("channels", [3, 4])
    def test_gives_a_sensible_picture(self, dither, k, channels) -> None:
        grey = np.arange(256, dtype=np.uint8)
        line = np.repeat(grey[:, None], channels, axis=1)
        cases = {
            "one colour": np.full((7, 9, channels), 200, np.uint8),
            "two colours": np.tile(line[[0, 255]], (6, 1)).reshape(4, 3, channels),
            "greys": line.reshape(16, 16, channels),
            "one row": line[None],
            "one column": line[:, None],
            "clear": np.zeros((5, 6, channels), np.uint8),
        }
        for name, pixels in cases.items():
            q = quantize(pixels, k, dither=dither)
            assert 1 <= len(q.palette) <= k, name
            assert q.indices.shape == pixels.shape[:2], name
            assert q.indices.max() < len(q.palette), name
            assert np.isfinite(q.mse), name
            if len(ColorHistogram.from_image(pixels)) <= k:
                assert q.mse == 0, name
            if channels == 3:
                assert (q.rgb[..., 0] == q.rgb[..., 1]).all(), name  # greys stay grey

    @pytest.mark.parametrize("dither", DITHERS)
    def test_weights_of_nothing_and_colours_from_outside(self, dither) -> None:
        pixels = photo_like()
        weights = np.zeros(pixels.shape[:2])
        weights[10, 10] = 1
        q = quantize(pixels, 5, dither=dither, weights=weights)
        assert np.isfinite(q.mse)
        q = quantize(pixels, 3, dither=dither, fixed=["#ff00ff", "#00ff00", "#00ffff"])
        assert sorted(q.palette.hex) == ["#00ff00", "#00ffff", "#ff00ff"]
