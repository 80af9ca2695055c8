"""One histogram's fits: the last one helps the next, or changes nothing in it."""

from __future__ import annotations

import _thread
import gc
import threading
from typing import Any

import numpy as np
import pytest

from conftest import noise
from kpalette import ColorHistogram, _core
from kpalette.choices import EFFORTS, SPACES
from kpalette.fit import FitOptions, Fitted, Fitter

QUICK = [effort for effort in EFFORTS if effort != "best"]


def fitter(pixels: np.ndarray[Any, Any], space: str = "oklab") -> Fitter:
    return Fitter(ColorHistogram.from_image(pixels), space, _core.Team(2))


def assert_same(one: Fitted, other: Fitted) -> None:
    assert one.palette == other.palette
    assert np.array_equal(one.labels, other.labels)
    assert (one.cost, one.mse, one.n_iter) == (other.cost, other.mse, other.n_iter)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("effort", QUICK)
def test_every_fit_is_as_if_it_were_the_first(channels: int, space: str, effort: str) -> None:
    pixels = noise(90, 90, channels)
    fixed = np.array([[255, 136, 0, 255][:channels]], np.uint8)
    used = fitter(pixels, space)
    asked = [(5, None), (64, None), (2, fixed), (300, None), (5, None), (10_000, fixed), (64, None)]
    for k, kept in asked:
        assert_same(
            used.fit(k, FitOptions(effort, 3, kept)),
            fitter(pixels, space).fit(k, FitOptions(effort, 3, kept)),
        )
        used.assign(pixels[0])
        used.grow(7, effort, 3)


def test_a_sweep_begins_anew_after_another_fit() -> None:
    used = fitter(noise(60, 60))
    first = [used.grow(k, "balanced", 0) for k in (2, 3, 9, 40)]
    with pytest.raises(ValueError, match="at least as many colours"):
        used.grow(39, "balanced", 0)
    used.fit(8, FitOptions("balanced", 0))
    for before, k in zip(first, (2, 3, 9, 40), strict=True):
        assert_same(used.grow(k, "balanced", 0), before)


def test_assigning_sorts_by_frequency_if_asked_to() -> None:
    pixels = np.array([[9, 9, 9, 9, 200, 200, 80]], np.uint8)
    colors = np.array([[80] * 3, [190] * 3, [10] * 3], np.uint8)
    used = fitter(pixels, "srgb")
    given, ordered = used.assign(colors), used.assign(colors, by_frequency=True)
    assert given.palette.hex == ["#505050", "#bebebe", "#0a0a0a"]
    assert given.palette.counts.tolist() == [1, 2, 4]
    assert ordered.palette.hex == ["#0a0a0a", "#bebebe", "#505050"]
    assert ordered.labels.tolist() == [0, 2, 1]
    assert given.mse == ordered.mse == 3 * (4 * 1 + 2 * 100) / 7


def test_outlives_its_arrays() -> None:
    histogram = ColorHistogram.from_image(noise(120, 120))
    expected = Fitter(histogram, "oklab", _core.Team(2)).fit(20, FitOptions("balanced", 0))
    colors, counts = histogram.colors.copy(), histogram.counts.copy()
    core = _core.Fitter(colors, counts, "oklab", _core.Team(2))
    del colors, counts
    gc.collect()
    rubbish = [np.full(histogram.colors.size, 7, np.uint8) for _ in range(20)]
    core.fit(20, "balanced", 0)
    while core.step():
        pass
    assert np.array_equal(core.fitted()[0], expected.palette.colors)
    assert len(rubbish) == 20


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals are for the main one"
)
def test_is_interrupted_between_steps_and_goes_on_afterwards() -> None:
    """As by Ctrl-C: what a signal raises ends a fit of many seconds, long before its last pass."""
    used = fitter(noise(400, 400), "srgb")

    def fit_and_interrupt() -> None:
        threading.Timer(0.3, _thread.interrupt_main).start()
        used.fit(200, FitOptions("best", 0))

    with pytest.raises(KeyboardInterrupt):
        fit_and_interrupt()
    assert used._core.step(), "nothing was left to do"
    assert_same(
        used.fit(9, FitOptions("fast", 0)),
        fitter(noise(400, 400), "srgb").fit(9, FitOptions("fast", 0)),
    )


@pytest.mark.parametrize(
    ("k", "effort", "fixed"),
    [
        (0, "fast", None),
        (65_537, "fast", None),
        (1, "fast", np.zeros((2, 3), np.uint8)),
        (2, "fast", np.zeros((2, 4), np.uint8)),
        (2, "quick", None),
    ],
)
def test_wrong_calls(k: int, effort: str, fixed: Any) -> None:
    used = fitter(noise(4, 4))
    with pytest.raises(ValueError, match="expected"):
        used.fit(k, FitOptions(effort, 0, fixed))
    with pytest.raises(ValueError, match="expected"):
        used.assign(np.zeros((1, 4), np.uint8))
