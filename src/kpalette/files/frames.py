"""Decoding of animations: frames as they are shown, one at a time, as often as they are asked for.

Files hold changes, from which each frame is composed as a whole picture: GIF and APNG here, since
Pillow shows others than browsers do; WebP and AVIF by their own libraries, through Pillow.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import apng_frames, gif_frames, mistaken
from kpalette.files.composing import composed
from kpalette.files.decoding import ImageReadError, ImageSource, as_pixels, naming, opened, reopen

#: What an animation can come from: what one image can, or pairs of an image and its milliseconds.
AnimationSource: TypeAlias = "ImageSource | Iterable[tuple[ImageSource, float]]"

#: The formats whose frames are read here, and those whose frames Pillow gives. What others have
#: several of are pages or sizes, and no frames that follow each other in time.
RAW_FRAMES = {"GIF": gif_frames.read_frames, "PNG": apng_frames.read_frames}
PILLOW_FRAMES = frozenset({"AVIF", "WEBP"})


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
    """Return whether an image has more than one frame, without decoding any.

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
    with opened(source) as image:
        result = _has_frames(image)
    # What comes by a pipe is used up, and some of Pillow's plug-ins close the file.
    file: Any = source
    if hasattr(file, "seekable") and not file.closed and file.seekable():
        file.seek(0)
    return result


def open_frames(source: AnimationSource) -> Frames:
    """Return the frames of an animation, decoded while they are walked through.

    Parameters
    ----------
    source : path, binary file object, Pillow image or iterable of pairs
        Pairs are of an image, in any form that :func:`as_pixels` takes, and the milliseconds for
        which it is shown. What can be walked through only once, such as a generator, is kept in
        memory. An image that does not move is one frame. GIF and APNG look as in browsers: what
        nothing is drawn on is transparent, what a GIF draws outside of the canvas is not seen (the
        first frame widens it), a file may end between two frames, and of an APNG whose default
        image is no frame the frames are shown. Of a Pillow image that moves, the file is read.

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
    if not isinstance(source, Iterable) or isinstance(source, (bytes, bytearray, memoryview)):
        mistaken.check_kind(source, "pairs of a frame and its milliseconds")
    pairs = [*source] if isinstance(source, Iterator) else source
    return Frames(lambda: _of_one_size(map(_checked_pair, itertools.count(1), pairs)), 0)


def _of_file(source: Any) -> Frames:
    if hasattr(source, "read") and not source.seekable():
        source = io.BytesIO(source.read())
    if isinstance(source, Image.Image):
        with opened(source):
            file = _file_of(source)
            if file is None or not _has_frames(source):
                return Frames(lambda: _walk_pillow(source), _loop_of(source))
            with _left_where_it_is(file):
                file.seek(0)
                source = io.BytesIO(file.read())
    with opened(source) as image:
        loop = _loop_of(image)

    def walk() -> Iterator[tuple[ByteArray, int]]:
        if hasattr(source, "seek"):
            source.seek(0)
        with naming(source), reopen(source) as image:
            yield from _walk_image(image)

    return Frames(walk, loop)


def _file_of(image: Image.Image) -> BinaryIO | None:
    """Return the open file whose frames are read here. Its name in Pillow is `fp` only at first."""
    file: BinaryIO | None = getattr(image, "_fp", None) if image.format in RAW_FRAMES else None
    with suppress(ValueError):  # of Pillow, where the file is closed
        if file is not None and not getattr(file, "closed", False):
            return file
    return None


@contextmanager
def _left_where_it_is(file: BinaryIO) -> Iterator[None]:
    before = file.tell()
    try:
        yield
    finally:
        file.seek(before)


def _has_frames(image: Image.Image, least: int = 2) -> bool:
    """Return whether an image has so many frames, the last of which may be damaged."""
    file = _file_of(image)
    if file is None:
        known = image.format in RAW_FRAMES or image.format in PILLOW_FRAMES
        return known and bool(getattr(image, "is_animated", False))
    with _left_where_it_is(file):
        try:
            return len([*itertools.islice(RAW_FRAMES[image.format or ""](file), least)]) == least
        except ImageReadError:
            return True


def _loop_of(image: Image.Image) -> int:
    file = _file_of(image)
    if file is None or image.format != "GIF":
        return int(image.info.get("loop", 0))
    with _left_where_it_is(file):
        return gif_frames.read_loop(file)


def _walk_image(image: Image.Image) -> Iterator[tuple[ByteArray, int]]:
    """Read an image that nobody else has."""
    file = _file_of(image)
    if file is None or not _has_frames(image, least=1):
        yield from _walk_pillow(image)
        return
    for pixels, duration in composed(RAW_FRAMES[image.format or ""](file), *image.size):
        yield _upright(pixels, image.info.get("exif")), duration


def _upright(pixels: ByteArray, exif: bytes | None) -> ByteArray:
    if exif is None:
        return pixels
    picture = Image.fromarray(pixels)
    picture.info["exif"] = exif
    return as_pixels(picture)


def _walk_pillow(image: Image.Image) -> Iterator[tuple[ByteArray, int]]:
    """Let Pillow compose the frames; the image is afterwards at the frame where it was."""
    with opened(image):
        moving = _has_frames(image)
    if not moving:
        yield as_pixels(image), _duration_of(image)
        return
    before = image.tell()
    try:
        for number in itertools.count():
            try:
                with opened(image):
                    try:
                        image.seek(number)
                    except EOFError:
                        return
                    pixels = as_pixels(image)
            except ImageReadError as error:
                raise ImageReadError(f"frame {number + 1}: {error}") from error
            yield pixels, _duration_of(image)  # which WebP knows once it is decoded
    finally:
        with suppress(ImageReadError), opened(image):  # damaged before that frame
            image.seek(before)


def _duration_of(image: Image.Image) -> int:
    return round(float(image.info.get("duration", 0)))


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
