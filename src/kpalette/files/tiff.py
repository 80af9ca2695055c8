"""TIFF files that Pillow does not read, or reads wrong, by tifffile."""

from __future__ import annotations

import io
import logging
import os
from contextlib import nullcontext
from typing import Any

import numpy as np
from PIL import Image

from kpalette.files.arrays import to_levels
from kpalette.files.claims import TIFF
from kpalette.files.errors import ImageReadError

BITS, COMPRESSION, ORIENTATION, PLANAR, FORMAT, PROFILE = 258, 259, 274, 284, 339, 34675
_UNHEARD = logging.NullHandler()  # Python prints what no one handles; an error tells of damage
FORMATS = {1: "whole numbers", 2: "signed numbers", 3: "floating-point numbers"}


def is_misread(image: Image.Image) -> bool:
    """Return whether Pillow would decode wrong pixels without an error.

    It takes uncompressed planes of 16 bits, one per channel, for planes of 8.
    """
    tags = getattr(image, "tag_v2", {})
    return (
        image.format == "TIFF"
        and tags.get(PLANAR, 1) == 2
        and tags.get(COMPRESSION, 1) == 1
        and max(tags.get(BITS, (1,))) > 8
    )


def read(data: bytes) -> Image.Image | None:
    """Read the first image of a TIFF, of 8 or 16 bits; None if it is no TIFF.

    Its profile and orientation come along, for what treats those of other files.

    Raises
    ------
    ImageReadError
        If the file is of another kind, or tifffile is not installed.
    """
    tags = tags_of(io.BytesIO(data))
    if tags is None:
        return None
    bits, numbers = max(tags.get(BITS, (1,))), max(tags.get(FORMAT, (1,)))
    if bits not in (8, 16) or numbers != 1:
        raise ImageReadError(
            "expected a TIFF of whole numbers of 8 or 16 bits, "
            f"got {FORMATS.get(numbers, 'other numbers')} of {bits}"
        )
    try:
        import tifffile
    except ImportError:
        raise ImageReadError(
            "a TIFF that Pillow does not read, but tifffile may: pip install 'kpalette[tiff]'"
        ) from None
    logging.getLogger("tifffile").addHandler(_UNHEARD)
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            return _to_pillow(file.pages.first)
    except ImageReadError:
        raise
    except Exception as error:  # of tifffile's parsers, or for want of a codec
        raise ImageReadError(f"a TIFF that neither Pillow nor tifffile reads: {error}") from error


def tags_of(source: Any) -> Any:
    """Return the tags of a TIFF's first image, by path or file object; None if it has none."""
    from PIL import TiffImagePlugin

    with open(source, "rb") if isinstance(source, (str, os.PathLike)) else nullcontext(source) as f:
        f.seek(0)
        start = f.read(16)
        if not start.startswith(TIFF):
            return None
        try:
            tags = TiffImagePlugin.ImageFileDirectory_v2(start if b"+" in start[:4] else start[:8])
            f.seek(tags.next)
            tags.load(f)
        except Exception:  # Pillow's parser raises any of a dozen for what is damaged
            return None
    return tags if len(tags) else None


def _to_pillow(page: Any) -> Image.Image:
    limit = Image.MAX_IMAGE_PIXELS
    size = page.imagewidth, page.imagelength
    if limit and size[0] * size[1] > 2 * limit:  # where Pillow stops, too
        raise ImageReadError(f"expected at most {2 * limit:,} pixels, got {size[0] * size[1]:,}")
    photometric = page.photometric.name
    if photometric not in ("MINISBLACK", "MINISWHITE", "RGB"):
        raise ImageReadError(f"expected a TIFF of grey or RGB, got {photometric}")
    levels = to_levels(page.asarray())
    if page.axes == "SYX":  # a plane per channel
        levels = np.moveaxis(levels, 0, 2)
    levels = levels.reshape(size[1], size[0], -1)
    n_colors = 3 if photometric == "RGB" else 1
    if photometric == "MINISWHITE":
        levels = np.concatenate([255 - levels[..., :1], levels[..., 1:]], axis=2)
    kind = "RGB" if n_colors == 3 else "L"
    extra = [int(sample) for sample in page.extrasamples]
    if extra[:1] in ([1], [2]):
        kind += "a" if extra[0] == 1 else "A"  # multiplied with the colours, or not
        n_colors += 1
    image = Image.frombytes(kind, size, np.ascontiguousarray(levels[..., :n_colors]).tobytes())
    if profile := page.tags.get(PROFILE):
        image.info["icc_profile"] = bytes(profile.value)
    if orientation := page.tags.get(ORIENTATION):
        image.getexif()[ORIENTATION] = int(orientation.value)
    return image
