"""Orders of palettes: the same colours and pictures, and what the names promise."""

from __future__ import annotations

import numpy as np
import pytest

import kpalette
import reference
from conftest import noise
from kpalette import Palette, files, sorting

ORDERS = list(sorting.ORDERS)


def palette(k: int, channels: int = 3) -> Palette:
    colors = np.unique(noise(k, 2, channels).reshape(-1, channels), axis=0)[:k]
    rng = np.random.default_rng(k)
    return Palette(rng.permutation(colors), rng.integers(0, 5, k))


def pairs(of: Palette) -> dict[str, int]:
    return dict(zip(of.hex, of.counts.tolist(), strict=True))


@pytest.mark.parametrize("by", ORDERS)
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("k", [1, 2, 33, 256])
def test_colours_keep_their_counts(by: str, k: int, channels: int) -> None:
    before = palette(k, channels)
    after = before.sorted(by)
    assert pairs(after) == pairs(before)
    assert after.sorted(by) == after


@pytest.mark.parametrize("by", ORDERS)
@pytest.mark.parametrize(("k", "channels"), [(7, 3), (7, 4), (256, 3)])
def test_a_picture_stays_the_same(by: str, k: int, channels: int) -> None:
    before = kpalette.quantize(noise(40, 30, channels), k)
    after = before.sorted(by)
    assert np.array_equal(after.rgba, before.rgba)
    assert after.palette == before.palette.sorted(by)
    assert after.indices.dtype == before.indices.dtype
    assert (after.mse, after.n_iter, after.n_distinct) == (
        before.mse,
        before.n_iter,
        before.n_distinct,
    )


def test_share() -> None:
    counts = palette(50).sorted("share").counts
    assert (np.diff(counts) <= 0).all()


def test_luminance() -> None:
    colors = palette(300).sorted("luminance").colors
    luminances = reference.linear(colors) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminances) > -1e-5).all()


def test_hue() -> None:
    names = ["#808080", "#ff0000", "#ffa500", "#ffff00", "#00ff00", "#00ffff", "#0000ff", "#ff00ff"]
    colors = np.array([list(bytes.fromhex(name[1:])) for name in [*names, "#101010", "#ffffff"]])
    shuffled = Palette(np.random.default_rng(0).permutation(colors.astype(np.uint8)))
    assert shuffled.sorted("hue").hex == ["#101010", "#808080", "#ffffff", *names[1:]]


def test_compression_brings_neighbours_together() -> None:
    steps = np.repeat(np.arange(0, 256, 17, dtype=np.uint8)[:, None], 3, axis=1)
    mixed = Palette(np.random.default_rng(0).permutation(steps))
    assert np.array_equal(mixed.sorted("compression").colors, steps)


def test_compression_makes_the_list_of_alphas_short() -> None:
    colors = palette(40, 4).colors.copy()
    colors[:, 3] = 255
    colors[[7, 30], 3] = 0, 99
    colors = Palette(colors).sorted("compression").colors
    assert (colors[:2, 3] < 255).all()
    sizes = []
    for shown in (colors, colors[::-1]):
        indices = np.zeros((1, 1), np.uint8)
        sizes.append(len(files.encode(indices, shown, "png", keep_order=True)))
    assert sizes[0] == sizes[1] - 38


@pytest.mark.parametrize("by", ["luminance", "hue", "compression"])
def test_equal_colours_of_the_eye_stay_in_order(by: str) -> None:
    same = Palette(np.array([[5, 5, 5, 9], [5, 5, 5, 8], [5, 5, 5, 7]], np.uint8))
    assert same.sorted(by) == same


def test_wrong_orders() -> None:
    with pytest.raises(ValueError, match="expected one of share, luminance, hue, compression, got"):
        palette(3).sorted("size")
    with pytest.raises(TypeError, match="expected a string, got 3"):
        palette(3).sorted(3)  # type: ignore[arg-type]
    many = palette(257)
    assert len(many.sorted("hue")) == 257
    with pytest.raises(ValueError, match="at most 256 colours for compression, got 257"):
        many.sorted("compression")
