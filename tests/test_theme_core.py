"""Themes, as the core makes them: laws that hold for every picture, and a plain reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks import pictures as drawn_pictures
from benchmarks.logos import LOGOS

import reference_themes as reference
from kpalette import _core

NONE = np.zeros((0, 3), np.uint8)
STEPS = _core.steps(3, "oklab")

#: Lightness and chroma in Oklab: at least, less than; as core/theme_roles.cpp has them.
RANGES = {
    "vibrant": (0.5, 0.75, 0.1, 2),
    "light-vibrant": (0.75, 2, 0.08, 2),
    "dark-vibrant": (0.15, 0.5, 0.07, 2),
    "muted": (0.45, 0.75, 0.01, 0.08),
    "light-muted": (0.75, 0.98, 0.01, 0.06),
    "dark-muted": (0.1, 0.45, 0.01, 0.05),
}


def theme_of(
    pixels: Any, k: int = 6, *, mask: Any = None, ignored: Any = NONE, threads: int = 2
) -> Any:
    """Return colours, counts, and the colours of the roles by name."""
    team = _core.Team(threads)
    counted = _core.count_for_theme(np.ascontiguousarray(pixels), mask, ignored, team)
    colors, counts, roles, has = _core.make_theme(*counted, ignored, k, team)
    named = zip(_core.ROLES, roles.tolist(), has, strict=True)
    return colors.tolist(), counts.tolist(), {name: color for name, color, there in named if there}


def blobs(seed: int) -> Any:
    """Return blobs of a few colours on a noisy ground, (48, 64, 3)."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(0, 256, 3)
    pixels = np.clip(rng.normal(ground, 12, (48, 64, 3)), 0, 255).astype(np.uint8)
    for color in rng.integers(0, 256, (7, 3)):
        y, x = rng.integers(0, 40), rng.integers(0, 56)
        pixels[y : y + 9, x : x + 9] = color
    return pixels


def ramps() -> Any:
    """Return two ramps, one of lightness and one of hue, (32, 96, 3)."""
    x = np.linspace(0, 1, 96)
    grey = np.repeat(255 * x[:, None], 3, 1)
    hue = 127.5 + 127.5 * np.cos(2 * np.pi * (x[:, None] + np.array([0, 1, 2]) / 3))
    return np.stack([grey] * 16 + [hue] * 16).astype(np.uint8)


def lines() -> Any:
    """Return smooth thin lines of six colours on white, (200, 300, 3)."""
    large = np.full((800, 1200, 3), 255.0)
    x = np.arange(1200)
    for i, color in enumerate(LINES):
        y = (60 + 120 * i + (i % 3 - 1.1) * x / 22).astype(int)
        for thick in range(11):
            large[np.clip(y + thick, 0, 799), x] = color
    return np.rint(large.reshape(200, 4, 300, 4, 3).mean(axis=(1, 3))).astype(np.uint8)


#: The first colours of charts.
LINES = np.uint8(
    [
        [31, 119, 180],
        [255, 127, 14],
        [44, 160, 44],
        [214, 39, 40],
        [148, 103, 189],
        [140, 86, 75],
    ]
)

PICTURES = {f"blobs {seed}": blobs(seed) for seed in range(4)} | {
    "ramps": ramps(),
    "noise": np.random.default_rng(5).integers(0, 256, (40, 40, 3)).astype(np.uint8),
    "grey": np.repeat(np.arange(64, dtype=np.uint8)[None, :, None], 3, 2).repeat(8, 0),
    "two": np.uint8([[[255, 255, 255]] * 9 + [[200, 0, 0]]] * 4),
    "one": np.full((5, 7, 3), 90, np.uint8),
    "logo": LOGOS["fox"][0],
    "lines": lines(),
}
each_picture = pytest.mark.parametrize("name", PICTURES)


@each_picture
@pytest.mark.parametrize("k", [0, 1, 2, 6, 64])
def test_entries_are_the_pictures_own(name: str, k: int) -> None:
    pixels = PICTURES[name]
    colors, counts, roles = theme_of(pixels, k)
    own = {tuple(color) for color in pixels.reshape(-1, 3).tolist()}
    assert {tuple(color) for color in [*colors, *roles.values()]} <= own
    assert len({tuple(color) for color in colors}) == len(colors) <= min(k or 12, len(own))
    assert sum(counts) == pixels.size // 3
    assert roles["dominant"] == colors[0]
    if k >= 3 and "background" in roles:
        assert roles["background"] in colors


@each_picture
def test_counts_are_of_the_nearest_pixels(name: str) -> None:
    pixels = PICTURES[name].reshape(-1, 3)
    colors, counts, _ = theme_of(PICTURES[name])
    at, entries = _core.place(pixels, "oklab"), _core.place(np.uint8(colors), "oklab")
    nearest = ((at[:, None] - entries) ** 2).sum(axis=2).argmin(axis=1)
    found = np.bincount(nearest, minlength=len(colors))
    distances = np.sort(((at[:, None] - entries) ** 2).sum(axis=2), axis=1)
    ties = (distances[:, 0] == distances[:, 1]).sum() if len(colors) > 1 else 0
    assert np.abs(found - counts).sum() <= 2 * ties


@each_picture
@pytest.mark.parametrize("k", [0, 6])
def test_turned_and_mirrored_pictures_have_the_same_theme(name: str, k: int) -> None:
    pixels = PICTURES[name]
    expected = theme_of(pixels, k)
    for turns in range(4):
        turned = np.rot90(pixels, turns)
        assert theme_of(turned, k) == expected
        assert theme_of(turned[:, ::-1], k) == expected


@each_picture
@pytest.mark.parametrize("scale", [2, 3])
def test_a_scaled_picture_has_the_same_theme(name: str, scale: int) -> None:
    pixels = PICTURES[name]
    colors, counts, roles = theme_of(pixels)
    large = pixels.repeat(scale, 0).repeat(scale, 1)
    assert theme_of(large) == (colors, [scale**2 * count for count in counts], roles)


@each_picture
def test_an_ignored_border_changes_nothing(name: str) -> None:
    pixels, white = PICTURES[name], np.full((1, 3), 255, np.uint8)
    framed = np.pad(pixels, ((5, 9), (3, 30), (0, 0)), constant_values=255)
    assert theme_of(framed, ignored=white) == theme_of(pixels, ignored=white)


@each_picture
def test_what_is_not_seen_changes_nothing(name: str) -> None:
    pixels = PICTURES[name]
    height, width = pixels.shape[:2]
    framed = np.random.default_rng(1).integers(0, 256, (height + 8, width + 6, 4)).astype(np.uint8)
    framed[..., 3] = 127
    framed[4:-4, 3:-3] = np.dstack([pixels, np.full((height, width), 128, np.uint8)])
    assert theme_of(framed) == theme_of(pixels)
    assert theme_of(framed[..., :3], mask=framed[..., 3] == 128) == theme_of(pixels)


@each_picture
def test_any_number_of_threads_gives_the_same(name: str) -> None:
    expected = theme_of(PICTURES[name], threads=1)
    assert all(theme_of(PICTURES[name], threads=threads) == expected for threads in (2, 7))


@each_picture
def test_roles_lie_in_their_ranges(name: str) -> None:
    roles = theme_of(PICTURES[name])[2]
    for role, (darkest, lightest, dullest, most) in RANGES.items():
        if role not in roles:
            continue
        lightness, a, b = _core.place(np.uint8([roles[role]]), "oklab")[0] / STEPS
        assert darkest <= lightness < lightest
        assert dullest <= np.hypot(a, b) < most


@each_picture
def test_a_histogram_has_the_theme_of_its_picture_but_for_the_sides(name: str) -> None:
    pixels = PICTURES[name]
    team = _core.Team(1)
    counted = _core.count_colors(pixels.reshape(-1, 3), team)
    colors, counts, *sides = _core.counted_for_theme(*map(np.asarray, counted), NONE)
    assert np.array_equal(colors, np.asarray(counted[0]))
    assert len(sides[0]) == len(sides[1]) == 0
    _, _, _, has = _core.make_theme(colors, counts, *sides, NONE, 6, team)
    assert not has[_core.ROLES.index("background")]


def test_transparent_colors_of_a_histogram_are_not_counted() -> None:
    colors = np.uint8([[1, 2, 3, 127], [9, 9, 9, 128], [9, 9, 9, 255], [0, 0, 200, 255]])
    found, counts, *_ = _core.counted_for_theme(colors, np.array([5, 2, 3, 4]), NONE)
    assert dict(zip(map(tuple, found.tolist()), counts.tolist(), strict=True)) == {
        (9, 9, 9): 5,
        (0, 0, 200): 4,
    }


def test_colors_about_an_ignored_one_are_not_counted() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    white = np.full((1, 3), 255, np.uint8)
    found = _core.count_for_theme(ramp, None, white, _core.Team(1))[0]
    at = _core.place(np.ascontiguousarray(ramp[0]), "oklab") / STEPS
    far = np.linalg.norm(at - at[-1], axis=1) > 0.03
    assert np.array_equal(found[:, 0], ramp[0, far, 0])
    assert 0 < far.sum() < 255


@pytest.mark.parametrize("name", LOGOS)
@pytest.mark.parametrize("k", [0, 3, 6])
def test_the_main_color_of_a_logo_is_the_first(name: str, k: int) -> None:
    pixels, color = LOGOS[name]
    colors, _, roles = theme_of(pixels, k)
    assert bytes(colors[0]).hex() == color[1:]
    ground = pixels[0, 0].tolist()
    assert roles["background"] == ground
    assert ground in colors


def test_a_small_vivid_thing_is_kept_and_is_the_accent() -> None:
    rng = np.random.default_rng(3)
    pixels = np.clip(rng.normal([120, 140, 110], 14, (200, 300, 3)), 0, 255).astype(np.uint8)
    pixels[90:108, 140:160] = [210, 30, 25]  # 0.6 % of the pixels
    colors, _, roles = theme_of(pixels)
    assert [210, 30, 25] in colors
    assert roles["accent"] == [210, 30, 25]


def test_a_noisy_spot_of_a_thousandth_is_kept() -> None:
    field = drawn_pictures.field()
    spot = field[120:127, 120:127].astype(float).mean(axis=(0, 1))
    assert np.abs(np.array(theme_of(field)[0]) - spot).max(axis=1).min() < 20


@pytest.mark.parametrize("k", [6, 12])
def test_edges_of_lines_are_no_entries_if_their_ground_is_ignored(k: int) -> None:
    colors, *_ = theme_of(lines(), k, ignored=np.uint8([[255, 255, 255]]))
    offs = np.abs(np.array(colors)[:, None] - LINES.astype(int)).max(axis=2)
    assert len(colors) == len(LINES)
    assert (offs.min(axis=0) <= 8).all()


@each_picture
@pytest.mark.parametrize("k", [0, 6, 64])
def test_entries_look_different(name: str, k: int) -> None:
    at = _core.place(np.uint8(theme_of(PICTURES[name], k)[0]), "oklab") / STEPS
    apart = np.linalg.norm(at[:, None] - at, axis=2) + np.eye(len(at))
    assert apart.min() >= 0.04


def test_a_third_of_grey_has_an_entry_beside_vivid_colors() -> None:
    rng = np.random.default_rng(8)
    hues = np.uint8([[230, 30, 40], [240, 200, 0], [30, 160, 60], [0, 170, 220], [60, 60, 220]])
    pixels = np.vstack([hues, [[200, 40, 180]]]).astype(np.uint8).repeat(22, 0)[:, None]
    pixels = np.concatenate([pixels.repeat(100, 1), np.full((132, 50, 3), 120, np.uint8)], axis=1)
    pixels = rng.permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
    assert [120, 120, 120] in theme_of(pixels)[0]


def test_the_ground_of_an_editor_is_its_background() -> None:
    pixels = np.full((100, 160, 3), 30, np.uint8)
    pixels[:, :36] = 37
    pixels[:5], pixels[-5:] = 60, [0, 122, 204]
    pixels[20:80:6, 50:120] = [206, 145, 120]
    assert theme_of(pixels)[2]["background"] == [30, 30, 30]


def test_the_only_color_is_the_accent_and_a_dark_one_is_not() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8) + np.uint8([51, 102, 153])
    assert theme_of(pixels)[2]["accent"] == [51, 102, 153]
    pixels = np.full((40, 40, 3), 240, np.uint8)
    pixels[5:15, 5:15], pixels[20:30, 20:30] = [83, 12, 0], [120, 130, 90]
    assert theme_of(pixels)[2]["accent"] == [120, 130, 90]


def test_where_sides_differ_there_is_no_background() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :20], pixels[:20, 20:], pixels[20:, 20:] = [200, 0, 0], [0, 160, 0], [0, 0, 220]
    pixels[:8] = [250, 250, 90]
    assert "background" not in theme_of(pixels)[2]


@pytest.mark.parametrize(("width", "ground"), [(1, False), (20, True)])
def test_a_line_around_a_picture_is_no_background(width: int, ground: bool) -> None:
    pixels = blobs(1).repeat(4, 0).repeat(4, 1)
    framed = np.pad(pixels, ((width, width), (width, width), (0, 0)), constant_values=99)
    assert (theme_of(framed)[2].get("background") == [99, 99, 99]) == ground


def test_most_hues_of_a_picture_are_covered() -> None:
    """Each of six colours of other hues, though one is a hundred times as frequent as another."""
    hues = np.uint8(
        [
            [200, 30, 40],
            [220, 140, 20],
            [60, 150, 40],
            [20, 150, 160],
            [40, 70, 210],
            [170, 40, 190],
        ]
    )
    counts = np.array([1000, 300, 100, 30, 20, 10])
    rng = np.random.default_rng(2)
    pixels = hues.repeat(counts, 0).astype(int) + rng.integers(-6, 7, (counts.sum(), 3))
    colors, *_ = theme_of(np.clip(pixels, 0, 255).astype(np.uint8)[None])
    offs = np.abs(np.array(colors)[:, None] - hues.astype(int)).max(axis=2)
    assert (offs.min(axis=0) <= 6).all()


@pytest.mark.parametrize("k", [0, 1, 2, 5, 9])
@each_picture
def test_equals_the_reference(name: str, k: int) -> None:
    pixels = PICTURES[name]
    assert theme_of(pixels, k)[:2] == reference.theme(pixels, k, NONE)


@pytest.mark.parametrize("k", [0, 6, 12])
@pytest.mark.parametrize("name", ["blobs 1", "ramps", "logo", "lines"])
def test_equals_the_reference_where_colors_are_ignored(name: str, k: int) -> None:
    white = np.uint8([[255, 255, 255]])
    pixels = PICTURES[name]
    counted = _core.count_for_theme(np.ascontiguousarray(pixels), None, white, _core.Team(1))
    no_sides = np.empty(0, np.int64)
    found = _core.make_theme(*counted[:2], NONE, no_sides, white, k, _core.Team(1))
    expected = reference.theme(pixels, k, white)
    assert (found[0].tolist(), found[1].tolist()) == expected


# ---- places ----


@each_picture
def test_a_place_has_about_the_color(name: str) -> None:
    pixels = PICTURES[name]
    colors = np.uint8(theme_of(pixels)[0])
    places = _core.theme_places(np.ascontiguousarray(pixels), None, colors, _core.Team(2))
    for color, (x, y) in zip(colors, places, strict=True):
        off = _core.place(color[None], "oklab") - _core.place(pixels[y, x][None], "oklab")
        assert np.linalg.norm(off) <= 0.06 * STEPS


def test_places_are_inside_of_areas() -> None:
    pixels = np.full((90, 120, 3), 240, np.uint8)
    pixels[20:60, 30:70] = [200, 0, 0]
    pixels[::7, ::5] = [200, 0, 0]  # specks everywhere
    colors = np.uint8([[200, 0, 0], [240, 240, 240]])
    (x, y), _ = _core.theme_places(pixels, None, colors, _core.Team(1)).tolist()
    assert 32 <= x < 68
    assert 22 <= y < 58


def test_what_is_not_there_has_no_place() -> None:
    pixels = np.full((9, 9, 3), 240, np.uint8)
    colors = np.uint8([[200, 0, 0], [240, 240, 240]])
    assert _core.theme_places(pixels, None, colors, _core.Team(1))[0].tolist() == [-1, -1]
    hidden = np.zeros((9, 9), bool)
    assert (_core.theme_places(pixels, hidden, colors, _core.Team(1)) == -1).all()
