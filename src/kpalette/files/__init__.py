"""Decoding and encoding: the only package that knows image formats. It knows no algorithm."""

from kpalette.files.animated import ENCODERS
from kpalette.files.atomic import checked_path, replacing
from kpalette.files.decoding import (
    ImageReadError,
    ImageSource,
    apply_alpha,
    as_pixels,
    tile_pixels,
    with_alpha,
)
from kpalette.files.encoding import FORMATS, encode, kind_of
from kpalette.files.frames import (
    AnimationSource,
    Frames,
    film_frames,
    is_animated,
    open_frames,
    pictures,
)
from kpalette.files.metadata import Metadata, read_dpi, read_metadata
from kpalette.files.pictures import to_pillow
from kpalette.files.raw import raw_frames
from kpalette.files.stored import StoredPixels, read_stored
from kpalette.files.video import is_film

__all__ = [
    "ENCODERS",
    "FORMATS",
    "AnimationSource",
    "Frames",
    "ImageReadError",
    "ImageSource",
    "Metadata",
    "StoredPixels",
    "apply_alpha",
    "as_pixels",
    "checked_path",
    "encode",
    "film_frames",
    "is_animated",
    "is_film",
    "kind_of",
    "open_frames",
    "pictures",
    "raw_frames",
    "read_dpi",
    "read_metadata",
    "read_stored",
    "replacing",
    "tile_pixels",
    "to_pillow",
    "with_alpha",
]
