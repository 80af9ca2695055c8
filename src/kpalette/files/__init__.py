"""Decoding and encoding: the only package that knows image formats. It knows no algorithm."""

from kpalette.files.animated import ENCODERS
from kpalette.files.atomic import replacing
from kpalette.files.decoding import (
    ImageReadError,
    ImageSource,
    apply_alpha,
    as_pixels,
    with_alpha,
)
from kpalette.files.encoding import to_pillow, write_png
from kpalette.files.frames import AnimationSource, Frames, is_animated, open_frames

__all__ = [
    "ENCODERS",
    "AnimationSource",
    "Frames",
    "ImageReadError",
    "ImageSource",
    "apply_alpha",
    "as_pixels",
    "is_animated",
    "open_frames",
    "replacing",
    "to_pillow",
    "with_alpha",
    "write_png",
]
