"""Animations: what is shown, and what the files that are written decode to."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import kpalette
from clips import Pixels, check_shown, decoded, moving
from conftest import gradient, noise, saved
from kpalette import ColorHistogram, files, metrics
from kpalette.animation import quantize_animation
from kpalette.choices import DITHERS, Scope
from kpalette.files import ENCODERS, open_frames
from kpalette.files.changes import hundredths
from kpalette.scope_choice import POINT, UNSEEN
from kpalette.scopes import SceneCutter

KINDS = list(ENCODERS)
SCOPES: list[Scope] = ["global", "scene", "frame"]


# Files


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_shows_the_frames(kind: str, scope: str, channels: int, optimize: bool) -> None:
    result = quantize_animation(moving(channels=channels), 9, palette_scope=scope)
    check_shown(result, kind, optimize=optimize)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 16, 17, 255, 256])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_colours(kind: str, k: int) -> None:
    still = noise(20, 30)
    other = still.copy()
    other[3:9, 5:20] = noise(6, 15, seed=1)
    frames = [(still, 100), (other, 50), (still, 70), (noise(20, 30, seed=2), 30)]
    check_shown(quantize_animation(frames, k, palette_scope="global"), kind)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(
    frames=arrays(
        np.uint8,
        st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5)),
        elements=st.integers(0, 3),
    ),
    data=st.data(),
)
def test_a_file_shows_any_frames(kind: str, frames: Pixels, data: st.DataObject) -> None:
    """Whatever appears, vanishes and stays."""
    levels = np.array([[0, 0, 0, 0], [255, 0, 0, 255], [0, 255, 0, 255], [9, 9, 9, 255]], np.uint8)
    times = st.integers(2, 20).map(lambda hundredth: 10 * hundredth)
    durations = data.draw(st.lists(times, min_size=len(frames), max_size=len(frames)))
    scope = data.draw(st.sampled_from(SCOPES))
    pairs = [*zip(levels[frames], durations, strict=True)]
    check_shown(quantize_animation(pairs, 4, palette_scope=scope), kind)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_half_transparent_pixels(kind: str) -> None:
    frames = [(noise(9, 12, 4, seed=i), 50) for i in range(4)]
    frames[2][0][:4] = frames[1][0][:4]
    check_shown(quantize_animation(frames, 40, palette_scope="global"), kind)
    check_shown(quantize_animation(frames, 200, palette_scope="frame"), kind)
    check_shown(quantize_animation(frames, 40), kind)


def test_one_colour_for_what_is_opaque_and_what_is_clear() -> None:
    result = quantize_animation(moving(channels=4), 1)
    assert [len(palette) for palette in result.palettes] == [1] * len(result.palettes)
    check_shown(result, "png")


def test_gif_refuses_half_transparent_pixels(tmp_path: Path) -> None:
    result = quantize_animation([(noise(9, 12, 4), 50)], 40)
    with pytest.raises(ValueError, match="gif: expected colours that are opaque"):
        result.encode("gif")
    with pytest.raises(ValueError, match="flatten"):
        result.save(tmp_path / "soft.gif")
    assert not [*tmp_path.iterdir()]
    flat = quantize_animation([(noise(9, 12, 4), 50)], 40, alpha="flatten:#ffffff")
    check_shown(flat, "gif")


@pytest.mark.parametrize("loop", [0, 1, 2, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_loops_go_through(kind: str, loop: int) -> None:
    result = dataclasses.replace(quantize_animation(moving(3), 8), loop=loop)
    again = quantize_animation(io.BytesIO(result.encode(kind)), 8)
    assert again.loop == loop
    assert again.durations == result.durations


def test_gif_without_a_loop_is_shown_once() -> None:
    images = [Image.fromarray(pixels) for pixels, _ in moving(3)]
    file = saved(images[0], "GIF", save_all=True, append_images=images[1:], duration=50)
    assert quantize_animation(file, 4).loop == 1


def test_only_what_changes_is_written() -> None:
    still = noise(40, 60)
    spot = still.copy()
    spot[10:13, 20:25] = 255 - spot[10:13, 20:25]
    one = quantize_animation([(still, 50)], 32)
    two = quantize_animation([(still, 50), (spot, 50)], 32, palette_scope="global")
    for kind in KINDS:
        assert len(two.encode(kind)) < len(one.encode(kind)) + 400
    with Image.open(io.BytesIO(two.encode("gif"))) as image:
        image.seek(1)
        assert image.dispose_extent == (20, 10, 25, 13)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stays_costs_nothing_in_a_rectangle_of_change(kind: str) -> None:
    still = noise(40, 60)
    corners = still.copy()
    corners[0, 0] = corners[-1, -1] = 255 - still[0, 0]
    one = quantize_animation([(still, 50)], 200)
    two = quantize_animation([(still, 50), (corners, 50)], 200, palette_scope="global")
    assert len(two.encode(kind)) < len(one.encode(kind)) + 800


def test_gif_has_all_256_colours_and_still_leaves_out_what_stays() -> None:
    """A frame that does not draw with all of them has one to spare."""
    still = np.arange(256, dtype=np.uint8).reshape(16, 16)
    corners = still.copy()
    corners[0, 0], corners[-1, -1] = still[-1, -1], still[0, 0]
    result = quantize_animation([(still, 50), (corners, 50)], 256, palette_scope="global")
    assert len(result.palettes[0]) == 256
    assert result.mse == 0
    check_shown(result, "gif")
    alone = len(quantize_animation([(still, 50)], 256).encode("gif"))
    assert len(result.encode("gif")) < alone + 100


@pytest.mark.parametrize("kind", KINDS)
def test_equal_frames_become_one(kind: str) -> None:
    a, b = noise(8, 8), noise(8, 8, seed=1)
    frames = [(a, 40), (a, 60), (b, 30), (b, 0), (a, 20)]
    result = quantize_animation(frames, 16, palette_scope="global")
    assert len(result.frames) == 5
    assert [duration for _, duration in decoded(result.encode(kind))] == [100, 30, 20]


@pytest.mark.parametrize("kind", KINDS)
def test_times_beyond_the_format(kind: str) -> None:
    frames = [(noise(8, 8), 1_500_000), (noise(8, 8, seed=1), 40_000_000)]
    check_shown(quantize_animation(frames, 16, palette_scope="global"), kind)


def test_zero_durations_are_kept() -> None:
    frames = [(noise(8, 8, seed=i), duration) for i, duration in enumerate([0, 0, 20, 0])]
    for kind in KINDS:
        result = quantize_animation(frames, 16, palette_scope="global")
        check_shown(result, kind)
        again = quantize_animation(io.BytesIO(result.encode(kind)), 16)
        assert again.durations == (0, 0, 20, 0)


@given(st.lists(st.integers(1, 3000), min_size=1))
def test_hundredths_do_not_drift(durations: list[int]) -> None:
    rounded = [*hundredths(durations)]
    assert min(rounded) >= 2
    if min(durations) >= 20:
        assert abs(sum(durations) - 10 * sum(rounded)) <= 5
    multiples = [10 * duration for duration in durations]
    assert [*hundredths(multiples)] == [max(2, duration) for duration in durations]


def test_hundredths_of_no_time_are_none() -> None:
    """Nor do times that are too short to be shown become none."""
    assert [*hundredths([0, 10, 0, 4, 0, 20, 0])] == [0, 2, 0, 2, 0, 2, 0]
    assert [*hundredths([0, 24, 0, 24, 0])] == [0, 2, 0, 3, 0]


@pytest.mark.parametrize("suffix", [".gif", ".png", ".apng", ".webp", ".WEBP"])
def test_save(tmp_path: Path, suffix: str) -> None:
    result = quantize_animation(moving(), 8)
    result.save(tmp_path / f"a{suffix}")
    kind = {".apng": "png"}.get(suffix, suffix[1:].lower())
    assert (tmp_path / f"a{suffix}").read_bytes() == result.encode(kind)
    assert len([*tmp_path.iterdir()]) == 1


def test_optimized_webp_is_never_larger() -> None:
    """By the slowest method alone, these frames are."""
    frames = [(gradient(120, 160), 50), (gradient(120, 160)[::-1], 50)]
    result = quantize_animation(frames, 256, palette_scope="frame", dither="bayer")
    plain, small = result.encode("webp"), result.encode("webp", optimize=True)
    assert len(small) <= len(plain)


def test_save_knows_its_suffixes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a name that ends in one of \.gif, .*got"):
        quantize_animation(moving(), 8).save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="kind: expected one of gif, png, webp, got 'bmp'"):
        quantize_animation(moving(), 8).encode("bmp")


def test_apng_is_indexed_when_there_are_few_colours() -> None:
    for k, frames, color_type in (
        (100, moving(2), 3),
        (200, [(noise(30, 30, seed=i), 9) for i in (0, 1)], 2),
    ):
        data = quantize_animation(frames, k, palette_scope="frame").encode("png")
        assert data[25] == color_type


# Options


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 257}, ValueError, "k: expected 1 to 256, got 257"),
        ({"k": 0}, ValueError, "k: expected 1 to 256, got 0"),
        ({"palette_scope": "all"}, ValueError, "palette_scope: expected one of auto, global"),
        ({"palette_scope": None}, TypeError, "palette_scope: expected one of auto, global"),
        ({"dither": "sierra"}, ValueError, "dither: expected"),
        ({"alpha": "none"}, ValueError, "alpha: expected"),
        ({"threads": 0}, ValueError, "threads: expected"),
    ],
)
def test_options_that_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        quantize_animation(moving(), **options)


# Palettes


def test_one_frame_is_quantized_as_an_image_is() -> None:
    pixels = gradient(30, 40)
    for scope in SCOPES:
        (frame,) = quantize_animation([(pixels, 0)], 12, palette_scope=scope).frames
        alone = kpalette.quantize(pixels, 12)
        assert np.array_equal(frame.indices, alone.indices)
        assert frame.palette == alone.palette
        assert frame.mse == alone.mse


def test_the_global_palette_is_that_of_the_sum() -> None:
    frames = moving()
    result = quantize_animation(frames, 12, palette_scope="global")
    total = sum(ColorHistogram.from_image(pixels) for pixels, _ in frames)
    assert result.palettes[0] == kpalette.extract_palette(total, 12)
    for frame, (pixels, _) in zip(result.frames, frames, strict=True):
        alone = result.palettes[0].remap(pixels)
        assert np.array_equal(frame.indices, alone.indices)
        assert frame.mse == alone.mse
    assert result.mse == pytest.approx(np.mean([frame.mse for frame in result.frames]))


def test_scopes() -> None:
    a, b = gradient(20, 30), 255 - gradient(20, 30)[::-1] // 2
    frames = [(np.roll(picture, i, axis=1), 50) for picture in (a, b) for i in range(5)]
    counts = {}
    for scope in SCOPES:
        result = quantize_animation(frames, 8, palette_scope=scope)
        assert result.palette_scope == scope
        counts[scope] = len(result.palettes)
        total = sum(int(palette.counts.sum()) for palette in result.palettes)
        assert total == 10 * a.shape[0] * a.shape[1]
        for kind in KINDS:
            check_shown(result, kind)
    assert counts == {"global": 1, "scene": 2, "frame": 2}  # equal histograms share a palette


def test_auto_takes_what_costs_least() -> None:
    def mosaic(colors: int, seed: int) -> Pixels:
        """Make tiles of a few colours that a seed chooses, arranged by another."""
        palette = noise(1, colors, seed=seed)[0]
        return palette[np.random.default_rng(colors).integers(0, colors, (40, 60))]

    sources = {
        "global": moving(),
        "scene": [(np.roll(mosaic(24, i // 3), i, axis=1), 50) for i in range(6)],
        "frame": [(mosaic(24 + i, i // 3), 50) for i in range(6)],
    }

    def cost(scope: Scope, frames: list[tuple[Pixels, int]]) -> float:
        result = quantize_animation(frames, 24, palette_scope=scope)
        looks = [
            min(UNSEEN, metrics.looks(pixels, shown))
            for (pixels, _), shown in zip(frames, result.frames, strict=True)
        ]
        return math.log(len(result.encode("gif"))) - POINT * statistics.fmean(looks)

    for expected, frames in sources.items():
        costs = {scope: cost(scope, frames) for scope in SCOPES}
        assert quantize_animation(frames, 24).palette_scope == expected, costs
        assert costs[expected] == min(costs.values())


def test_scenes_end_where_colours_change() -> None:
    cutter = SceneCutter()
    pictures = [gradient(20, 30), 255 - gradient(20, 30) // 2, noise(20, 30)]
    begins = [
        cutter.begins(ColorHistogram.from_image(np.roll(picture, i, axis=0)))
        for picture in pictures
        for i in range(3)
    ]
    assert begins == [True, False, False] * 3


def test_what_is_transparent_stays_so_at_any_k() -> None:
    for k in range(2, 9):
        result = quantize_animation(moving(channels=4), k, palette_scope="global")
        assert set(result.palettes[0].colors[:, 3].tolist()) == {0, 255}
        for frame, (pixels, _) in zip(result.frames, moving(channels=4), strict=True):
            assert np.array_equal(frame.rgba[..., 3], pixels[..., 3])


def test_fixed_colours_are_in_each_palette() -> None:
    for channels in (3, 4):
        result = quantize_animation(
            moving(channels=channels), 6, palette_scope="frame", fixed=["#123456"]
        )
        assert all(p.hex[0][:1] == "#" and any("#123456" in h for h in p.hex)
                   for p in result.palettes)  # fmt: skip


def test_same_bytes_for_any_number_of_threads() -> None:
    frames = [(noise(60, 80, seed=i), 50) for i in range(3)]
    one, four = (quantize_animation(frames, 32, threads=n) for n in (1, 4))
    assert one.encode("gif") == four.encode("gif")
    assert one.palette_scope == four.palette_scope


# Dithering


def static_but_for_a_spot() -> list[tuple[Pixels, int]]:
    frames = []
    for i in range(6):
        pixels = gradient(48, 64)
        pixels[4 : 4 + 6, 6 * i : 6 * i + 6] = 20 * i, 255, 40
        frames.append((pixels, 50))
    return frames


@pytest.mark.parametrize("dither", DITHERS)
def test_what_does_not_move_does_not_crawl(dither: str) -> None:
    frames = static_but_for_a_spot()
    result = quantize_animation(frames, 8, palette_scope="global", dither=dither)
    for (before, after), ((a, _), (b, _)) in zip(
        itertools.pairwise(result.frames), itertools.pairwise(frames), strict=True
    ):
        same = (a == b).all(axis=2)
        assert np.array_equal(before.indices[same], after.indices[same])
    for kind in KINDS:
        check_shown(result, kind)


def test_error_diffusion_alone_would_crawl() -> None:
    """So that the test above can fail."""
    frames = static_but_for_a_spot()
    palette = quantize_animation(frames, 8, palette_scope="global").palettes[0]
    first, last = (palette.remap(frames[i][0], dither="floyd-steinberg") for i in (0, -1))
    same = (frames[0][0] == frames[-1][0]).all(axis=2)
    assert not np.array_equal(first.indices[same], last.indices[same])


def test_figures_are_those_of_what_is_shown() -> None:
    frames = static_but_for_a_spot()
    result = quantize_animation(frames, 8, palette_scope="global", dither="floyd-steinberg")
    for frame, (pixels, _) in zip(result.frames, frames, strict=True):
        error = ((frame.rgb.astype(float) - pixels) ** 2).sum(axis=2).mean()
        assert frame.mse == pytest.approx(error)
        counts = np.bincount(frame.indices.reshape(-1), minlength=len(frame.palette))
        assert np.array_equal(frame.palette.counts, counts)


# The rest


def test_progress() -> None:
    steps: list[tuple[str, int]] = []
    quantize_animation(
        moving(3), 8, palette_scope="global", progress=lambda *step: steps.append(step)
    )
    assert steps == [(step, i) for step in ("count", "map") for i in (1, 2, 3)]


def test_repr() -> None:
    result = quantize_animation(moving(3), 8, palette_scope="global")
    assert repr(result).startswith(
        "QuantizedAnimation(36×24, 3 frames, 1 palette of 8 colours, MSE"
    )
    assert result.size == (36, 24)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.loop = 3  # type: ignore[misc]


def test_frames_open_where_they_are_asked_for() -> None:
    frames = open_frames(io.BytesIO(quantize_animation(moving(), 8).encode("gif")))
    assert [len(list(frames.walk())) for _ in range(2)] == [8, 8]
    assert files.open_frames is open_frames


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("smaller", [0, 1])
def test_bytes_of_each_frame_of_an_apng(channels: int, smaller: float) -> None:
    frames = [(noise(9, 12, channels, seed=seed), 40) for seed in (1, 1, 2, 3, 3)]
    how: Any = {"smaller": smaller, "smaller_in": "png", "palette_scope": "global"}
    a = quantize_animation(frames, 40, **how)
    sizes = a.frame_bytes()
    assert [size == 0 for size in sizes] == [False, True, False, False, True]
    if channels == 4 or smaller:
        chunks = a.encode("png").split(b"fcTL")[1:]
        assert len(chunks) == 3
        assert 0 < len(a.encode("png")) - sum(sizes) < 300
