"""Arrays as images: what each dtype and shape means, and which are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import noise
from kpalette.files import as_pixels


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "bool", "uint16", "float16", "float32", "float64"])
def test_arrays(channels: int, dtype: str) -> None:
    levels = noise(5, 6, channels)
    if dtype == "bool":
        levels = np.where(levels > 127, 255, 0).astype(np.uint8)
        array = levels > 127
    elif dtype == "uint16":
        array = levels * np.uint16(257)
    elif dtype == "uint8":
        array = levels
    else:
        array = (levels / 255).astype(dtype)
    expected = np.repeat(levels[..., None], 3, axis=2) if channels == 1 else levels
    assert np.array_equal(as_pixels(array), expected)


def test_float_array_rounds_to_nearest() -> None:
    array = np.array([[0, 0.499 / 255, 0.501 / 255, 254.499 / 255, 254.501 / 255, 1]])
    assert as_pixels(array)[0, :, 0].tolist() == [0, 0, 1, 254, 255, 255]


def test_an_opaque_alpha_channel_is_dropped() -> None:
    array = noise(4, 4, 4)
    array[..., 3] = 255
    pixels = as_pixels(array)
    assert np.array_equal(pixels, array[..., :3])
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::2, ::-3],
        lambda a: a.transpose(1, 0, 2),
        lambda a: a[..., ::-1],
        lambda a: np.asfortranarray(a),
        lambda a: np.broadcast_to(a[:1], a.shape),
    ],
)
def test_arrays_in_any_memory_order(view: Callable[[Any], Any]) -> None:
    array = view(noise(12, 18))
    pixels = as_pixels(array)
    assert np.array_equal(pixels, array)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.full((2, 2), np.nan), ValueError, "finite"),
        (np.full((2, 2), np.inf), ValueError, "finite"),
        (np.full((2, 2), -np.inf, np.float32), ValueError, "finite"),
        (np.array([[0.0, 255.0]]), ValueError, r"from 0 to 1, got 0\.0 to 255\.0"),
        (np.array([[-0.1, 1.0]]), ValueError, "from 0 to 1, got -0.1 to 1"),
        (np.zeros((2, 2), np.int64), TypeError, "got int64"),
        (np.zeros((2, 2), np.int8), TypeError, "got int8"),
        (np.zeros((2, 2), np.uint32), TypeError, "got uint32"),
        (np.zeros((2, 2), complex), TypeError, "got complex128"),
        (np.zeros((2, 2), object), TypeError, "got object"),
        (np.zeros((2, 2), "U1"), TypeError, "got <U1"),
        (np.zeros(4, np.uint8), ValueError, r"got \(4,\)"),
        (np.zeros((2, 2, 2), np.uint8), ValueError, r"got \(2, 2, 2\)"),
        (np.zeros((1, 2, 2, 3), np.uint8), ValueError, r"got \(1, 2, 2, 3\)"),
        (np.zeros((), np.uint8), ValueError, r"got \(\)"),
        (np.zeros((0, 5), np.uint8), ValueError, r"at least one pixel, got .*\(0, 5\)"),
        (np.zeros((5, 0, 3), np.uint8), ValueError, r"at least one pixel, got .*\(5, 0, 3\)"),
        (np.zeros((0, 0, 4)), ValueError, "at least one pixel"),
    ],
)
def test_bad_arrays(array: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_pixels(array)


def test_values_just_above_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"got 0\.0 to 1\.0000001"):
        as_pixels(np.array([[0, 1.0000001]]))
