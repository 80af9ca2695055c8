"""LZW as GIF has it: what is written decodes to what it says, and indices by rate keep laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import reference
from conftest import gradient, noise
from kpalette import _core

NEVER = np.zeros((0,), np.uint8)


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
        "pixels", [np.zeros((300, 300), np.uint8), noise(200, 200)[..., 0], gradient(90, 700)[..., 0]]
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
