"""Decoding and encoding: the only package that knows image formats. It knows no algorithm."""

from kpalette.files.atomic import replacing
from kpalette.files.decoding import (
    ImageReadError,
    ImageSource,
    apply_alpha,
    as_pixels,
    with_alpha,
)
from kpalette.files.encoding import to_pillow, write_png

__all__ = [
    "ImageReadError",
    "ImageSource",
    "apply_alpha",
    "as_pixels",
    "replacing",
    "to_pillow",
    "with_alpha",
    "write_png",
]
