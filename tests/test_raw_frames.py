"""Films: frames of bare pixels from a pipe, and one palette for all of them."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

from kpalette import ColorHistogram, ImageReadError, extract_palette, raw_frames


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("buffering", [0, -1])
def test_frames_of_a_pipe(channels: int, buffering: int) -> None:
    film = np.random.default_rng(0).integers(1, 255, (7, 90, 120, channels), np.uint8)
    program = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=buffering,
    ) as process:
        process.stdin.write(film.tobytes())
        process.stdin.close()
        frames = list(raw_frames(process.stdout, 120, 90, channels=channels))
    assert np.array_equal(frames, film)
    frames[0][:] = 0  # of their own memory
    assert np.array_equal(frames[1:], film[1:])


def test_one_palette_for_a_film() -> None:
    film = np.random.default_rng(0).integers(0, 40, (5, 30, 40, 3), np.uint8)
    stream = io.BytesIO(film.tobytes())
    one_by_one = ColorHistogram.from_images(raw_frames(stream, 40, 30))
    at_once = film.reshape(150, 40, 3)
    assert one_by_one == ColorHistogram.from_image(at_once)
    assert extract_palette(one_by_one, 16).hex == extract_palette(at_once, 16).hex


def test_a_stream_that_ends_early() -> None:
    frames = raw_frames(io.BytesIO(bytes(40)), 3, 4)
    assert next(frames).shape == (4, 3, 3)
    with pytest.raises(ImageReadError, match=r"frame 1: expected 36 bytes \(3×4, 3 channels\), go"):
        next(frames)
    assert list(raw_frames(io.BytesIO(b""), 3, 4)) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((0, 4), ValueError), ((4, -1), ValueError), ((4.0, 3), TypeError), ((True, 1), TypeError)],
)
def test_sizes_that_cannot_be(arguments, error) -> None:
    with pytest.raises(error, match=r"(width|height): expected"):
        raw_frames(io.BytesIO(b""), *arguments)
    with pytest.raises(ValueError, match="channels: expected 3 or 4, got 1"):
        raw_frames(io.BytesIO(b""), 3, 3, channels=1)


def test_what_is_no_binary_file() -> None:
    with pytest.raises(TypeError, match="stream: expected a binary file object, got str"):
        raw_frames("film.rgb", 3, 4)
    with pytest.raises(TypeError, match="expected a binary file object, got one of str"):
        next(raw_frames(io.StringIO("abc"), 3, 4))
