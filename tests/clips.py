"""Animations to quantize, and what their files show."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import gradient
from kpalette.quantized_animation import QuantizedAnimation

Pixels = np.ndarray[Any, Any]


def moving(n: int = 8, channels: int = 3) -> list[tuple[Pixels, int]]:
    """Make frames of a square that moves over a gradient; with alpha, over nothing."""
    frames = []
    for i in range(n):
        if channels == 3:
            pixels = gradient(24, 36)
        else:
            pixels = np.zeros((24, 36, 4), np.uint8)
            pixels[4:10, 4:10] = 10, 200, 30, 255
        pixels[8 + i : 16 + i, 3 * i : 3 * i + 9] = [200, 30, 60, 255][:channels]
        frames.append((pixels, 40 + 20 * i))
    return frames


def clear_as_zero(rgba: Pixels) -> Pixels:
    """Make colours that nobody sees the same."""
    return np.where(rgba[..., 3:] == 0, 0, rgba)


def decoded(data: bytes) -> list[tuple[Pixels, float]]:
    """Return the frames that Pillow decodes, and their durations."""
    frames = []
    with Image.open(io.BytesIO(data)) as image:
        for i in range(getattr(image, "n_frames", 1)):
            image.seek(i)
            rgba = np.asarray(image.convert("RGBA"))
            frames.append((clear_as_zero(rgba), image.info.get("duration", 0)))
    return frames


def timeline(frames: list[tuple[Pixels, float]]) -> list[tuple[Pixels, float]]:
    """Merge frames that look the same as the one before."""
    merged: list[tuple[Pixels, float]] = []
    for pixels, duration in frames:
        if merged and np.array_equal(merged[-1][0], pixels):
            merged[-1] = (pixels, merged[-1][1] + duration)
        else:
            merged.append((pixels, duration))
    return merged


def check_shown(result: QuantizedAnimation, kind: str, *, optimize: bool = False) -> None:
    """Compare what a file shows with what it is made of: to the pixel, and to the millisecond."""
    expected = timeline(
        [
            (clear_as_zero(frame.rgba), duration)
            for frame, duration in zip(result.frames, result.durations, strict=True)
        ]
    )
    got = timeline(decoded(result.encode(kind, optimize=optimize)))
    assert len(got) == len(expected)
    for (pixels, duration), (wanted, wanted_duration) in zip(got, expected, strict=True):
        assert np.array_equal(pixels, wanted)
        if len(expected) > 1 or kind != "webp":  # one frame is a still image there
            assert duration == pytest.approx(wanted_duration, abs=0.01)
