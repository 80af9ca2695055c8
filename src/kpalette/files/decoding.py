"""Decoding: whatever holds an image becomes 8-bit sRGB, upright."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
import PIL
from PIL import Image

from kpalette.colors import ByteArray, hex_levels

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

ImageSource: TypeAlias = "str | os.PathLike[str] | BinaryIO | Image.Image | np.ndarray[Any, Any]"


class ImageReadError(ValueError):
    """A file that holds no image that can be read: damaged, empty or of another kind.

    Where it was given by its path, the message begins with that.
    """


def as_pixels(source: ImageSource) -> ByteArray:
    """Give an image's pixels: 8-bit sRGB, upright.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        An array has shape (h, w), (h, w, 3) or (h, w, 4), and dtype uint8, bool, uint16 (0 to
        65535) or float (0 to 1). Of a file with several images, the first is read.

    Returns
    -------
    uint8 array (h, w, 3) or (h, w, 4), C order
        With alpha only if some pixel is not opaque.

    Notes
    -----
    Levels of 16 bits are divided by 257 and rounded in arrays, grey images and TIFF files that
    Pillow does not read. In other files of 16 bits Pillow drops the lower eight, which is a level
    less for half of them. Either way what was 8 bits before, times 257, comes back as it was.
    TIFF files of 16-bit grey with alpha, and those of 16 bits whose channels lie one after the
    other without compression, need tifffile, which the extra ``kpalette[tiff]`` installs.

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read.
    TypeError
        If the source, or an array's dtype, is of another kind.
    ValueError
        If an array's shape or values are out of range.
    """
    if isinstance(source, np.ndarray):
        pixels = _from_array(source)
    else:
        with opened(source) as image:
            pixels = _only_drawn(image, _from_pillow(image))
    if pixels.shape[2] == 4 and int(pixels[..., 3].min()) == 255:
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels)


def with_alpha(colors: ByteArray) -> ByteArray:
    """Return uint8 colours (..., 4): those given, opaque if they are (..., 3)."""
    if colors.shape[-1] == 4:
        return colors
    return np.concatenate([colors, np.full_like(colors[..., :1], 255)], axis=-1)


def apply_alpha(pixels: ByteArray, alpha: Any) -> ByteArray:
    """Keep the alpha of pixels (h, w, 3 or 4), or lay them over a colour: ``"flatten:#rrggbb"``.

    The colour may be short, as in ``"flatten:#fff"``.

    Raises
    ------
    TypeError
        If `alpha` is not a string.
    ValueError
        If it is neither ``"keep"`` nor ``"flatten:"`` with a colour.
    """
    if not isinstance(alpha, str):
        raise TypeError(f"alpha: expected 'keep' or 'flatten:#rrggbb', got {alpha!r}")
    if alpha == "keep":
        return pixels
    kind, _, color = alpha.partition(":")
    levels = hex_levels(color)
    if kind != "flatten" or levels is None or len(levels) != 3:
        raise ValueError(f"alpha: expected 'keep' or 'flatten:#rrggbb', got {alpha!r}")
    if pixels.shape[2] == 3:
        return pixels
    backdrop = np.array(levels, np.uint16)
    share = pixels[..., 3:].astype(np.uint16)
    # Up to 65,152, so that 16 bits are enough.
    mixed = (pixels[..., :3] * share + backdrop * (255 - share) + 127) // 255
    return mixed.astype(np.uint8)


def _from_array(array: np.ndarray[Any, Any]) -> ByteArray:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            f"source: expected an array of shape (h, w), (h, w, 3) or (h, w, 4), got {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"source: expected at least one pixel, got an array of {array.shape}")
    levels = to_levels(array)
    return np.stack([levels] * 3, axis=-1) if levels.ndim == 2 else levels


def to_levels(array: np.ndarray[Any, Any]) -> ByteArray:
    """Scale any dtype's black and white to 0 and 255."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.newbyteorder("=") == np.uint16:
        return ((array.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating):
        if not np.all((array >= 0) & (array <= 1)):  # false for NaN as well
            if not np.isfinite(array).all():
                raise ValueError("source: expected finite values, got NaN or infinity")
            raise ValueError(
                f"source: expected float values from 0 to 1, got {array.min()} to {array.max()}"
            )
        scaled: ByteArray = (array * array.dtype.type(255) + array.dtype.type(0.5)).astype(np.uint8)
        return scaled
    raise TypeError(f"source: expected dtype uint8, bool, uint16 or float, got {array.dtype}")


@contextmanager
def naming(source: Any) -> Iterator[None]:
    """Put the path, if that is what the source is, before what is wrong with the file."""
    try:
        yield
    except ImageReadError as error:
        if isinstance(source, (str, os.PathLike)):
            raise ImageReadError(f"{os.fspath(source)}: {error}") from error.__cause__
        raise


@contextmanager
def opened(source: ImageSource) -> Iterator[Image.Image]:
    """Open whatever :func:`as_pixels` reads but arrays, and say within what is wrong with it.

    Raises
    ------
    OSError, ImageReadError, TypeError, ValueError
        As :func:`as_pixels`; any error within the block that is not the system's, nor a lack of
        memory, is taken for damage of the file.
    """
    if isinstance(source, str) and "\0" in source:
        raise ValueError(f"source: expected a path without null characters, got {source!r}")
    if isinstance(source, io.TextIOBase):
        raise TypeError("source: expected a file opened in binary mode, got one in text mode")
    if not isinstance(source, (str, os.PathLike, Image.Image)) and not hasattr(source, "read"):
        raise TypeError(
            "source: expected a path, a binary file, a Pillow image or a NumPy array, "
            f"got {type(source).__name__}"
        )
    with naming(source), _telling_damage(), _without_remarks():
        if isinstance(source, Image.Image):
            yield source
            return
        with _open(source) as image:
            yield image


def reopen(source: Any) -> Image.Image:
    """Open a file as :func:`opened` does, for a caller that is left in between, as generators are.

    Such a one must not change what is warned of.
    """
    with _telling_damage(), _without_remarks():
        return _open(source)


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Leave out what Pillow remarks on files that it reads all the same. What matters is raised."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


@contextmanager
def _telling_damage() -> Iterator[None]:
    try:
        yield
    except (ImageReadError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageReadError(str(error)) from None
    except Exception as error:
        # An error number comes from the system. Damage shows as any of a dozen other exceptions
        # of Pillow's parsers.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ImageReadError(f"the image is damaged: {error}") from error


def _open(source: Any) -> Image.Image:
    """Open a file by Pillow, or a TIFF that it does not read, or reads wrong, by tifffile."""
    from kpalette.files import bmp, tiff

    # A pipe can be read only once.
    if isinstance(source, (str, os.PathLike)):
        if not os.path.isfile(source):
            with open(source, "rb") as file:
                source = io.BytesIO(file.read())
    elif not (hasattr(source, "seekable") and source.seekable()):
        source = io.BytesIO(source.read())
    try:
        image = Image.open(source)
    except PIL.UnidentifiedImageError:
        data = _all_of(source)
        if not data:
            raise ImageReadError("the file is empty") from None
        if data.startswith((b"GIF87a", b"GIF89a")):
            raise ImageReadError("the GIF has no frames") from None
        found = tiff.read(data)
        if found is None:
            raise ImageReadError(
                "expected an image of a format that Pillow reads, got a file that starts with "
                f"{data[:8]!r}"
            ) from None
        return found
    for kind in (bmp, tiff):
        if kind.is_misread(image):
            return kind.read(_all_of(source)) or image
    return image


def _all_of(source: Any) -> bytes:
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return file.read()
    source.seek(0)
    data: bytes = source.read()
    return data


def _from_pillow(image: Image.Image) -> ByteArray:
    from PIL import ImageOps

    if 0 in image.size:
        raise ImageReadError(
            f"expected at least one pixel, got an image of {image.width}×{image.height}"
        )
    image.load()
    profile = image.info.get("icc_profile")
    with suppress(Exception):  # EXIF too damaged to tell the orientation
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise ImageReadError("the pixels are floating-point, whose range is not known")
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if image.mode not in ("CMYK", "LAB"):
        image = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    if profile:
        image = _to_srgb(image, profile)
    image = image.convert("RGB")
    if alpha:
        image.putalpha(alpha)
    return np.asarray(image)


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


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Make grey of 16 bits, which Pillow gives in integer modes of several widths, mode L or LA."""
    grey = np.asarray(image)
    if grey.min() < 0 or grey.max() > 65535:
        raise ImageReadError(
            f"expected grey values from 0 to 65535, got {grey.min()} to {grey.max()}"
        )
    result = Image.fromarray(to_levels(grey.astype(np.uint16)))
    if "transparency" in image.info:
        result.putalpha(Image.fromarray(to_levels(grey != image.info["transparency"])))
    return result


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert colours from the embedded profile, if that fits the image and is not sRGB itself."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}.get(space)
        if mode == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if image.mode != mode:
            return image
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
        )
        return image if _changes_nothing(transform, mode) else transform.apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile is ignored, as browsers do.
        return image


def _changes_nothing(transform: ImageCmsTransform, mode: str) -> bool:
    """Tell whether no colour moves by more than a level: the profile is sRGB by some name.

    Rounding would only add noise then, and colours to an image that had few.
    """
    if mode not in ("L", "RGB"):
        return False
    ramp = np.arange(0, 256, 15, dtype=np.uint8)
    axes = [ramp] * len(mode)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 1, len(mode))
    probe = Image.fromarray(grid.squeeze(2) if mode == "L" else grid)
    moved = np.asarray(transform.apply(probe)).astype(int) - np.asarray(probe.convert("RGB"))
    return bool(np.abs(moved).max() <= 1)
