"""Edits of time and size: laws, and plain references."""

from __future__ import annotations

import ast
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import kpalette
from clips import Pixels, moving
from conftest import gradient, noise
from kpalette import _core
from kpalette.files import frame_store, resizing, times
from kpalette.files.frame_store import FrameStore, changed, remembered, walked_once

durations = st.lists(st.integers(0, 300), min_size=1, max_size=40)
rates = st.fractions(1, 100, max_denominator=1001)


def numbered(lengths: list[int]) -> list[tuple[Any, int]]:
    """Make frames that are known by their numbers."""
    return list(enumerate(lengths))


def starts(frames: list[tuple[Any, int]]) -> list[int]:
    return [0, *itertools.accumulate(duration for _, duration in frames)]


@given(durations, rates)
def test_at_most_so_many_frames_a_second(lengths: list[int], fps: Fraction) -> None:
    found = list(times.at_most(numbered(lengths), fps))
    assert sum(duration for _, duration in found) == sum(lengths)
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))  # none is shown twice, or out of order
    assert all(duration >= 1000 / fps - 2 for _, duration in found[:-1])
    # What is seen is at most a frame's time behind.
    begun = starts(numbered(lengths))
    for (number, _), begin in zip(found, starts(found), strict=False):
        assert begun[number] <= begin + 1
        later = [n for n in range(len(lengths)) if begun[n] <= begin - 1000 / fps - 1]
        assert not later or number >= later[-1]


@given(durations, rates)
def test_what_is_slow_enough_stays_as_it_is(lengths: list[int], fps: Fraction) -> None:
    slow = [int(1000 / fps) + 1 + length for length in lengths]
    assert list(times.at_most(numbered(slow), fps)) == numbered(slow)


@pytest.mark.parametrize("rate", [10, 12, 23.976, 24, 25, 29.97, 30, 50, 60])
def test_the_same_rate_leaves_frames_as_they_are(rate: float) -> None:
    fps = Fraction(rate)
    frames = [(n, times.at(n + 1, fps) - times.at(n, fps)) for n in range(3000)]
    assert list(times.at_most(frames, fps)) == frames
    half = list(times.at_most(frames, fps / 2))
    assert [n for n, _ in half] == list(range(0, 3000, 2))
    assert abs(sum(d for _, d in half[:1000]) - 2_000_000 / rate) < 1  # without drift


@given(durations, st.fractions(Fraction(1, 8), 8))
def test_faster(lengths: list[int], speed: Fraction) -> None:
    found = list(times.faster(numbered(lengths), speed))
    assert sum(duration for _, duration in found) == round(sum(lengths) / speed)
    assert all(duration > 0 for _, duration in found)


@given(durations, st.integers(0, 4000), st.integers(1, 4000))
def test_cut(lengths: list[int], start: int, length: int) -> None:
    """By the millisecond."""
    shown = [n for n, duration in enumerate(lengths) for _ in range(duration)]
    found = list(times.cut(numbered(lengths), start, start + length))
    assert [n for n, duration in found for _ in range(duration)] == shown[start : start + length]
    to_the_end = list(times.cut(numbered(lengths), start, None))
    assert [n for n, duration in to_the_end for _ in range(duration)] == shown[start:]


def lanczos(values: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """Resample along the first axis: Lanczos's filter of three lobes, wider where it reduces."""
    scale = len(values) / size
    wide = max(1.0, scale)
    at = (np.arange(size)[:, None] + 0.5) * scale
    x = (np.arange(len(values))[None] + 0.5 - at) / wide
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.tensordot(weights, values, axes=1)


def linear(levels: Pixels) -> np.ndarray[Any, Any]:
    share = levels / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def srgb(light: np.ndarray[Any, Any]) -> Pixels:
    light = np.clip(light, 0, 1)
    share = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * share).astype(np.uint8)


def both_ways(values: np.ndarray[Any, Any], width: int, height: int) -> np.ndarray[Any, Any]:
    down = lanczos(values, height)
    return lanczos(down.swapaxes(0, 1), width).swapaxes(0, 1)


@pytest.mark.parametrize("size", [(20, 15), (31, 11), (64, 50), (13, 48)])
@pytest.mark.parametrize("make", [noise, gradient])
def test_resampling_is_lanczos_in_linear_light(size: tuple[int, int], make: Any) -> None:
    pixels = make(36, 48)
    found = resizing.resized(pixels, *size).astype(int)
    assert np.abs(found - srgb(both_ways(linear(pixels), *size))).max() <= 1


def test_alpha_is_premultiplied() -> None:
    pixels = noise(30, 40, 4)
    pixels[:10, ..., 3] = 0
    found = resizing.resized(pixels, 25, 20).astype(int)
    alpha = pixels[..., 3:] / 255
    shown = np.clip(both_ways(alpha, 25, 20), 0, 1)
    light = both_ways(linear(pixels[..., :3]) * alpha, 25, 20) / np.maximum(shown, 1e-9)
    assert np.abs(found[..., 3] - np.rint(255 * shown[..., 0])).max() <= 1
    seen = shown[..., 0] > 0.2
    assert np.abs(found[..., :3] - srgb(light))[seen].max() <= 2
    hidden = noise(30, 40, 4)
    hidden[..., 3] = pixels[..., 3]
    hidden[10:] = pixels[10:]  # what cannot be seen does not matter
    np.testing.assert_array_equal(resizing.resized(hidden, 25, 20), found)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_same_levels_on_all_machines(channels: int) -> None:
    """By any number of threads, and by any instruction set."""
    code = (
        "import sys, zlib, numpy as np; from kpalette import _core;"
        f"pixels = np.random.default_rng(5).integers(0, 256, (211, 397, {channels}), np.uint8);"
        "sizes = [(100, 50), (300, 211), (20, 9), (500, 400)];"
        "made = [_core.resample(pixels, *size, _core.Team(n)) for size in sizes for n in (1, 3)];"
        "print([zlib.crc32(one.data) for one in made])"
    )
    found = set()
    for isa in _core.isas():
        environment = {**os.environ, "KPALETTE_ISA": isa}
        command = [sys.executable, "-c", code]
        found.add(subprocess.run(command, env=environment, capture_output=True).stdout)
    assert len(found) == 1
    sums = ast.literal_eval(found.pop().decode())
    assert sums[::2] == sums[1::2]


def test_far_smaller_is_near_the_plain_filter() -> None:
    pixels = np.asarray(Image.fromarray(noise(30, 40)).resize((400, 300), Image.Resampling.BICUBIC))
    found = resizing.resized(pixels, 40, 30).astype(int)
    assert np.abs(found - srgb(both_ways(linear(pixels), 40, 30))).mean() < 2


@pytest.mark.parametrize("factors", [(2, 2), (3, 3), (1, 2), (4, 1)])
@pytest.mark.parametrize("channels", [3, 4])
def test_whole_factors_repeat_pixels(factors: tuple[int, int], channels: int) -> None:
    pixels = noise(5, 7, channels)
    across, down = factors
    found = resizing.resized(pixels, 7 * across, 5 * down)
    np.testing.assert_array_equal(found[down // 2 :: down, across // 2 :: across], pixels)
    assert len(np.unique(found.reshape(-1, channels), axis=0)) == 35


@pytest.mark.parametrize("level", range(0, 256, 5))
def test_flat_areas_stay_as_they_are(level: int) -> None:
    flat = np.full((40, 50, 3), level, np.uint8)
    assert (resizing.resized(flat, 33, 17) == level).all()


@pytest.mark.parametrize(
    ("size", "asked", "expected"),
    [
        ((640, 400), (320, None), (320, 200)),
        ((640, 400), (None, 100), (160, 100)),
        ((640, 400), (30, 70), (30, 70)),
        ((640, 3), (10, None), (10, 1)),
        ((640, 400), (None, None), (640, 400)),
    ],
)
def test_sizes(size: Any, asked: Any, expected: Any) -> None:
    assert resizing.new_size(*size, *asked) == expected


def test_crop() -> None:
    pixels = noise(20, 30)
    ((found, _),) = kpalette.clip([(pixels, 10)], crop="7x5+3+2")
    np.testing.assert_array_equal(found, pixels[2:7, 3:10])
    ((found, _),) = kpalette.clip([(pixels, 10)], crop="7x5+3+2", width=14)
    assert found.shape == (10, 14, 3)
    for box in ((3, 2, 10, 7), [3, 2, 10, 7], tuple(np.array([3, 2, 10, 7]))):
        ((found, _),) = kpalette.clip([(pixels, 10)], crop=box)
        np.testing.assert_array_equal(found, np.asarray(Image.fromarray(pixels).crop(tuple(box))))
    with pytest.raises(ValueError, match=r"crop: expected a part of 30×20 pixels, got 7x5\+24\+2"):
        list(kpalette.clip([(pixels, 10)], crop="7x5+24+2"))
    with pytest.raises(ValueError, match=r"part of 30×20 pixels, got \(0, 0, 999, 5\)"):
        list(kpalette.clip([(pixels, 10)], crop=(0, 0, 999, 5)))


def test_there_and_back() -> None:
    frames = moving(5)
    found = list(kpalette.clip(frames, bounce=True))
    expected = frames + frames[3:0:-1]
    assert [duration for _, duration in found] == [duration for _, duration in expected]
    for (pixels, _), (wanted, _) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(pixels, wanted)
    for n in (1, 2):
        assert len(list(kpalette.clip(frames[:n], bounce=True))) == n


def sequence(seed: int, n: int) -> list[tuple[Pixels, int]]:
    """Make frames that differ in a rectangle, in nothing, or in whether they have alpha."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    frames = []
    for _ in range(n):
        pixels = pixels.copy()
        how = generator.integers(4)
        if how == 0:
            channels = 7 - pixels.shape[2]
            pixels = generator.integers(0, 256, (9, 11, channels), dtype=np.uint8)
        elif how > 1:
            top, left = generator.integers(0, 9), generator.integers(0, 11)
            pixels[top : top + 3, left : left + 4] += 1
        frames.append((pixels, int(generator.integers(0, 100))))
    return frames


@pytest.mark.parametrize("seed", range(20))
def test_a_store_gives_what_it_was_given(seed: int) -> None:
    frames = sequence(seed, 1 + seed)
    store = FrameStore(both_ways=True)
    for pixels, duration in frames:
        store.add(pixels, duration)
    for _ in range(2):
        check_same(list(store), frames)
        check_same(list(store.backwards()), frames[-2:0:-1])


def check_same(found: list[tuple[Pixels, int]], expected: list[tuple[Pixels, int]]) -> None:
    assert [duration for _, duration in found] == [duration for _, duration in expected]
    for (pixels, _), (wanted, _) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(pixels, wanted)


def test_a_frame_like_the_last_takes_nothing() -> None:
    store = FrameStore()
    for i in range(1000):
        store.add(noise(20, 30), i)
    assert store.size == 1800
    assert len({id(pixels) for pixels, _ in list(store)}) == 1


@given(st.integers(0, 5), st.integers(0, 6), st.integers(1, 3), st.integers(1, 4))
def test_changed(top: int, left: int, high: int, wide: int) -> None:
    before = noise(8, 10)
    now = before.copy()
    assert changed(before, now) == (0, 0, 0, 0)
    now[top, left] ^= 1
    now[top + high - 1, left + wide - 1] ^= 2
    assert changed(before, now) == (top, left, high, wide)


@pytest.mark.parametrize(("budget", "walks"), [(10**9, 1), (3000, 3)])
def test_frames_are_made_once_if_they_fit(
    budget: int, walks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_store, "BUDGET", budget)
    made = 0
    frames = moving(20)

    def walk() -> Iterator[tuple[Pixels, int]]:
        nonlocal made
        made += 1
        return iter(frames)

    again = remembered(walk, 20)
    next(again())  # not to the end
    made = 0
    for _ in range(3):
        check_same(list(again()), frames)
    assert made == walks


@pytest.mark.parametrize("budget", [10**9, 100])
def test_what_comes_once_is_kept_wherever_it_was_left(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_store, "BUDGET", budget)  # beyond which there is a file
    frames = moving(10)
    walk = walked_once(iter(frames))
    check_same(list(itertools.islice(walk(), 4)), frames[:4])
    check_same(list(walk()), frames)
    check_same(list(walk()), frames)


def test_edits_follow_each_other() -> None:
    """A part of the time, faster, with fewer frames, smaller."""
    frames = [(np.full((40, 60, 3), i, np.uint8), 20) for i in range(200)]
    found = list(kpalette.clip(frames, start=1, end=3, speed=2, fps=10, width=30, bounce=True))
    assert [int(pixels[0, 0, 0]) for pixels, _ in found[:10]] == list(range(50, 150, 10))
    assert {duration for _, duration in found} == {100}
    assert len(found) == 18
    assert found[0][0].shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2), ("0:02.5", 2.5), ("1:02", 62), ("01:00:03.25", 3603.25), ("0.", 0)],
)
def test_times_as_text(text: str, seconds: float) -> None:
    assert times.seconds(text) == seconds
    frames = [(noise(4, 4, seed=i), 1000) for i in range(5)]
    if seconds < 5:
        check_same(
            list(kpalette.clip(frames, start=text)), list(kpalette.clip(frames, start=seconds))
        )


def test_no_time_is_the_beginning_or_the_end() -> None:
    frames = [(noise(4, 4, seed=i), 1000) for i in range(5)]
    check_same(list(kpalette.clip(frames, start=None, end=None)), frames)


def test_the_size_of_a_clip() -> None:
    frames = [(noise(6, 8, seed=i), 40) for i in range(4)]
    for source in (frames, iter(frames)):  # one that can be walked through only once loses none
        clip = kpalette.clip(source, width=16, bounce=True)
        assert "×" not in repr(clip)
        assert clip.size == (16, 12)
        assert "16×12" in repr(clip)
        assert [pixels.shape for pixels, _ in clip] == [(12, 16, 3)] * 6
        assert clip.size == kpalette.quantize_animation(clip, 8).size
    with pytest.raises(ValueError, match="at least one frame"):
        kpalette.clip([]).size  # noqa: B018 - it is looked up


def test_a_gif_counts_by_its_first_frame_and_as_a_clip_by_all(tmp_path: Path) -> None:
    images = [Image.new("RGB", (4, 3), color) for color in ("#ff0000", "#0000ff", "#00ff00")]
    path = tmp_path / "a.gif"
    images[0].save(path, save_all=True, append_images=images[1:])
    assert kpalette.extract_palette(path, 8).hex == ["#ff0000"]
    assert len(kpalette.extract_palette(kpalette.clip(path), 8)) == 3


def test_the_length_of_a_clip(tmp_path: Path) -> None:
    clip = kpalette.clip(moving(6), fps=10)
    assert repr(clip) == "Frames(about 5 frames, loop=0)" or "about" in repr(clip)
    assert bool(clip)
    n = len(clip)
    assert n == len(list(clip))
    width, height = clip.size
    assert repr(clip) == f"Frames({n} frames, {width}×{height}, loop=0)"
    assert len(kpalette.clip(iter(moving(6)))) == 6
    a = kpalette.quantize_animation(clip, 8)
    assert len(a) == len(a.frames) == n


def test_warnings_point_at_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "cut.gif"
    frames = [(noise(40, 40, seed=i), 40) for i in range(6)]
    data = kpalette.quantize_animation(frames, 16).encode("gif")
    path.write_bytes(data[: len(data) * 3 // 4])
    for read in (lambda: list(kpalette.clip(path)), lambda: kpalette.quantize_animation(path)):
        with pytest.warns(UserWarning, match=r"first \d frames are taken") as caught:
            read()
        assert [Path(one.filename).name for one in caught] == ["test_clip.py"]
    still = tmp_path / "cut.png"
    Image.fromarray(noise(40, 40)).save(still)
    still.write_bytes(still.read_bytes()[:-1000])
    with pytest.warns(UserWarning, match="cut off") as caught:
        kpalette.quantize(still, allow_truncated=True)
    assert Path(caught[0].filename).name == "test_clip.py"


def test_sources_without_times() -> None:
    array = np.stack([pixels for pixels, _ in moving(6)])
    expected = list(kpalette.clip(array, fps=30))
    assert [duration for _, duration in expected] == [33, 34, 33, 33, 34, 33]

    class OfPyAV:
        def __init__(self, pixels: Pixels) -> None:
            self.pixels = pixels

        def to_ndarray(self, format: str) -> Pixels:
            assert format == "rgb24"
            return self.pixels

    sources = [
        list(array),
        iter(array),
        [Image.fromarray(pixels) for pixels in array],
        (OfPyAV(pixels) for pixels in array),
        [pixels[..., ::-1][..., ::-1] for pixels in array],  # a view, as of OpenCV's frames
    ]
    for source in sources:
        check_same(list(kpalette.clip(source, fps=30)), expected)
    a = kpalette.quantize_animation(array, 16, fps=30, loop=3)
    assert a.durations == (33, 34, 33, 33, 34, 33)
    assert a.loop == 3
    with pytest.raises(TypeError, match=r"frame 1: .* got ndarray; fps gives times"):
        kpalette.quantize_animation(array, 16)


def test_a_clip_of_a_clip() -> None:
    half = kpalette.clip(moving(8), start=0.2)
    assert sum(duration for _, duration in kpalette.clip(half, speed=2)) == 340
    assert kpalette.quantize_animation(half).durations == tuple(d for _, d in half)


def test_durations_of_0_last_as_long_as_viewers_show_them() -> None:
    still = [(noise(4, 4, seed=i), 0) for i in range(4)]
    assert kpalette.quantize_animation(still).durations == (0,) * 4
    assert [duration for _, duration in kpalette.clip(still, speed=2)] == [50] * 4


def test_too_many_pixels() -> None:
    pixels = np.zeros((1000, 1000, 3), np.uint8)
    frames = ((pixels, 10) for _ in range(10**9))
    message = r"frame 1074: expected at most 1,073,741,824 .* got 1,074 frames of 1000×1000"
    with pytest.raises(kpalette.ImageReadError, match=message):
        for _ in kpalette.clip(frames):
            pass
    frames = ((pixels, 10) for _ in range(3))
    assert len(list(kpalette.clip(frames, max_pixels=3 * 10**6))) == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fps": 0}, ValueError, "fps: expected a number above 0 and at most 1000, got 0"),
        ({"fps": 2000}, ValueError, "fps: .* got 2000"),
        ({"fps": float("nan")}, ValueError, "fps: .* got nan"),
        ({"fps": "12"}, TypeError, "fps: expected a number, got '12'"),
        ({"speed": -1}, ValueError, "speed: expected a number above 0, got -1"),
        ({"speed": float("inf")}, ValueError, "speed: .* got inf"),
        ({"width": 0}, ValueError, "width: expected 1 to 65535, got 0"),
        ({"height": 1.5}, TypeError, "height: expected an integer, got 1.5"),
        ({"crop": 7}, TypeError, r"crop: expected text such as '320x240\+10\+20', or \(left, top"),
        ({"crop": (1, 2, 3)}, ValueError, r"crop: expected \(left, .*, got \(1, 2, 3\)"),
        ({"crop": (9, 2, 3, 4)}, ValueError, r"crop: expected \(left, .* from 0 on"),
        ({"crop": (-1, 2, 3, 4)}, ValueError, r"crop: expected \(left, .* from 0 on"),
        ({"crop": (0.5, 2, 3, 4)}, TypeError, "crop: expected whole numbers"),
        ({"start": "1:2:3:4"}, ValueError, "start: expected seconds, such as 12.5, or 1:02:03.5"),
        ({"end": "later"}, ValueError, "end: expected seconds, .* got 'later'"),
        ({"end": "0"}, ValueError, "end: expected a number above 0"),
        ({"crop": "1,2,3,4"}, ValueError, r"crop: expected WIDTHxHEIGHT\+X\+Y.* got '1,2,3,4'"),
        ({"crop": "0x4+1+1"}, ValueError, "crop: "),
        ({"start": -1}, ValueError, "start: expected 0 or more, got -1"),
        ({"start": 2, "end": 1}, ValueError, "end: expected more than the start, 2 s, got 1 s"),
        ({"bounce": 1}, TypeError, "bounce: expected True or False, got 1"),
    ],
)
def test_edits_that_are_refused(options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        kpalette.clip(moving(), **options)


def test_a_start_after_the_end() -> None:
    with pytest.raises(ValueError, match="start: expected a time before the end, got 99 s"):
        list(kpalette.clip(moving(), start=99))
