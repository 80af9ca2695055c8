"""GIF's frames: as browsers take files that are not by the specification."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import noise
from containers import (
    BACKGROUND,
    COLORS,
    PREVIOUS,
    Drawn,
    full,
    gif,
    letters,
    loop_extension,
    walked,
)
from kpalette.files import (
    as_pixels,
    is_animated,
    open_frames,
    with_alpha,
)


def test_what_a_gif_leaves_uncovered_is_transparent() -> None:
    for clear in (None, 0):
        data = gif((4, 3), [Drawn(full(1, 2, 2), 1)], COLORS, clear=clear)
        assert letters(data) == [".RR. .RR. ...."]
        np.testing.assert_array_equal(as_pixels(io.BytesIO(data)), walked(data)[0])
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            np.testing.assert_array_equal(as_pixels(image), walked(data)[0])


def test_a_gifs_first_frame_widens_its_canvas_and_others_are_cut() -> None:
    first, second = Drawn(full(1, 2, 1), 1, 1), Drawn(full(2, 9, 9), 2)
    assert letters(gif((2, 2), [first, second], COLORS)) == ["... .RR", "..G .RG"]
    assert letters(gif((0, 0), [first], COLORS)) == ["... .RR"]
    assert letters(gif((1, 1), [Drawn(full(1, 1, 1)), Drawn(full(2, 1, 1), 1, 1)], COLORS)) == [
        "R",
        "R",
    ]


@pytest.mark.parametrize(
    ("disposal", "left"),
    [(0, "BGR"), (1, "BGR"), (2, "B.R"), (3, "BRR"), (4, "BRR"), (5, "BGR"), (7, "BGR")],
)
def test_disposal_in_gif(disposal: int, left: str) -> None:
    middle = Drawn(full(2, 1, 1), 1, disposal=disposal - 1)
    data = gif((3, 1), [Drawn(full(1, 3, 1)), middle, Drawn(full(3, 1, 1))], COLORS)
    assert letters(data) == ["RRR", "RGR", left]


def test_before_a_gifs_first_frame_all_is_transparent() -> None:
    for disposal in (BACKGROUND, PREVIOUS):
        frames = [Drawn(full(1, 2, 1), disposal=disposal), Drawn(full(2, 1, 1), 2)]
        assert letters(gif((3, 1), frames, COLORS)) == ["RR.", "..G"]


def test_a_control_block_is_for_the_next_frame() -> None:
    frames = [Drawn(full(1, 2, 1), disposal=BACKGROUND), b"", Drawn(full(2, 1, 1), 1, duration=90)]
    without = gif((2, 1), frames, COLORS)
    start = without.rindex(b"!\xf9")
    without = without[:start] + without[start + 8 :]
    assert letters(without) == ["RR", ".G"]
    assert [duration for _, duration in open_frames(io.BytesIO(without)).walk()] == [50, 0]
    frames[1] = struct.pack("<4BHBB", 0x21, 0xF9, 4, 0, 3, 0, 0)  # of two, the last
    twice = gif((2, 1), frames, COLORS)
    assert [duration for _, duration in open_frames(io.BytesIO(twice)).walk()] == [50, 90]


def test_durations_of_gifs_are_as_stored() -> None:
    frames = [Drawn(full(i, 1, 1), duration=10 * i) for i in range(3)]
    data = gif((1, 1), frames, COLORS)
    assert [duration for _, duration in open_frames(io.BytesIO(data)).walk()] == [0, 10, 20]


@pytest.mark.parametrize(
    ("blocks", "loop"),
    [
        ([], 1),
        ([0, "frame"], 0),
        ([4, "frame"], 5),
        ([4, 7, "frame"], 8),
        (["frame", 4], 5),
        ([4, "frame", 0], 0),
        ([b"!\xff\x0bXMP DataXMP\x03\1\4\0\0", "frame"], 1),
        ([loop_extension(4, b"ANIMEXTS1.0"), "frame"], 5),
        ([b"!\xfe\x02hi\x00", 4, "frame", b"!"], 5),
    ],
)
def test_the_last_of_a_gifs_loops_counts(blocks: list[Any], loop: int) -> None:
    frame = Drawn(full(1, 1, 1))
    parts = [
        frame if block == "frame" else loop_extension(block) if isinstance(block, int) else block
        for block in blocks
    ]
    assert open_frames(io.BytesIO(gif((1, 1), [frame, *parts], COLORS))).loop == loop


@pytest.mark.parametrize("between", [b"", b";", b"\0", b"?", b"!", b"!\xfe\x09cut"])
def test_a_gif_may_end_between_frames(between: bytes) -> None:
    frames = [Drawn(full(1, 2, 1)), Drawn(full(2, 1, 1))]
    data = gif((2, 1), [*frames, between], COLORS)[:-1]
    assert letters(data) == ["RR", "GR"]
    if between in (b";", b"\0", b"?"):  # nor is anything behind it seen
        assert letters(gif((2, 1), [*frames, between, Drawn(full(3, 1, 1))], COLORS)) == [
            "RR",
            "GR",
        ]


@pytest.mark.parametrize("bytes_of_frame", [9, 12, 19, 25])
def test_a_gif_may_not_end_within_a_frame(bytes_of_frame: int) -> None:
    data = gif((40, 40), [Drawn(noise(40, 40)[..., 0] // 64)] * 2, COLORS)
    data = data[: data.rindex(b"!\xf9") + bytes_of_frame]
    walk = open_frames(io.BytesIO(data)).walk()
    next(walk)
    with pytest.warns(UserWarning, match=r"^frame 2: the image is damaged.*only the first frame"):
        assert not [*walk]
    assert is_animated(io.BytesIO(data))


def test_frames_without_pixels_draw_nothing() -> None:
    frames = [
        Drawn(full(1, 2, 1)),
        Drawn(full(2, 1, 1), disposal=BACKGROUND),
        Drawn(full(3, 1, 1), 1),
    ]
    data = gif((2, 1), frames, COLORS)
    place = data.index(b",\0\0\0\0\1\0\1\0")
    data = data[: place + 5] + bytes(2) + data[place + 7 :]
    assert letters(data) == ["RR", "RR", "RB"]


def test_gifs_whose_colours_are_too_few() -> None:
    indices = np.arange(4, dtype=np.uint8)[None]
    few = bytearray(gif((4, 1), [Drawn(indices)], COLORS))
    few[10] &= 0xF8  # of two colours
    assert letters(bytes(few[:19] + few[25:])) == ["KRKK"]
    none = bytearray(few)
    none[10] = 0
    data = bytes(none[:13] + none[25:])
    assert walked(data)[0][0].tolist() == [[i, i, i, 255] for i in range(4)]
    np.testing.assert_array_equal(with_alpha(as_pixels(io.BytesIO(data))), walked(data)[0])


def test_interlaced_gifs() -> None:
    file = io.BytesIO()
    Image.fromarray(noise(19, 9)[..., 0] // 64).save(file, "GIF", interlace=1)
    data = file.getvalue()
    np.testing.assert_array_equal(with_alpha(as_pixels(file)), walked(data)[0])
    assert len(np.unique(walked(data)[0][..., 0])) == 4
