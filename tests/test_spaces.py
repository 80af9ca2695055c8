"""Colour spaces: their definitions, every colour there and back, and how centres are rounded."""

from pathlib import Path

import numpy as np
import pytest
from tools import derive_spaces

import reference
from conftest import noise
from kpalette import _core, quantize
from kpalette.choices import SPACES

DEFINITIONS = {
    "srgb": lambda colors: colors.astype(float),
    "linear": reference.linear,
    "oklab": reference.oklab,
    "lab": reference.lab,
}


def distinct(channels: int, seed: int = 0) -> np.ndarray:
    return np.unique(noise(100, 100, channels, seed).reshape(-1, channels), axis=0)


def cube(red: int) -> np.ndarray:
    """All 8-bit colours of that red: uint8 (65536, 3)."""
    colors = np.empty((256, 256, 3), np.uint8)
    colors[..., 0] = red
    colors[..., 1] = np.arange(256)[:, None]
    colors[..., 2] = np.arange(256)
    return colors.reshape(-1, 3)


@pytest.mark.parametrize("space", SPACES)
def test_definition(space: str) -> None:
    colors = np.vstack([distinct(3), np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(-1, 3)])
    coords = _core.place(colors, space) / _core.steps(3, space)
    np.testing.assert_allclose(coords, DEFINITIONS[space](colors), rtol=0, atol=3e-6)


@pytest.mark.parametrize("space", SPACES)
def test_every_colour_comes_back(space: str) -> None:
    for red in range(256):
        colors = cube(red)
        assert np.array_equal(_core.unplace(_core.place(colors, space), space), colors)


@pytest.mark.parametrize("space", SPACES)
def test_no_two_colours_share_a_place(space: str) -> None:
    # All that differ by a step in one channel, which is where two could come to lie together.
    for red in range(0, 256, 5):
        a = _core.place(cube(red), space).reshape(256, 256, 3)
        b = _core.place(cube(red + 1 if red < 255 else 0), space).reshape(256, 256, 3)
        for here, there in ((a, b), (a[1:], a[:-1]), (a[:, 1:], a[:, :-1])):
            assert ((here - there) != 0).any(axis=-1).all()


@pytest.mark.parametrize("space", SPACES)
def test_transparent_colours_are_one_and_white_over_white_is_white(space: str) -> None:
    clear = distinct(4)
    clear[:, 3] = 0
    assert len(np.unique(_core.place(clear, space), axis=0)) == 1
    opaque = distinct(3)
    full = np.hstack([opaque, np.full((len(opaque), 1), 255, np.uint8)])
    moved = _core.place(full, space) / _core.steps(4, space)
    plain = _core.place(opaque, space) / _core.steps(3, space)
    offsets = moved[:, :3] - plain
    np.testing.assert_allclose(offsets, offsets[:1].repeat(len(offsets), 0), atol=2e-6)


def test_constants_are_those_that_the_script_derives() -> None:
    header = Path(derive_spaces.__file__).parents[1] / "core" / "space_constants.hpp"
    assert header.read_text() == derive_spaces.header() + "\n"


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("channels", [3, 4])
def test_one_colour_is_the_one_nearest_to_the_mean(space: str, channels: int) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        base = rng.integers(0, 256, channels)
        pixels = np.clip(base + rng.normal(0, 30, (40, 40, channels)), 0, 255).astype(np.uint8)
        if channels == 4:
            pixels[..., 3] = np.maximum(pixels[..., 3], 100)
        color = quantize(pixels, 1, space=space).palette.colors[0]
        mean = _core.place(pixels.reshape(-1, channels), space).mean(axis=0)
        steps = np.stack(np.meshgrid(*[range(-3, 4)] * channels), axis=-1).reshape(-1, channels)
        near = np.unique(np.clip(color + steps, 0, 255).astype(np.uint8), axis=0)
        squares = ((_core.place(near, space) - mean) ** 2).sum(axis=1)
        chosen = ((_core.place(color[None], space)[0] - mean) ** 2).sum()
        assert chosen <= squares.min() * (1 + 1e-9)


@pytest.mark.parametrize("space", SPACES)
def test_greys_stay_grey(space: str) -> None:
    grey = noise(60, 60, 1)
    for k in (1, 5, 40):
        colors = quantize(grey, k, space=space).palette.colors
        assert (colors == colors[:, :1]).all()


def test_perceptual_spaces_cost_less_to_the_eye() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal([120, 90, 60], [50, 40, 30], (100, 100, 3)).clip(0, 255).astype(np.uint8)

    def cost(space: str, measured_in: str) -> float:
        q = quantize(pixels, 12, space=space)
        define = DEFINITIONS[measured_in]
        flat = pixels.reshape(-1, 3)
        offsets = define(flat) - define(q.palette.colors)[q.indices.ravel()]
        return float((offsets**2).sum())

    for measured in SPACES:
        assert min(SPACES, key=lambda space: cost(space, measured)) == measured
