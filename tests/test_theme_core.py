"""Themes, as the core makes them."""

from __future__ import annotations

import numpy as np
import pytest

from kpalette import _core

NONE = np.zeros((0, 3), np.uint8)


def theme_of(pixels, k=6, mask=None, ignored=NONE, threads=2):
    team = _core.Team(threads)
    counted = _core.count_for_theme(pixels, mask, ignored, team)
    return _core.make_theme(*counted, k, team)


def picture(seed=0):
    """Return blobs of a few colours on a noisy ground, (48, 64, 3)."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(rng.normal(200, 12, (48, 64, 3)), 0, 255).astype(np.uint8)
    for color in rng.integers(0, 256, (7, 3)):
        y, x = rng.integers(0, 40), rng.integers(0, 56)
        pixels[y : y + 9, x : x + 9] = color
    return pixels


@pytest.mark.parametrize("k", [1, 2, 6, 20])
def test_colors_are_the_pictures_own(k):
    pixels = picture()
    colors, counts, *_ = theme_of(pixels, k)
    own = {tuple(color) for color in pixels.reshape(-1, 3).tolist()}
    assert {tuple(color) for color in colors.tolist()} <= own
    assert len(colors) == k
    assert counts.sum() == pixels.size // 3


def test_a_place_has_about_the_color():
    pixels = picture()
    colors, *_ = theme_of(pixels)
    places = _core.theme_places(pixels, None, colors, _core.Team(2))
    for color, (x, y) in zip(colors, places, strict=True):
        off = _core.place(color[None], "oklab") - _core.place(pixels[y, x][None], "oklab")
        assert np.linalg.norm(off) <= 0.06 * _core.steps(3, "oklab")
