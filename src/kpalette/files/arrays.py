"""From arrays of levels to 8-bit sRGB; :mod:`decoding` reads all else that holds an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette.checks import check_flag
from kpalette.colors import ByteArray, hex_levels, is_soft
from kpalette.files import mistaken

if TYPE_CHECKING:
    from kpalette.files.decoding import ImageSource


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
    from kpalette.files.decoding import decoded  # with Pillow

    return decoded(source, allow_truncated=allow_truncated)


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
                + mistaken.range_hint(array)
            )
        scaled: ByteArray = (array * array.dtype.type(255) + array.dtype.type(0.5)).astype(np.uint8)
        return scaled
    raise TypeError(
        f"source: expected dtype uint8, bool, uint16 or float, got {array.dtype}"
        + mistaken.dtype_hint(array)
    )


def without_opaque_alpha(pixels: ByteArray) -> ByteArray:
    """Return pixels (h, w, 3 or 4), in C order, without alpha if all are opaque."""
    if pixels.shape[2] == 4 and int(pixels[..., 3].min()) == 255:
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels)
