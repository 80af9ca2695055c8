"""Animated GIF and APNG files: composed frame by frame, or refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from fuzz.bombs import MAX_PIXELS, small_images
from fuzz.checksums import mended_png
from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import ImageReadError, files

#: Bytes that a frame takes at the least: the header of one without pixels.
SHORTEST = 10


def seeds() -> list[bytes]:
    """Draw a few frames in every way of putting them together."""
    y, x = np.mgrid[:7, :9]
    frames = []
    for step in range(3):
        rgba = np.dstack([x * 28, y * 36, x * y * 4, 255 * ((x + step) % 3 > 0)]).astype(np.uint8)
        rgba[step : step + 3, step : step + 4, :3] = 80 * step
        frames.append(rgba)
    soft = [np.dstack([f[..., :3], f[..., 3] // (i + 1)]) for i, f in enumerate(frames)]
    found = [_saved(frames, "GIF", disposal=disposal, loop=2) for disposal in range(4)]
    found += [
        _saved(soft, "PNG", disposal=disposal, blend=blend, default_image=blend > 0)
        for disposal in range(3)
        for blend in range(2)
    ]
    ours = kpalette.quantize_animation([(frame, 40) for frame in frames], 9, effort="fast")
    found += [ours.encode("gif"), ours.encode("png")]
    return [bytes([0]) + file for file in found]


def _saved(frames: list[np.ndarray[Any, Any]], kind: str, **options: Any) -> bytes:
    first, *rest = (Image.fromarray(frame) for frame in frames)
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=rest, duration=[20, 50, 9], **options)
    return file.getvalue()


def check(data: bytes) -> None:
    """Walk through a file, of which the first byte says whether Pillow opens it."""
    choices = Choices(data)
    by_pillow = choices.one_of([False, True])
    given = choices.rest()
    with small_images():
        for file in dict.fromkeys([given, mended_png(given)]):
            with allowing(ImageReadError):
                _check_frames(file, by_pillow)


def _check_frames(file: bytes, by_pillow: bool) -> None:
    source: Any = io.BytesIO(file)
    moving = files.is_animated(source)
    if by_pillow:
        try:
            source = Image.open(source)
        except Exception:  # which is not ours to tell
            return
    frames = files.open_frames(source)
    expect(isinstance(frames.loop, int) and frames.loop >= 0, f"no loop is {frames.loop}")
    size: tuple[int, ...] = ()
    number = 0
    for number, (pixels, duration) in enumerate(frames.walk(), 1):
        expect(pixels.dtype == np.uint8 and pixels.shape[2] in (3, 4), "frames are 8-bit colours")
        size = size or pixels.shape[:2]
        expect(pixels.shape[:2] == size, "frames are of one size")
        expect(pixels.shape[0] * pixels.shape[1] <= 2 * MAX_PIXELS, "no frame is too large")
        expect(pixels.shape[2] == 3 or pixels[..., 3].min() < 255, "no alpha is there for nothing")
        expect(isinstance(duration, int) and duration >= 0, f"no duration is {duration}")
        if number == 1:
            _check_still(file, pixels)
    expect(number >= 1, "there is a frame")
    expect(number <= 1 + len(file) // SHORTEST, "frames take bytes")
    expect(moving or number == 1, "what does not move is one frame")


def _check_still(file: bytes, first: np.ndarray[Any, Any]) -> None:
    """Compare the first frame of a GIF with the picture that is read of it."""
    if not file.startswith(b"GIF8"):
        return
    try:
        still = files.with_alpha(files.as_pixels(io.BytesIO(file)))
    except ImageReadError:  # such as one without pixels, which draws nothing
        return
    shown = files.with_alpha(first)
    expect(
        np.array_equal(*(np.where(one[..., 3:] == 0, 0, one) for one in (still, shown))),
        "the first frame is the picture",
    )
