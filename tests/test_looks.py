"""What one sees of a difference: the plain specification, and laws that it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kpalette
import reference
from conftest import gradient, noise
from kpalette import _core, metrics
from kpalette.looks import TILE, Place, Reference, TileErrors
from kpalette.threads import make_team

TEAM = make_team(2)

#: Shapes of which the tiles at the edges are ragged, and of which some are smaller than a tile.
SHAPES = [(1, 1), (1, 70), (70, 1), (7, 9), (16, 16), (40, 50), (64, 96), (65, 97)]


def tile_errors(a: np.ndarray, b: np.ndarray, team: _core.Team = TEAM) -> TileErrors:
    return Reference(a, team).errors(b)


def near(a: np.ndarray, seed: int = 1) -> np.ndarray:
    """Change most channels of an image a little."""
    more = noise(*a.shape[:2], a.shape[2], seed=seed).astype(int) // 16 - 8
    return np.clip(a + more, 0, 255).astype(np.uint8)


def sweep(a: np.ndarray, b: np.ndarray, side: int) -> TileErrors:
    """Measure parts of some tiles each, and add them up in another order than the image has."""
    total = TileErrors()
    for top in reversed(range(0, len(a), side)):
        for left in range(0, a.shape[1], side):
            part = np.s_[top : top + side, left : left + side]
            pieces = (np.ascontiguousarray(image[part]) for image in (a, b))
            total = total + Reference(next(pieces), TEAM, (top, left)).errors(next(pieces))
    return total


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [3, 4])
def test_it_is_the_reference(shape: tuple[int, int], channels: int) -> None:
    a = noise(*shape, channels)
    half = np.where(np.arange(shape[1])[:, None] < shape[1] // 2, a, near(a))
    for b in (near(a), noise(*shape, channels, seed=2), half):
        expected, worst = reference.looks(a, b)
        found = metrics.compare(a, b)
        assert found.looks == metrics.looks(a, b) == pytest.approx(expected, abs=5e-3)
        assert found.worst == worst


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("k", [5, 300])
def test_indices_look_as_their_pixels_do(channels: int, k: int) -> None:
    a = noise(40, 50, channels)
    q = kpalette.quantize(a, k)
    shown = q.palette.colors[q.indices]
    assert Reference(a, TEAM).index_errors(q.indices, q.palette.colors) == tile_errors(a, shown)
    assert metrics.looks(a, q) == pytest.approx(reference.looks(a, shown)[0], abs=5e-3)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("drawn", [True, False])
def test_labels_look_as_their_indices_do(channels: int, drawn: bool) -> None:
    a = noise(45, 70, channels)
    a[:30] //= 64 if drawn else 1
    if drawn:
        a[:, 8:] = a[:, 8:9]  # of alpha 0, too, in one of many colours
        a[40:, :, 3:] = 0
    reference_ = Reference(a, TEAM)
    assert reference_._is_drawn == drawn
    histogram = kpalette.ColorHistogram.from_image(a)
    for k in (1, 6, len(histogram), 300):
        q = kpalette.quantize(a, k)
        labels, colors = q._origin.labels, q._origin.colors
        found = reference_.label_errors(histogram, labels, colors)
        assert found == reference_.index_errors(q.indices, colors)
        assert found == tile_errors(a, colors[q.indices])
    with pytest.raises(ValueError, match="the palette lacks"):
        reference_.label_errors(histogram, np.full_like(labels, 300), colors[:6])


def test_indices_that_the_palette_lacks_are_refused() -> None:
    indices, palette = np.full((4, 4), 2, np.uint8), np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match="an index that the palette lacks"):
        Reference(noise(4, 4), TEAM).index_errors(indices, palette)


def test_the_scale_falls_with_every_larger_error() -> None:
    errors = np.geomspace(1e-7, 2, 4000)
    scale = [_core.looks(error**3) for error in errors]
    assert np.all(np.diff(scale) < 0)
    assert scale[0] < _core.looks(0) == 100
    np.testing.assert_allclose(scale, 100 - 25 * np.log1p(750 * errors), rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_equal_images_look_equal(channels: int) -> None:
    a = noise(20, 30, channels)
    assert metrics.looks(a, a.copy()) == 100
    assert metrics.compare(a, a).worst is None


def test_what_cannot_be_seen_counts_for_nothing() -> None:
    a, b = noise(20, 30, 4), noise(20, 30, 4, seed=1)
    a[..., 3] = b[..., 3] = 0
    assert metrics.looks(a, b) == 100
    solid = np.dstack([noise(20, 30), np.full((20, 30), 255, np.uint8)])
    assert metrics.looks(solid, solid[..., :3]) == 100


def test_the_worse_backdrop_counts() -> None:
    """Half-transparent black turns red: over black nothing is seen of white, and so on."""
    a = np.full((16, 16, 4), [0, 0, 0, 128], np.uint8)
    b = np.full((16, 16, 4), [0, 0, 0, 90], np.uint8)
    opaque = [np.broadcast_to(reference.over_grey(x, 255), (16, 16, 3)) for x in (a, b)]
    assert metrics.looks(a, b) == metrics.looks(*opaque) < 60
    found = tile_errors(a, b)
    assert found.over_black.looks == 100
    assert found.looks == found.over_white.looks


def test_an_exact_border_changes_nothing() -> None:
    a = gradient(64, 80)
    b = near(a)
    found = metrics.compare(a, b)
    framed = [np.pad(x, ((TILE, 5 * TILE), (3 * TILE, 2), (0, 0)), "constant") for x in (a, b)]
    around = metrics.compare(*framed)
    assert around.looks == found.looks
    assert around.worst == Place(
        found.worst.left + 3 * TILE, found.worst.top + TILE, *found.worst[2:]
    )
    assert around.delta_e < found.delta_e / 2  # a mean over pixels is diluted


def test_mirrored_and_turned_images_look_the_same() -> None:
    a = gradient(64, 80)
    b = near(a)
    expected = metrics.looks(a, b)
    turns: list[Any] = [np.fliplr, np.flipud, np.rot90, lambda x: np.rot90(x, 2)]
    for turn in turns:
        assert metrics.looks(*(np.ascontiguousarray(turn(x)) for x in (a, b))) == expected


def test_which_is_which_makes_no_difference() -> None:
    for channels in (3, 4):
        a, b = noise(40, 50, channels), noise(40, 50, channels, seed=1)
        assert tile_errors(a, b) == tile_errors(b, a)


def test_dithering_of_what_lies_between_two_colours_looks_better() -> None:
    grey = np.full((64, 64, 3), 100, np.uint8)
    pair = kpalette.Palette(np.array([[80, 80, 80], [124, 124, 124]], np.uint8))
    plain = metrics.looks(grey, pair.remap(grey))
    for dither in ("floyd-steinberg", "blue-noise", "bayer"):
        assert metrics.looks(grey, pair.remap(grey, dither=dither)) > plain + 20


def test_worse_errors_look_worse() -> None:
    a = gradient(64, 64)
    last = 100.0
    for shift in (1, 2, 4, 8, 16, 32):
        shown = np.clip(a.astype(int) + shift, 0, 255).astype(np.uint8)
        found = metrics.looks(a, shown)
        assert found < last
        last = found
    assert last < 30


@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1)])
def test_long_images(shape: tuple[int, int]) -> None:
    a = noise(*shape)
    b = near(a)
    assert metrics.looks(a, b) == pytest.approx(reference.looks(a, b)[0], abs=5e-3)


@pytest.mark.parametrize("channels", [3, 4])
def test_threads_change_nothing(channels: int) -> None:
    a, b = noise(300, 400, channels), noise(300, 400, channels, seed=1)
    assert tile_errors(a, b, make_team(1)) == tile_errors(a, b, make_team(3))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("side", [16, 32, 80])
def test_parts_add_up(channels: int, side: int) -> None:
    a = noise(70, 90, channels)
    b = near(a)
    b[:16, :32] = a[:16, :32]
    assert sweep(a, b, side) == tile_errors(a, b)
    with pytest.raises(ValueError, match=r"origin: expected multiples of 16, got \(16, 8\)"):
        Reference(a, TEAM, origin=(16, 8))


def test_sums_hold_any_number_of_parts() -> None:
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    part = tile_errors(black, white)
    total = part
    for _ in range(40):
        total = total + total
    assert total.over_black.pixels == 64 * 64 << 40
    assert total.looks == part.looks
