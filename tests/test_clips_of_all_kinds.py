"""Clips that hardly anybody has: tiny, endless, transparent, broken off, and made to harm."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kpalette
from clips import Pixels, check_shown, clear_as_zero
from conftest import noise
from kpalette import _core, files
from kpalette.files import ENCODERS

COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)


def gif(
    width: int, height: int, parts: list[tuple[int, int, Pixels]], hundredths: int = 5
) -> bytes:
    """Make a GIF of rectangles of indices, each with its left and top."""
    data = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF1, 0, 0) + COLORS.tobytes()
    for left, top, indices in parts:
        data += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 1 << 2, hundredths, 0, 0)
        data += struct.pack("<BHHHHB", 0x2C, left, top, *indices.shape[::-1], 0)
        data += _core.lzw(indices, 2)
    return data + b";"


def toggling(side: int, n: int) -> bytes:
    """Make a GIF of few bytes and many pixels: one of them changes from frame to frame."""
    pixels = [np.full((1, 1), i % 4, np.uint8) for i in range(1, n)]
    first = (0, 0, np.zeros((side, side), np.uint8))
    return gif(side, side, [first, *((5, 5, pixel) for pixel in pixels)])


def test_what_hardly_changes_takes_hardly_any_memory() -> None:
    source = toggling(1000, 100)
    assert len(source) < 6000
    tracemalloc.start()
    try:
        frames = files.open_frames(io.BytesIO(source))
        for _ in range(2):
            assert [int(pixels[5, 5].max()) for pixels, _ in frames] == [0, 255, 255, 255] * 25
        assert tracemalloc.get_traced_memory()[1] < 50_000_000  # of 300 MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ENCODERS)
def test_writing_takes_the_memory_of_a_few_frames(kind: str) -> None:
    a = kpalette.quantize_animation(io.BytesIO(toggling(500, 100)), 4, palette_scope="global")
    tracemalloc.start()
    try:
        a.encode(kind)
        assert tracemalloc.get_traced_memory()[1] < 25_000_000  # of 100 times 1 MB
    finally:
        tracemalloc.stop()


def test_more_pixels_than_are_asked_for() -> None:
    frames = kpalette.clip(io.BytesIO(toggling(1000, 40)), max_pixels=16_500_000)
    with pytest.raises(kpalette.ImageReadError, match="frame 1: expected at most 16,500,000"):
        kpalette.quantize_animation(frames)


def test_a_hundred_thousand_frames() -> None:
    def source() -> Iterator[tuple[Pixels, int]]:
        for i in range(100_000):
            yield np.full((1, 1, 3), i % 256, np.uint8), 20

    frames = kpalette.clip(source(), fps=25)
    durations = [duration for _, duration in frames]
    assert (len(durations), sum(durations)) == (50_000, 2_000_000)
    few = kpalette.clip(source(), fps=1, end=100)
    a = kpalette.quantize_animation(few, 256, palette_scope="global")
    assert a.durations == (1000,) * 100
    assert a.mse == 0


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("bounce", [False, True])
@pytest.mark.parametrize(
    "frames",
    [
        [(noise(1, 1), 40)],
        [(noise(1, 1, seed=i), 40) for i in range(3)],
        [(noise(1, 60, seed=i), 40) for i in range(3)],
        [(np.zeros((5, 6, 4), np.uint8), 40)] * 3,
        [(np.zeros((5, 6, 4), np.uint8), 40), (noise(5, 6), 40)],
        [(noise(8, 8), 40)],
    ],
    ids=["one pixel", "pixels", "rows", "nothing", "nothing and something", "one frame"],
)
def test_small_clips(frames: list[tuple[Any, int]], bounce: bool, kind: str) -> None:
    result = kpalette.quantize_animation(kpalette.clip(frames, bounce=bounce), 256)
    check_shown(result, kind)
    assert result.mse == 0
    again = kpalette.quantize_animation(io.BytesIO(result.encode(kind)), 256)
    np.testing.assert_array_equal(
        clear_as_zero(again.frames[-1].rgba), clear_as_zero(result.frames[-1].rgba)
    )


@pytest.mark.parametrize("hundredths", [0, 1, 65_535])
def test_durations_from_none_to_the_longest(hundredths: int) -> None:
    parts = [(0, 0, np.full((2, 2), i, np.uint8)) for i in range(4)]
    source = gif(2, 2, parts, hundredths)
    a = kpalette.quantize_animation(io.BytesIO(source), 4)
    assert a.durations == (10 * hundredths,) * 4
    check_shown(a, "png")
    shown = 10 * hundredths or 100
    double = kpalette.clip(io.BytesIO(source), speed=2)
    assert [duration for _, duration in double] == [shown // 2] * 4
    total = sum(duration for _, duration in kpalette.clip(io.BytesIO(source), fps=0.25))
    assert total == 4 * shown


class Pipe(io.RawIOBase):
    """What cannot seek, and gives a little at a time."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self.file.read(min(len(buffer), 100))
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_pipe_that_ends(kind: str) -> None:
    frames = [(noise(30, 30, seed=i), 40) for i in range(8)]
    data = kpalette.quantize_animation(frames, 64, palette_scope="global").encode(kind)
    whole = list(files.open_frames(Pipe(data)))  # type: ignore[arg-type]
    assert len(whole) == 8
    with pytest.warns(UserWarning, match=r"the first \d frames are taken"):
        found = list(files.open_frames(Pipe(data[: len(data) * 3 // 4])))  # type: ignore[arg-type]
    assert 4 <= len(found) < 8
    for (pixels, _), (wanted, _) in zip(found, whole, strict=False):
        np.testing.assert_array_equal(pixels, wanted)


@pytest.mark.parametrize("kind", ENCODERS)
def test_damage_anywhere_is_an_error_or_a_warning(kind: str) -> None:
    frames = [(noise(20, 20, seed=i), 40) for i in range(4)]
    data = kpalette.quantize_animation(frames, 16, palette_scope="global").encode(kind)
    generator = np.random.default_rng(0)
    for at in generator.integers(0, len(data), 60).tolist():
        damaged = bytearray(data)
        damaged[at] ^= int(generator.integers(1, 256))
        found = files.Frames(lambda: iter(()))
        try:
            found = files.open_frames(io.BytesIO(damaged), quiet=True)
            assert len(list(found)) >= 1 or not found.remarks
        except kpalette.ImageReadError:
            pass
