"""LZW as GIF has it: what is written decodes to what it says, and indices by rate keep laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import kpalette
import reference
import reference_files
from conftest import gradient, noise
from kpalette import _core


def drawn(data: bytes, n: int) -> np.ndarray:
    return np.array(reference_files.unlzw(data)[:n], np.uint8)


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
        assert reference_files.unlzw(data, strict=True) is not None
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


class TestRecoded:
    """Data of other entries decode to these, and begin with fewer bits where they can."""

    @settings(deadline=None)
    @given(st.data(), st.integers(1, 8), st.tuples(st.integers(1, 40), st.integers(1, 40)))
    def test_decodes_to_the_other_entries(self, data, bits, shape) -> None:
        values = st.integers(0, (1 << bits) - 1)
        indices = data.draw(arrays(np.uint8, shape, elements=values))
        coded = _core.lzw(indices, bits)
        used = np.unique(indices)
        flags = np.asarray(_core.lzw_entries(coded)) != 0
        assert np.array_equal(np.flatnonzero(flags), used)
        places = np.zeros(256, np.uint8)
        places[used] = data.draw(st.permutations(range(len(used))))
        fewer = max(1, (len(used) - 1).bit_length())
        other = _core.recode_lzw(coded, places, fewer)
        assert np.array_equal(drawn(other, indices.size), places[indices].reshape(-1))
        assert reference_files.unlzw(other, strict=True)
        assert len(other) <= len(coded)

    def test_full_dictionaries(self) -> None:
        indices = noise(200, 300)[..., 0] >> 4
        places = np.arange(255, -1, -1, dtype=np.uint8) & 15
        coded = _core.recode_lzw(_core.lzw(indices, 8), places, 4)
        assert np.array_equal(drawn(coded, indices.size), 15 - indices.reshape(-1))

    @pytest.mark.parametrize(
        "data",
        [b"", b"\2", b"\2\3abc", b"\4\3abc", b"\4\3\xff\xff\xff\0", b"\x0c\1a\0"],
    )
    def test_damaged_data(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="data: expected"):
            _core.recode_lzw(data, np.zeros(256, np.uint8), 2)
        with pytest.raises(ValueError, match="data: expected"):
            _core.lzw_entries(data)

    def test_bad_calls(self) -> None:
        coded = _core.lzw(np.array([[3]], np.uint8), 4)
        for size, level, bits in ((9, 0, 4), (256, 8, 3), (256, 0, 9), (256, 0, 5)):
            places = np.full(size, level, np.uint8)
            with pytest.raises(ValueError, match="expected"):
                _core.recode_lzw(coded, places, bits)


class TestChanges:
    """What is written for frames: the laws of what they show are in test_animation.py."""

    colors = noise(1, 16)[0]

    def test_a_frame_that_stays_costs_nothing(self) -> None:
        frame = noise(30, 40)[..., 0] >> 4
        images = _core.code_changes([(frame, self.colors)] * 3, _core.Team(1))
        assert images[0] is not None
        assert images[1:] == [None, None]

    def test_any_team_gives_the_same(self) -> None:
        frames = [(noise(30, 40, seed=i)[..., 0] >> 4, self.colors) for i in range(5)]
        one, three = (_core.code_changes(frames, _core.Team(n)) for n in (1, 3))
        assert one == three

    def test_bad_calls(self) -> None:
        frame = np.zeros((2, 3), np.uint8)
        for frames in (
            [(frame + 16, self.colors)],
            [(frame, self.colors[:0])],
            [(frame, self.colors), (frame[:1], self.colors)],
        ):
            with pytest.raises(ValueError, match="expected"):
                _core.code_changes(frames, _core.Team(1))
        assert _core.code_changes([], _core.Team(1)) == []


def chosen(pixels, colors, indices, per_bit, *, after=None, threads=1):
    """Return the indices that are chosen, and the image that is written for them.

    `after` is another frame, pixels and nearest entries, that was before.
    """
    height, width, d = pixels.shape
    frames = _core.LossyFrames(colors, height, width, per_bit=per_bit)
    for some, nearest in [*([after] if after else []), (pixels, indices)]:
        indices = nearest.copy()
        flat = np.ascontiguousarray(some).reshape(-1, d)
        image = frames.choose(flat, indices, _core.Team(threads))
    return indices, image, frames.cost


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

        indices, *_ = chosen(self.pixels, self.colors, self.nearest, 1e-30)
        assert (errors(indices) <= errors(self.nearest) + 1e-9).all()

    def test_data_decode_to_the_indices(self) -> None:
        indices, image, _ = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        assert image[:5] == (0, 0, 60, 40, -1)
        assert np.array_equal(drawn(image[-1], indices.size), indices.reshape(-1))

    def test_data_of_a_later_frame_decode_to_what_changes(self) -> None:
        first, *_ = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        before = (self.pixels, self.nearest)
        indices, image, _ = chosen(self.after, self.colors, self.second(), 6e-5, after=before)
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
            _, image, _ = chosen(self.pixels, self.colors, self.nearest, per_bit)
            sizes.append(len(image[-1]))
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < 0.7 * sizes[0]

    def test_a_still_frame_is_not_written(self) -> None:
        first, *_ = chosen(self.pixels, self.colors, self.nearest, 6e-5)
        moved = self.pixels + 1  # by a level, which nobody sees
        before = (self.pixels, self.nearest)
        indices, image, _ = chosen(moved, self.colors, self.nearest, 6e-5, after=before)
        assert image is None
        assert np.array_equal(indices, first)

    @pytest.mark.parametrize("per_bit", [1e-5, 1e-3, 1])
    def test_runs_of_a_color_of_the_palette_stay(self, per_bit: float) -> None:
        flat = self.colors[self.nearest.repeat(4, axis=1)]
        indices, *_ = chosen(flat, self.colors, self.nearest.repeat(4, axis=1), per_bit)
        assert np.array_equal(self.colors[indices], flat)

    @pytest.mark.parametrize("per_bit", [1e-5, 1])
    def test_clear_pixels_stay_clear_and_others_opaque(self, per_bit: float) -> None:
        pixels = np.dstack([self.pixels, np.full((40, 60), 255, np.uint8)])
        pixels[5:15, 5:50, 3] = 0
        q = kpalette.quantize(pixels, 16)
        indices, *_ = chosen(pixels, q.palette.colors, q.indices, per_bit)
        assert np.array_equal(q.palette.colors[indices][..., 3], pixels[..., 3])

    @pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
    @pytest.mark.parametrize("k", [1, 2, 256])
    def test_small_frames_and_palettes(self, size, k: int) -> None:
        pixels = noise(*size)
        q = kpalette.quantize(pixels, k)
        indices, image, _ = chosen(pixels, q.palette.colors, q.indices, 1e-4)
        assert np.array_equal(drawn(image[-1], indices.size), indices.reshape(-1))
        before = (pixels, q.indices)
        again, image, _ = chosen(pixels, q.palette.colors, q.indices, 1e-4, after=before)
        if len(q.palette) < 256:
            assert image is None
        assert np.array_equal(again, indices)

    @pytest.mark.parametrize("per_bit", [1e-6, 3e-5, 1.2e-4, 1e-2])
    @pytest.mark.parametrize("zoom", [1, 4])  # a film, and a drawing, which is coded in more ways
    def test_costs_no_more_than_without_loss(self, per_bit: float, zoom: int) -> None:
        def larger(frame: np.ndarray) -> np.ndarray:
            return frame.repeat(zoom, axis=0).repeat(zoom, axis=1)

        before = larger(self.pixels), larger(self.nearest)
        pixels, nearest = larger(self.after), larger(self.second())
        *_, first = chosen(before[0], self.colors, before[1], per_bit)
        *_, second = chosen(pixels, self.colors, nearest, per_bit, after=before)
        frames = [(before[1], self.colors), (nearest, self.colors)]
        exact = [len(image[-1]) for image in _core.code_changes(frames, _core.Team(1))]
        assert first <= 8 * per_bit * exact[0] * 1.000001
        # Besides, what changes where the source is still costs a bit.
        changed = np.count_nonzero(nearest != before[1])
        assert second <= per_bit * (8 * exact[1] + changed) * 1.000001

    def test_a_moving_drawing_can_stay_without_loss(self) -> None:
        """Where bits cost next to nothing, nothing is lost of what is in the palette."""
        shapes = self.colors[larger_tiles()]
        nearest = self.q.palette.remap(shapes).indices
        moved = np.roll(shapes, 3, axis=1)
        indices, *_ = chosen(
            moved, self.colors, np.roll(nearest, 3, axis=1), 1e-9, after=(shapes, nearest)
        )
        assert np.array_equal(self.colors[indices], moved)

    def test_noise_of_a_still_film_goes(self) -> None:
        still = self.pixels.astype(np.int16)
        films = [
            np.clip(still + np.random.default_rng(i).normal(0, 1.5, (40, 60, 1)).round(), 0, 255)
            for i in range(8)
        ]
        frames = _core.LossyFrames(self.colors, 40, 60, per_bit=3e-5)
        sizes, shown = [], []
        for film in films:
            pixels = film.astype(np.uint8)
            indices = self.q.palette.remap(pixels).indices.copy()
            image = frames.choose(pixels.reshape(-1, 3), indices, _core.Team(1))
            sizes.append(0 if image is None else len(image[-1]))
            shown.append(indices)
        assert max(sizes[1:]) < sizes[0] / 4
        assert np.mean(shown[-1] != shown[-2]) < 0.05

    def test_any_team_gives_the_same(self) -> None:
        one, two = (
            chosen(
                self.after,
                self.colors,
                self.second(),
                6e-5,
                after=(self.pixels, self.nearest),
                threads=n,
            )
            for n in (1, 3)
        )
        assert np.array_equal(one[0], two[0])
        assert one[1:] == two[1:]

    def test_bad_calls(self) -> None:
        flat, nearest = self.pixels.reshape(-1, 3), self.nearest
        for per_bit, height in ((0.0, 40), (2.0, 40), (1e-5, 0)):
            with pytest.raises(ValueError, match="expected"):
                _core.LossyFrames(self.colors, height, 60, per_bit=per_bit)
        frames = _core.LossyFrames(self.colors, 40, 60, per_bit=1e-5)
        for pixels, indices in (
            (flat[:10], nearest),
            (flat, nearest[:10].copy()),
            (np.zeros((2400, 4), np.uint8), nearest),
            (flat, np.full_like(nearest, 99)),
        ):
            with pytest.raises(ValueError, match="expected"):
                frames.choose(pixels, indices.copy(), _core.Team(1))


def larger_tiles() -> np.ndarray:
    """Return entries (40, 60) in flat tiles."""
    tiles = np.random.default_rng(5).integers(0, 32, (5, 10), dtype=np.uint8)
    return tiles.repeat(8, axis=0).repeat(6, axis=1)
