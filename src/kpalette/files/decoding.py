"""Decoding: whatever holds an image becomes 8-bit sRGB, upright."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import formats, mistaken, plain_png, png_chunks, png_repair, truncated
from kpalette.files.arrays import with_alpha
from kpalette.files.errors import (
    HeaderError,
    TooLargeError,
    TruncatedError,
    is_of_system,
    plainly,
    warn,
)
from kpalette.files.errors import ImageReadError as ImageReadError
from kpalette.files.levels import read_levels
from kpalette.files.orientation import forget_xmp
from kpalette.files.remarks import left_out

ImageSource: TypeAlias = "str | os.PathLike[str] | BinaryIO | Image.Image | np.ndarray[Any, Any]"


def decoded(source: Any, *, allow_truncated: bool) -> ByteArray:
    """Return the pixels of whatever :func:`kpalette.files.as_pixels` reads but arrays."""
    found = _plain(source)
    if found is not None:
        return found
    with opened(source, allow_truncated=allow_truncated) as image:
        return _only_drawn(image, read_levels(image).pixels())


def _plain(source: Any) -> ByteArray | None:
    """Return the pixels of a file that the core reads; None for all others."""
    if isinstance(source, (str, os.PathLike)):
        if not os.path.isfile(source):
            return None
        with open(source, "rb") as file:
            encoded = _png_of(file)
    elif isinstance(source, (io.BytesIO, io.BufferedReader, io.BufferedRandom)):
        encoded = _png_of(source) if source.seekable() else None
    else:
        return None
    limit = Image.MAX_IMAGE_PIXELS
    found = encoded and plain_png.read(encoded, 2 * limit if limit else sys.maxsize)
    if not found:
        return None
    pixels = np.frombuffer(found.pixels, np.uint8)
    return pixels.reshape(found.height, found.width, found.channels)


def _png_of(file: BinaryIO) -> bytes | None:
    """Return the bytes of a seekable file that is a PNG; None if it is another."""
    file.seek(0)
    if file.read(len(plain_png.SIGNATURE)) != plain_png.SIGNATURE:
        return None
    return all_of(file)


@contextmanager
def naming(source: Any) -> Iterator[None]:
    """Put the path, if that is what the source is, before what is wrong with the file."""
    try:
        yield
    except ImageReadError as error:
        if isinstance(source, (str, os.PathLike)):
            raise type(error)(f"{os.fspath(source)}: {error}") from error.__cause__
        raise


@contextmanager
def opened(source: ImageSource, *, allow_truncated: bool = False) -> Iterator[Image.Image]:
    """Open whatever :func:`as_pixels` reads but arrays, and say within what is wrong with it.

    Raises
    ------
    OSError, ImageReadError, TypeError, ValueError
        As :func:`as_pixels`; any error within the block that is not the system's, nor a lack of
        memory, is taken for damage of the file.
    """
    if isinstance(source, str):
        mistaken.check_path(source)
    if isinstance(source, io.TextIOBase):
        raise TypeError("source: expected a file opened in binary mode, got one in text mode")
    mistaken.check_kind(source)
    if isinstance(source, Image.Image):
        with _telling_damage(), left_out():
            formats.check_lazy(source)
            yield source
            return
    file = _seekable(source)
    if allow_truncated:
        file = _completed(file, source)
    with (
        naming(source),
        _telling_end(file),
        _telling_damage(),
        left_out(),
        _open(file) as image,
    ):
        yield image
        if truncated.may_lack_rows(image) and truncated.completed(all_of(file)):
            why = "the PNG has fewer rows than its header says"
            raise TruncatedError(f"{why}; {truncated.ADVICE}")


def reopen(source: Any) -> Image.Image:
    """Open a file as :func:`opened` does, for a caller that is left in between, as generators are.

    Such a one must not leave out what others are warned of.
    """
    with _telling_damage(), left_out():
        return _open(_seekable(source))


@contextmanager
def _telling_end(file: Any) -> Iterator[None]:
    """Raise TruncatedError for a file that is cut off, whatever its decoder raised."""
    try:
        yield
    except (TruncatedError, TooLargeError):
        raise
    except ImageReadError as error:
        reason = None if getattr(file, "closed", False) else truncated.broken_off(all_of(file))
        if reason is None:
            raise
        raise reason from error


@contextmanager
def _telling_damage() -> Iterator[None]:
    """Raise whatever a decoder does, which is any of a dozen exceptions, as `ImageReadError`."""
    try:
        yield
    except ImageReadError:
        raise
    except Exception as error:
        if is_of_system(error):
            raise
        if isinstance(error, Image.DecompressionBombError):
            raise formats.too_large(error) from None
        reason = f": {plainly(error)}" if str(error) else ""
        raise ImageReadError(f"the image is damaged{reason}") from error


def _open(source: Any) -> Image.Image:
    """Open a file by Pillow, or a TIFF that it does not read, or reads wrong, by tifffile."""
    from kpalette.files import bmp, tiff

    try:
        image = formats.open_image(source)
    except HeaderError:
        data = all_of(source)
        repaired = png_repair.without_damaged_chunks(data)
        if repaired is None:
            found = tiff.read(data)
            if found is None:
                raise
            return found
        image = formats.open_image(io.BytesIO(repaired))
        profile = png_repair.large_profile(data)
        if profile is not None:
            image.info["icc_profile"] = profile
    for kind in (bmp, tiff):
        if kind.is_misread(image):
            return kind.read(all_of(source)) or image
    if image.format == "TIFF":
        forget_xmp(image)
    if image.format == "PNG":
        png_chunks.check_critical(image)
        png_repair.forgive_what_follows(image)
    truncated.check_end(image)
    return image


def _seekable(source: Any) -> Any:
    """Return a file that can be read twice, which a pipe cannot be."""
    if isinstance(source, (str, os.PathLike)):
        if os.path.isfile(source):
            return source
        with open(source, "rb") as file:
            return io.BytesIO(file.read())
    if hasattr(source, "seekable") and source.seekable():
        return source
    return io.BytesIO(source.read())


def _completed(file: Any, source: Any) -> Any:
    """Return a JPEG or PNG that is cut off with an end added, and warn; others as they are."""
    if not formats.prefix_of(file).startswith(truncated.STARTS):
        return file
    data = truncated.completed(all_of(file))
    if data is None:
        return file
    name = f"{os.fspath(source)}: " if isinstance(source, (str, os.PathLike)) else ""
    warn(f"{name}{truncated.REMARK}")
    return io.BytesIO(data)


def all_of(source: Any) -> bytes:
    """Return the bytes of a path or of a seekable file, from its start."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return file.read()
    source.seek(0)
    data: bytes = source.read()
    return data


def _only_drawn(image: Image.Image, pixels: ByteArray) -> ByteArray:
    """Make transparent what a GIF's first frame leaves out, where Pillow shows some colour."""
    if image.format != "GIF" or image.tell() != 0:
        return pixels
    left, top, right, bottom = image.dispose_extent  # type: ignore[attr-defined]
    if (left, top, right, bottom) == (0, 0, *image.size):
        return pixels
    part = np.s_[top:bottom, left:right]
    drawn = np.zeros((*pixels.shape[:2], 4), np.uint8)
    drawn[part] = with_alpha(pixels[part])
    return drawn
