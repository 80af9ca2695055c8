"""LZW as GIF has it: what is written decodes to what it says, and indices by rate keep laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import kpalette
import reference
from conftest import gradient, noise
from kpalette import _core


def drawn(data: bytes, n: int) -> np.ndarray:
    return np.array(reference.unlzw(data)[:n], np.uint8)


class TestExact:
    @settings(deadline=None)
    @given(
        st.data(),
        st.integers(1, 8),
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        st.booleans(),
    )
    def test_decodes_to_the_indices(self, data, bits, shape, keeps) -> None:
        values = st.integers(0, (1 << bits) - 1)
        indices = data.draw(arrays(np.uint8, shape, elements=values))
        if not keeps:
            written = drawn(_core.lzw(indices, bits), indices.size)
            assert np.array_equal(written, indices.reshape(-1))
            return
        keep = data.draw(values)
        kept = data.draw(arrays(np.uint8, shape, elements=st.integers(0, 1)))
        written = drawn(_core.lzw(indices, bits, keep=keep, kept=kept), indices.size)
        flat, left = indices.reshape(-1), kept.reshape(-1) != 0
        assert ((written == flat) | (left & (written == keep))).all()

    @pytest.mark.parametrize("bits", [1, 2, 5, 8])
    @pytest.mark.parametrize(
        "pixels",
        [np.zeros((300, 300), np.uint8), noise(200, 200)[..., 0], gradient(90, 700)[..., 0]],
    )
    def test_full_dictionaries(self, bits: int, pixels) -> None:
        indices = np.ascontiguousarray(pixels >> (8 - bits))
        assert np.array_equal(drawn(_core.lzw(indices, bits), indices.size), indices.reshape(-1))

    def test_ends_with_the_end_code_and_an_empty_block(self) -> None:
        data = _core.lzw(noise(40, 40)[..., 0] >> 4, 4)
        assert reference.unlzw(data, strict=True) is not None
        assert data[-1] == 0

    def test_choice_saves_bytes(self) -> None:
        indices = noise(60, 60)[..., 0] >> 5
        free = np.ones_like(indices)
        free[20] = 0  # this row alone is new
        chosen = _core.lzw(indices, 4, keep=15, kept=free)
        left_out = np.where(free, np.uint8(15), indices)
        assert len(chosen) <= len(_core.lzw(left_out, 4)) < len(_core.lzw(indices, 4))

    @pytest.mark.parametrize(
        ("indices", "options"),
        [
            (np.array([[4]], np.uint8), {"bits": 2}),
            (np.array([[0]], np.uint8), {"bits": 9}),
            (np.array([[0]], np.uint8), {"bits": 2, "keep": 4}),
            (np.array([[0]], np.uint8), {"bits": 2, "keep": 1}),
            (np.array([[0]], np.uint8), {"bits": 2, "keep": 1, "kept": np.ones((1, 2), np.uint8)}),
        ],
    )
    def test_bad_calls(self, indices, options) -> None:
        with pytest.raises(ValueError, match="expected"):
            _core.lzw(indices, **options)


def chosen(pixels, colors, indices, per_bit, *, before=None, threads=1):
    """Return the indices that are chosen, and the image that is written for them."""
    d = pixels.shape[2]
    indices = indices.copy()
    pixels_before, indices_before = before or (None, None)
    image = _core.choose_by_lzw(
        np.ascontiguousarray(pixels).reshape(-1, d),
        colors,
        indices,
        per_bit=per_bit,
        team=_core.Team(threads),
        pixels_before=None if before is None else pixels_before.reshape(-1, d),
        indices_before=indices_before,
    )
    return indices, image


def frames() -> list[np.ndarray]:
    """Return two frames of a gradient with noise, in which a square moves."""
    made = []
    for left in (10, 14):
        frame = gradient(40, 60) // 2 + noise(40, 60, seed=left) // 32 + 40
        frame[10:20, left : left + 10] = (250, 30, 20)
        made.append(frame.astype(np.uint8))
    return made


class TestByPrice:
    pixels, after = frames()
    q = kpalette.quantize(pixels, 32)
    colors, nearest = q.palette.colors, q.indices

    def second(self) -> np.ndarray:
        return self.q.palette.remap(self.after).indices

    def test_where_bits_are_free_no_error_grows(self) -> None:
        def errors(indices: np.ndarray) -> np.ndarray:
            apart = reference.oklab(self.colors[indices]) - reference.oklab(self.pixels)
            return (np.array([1, 2, 2]) * apart) ** 2 @ np.ones(3)

        indices, _ = chosen(self.pixels, self.colors, self.nearest, 1e-30)
        assert (errors(indices) <= errors(self.nearest) + 1e-9).all()

    def test_data_decode_to_the_indices(self) -> None:
        indices, image = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        assert image[:5] == (0, 0, 60, 40, -1)
        assert np.array_equal(drawn(image[-1], indices.size), indices.reshape(-1))

    def test_data_of_a_later_frame_decode_to_what_changes(self) -> None:
        first, _ = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        before = (self.pixels, first)
        indices, image = chosen(self.after, self.colors, self.second(), 6e-5, before=before)
        left, top, width, height, keep, _, data = image
        canvas = first.copy()
        part = canvas[top : top + height, left : left + width]
        written = drawn(data, width * height).reshape(height, width)
        part[written != keep] = written[written != keep]
        assert np.array_equal(canvas, indices)
        assert (canvas != first).any()

    def test_costlier_bits_are_fewer(self) -> None:
        sizes = []
        for per_bit in (1e-7, 1e-5, 1e-4, 1e-3):
            _, image = chosen(self.pixels, self.colors, self.nearest, per_bit)
            sizes.append(len(image[-1]))
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < 0.7 * sizes[0]

    def test_a_still_frame_is_not_written(self) -> None:
        first, _ = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        moved = self.pixels + 1  # by a level, which nobody sees
        indices, image = chosen(moved, self.colors, self.nearest, 6e-5, before=(self.pixels, first))
        assert image is None
        assert np.array_equal(indices, first)

    @pytest.mark.parametrize("per_bit", [1e-5, 1e-3, 1])
    def test_runs_of_a_color_of_the_palette_stay(self, per_bit: float) -> None:
        flat = self.colors[self.nearest.repeat(4, axis=1)]
        indices, _ = chosen(flat, self.colors, self.nearest.repeat(4, axis=1), per_bit)
        assert np.array_equal(self.colors[indices], flat)

    @pytest.mark.parametrize("per_bit", [1e-5, 1])
    def test_clear_pixels_stay_clear_and_others_opaque(self, per_bit: float) -> None:
        pixels = np.dstack([self.pixels, np.full((40, 60), 255, np.uint8)])
        pixels[5:15, 5:50, 3] = 0
        q = kpalette.quantize(pixels, 16)
        indices, _ = chosen(pixels, q.palette.colors, q.indices, per_bit)
        assert np.array_equal(q.palette.colors[indices][..., 3], pixels[..., 3])

    @pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
    @pytest.mark.parametrize("k", [1, 2, 256])
    def test_small_frames_and_palettes(self, size, k: int) -> None:
        pixels = noise(*size)
        q = kpalette.quantize(pixels, k)
        indices, image = chosen(pixels, q.palette.colors, q.indices, 1e-4)
        assert np.array_equal(drawn(image[-1], indices.size), indices.reshape(-1))
        again, image = chosen(pixels, q.palette.colors, q.indices, 1e-4, before=(pixels, indices))
        if len(q.palette) < 256:
            assert image is None
        assert np.array_equal(again, indices)

    def test_any_team_gives_the_same(self) -> None:
        one, two = (chosen(self.pixels, self.colors, self.nearest, 6e-5, threads=n) for n in (1, 3))
        assert np.array_equal(one[0], two[0])
        assert one[1] == two[1]

    def test_bad_calls(self) -> None:
        team, flat = _core.Team(1), self.pixels.reshape(-1, 3)
        for change in (
            {"per_bit": 0.0},
            {"per_bit": 2.0},
            {"pixels_before": flat},
            {"pixels_before": flat[:10], "indices_before": self.nearest},
            {"pixels_before": flat, "indices_before": np.full_like(self.nearest, 99)},
        ):
            options = {"per_bit": 1e-5, "team": team} | change
            with pytest.raises(ValueError, match="expected"):
                _core.choose_by_lzw(flat, self.colors, self.nearest.copy(), **options)
        with pytest.raises(ValueError, match="expected"):
            _core.choose_by_lzw(
                flat, self.colors, np.full_like(self.nearest, 99), per_bit=1e-5, team=team
            )
