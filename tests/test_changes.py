"""What is written for the frames of an animation: the rectangle around what changes."""

from typing import Any

import numpy as np
import pytest

from kpalette.files.changes import changes, merged

COLORS = np.array([[0, 0, 0, 0], [255, 0, 0, 255], [0, 0, 255, 255], [9, 9, 9, 0]], np.uint8)


def frame(**pixels: int) -> Any:
    """A frame of 6×5 pixels, red but for those that are named, such as x2y3=2."""
    indices = np.ones((5, 6), np.uint8)
    for place, index in pixels.items():
        x, y = map(int, place[1:].split("y"))
        indices[y, x] = index
    return indices, COLORS


def written(frames: list[Any], durations: list[int], **how: Any) -> list[Any]:
    return [*changes(frames, durations, **({"longest": 10**6} | how))]


def test_the_first_frame_is_whole() -> None:
    (change,) = written([frame()], [10])
    assert change.indices.shape == (5, 6)
    assert change.changed.all()
    assert (change.left, change.top, change.duration) == (0, 0, 10)


@pytest.mark.parametrize(
    ("pixels", "align", "place"),
    [
        ({"x2y3": 2}, 1, (2, 3, 1, 1)),
        ({"x0y0": 2}, 1, (0, 0, 1, 1)),
        ({"x5y4": 2}, 1, (5, 4, 1, 1)),
        ({"x1y1": 2, "x4y2": 2}, 1, (1, 1, 4, 2)),
        ({"x3y3": 2}, 2, (2, 2, 2, 2)),
        ({"x1y3": 2, "x3y4": 2}, 4, (0, 0, 4, 5)),
    ],
)
def test_the_rectangle_around_what_changes(
    pixels: dict[str, int], align: int, place: tuple[int, int, int, int]
) -> None:
    change = written([frame(), frame(**pixels)], [10, 20], align=align)[1]
    height, width = change.indices.shape
    assert (change.left, change.top, width, height) == place
    assert change.changed.sum() == len(pixels)
    assert np.array_equal(change.changed, change.indices == 2)


def test_a_frame_that_is_shown_for_too_long_is_written_again_as_one_pixel() -> None:
    first, *others = written([frame()], [25], longest=10)
    assert first.indices.shape == (5, 6)
    assert [other.duration for other in (first, *others)] == [10, 10, 5]
    for other in others:
        assert other.indices.shape == (1, 1)
        assert (other.left, other.top) == (0, 0)
        assert not other.changed.any()


def test_frames_that_look_the_same_are_one() -> None:
    clear = [frame(x1y1=0), frame(x1y1=3)]  # two colours that nobody sees
    ((_, _, _, time),) = merged([*clear, clear[0]], [10, 20, 30])
    assert time == 60
    assert [time for *_, time in merged([frame(), frame(x1y1=2), frame()], [1, 2, 3])] == [1, 2, 3]
    assert [*merged([], [])] == []


def test_a_pixel_that_vanishes_is_drawn() -> None:
    change = written([frame(), frame(x2y2=0)], [1, 1])[1]
    assert (change.left, change.top, change.indices.tolist()) == (2, 2, [[0]])
    assert change.changed.all()
