"""Which frames share a palette: where scenes begin, and which plans are worth encoding."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kpalette import ColorHistogram, scopes


def plan(error: float, palettes: int) -> Any:
    return SimpleNamespace(error=error, palettes=[None] * palettes)


@pytest.mark.parametrize(
    ("told", "chosen"),
    [
        ([(9.0, 1)], [0]),
        ([(0.0, 1)], [0]),  # the first is always tried
        ([(9.0, 1), (8.0, 2)], [0, 1]),
        ([(9.0, 1), (8.0, 1)], [0]),  # as many palettes are the same palettes
        ([(0.0, 1), (0.0, 2)], [0]),  # nothing is better than no error
        ([(9.0, 1), (8.0, 1), (7.0, 3)], [0, 2]),
        ([(9.0, 1), (0.0, 2), (0.0, 3)], [0, 1]),
        ([(9.0, 1), (8.0, 2), (7.0, 3)], [0, 1, 2]),
        ([(0.5, 1), (0.4, 2)], [0, 1]),
        ([(9.0, 3), (8.0, 2)], [0]),
    ],
)
def test_plans_that_may_be_better_are_tried(told: Any, chosen: list[int]) -> None:
    plans = [plan(*one) for one in told]
    assert scopes.worth_trying(plans) == [plans[i] for i in chosen]


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
