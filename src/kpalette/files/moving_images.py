"""Image files that move, one frame at a time, each composed as a whole picture.

GIF and APNG are composed here, since Pillow shows others than browsers do; WebP and AVIF by their
own libraries, through Pillow.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import apng_frames, gif_frames, times
from kpalette.files.arrays import as_pixels
from kpalette.files.composing import composed
from kpalette.files.decoding import ImageReadError, opened
from kpalette.files.errors import TooLargeError

#: The formats whose frames are read here, and those whose frames Pillow gives. What others have
#: several of are pages or sizes, and no frames that follow each other in time.
RAW_FRAMES = {"GIF": gif_frames.read_frames, "PNG": apng_frames.read_frames}
PILLOW_FRAMES = frozenset({"AVIF", "WEBP"})


def heading(source: Any) -> tuple[int, int, float | None]:
    """Return how often a file is shown, and about how many frames it has and how many seconds."""
    with opened(source) as image:
        return loop_of(image), *_length(image)


def has_frames(image: Image.Image, least: int = 2) -> bool:
    """Return whether an image has so many frames, the last of which may be damaged."""
    file = file_of(image)
    if file is None:
        known = image.format in RAW_FRAMES or image.format in PILLOW_FRAMES
        return known and bool(getattr(image, "is_animated", False))
    with left_where_it_is(file):
        try:
            return len([*itertools.islice(RAW_FRAMES[image.format or ""](file), least)]) == least
        except ImageReadError:
            return True


def walk_image(image: Image.Image) -> Iterator[tuple[ByteArray, int]]:
    """Read an image that nobody else has."""
    file = file_of(image)
    if file is None or not has_frames(image, least=1):
        yield from walk_pillow(image)
        return
    for pixels, duration in composed(RAW_FRAMES[image.format or ""](file), *image.size):
        yield _upright(pixels, image.info.get("exif")), duration


def walk_pillow(image: Image.Image) -> Iterator[tuple[ByteArray, int]]:
    """Let Pillow compose the frames; the image is afterwards at the frame where it was."""
    with opened(image):
        moving = has_frames(image)
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


def remark(reason: str, n_frames: int) -> str:
    """Return what to say of a clip that is damaged after so many frames."""
    if n_frames == 1:
        return f"{reason}; only the first frame is taken"
    return f"{reason}; the first {n_frames:,} frames are taken"


def as_far_as_it_goes(
    frames: Iterator[tuple[ByteArray, int]], note: Callable[[str], object]
) -> Iterator[tuple[ByteArray, int]]:
    """Yield the frames before the first that is damaged, if it is not the first of all."""
    number = 0
    try:
        for frame in frames:
            number += 1
            yield frame
    except TooLargeError:
        raise
    except ImageReadError as error:
        if not number:
            raise
        note(remark(str(error), number))


def file_of(image: Image.Image) -> BinaryIO | None:
    """Return the open file whose frames are read here. Its name in Pillow is `fp` only at first."""
    file: BinaryIO | None = getattr(image, "_fp", None) if image.format in RAW_FRAMES else None
    with suppress(ValueError):  # of Pillow, where the file is closed
        if file is not None and not getattr(file, "closed", False):
            return file
    return None


@contextmanager
def left_where_it_is(file: BinaryIO) -> Iterator[None]:
    """Leave a file at the place where it was."""
    before = file.tell()
    try:
        yield
    finally:
        file.seek(before)


def _length(image: Image.Image) -> tuple[int, float | None]:
    """Return how many frames an image has and how many seconds, as far as its file says so."""
    file = file_of(image)
    if file is None:
        return (int(getattr(image, "n_frames", 1)) if has_frames(image) else 1), None
    n = milliseconds = 0
    with left_where_it_is(file), suppress(ImageReadError):
        for frame in RAW_FRAMES[image.format or ""](file):
            n += 1
            milliseconds += frame.duration or times.UNTIMED
    return max(1, n), milliseconds / 1000


def loop_of(image: Image.Image) -> int:
    """Return how often an image is shown, 0 for ever."""
    file = file_of(image)
    if file is None or image.format != "GIF":
        return int(image.info.get("loop", 0))
    with left_where_it_is(file):
        return gif_frames.read_loop(file)


def _upright(pixels: ByteArray, exif: bytes | None) -> ByteArray:
    if exif is None:
        return pixels
    picture = Image.fromarray(pixels)
    picture.info["exif"] = exif
    return as_pixels(picture)


def _duration_of(image: Image.Image) -> int:
    return round(float(image.info.get("duration", 0)))
