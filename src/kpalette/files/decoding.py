"""Decoding: whatever holds an image becomes 8-bit sRGB, upright."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from kpalette.checks import check_flag
from kpalette.colors import ByteArray, hex_levels, is_soft
from kpalette.files import formats, mistaken, png_repair, truncated
from kpalette.files.errors import HeaderError, TooLargeError, TruncatedError, is_of_system, warn
from kpalette.files.errors import ImageReadError as ImageReadError
from kpalette.files.levels import read_levels, to_levels, without_opaque_alpha
from kpalette.files.orientation import forget_xmp

ImageSource: TypeAlias = "str | os.PathLike[str] | BinaryIO | Image.Image | np.ndarray[Any, Any]"


def as_pixels(source: ImageSource, *, allow_truncated: bool = False) -> ByteArray:
    """Return an image's pixels: 8-bit sRGB, upright.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        An array has shape (h, w), (h, w, 3) or (h, w, 4), and dtype uint8, bool, uint16 (0 to
        65535) or float (0 to 1). Of a file with several images, the first is read.
    allow_truncated : bool, default False
        Whether to read a JPEG or PNG file that is cut off as far as it goes, with a warning. The
        rest is grey in a JPEG; in a PNG it is the palette's first colour, or else transparent, or
        black where there is no alpha. There must be a row of pixels.

    Returns
    -------
    uint8 array (h, w, 3) or (h, w, 4), C order
        With alpha only if some pixel is not opaque.

    Notes
    -----
    Levels of 16 bits are divided by 257 and rounded in arrays, grey images and TIFF files that
    Pillow does not read. In other files of 16 bits Pillow drops the lower eight, which is a level
    less for half of them, and so it is with grey PNG files that declare a colour space. Either way
    what was 8 bits before, times 257, comes back as it was.
    TIFF files of 16-bit grey with alpha, and those of 16 bits whose channels lie one after the
    other without compression, need tifffile, which the extra ``kpalette[tiff]`` installs.

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read, is of a format that is not read, or is cut off.
    TypeError
        If the source, or an array's dtype, is of another kind.
    ValueError
        If an array's shape or values are out of range.
    """
    check_flag("allow_truncated", allow_truncated)
    if isinstance(source, np.ndarray):
        return without_opaque_alpha(_from_array(source))
    with opened(source, allow_truncated=allow_truncated) as image:
        return _only_drawn(image, read_levels(image).pixels())


def tile_pixels(tile: np.ndarray[Any, Any]) -> ByteArray:
    """Return the pixels of an array that is a part of an image, as :func:`as_pixels` does."""
    return without_opaque_alpha(_from_array(tile, is_tile=True))


def with_alpha(colors: ByteArray) -> ByteArray:
    """Return uint8 colours (..., 4): those given, opaque if they are (..., 3)."""
    if colors.shape[-1] == 4:
        return colors
    return np.concatenate([colors, np.full_like(colors[..., :1], 255)], axis=-1)


def apply_alpha(pixels: ByteArray, alpha: Any) -> ByteArray:
    """Return pixels (h, w, 3 or 4) with their alpha kept, hard or gone.

    ``"keep"`` keeps it. ``"threshold"`` makes pixels opaque from an alpha of 128 on, and others
    wholly transparent, as GIF needs them. ``"flatten:#rrggbb"`` lays them over that colour, which
    may be short, as in ``"flatten:#fff"``.

    Raises
    ------
    TypeError
        If `alpha` is not a string.
    ValueError
        If it is none of these.
    """
    ways = "'keep', 'threshold' or 'flatten:#rrggbb'"
    if not isinstance(alpha, str):
        raise TypeError(f"alpha: expected {ways}, got {alpha!r}")
    if alpha == "keep":
        return pixels
    if alpha == "threshold":
        return _hard(pixels)
    kind, _, color = alpha.partition(":")
    levels = hex_levels(color)
    if kind != "flatten" or levels is None or len(levels) != 3:
        raise ValueError(f"alpha: expected {ways}, got {alpha!r}")
    if pixels.shape[2] == 3:
        return pixels
    backdrop = np.array(levels, np.uint16)
    share = pixels[..., 3:].astype(np.uint16)
    # Up to 65,152, so that 16 bits are enough.
    mixed = (pixels[..., :3] * share + backdrop * (255 - share) + 127) // 255
    return mixed.astype(np.uint8)


def _hard(pixels: ByteArray) -> ByteArray:
    if not is_soft(pixels):
        return pixels
    hard = pixels.copy()
    shown = pixels[..., 3] >= 128
    hard[..., 3] = 255
    hard[~shown] = 0
    return without_opaque_alpha(hard)


def _from_array(array: np.ndarray[Any, Any], *, is_tile: bool = False) -> ByteArray:
    mistaken.check_shape(array, is_tile=is_tile)
    levels = to_levels(array)
    return np.stack([levels] * 3, axis=-1) if levels.ndim == 2 else levels


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
        with _telling_damage(), _without_remarks():
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
        _without_remarks(),
        _open(file) as image,
    ):
        yield image
        if truncated.may_lack_rows(image) and truncated.completed(all_of(file)):
            why = "the PNG has fewer rows than its header says"
            raise TruncatedError(f"{why}; {truncated.ADVICE}")


def reopen(source: Any) -> Image.Image:
    """Open a file as :func:`opened` does, for a caller that is left in between, as generators are.

    Such a one must not change what is warned of.
    """
    with _telling_damage(), _without_remarks():
        return _open(_seekable(source))


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Leave out what Pillow remarks on files that it reads all the same. What matters is raised."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


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
        reason = f": {error}" if str(error) else ""
        raise ImageReadError(f"the image is damaged{reason}") from error


def _open(source: Any) -> Image.Image:
    """Open a file by Pillow, or a TIFF that it does not read, or reads wrong, by tifffile."""
    from kpalette.files import bmp, tiff

    try:
        image = formats.open_image(source)
    except HeaderError:
        data = all_of(source)
        repaired = png_repair.without_damaged_chunks(data)
        if repaired is not None:
            image = formats.open_image(io.BytesIO(repaired))
            profile = png_repair.large_profile(data)
            if profile is not None:
                image.info["icc_profile"] = profile
            png_repair.forgive_what_follows(image)
            truncated.check_end(image)
            return image
        found = tiff.read(data)
        if found is None:
            raise
        return found
    for kind in (bmp, tiff):
        if kind.is_misread(image):
            return kind.read(all_of(source)) or image
    if image.format == "TIFF":
        forget_xmp(image)
    if image.format == "PNG":
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
