"""Composing of animations: each frame is drawn on what those before it have left.

The rules are those of APNG, which has all that GIF has: W3C (2025), Portable Network Graphics (PNG)
Specification, third edition, 11.3.6. What nothing is drawn on is transparent, as in browsers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.arrays import with_alpha
from kpalette.files.decoding import ImageReadError

#: What becomes of a frame's part of the canvas before the next: it stays, it becomes transparent,
#: or it becomes what it was before the frame.
Disposal: TypeAlias = Literal["none", "background", "previous"]


#: Pixels that are mixed at once, so that little memory is needed for it.
STRIP = 1 << 13

#: With what rounding errors take from a half added to it. What is no half is farther off.
HALF = 0.5 + 1e-9


@dataclass(frozen=True, eq=False)
class RawFrame:
    """A frame as its file holds it.

    Attributes
    ----------
    read : function without arguments
        Gives what is drawn, uint8 pixels (h, w, 3 or 4). It may raise an ImageReadError.
    left, top : int
        Where on the canvas, at least 0. What lies outside is not seen.
    duration : int
        Milliseconds.
    disposal : {"none", "background", "previous"}
    over : bool
        Whether it is laid over what is there, or replaces it, alpha and all.
    """

    read: Callable[[], ByteArray]
    left: int
    top: int
    duration: int
    disposal: Disposal
    over: bool


def composed(
    frames: Iterable[RawFrame], width: int, height: int
) -> Iterator[tuple[ByteArray, int]]:
    """Yield frames as they are shown, uint8 (height, width, 3 or 4), and their milliseconds.

    Frames are taken one at a time. Each one given has memory of its own, and alpha only if some
    pixel is not opaque.

    Raises
    ------
    ImageReadError
        If a frame is damaged. The error says which, the first being 1.
    """
    canvas: ByteArray = np.zeros((height, width, 4), np.uint8)
    raw = iter(frames)
    for number in itertools.count(1):
        try:
            frame = next(raw, None)
            if frame is None:
                return
            pixels = frame.read()
        except ImageReadError as error:
            raise ImageReadError(f"frame {number}: {error}") from error
        part = np.s_[frame.top : frame.top + len(pixels), frame.left : frame.left + len(pixels[0])]
        before = canvas[part].copy() if frame.disposal == "previous" else None
        canvas = _without_full_alpha(_drawn(canvas, part, pixels, frame.over))
        yield canvas.copy(), frame.duration
        if before is not None:
            canvas = _taken_back(canvas, part, before)
        elif frame.disposal == "background":
            canvas = _writable(with_alpha(canvas))
            canvas[part] = 0


def _drawn(
    canvas: ByteArray, part: tuple[slice, slice], pixels: ByteArray, over: bool
) -> ByteArray:
    """Draw pixels on a part of the canvas, which needs no alpha while all of it is opaque."""
    opaque = pixels.shape[2] == 3
    covering = opaque or not over
    height, width = canvas[part].shape[:2]
    pixels = pixels[:height, :width]
    if covering and (height, width) == canvas.shape[:2]:
        pixels.flags.writeable = False  # since others may have it
        return pixels
    canvas = _writable(canvas if opaque or over else with_alpha(canvas))
    place = canvas[part]
    if covering:
        _copy(place, pixels, True)
    else:
        step = max(1, STRIP // max(1, place.shape[1]))
        for row in range(0, len(place), step):
            _lay_over(place[row : row + step], pixels[row : row + step])
    return canvas


def _taken_back(canvas: ByteArray, part: tuple[slice, slice], before: ByteArray) -> ByteArray:
    """Return a part of the canvas back what it was before, which may have had alpha."""
    if before.shape[:2] == canvas.shape[:2]:
        return before
    canvas = _writable(with_alpha(canvas) if before.shape[2] == 4 else canvas)
    _copy(canvas[part], before, True)
    return canvas


def _lay_over(place: ByteArray, pixels: ByteArray) -> None:
    """Lay pixels (h, w, 4) over others (h, w, 3 or 4), neither premultiplied.

    Of alphas a and b from 0 to 1 comes c = a + (1 - a) b, and of colours their mean, with weights
    a / c and (1 - a) b / c. Both are rounded to the nearest level, halves up.
    """
    levels = np.ascontiguousarray(pixels[..., 3])
    opaque = levels == 255
    if (opaque | (levels == 0)).all():
        _copy(place, pixels, opaque)
        return
    # Over opaque pixels results are multiples of 1/255, of which floats never mistake one for a
    # half; otherwise of 1/255² or more, and halves come about, for which doubles are good enough.
    exact: Any = np.float32 if place.shape[2] == 3 else np.float64
    alpha = levels.astype(exact) / 255
    share = alpha
    if place.shape[2] == 4:
        both = alpha + (1 - alpha) * (place[..., 3] / 255)
        place[..., 3] = 255 * both + 0.5
        share = alpha / np.where(both > 0, both, 1)
    for channel in range(3):
        below = place[..., channel].astype(exact)
        place[..., channel] = below + (pixels[..., channel] - below) * share + HALF


def _copy(place: ByteArray, pixels: ByteArray, where: Any) -> None:
    """Copy pixels, opaque where they have no alpha.

    Whole pixels as numbers of 32 bits, or else channel by channel, are 4 to 20 times as quick as
    rows of 3 or 4 bytes.
    """
    if place.shape[2] == pixels.shape[2] == 4:
        np.copyto(place.view(np.uint32)[..., 0], pixels.view(np.uint32)[..., 0], where=where)
        return
    for channel in range(3):
        np.copyto(place[..., channel], pixels[..., channel], where=where)
    if place.shape[2] == 4:
        place[..., 3] = 255  # for opaque pixels are copied everywhere


def _writable(canvas: ByteArray) -> ByteArray:
    return canvas if canvas.flags.writeable else canvas.copy()


def _without_full_alpha(canvas: ByteArray) -> ByteArray:
    if canvas.shape[2] == 3 or int(canvas[..., 3].min()) < 255:
        return canvas
    opaque = np.empty((*canvas.shape[:2], 3), np.uint8)
    _copy(opaque, canvas, True)
    return opaque
