"""Spatial dithering of animations: the palette is moved, and what stands still does not flicker."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from conftest import gradient
from kpalette import quantize, quantize_animation

Frames = list[tuple[np.ndarray[Any, Any], int]]


def over_grain(n: int = 6, grain: int = 1) -> Frames:
    """Make frames of a square that moves over a gradient, with noise of a few levels."""
    rng = np.random.default_rng(4)
    frames = []
    for i in range(n):
        pixels = gradient(48, 64).astype(int)
        pixels[10 + i : 24 + i, 4 * i : 4 * i + 14] = 200, 30, 60
        pixels += rng.integers(0, grain + 1, pixels.shape)
        frames.append((pixels.clip(0, 255).astype(np.uint8), 40))
    return frames


def spatial(frames: Frames, k: int = 8, **options: Any) -> Any:
    return quantize_animation(frames, k, palette_scope="global", dither="spatial", **options)


def test_a_pixel_within_a_level_of_what_it_was_keeps_its_entry() -> None:
    frames = over_grain()
    result = spatial(frames)
    held = frames[0][0].astype(int)
    changed = 0
    for (before, after), (pixels, _) in zip(
        itertools.pairwise(result.frames), frames[1:], strict=True
    ):
        still = (np.abs(held - pixels) <= 1).all(axis=2)
        assert np.array_equal(before.indices[still], after.indices[still])
        changed += (before.indices != after.indices).sum()
        held[~still] = pixels[~still]
    assert changed > 0
    alone = [result.palettes[0].remap(pixels, dither="spatial") for pixels, _ in frames[:2]]
    still = (np.abs(frames[0][0].astype(int) - frames[1][0]) <= 1).all(axis=2)
    assert (alone[0].indices != alone[1].indices)[still].any()  # so that this can fail


def test_a_pixel_two_levels_off_is_chosen_anew() -> None:
    pixels = gradient(48, 64) // 2 + 40
    other = pixels.copy()
    other[:24] += 2
    first, second = spatial([(pixels, 40), (other, 40)]).frames
    changed = first.indices != second.indices
    assert changed[:24].any()
    assert not changed[24:].any()


def test_what_moves_slowly_is_followed() -> None:
    """A pixel is compared with what it was when its entry was chosen, not with the last frame."""
    frames = [
        (np.clip(gradient(32, 32).astype(int) + i, 0, 255).astype(np.uint8), 40) for i in range(60)
    ]
    result = spatial(frames)
    alone = [result.palettes[0].remap(pixels, dither="spatial") for pixels, _ in frames]
    shown, followed = (
        [frame.rgb.astype(float).mean() for frame in some] for some in (result.frames, alone)
    )
    assert np.abs(np.subtract(shown, followed)).max() < 2
    assert followed[-1] - followed[0] > 20


def test_figures_are_those_of_what_is_shown() -> None:
    frames = over_grain()
    for frame, (pixels, _) in zip(spatial(frames).frames, frames, strict=True):
        error = ((frame.rgb.astype(float) - pixels) ** 2).sum(axis=2).mean()
        assert frame.mse == pytest.approx(error)
        counts = np.bincount(frame.indices.ravel(), minlength=len(frame.palette))
        assert np.array_equal(frame.palette.counts, counts)


@pytest.mark.parametrize("how", [{"dither": "spatial", "dither_strength": 0}, {"dither": None}])
def test_a_level_counts_where_nothing_is_dithered(how: dict[str, Any]) -> None:
    frames = over_grain()
    result = quantize_animation(frames, 8, palette_scope="global", **how)
    for frame, (pixels, _) in zip(result.frames, frames, strict=True):
        assert np.array_equal(frame.indices, result.palettes[0].remap(pixels).indices)


@pytest.mark.parametrize("scope", ["global", "scene", "frame"])
def test_palettes_are_moved(scope: str) -> None:
    frames = over_grain(3, grain=20)
    moved, mixed = (
        quantize_animation(frames, 8, palette_scope=scope, dither=dither, fixed=["#ff0000"])
        for dither in ("spatial", "bayer")
    )
    assert [sorted(p.hex) for p in moved.palettes] != [sorted(p.hex) for p in mixed.palettes]
    assert all("#ff0000" in p.hex for p in moved.palettes)


def test_one_frame_is_a_still_image() -> None:
    pixels = over_grain(1, grain=20)[0][0]
    result = spatial([(pixels, 40)], effort="fast")
    still = quantize(pixels, 8, dither="spatial", effort="fast")
    assert np.array_equal(result.frames[0].rgb, still.rgb)


def test_threads_change_nothing() -> None:
    frames = over_grain(4, grain=5)
    first, second = (spatial(frames, threads=n) for n in (1, 3))
    for a, b in zip(first.frames, second.frames, strict=True):
        assert np.array_equal(a.indices, b.indices)
        assert a.palette == b.palette


def test_posterized_and_transparent() -> None:
    frames = over_grain(3, grain=20)
    clear = [
        (np.dstack([p, np.where(p[..., :1] > 100, 255, 0)]).astype(np.uint8), d) for p, d in frames
    ]
    result = spatial(clear, posterize=4)
    for frame, (pixels, _) in zip(result.frames, clear, strict=True):
        assert np.array_equal(frame.rgba[..., 3] == 0, pixels[..., 3] == 0)
        assert (frame.palette.colors % 17 == 0).all()
