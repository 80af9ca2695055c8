"""Transparency as it is stored: the one clear colour of a PNG, and colours that nobody sees."""

from __future__ import annotations

import io
import itertools
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import chunk, noise, raw_png
from kpalette import metrics
from kpalette.files import as_pixels


def packed(levels: np.ndarray[Any, Any], depth: int) -> bytes:
    """Write rows of grey or RGB levels (h, w, channels) in `depth` bits each, unfiltered."""
    bits = (levels[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    rows = np.packbits(bits.reshape(len(levels), -1).astype(np.uint8), axis=1)
    return np.pad(rows, ((0, 0), (1, 0))).tobytes()


def png(levels: np.ndarray[Any, Any], depth: int, key: tuple[int, ...], *more: bytes) -> bytes:
    height, width, channels = levels.shape
    kind = {1: 0, 3: 2}[channels]
    clear = chunk(b"tRNS", struct.pack(f">{channels}H", *key))
    return raw_png(width, height, depth, kind, packed(levels, depth), *more, clear)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_every_grey_can_be_the_clear_one(depth: int) -> None:
    most = 2**depth - 1
    levels = np.arange(2**depth)[None, :, None]
    for key in range(2**depth):
        found = as_pixels(io.BytesIO(png(levels, depth, (key,))))
        assert np.flatnonzero(found[0, :, 3] == 0).tolist() == [key]
        assert np.array_equal(found[0, :, 0], levels[0, :, 0] * 255 // most)


@pytest.mark.parametrize("channels", [1, 3])
def test_of_sixteen_bits_all_count(channels: int) -> None:
    key = (0x1234, 0x5678, 0x9ABC)[:channels]
    levels = np.array([key, *np.array(key) + np.eye(channels, dtype=int), np.array(key) & 0xFF00])
    found = as_pixels(io.BytesIO(png(levels[None], 16, key)))
    assert np.flatnonzero(found[0, :, 3] == 0).tolist() == [0]
    assert np.abs(found[0, :, :channels] - levels / 257).max() < 1


def test_interlaced_sixteen_bits() -> None:
    """Adam7 has one pass for an image of one pixel; Pillow writes no other, so this is by hand."""
    one = png(np.array([[[0x1234, 1, 2]]]), 16, (0x1234, 1, 2))
    header = one.index(b"IHDR")
    interlaced = bytearray(one)
    interlaced[header + 16] = 1
    checked = chunk(b"IHDR", bytes(interlaced[header + 4 : header + 17]))
    found = as_pixels(io.BytesIO(bytes(interlaced[:8]) + checked + one[header + 21 :]))
    assert found.tolist() == [[[0x12, 0, 0, 0]]]


@pytest.mark.parametrize(("depth", "key"), [(2, 7), (4, 0x53), (8, 0x0203)])
def test_of_a_key_only_the_bits_of_a_level_count(depth: int, key: int) -> None:
    """Third edition, 11.3.1.1."""
    found = as_pixels(io.BytesIO(png(np.array([[[3], [1]]]), depth, (key,))))
    assert found[0, :, 3].tolist() == [0, 255]
    if depth == 8:
        rgb = as_pixels(io.BytesIO(png(np.array([[[3, 4, 5], [1, 4, 5]]]), 8, (key, 0x104, 5))))
        assert rgb[0, :, 3].tolist() == [0, 255]


@pytest.mark.parametrize(("depth", "channels"), [(2, 1), (4, 1), (16, 1), (16, 3)])
def test_clear_and_turned_and_tagged(depth: int, channels: int) -> None:
    rng = np.random.default_rng(depth)
    levels = rng.integers(0, 4, (3, 5, channels)) << max(0, depth - 8)
    key = tuple(int(value) for value in levels[1, 2])
    exif = Image.Exif()
    exif[274] = 6
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    turn = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    found = as_pixels(io.BytesIO(png(levels, depth, key, gamma, turn)))
    clear = (np.rot90(levels, -1) == key).all(axis=-1)
    assert np.array_equal(found[..., 3] == 0, clear)


@pytest.mark.parametrize(("depth", "channels"), [(2, 1), (4, 1), (16, 3)])
def test_a_pillow_image_can_be_read_again(depth: int, channels: int) -> None:
    levels = np.arange(4 * channels).reshape(1, 4, channels)
    file = io.BytesIO(png(levels, depth, tuple(levels[0, 2].tolist())))
    with Image.open(file) as image:
        first = as_pixels(image)
        assert np.array_equal(as_pixels(image), first)
    assert np.flatnonzero(first[0, :, 3] == 0).tolist() == [2]


# Colours that nobody sees


def twins() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Make two pictures that look the same: what is wholly transparent has other colours."""
    rng = np.random.default_rng(3)
    first = rng.integers(0, 256, (24, 24, 4), dtype=np.uint8)
    first[..., 3] = rng.choice([0, 0, 100, 255], (24, 24))
    second = first.copy()
    hidden = second[..., 3] == 0
    second[hidden, :3] = rng.integers(0, 256, (hidden.sum(), 3))
    return first, second


@pytest.mark.parametrize("saliency", [False, True])
@pytest.mark.parametrize("dither", [None, "floyd-steinberg", "blue-noise", "bayer", "spatial"])
def test_hidden_colours_change_no_picture(dither: str | None, saliency: bool) -> None:
    weights = np.random.default_rng(4).random((24, 24))
    for space, alpha in itertools.product(("oklab", "srgb"), ("keep", "flatten:#fff")):
        a, b = (
            kpalette.quantize(pixels, 12, space=space, dither=dither, saliency=saliency,
                              weights=weights, alpha=alpha) for pixels in twins()
        )  # fmt: skip
        assert np.array_equal(a.rgba, b.rgba)
        assert (a.mse, a.n_distinct, a.n_iter) == (b.mse, b.n_distinct, b.n_iter)
        assert a.encode() == b.encode()


def test_hidden_colours_are_no_colours() -> None:
    a, b = twins()
    assert kpalette.ColorHistogram.from_image(a) == kpalette.ColorHistogram.from_image(b)
    assert metrics.compare(a, b).mse == metrics.compare(a, b).delta_e_max == 0
    assert not metrics.error_map(a, b).any()
    palette = kpalette.extract_palette(a, 5)
    for dither in (None, "floyd-steinberg", "blue-noise", "bayer", "spatial"):
        one, other = (palette.remap(pixels, dither=dither) for pixels in (a, b))
        assert np.array_equal(one.indices, other.indices)


def test_hidden_colours_do_not_move() -> None:
    """Frames that look the same are the same: an animation of them holds one picture."""
    a, b = twins()
    still, hidden = (
        kpalette.quantize_animation([(a, 50), (second, 50)], 8).encode("png") for second in (a, b)
    )
    assert still == hidden


def test_an_image_of_which_nothing_is_seen() -> None:
    pixels = noise(6, 6, 4)
    pixels[..., 3] = 0
    for saliency in (False, True):
        found = kpalette.quantize(pixels, 4, saliency=saliency)
        assert found.palette.colors.tolist() == [[0, 0, 0, 0]]
