"""Decoding of animations: frames as they are shown, one at a time, as often as they are asked for.

Pillow composes what the file holds as changes, so that each frame is the whole picture.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files.decoding import ImageReadError, ImageSource, as_pixels, naming, opened, reopen

#: What an animation can come from: what one image can, or pairs of an image and its milliseconds.
AnimationSource: TypeAlias = "ImageSource | Iterable[tuple[ImageSource, float]]"

#: The formats whose frames follow each other in time; those of others are pages or sizes.
ANIMATED = frozenset({"AVIF", "GIF", "PNG", "WEBP"})


@dataclass(frozen=True)
class Frames:
    """Frames to walk through, any number of times.

    Attributes
    ----------
    walk : function without arguments
        Gives an iterator over pairs of uint8 pixels (h, w, 3 or 4), all of one size, and
        milliseconds.
    loop : int
        How many times they are shown; 0 for ever.
    """

    walk: Callable[[], Iterator[tuple[ByteArray, int]]]
    loop: int


def is_animated(source: ImageSource) -> bool:
    """Tell whether an image has more than one frame, without decoding any.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read.

    Examples
    --------
    >>> from PIL import Image
    >>> is_animated(Image.new("L", (8, 8)))
    False
    """
    if isinstance(source, np.ndarray):
        return False
    if isinstance(source, Image.Image):
        return _has_frames(source)
    with opened(source) as image:
        result = _has_frames(image)
    if hasattr(source, "seek"):
        source.seek(0)
    return result


def open_frames(source: AnimationSource) -> Frames:
    """Give the frames of an animation, decoded while they are walked through.

    Parameters
    ----------
    source : path, binary file object, Pillow image or iterable of pairs
        Pairs are of an image, in any form that :func:`as_pixels` takes, and the milliseconds for
        which it is shown. What can be walked through only once, such as a generator, is kept in
        memory. An image that does not move is one frame. A GIF that breaks off between two frames
        ends there, and what it draws outside of the first frame is not seen, as viewers take it.

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read. Damage farther on is found while walking; the
        error says at which frame, the first being 1.
    TypeError
        If the source is of another kind.
    """
    if isinstance(source, np.ndarray):
        raise TypeError(
            "source: expected pairs of a frame and its milliseconds, got an array; "
            "for frames of the same length, zip(frames, itertools.repeat(100))"
        )
    if isinstance(source, (str, os.PathLike, Image.Image)) or hasattr(source, "read"):
        return _of_file(source)
    if not isinstance(source, Iterable):
        raise TypeError(
            "source: expected a path, a binary file, a Pillow image or pairs of a frame and its "
            f"milliseconds, got {type(source).__name__}"
        )
    pairs = [*source] if isinstance(source, Iterator) else source
    return Frames(lambda: _of_one_size(map(_checked_pair, itertools.count(1), pairs)), 0)


def _has_frames(image: Image.Image) -> bool:
    return image.format in ANIMATED and bool(getattr(image, "is_animated", False))


def _of_file(source: Any) -> Frames:
    if hasattr(source, "read") and not source.seekable():
        source = io.BytesIO(source.read())
    if isinstance(source, Image.Image):
        return Frames(_clipped(lambda: _walk_image(source)), _loop_of(source))
    if isinstance(source, (str, bytes)) and "\0" in source:
        raise ValueError(f"source: expected a path without null characters, got {source!r}")
    with opened(source) as image:
        loop = _loop_of(image)

    def walk() -> Iterator[tuple[ByteArray, int]]:
        if hasattr(source, "seek"):
            source.seek(0)
        with naming(source), reopen(source) as image:
            yield from _walk_image(image)

    return Frames(_clipped(walk), loop)


def _clipped(
    walk: Callable[[], Iterator[tuple[ByteArray, int]]],
) -> Callable[[], Iterator[tuple[ByteArray, int]]]:
    """Cut a file's frames to the size of the first.

    Pillow makes room for what a GIF draws outside, and goes on with that size, even from the start.
    """
    size: tuple[int, ...] = ()

    def clipped() -> Iterator[tuple[ByteArray, int]]:
        nonlocal size
        for number, (pixels, duration) in enumerate(walk(), 1):
            size = size or pixels.shape[:2]
            (height, width), (wanted_height, wanted_width) = pixels.shape[:2], size
            if height < wanted_height or width < wanted_width:
                raise ImageReadError(
                    f"frame {number}: expected {wanted_width}×{wanted_height} pixels as before, "
                    f"got {width}×{height}"
                )
            yield np.ascontiguousarray(pixels[:wanted_height, :wanted_width]), duration

    return clipped


def _walk_image(image: Image.Image) -> Iterator[tuple[ByteArray, int]]:
    """Decode frame by frame; the image is afterwards at the frame where it was."""
    with opened(image):
        moving = _has_frames(image)
    if not moving:
        yield as_pixels(image), _duration_of(image)
        return
    before = image.tell()
    # What an animated PNG shows where it cannot move need not be a part of the animation.
    first = 1 if getattr(image, "default_image", False) else 0
    try:
        for number in itertools.count(first):
            try:
                with opened(image):
                    try:
                        image.seek(number)
                    except EOFError:
                        return
                    pixels = as_pixels(image)
            except ImageReadError as error:
                raise ImageReadError(f"frame {number - first + 1}: {error}") from error
            yield pixels, _duration_of(image)  # which WebP knows once it is decoded
    finally:
        with suppress(ImageReadError), opened(image):  # damaged before that frame
            image.seek(before)


def _duration_of(image: Image.Image) -> int:
    return round(float(image.info.get("duration", 0)))


def _loop_of(image: Image.Image) -> int:
    """Say how many times a file is shown. GIF counts repeats, and has none unless it says so."""
    if image.format != "GIF":
        return int(image.info.get("loop", 0))
    repeats = image.info.get("loop")
    return 1 if repeats is None else int(repeats and repeats + 1)


def _checked_pair(number: int, pair: Any) -> tuple[ByteArray, int]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(
            f"frame {number}: expected a pair of an image and its milliseconds, "
            f"got {type(pair).__name__}"
        )
    image, duration = pair
    if isinstance(duration, bool) or not isinstance(
        duration, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"frame {number}: expected milliseconds, got {duration!r}")
    if not 0 <= duration < 2**31:
        raise ValueError(f"frame {number}: expected 0 to 2**31 milliseconds, got {duration}")
    try:
        return as_pixels(image), round(duration)
    except (TypeError, ValueError) as error:
        raise type(error)(f"frame {number}: {error}") from error


def _of_one_size(frames: Iterable[tuple[ByteArray, int]]) -> Iterator[tuple[ByteArray, int]]:
    size: tuple[int, ...] = ()
    for number, (pixels, duration) in enumerate(frames, 1):
        size = size or pixels.shape[:2]
        if pixels.shape[:2] != size:
            (height, width), (wanted_height, wanted_width) = pixels.shape[:2], size
            raise ValueError(
                f"frame {number}: expected {wanted_width}×{wanted_height} pixels as before, "
                f"got {width}×{height}"
            )
        yield pixels, duration
