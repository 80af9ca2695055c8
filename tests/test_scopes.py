"""Which frames share a palette: where scenes begin, and which plans are worth encoding."""

from typing import Any

import numpy as np
import pytest

import kpalette
from conftest import noise
from kpalette import ColorHistogram, scopes
from kpalette.counted_animation import CountedAnimation


@pytest.mark.parametrize(
    ("frames", "k", "tried"),
    [
        ([0, 1, 2, 3], 2, {"global"}),  # nothing is better than no error
        ([0, 0, 0, 0], 9, {"global"}),  # as many palettes are the same palettes
        ([0, 1, 2, 3], 40, {"global", "frame"}),
    ],
)
def test_palettes_that_may_be_better_are_tried(
    frames: list[int], k: int, tried: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def picture(seed: int) -> np.ndarray[Any, Any]:
        shades = noise(20, 30, seed=seed)
        return shades // 128 * 255 * (1, 0, 0) if k == 2 else shades

    seen = set()
    fit = CountedAnimation.fit
    monkeypatch.setattr(
        CountedAnimation, "fit", lambda self, scope, how: seen.add(scope) or fit(self, scope, how)
    )
    pairs = [(picture(seed).astype(np.uint8), 40) for seed in frames]
    kpalette.quantize_animation(pairs, k)
    assert seen >= tried
    assert ("frame" in seen) == (k == 40)


def two_colours(share: float, n: int = 10_000) -> ColorHistogram:
    """A picture that has this share of white, and black otherwise."""
    white = round(share * n)
    colors = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    return ColorHistogram(colors, np.array([n - white, white]))


def begins(histograms: list[ColorHistogram], scope: str = "scene") -> list[bool]:
    cutter = scopes.SCOPES[scope]()
    return [cutter(histogram) for histogram in histograms]


@pytest.mark.parametrize(("share", "cut"), [(0.59, True), (0.61, False)])
def test_a_scene_ends_where_less_than_three_fifths_stay(share: float, cut: bool) -> None:
    assert begins([two_colours(1.0), two_colours(share)]) == [True, cut]


def test_a_frame_is_held_against_the_whole_scene() -> None:
    # 1, .7 and .4: each has .7 of the one before, but the mean so far is .85, then .7.
    assert begins([two_colours(share) for share in (1.0, 0.7, 0.4)]) == [True, False, True]
    # After the cut only the new scene counts.
    assert begins([two_colours(share) for share in (1.0, 0.4, 0.1)]) == [True, True, False]


@pytest.mark.parametrize(("step", "cut"), [(1, False), (4, False), (40, True)])
def test_getting_brighter_by_little_is_no_cut(step: int, cut: bool) -> None:
    reds = np.zeros((2, 2, 128, 3), np.uint8)
    reds[..., 0] = np.arange(128)
    reds[1, ..., 0] += step
    ramps = reds[:, :, 64:96]  # two cells wide
    assert begins([ColorHistogram.from_image(ramp) for ramp in ramps])[1] == cut


def test_what_is_clear_counts_as_black() -> None:
    clear = ColorHistogram(np.array([[255, 255, 255, 0]], np.uint8), np.array([9]))
    black = ColorHistogram(np.array([[0, 0, 0]], np.uint8), np.array([4]))
    white = ColorHistogram(np.array([[255, 255, 255]], np.uint8), np.array([4]))
    assert begins([clear, black, white]) == [True, False, True]


def test_frames_that_differ_and_frames_that_are_equal() -> None:
    a, b = two_colours(0.5), two_colours(0.6)
    assert begins([a, a, b, b, a], "frame") == [True, False, True, False, True]
    assert begins([a, b], "global") == [False, False]
