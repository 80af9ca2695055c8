"""Decoding and encoding: the only package that knows image formats. It knows no algorithm."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kpalette.files.animated import ENCODERS
    from kpalette.files.arrays import apply_alpha, as_pixels, tile_pixels, with_alpha
    from kpalette.files.atomic import checked_path, replacing
    from kpalette.files.decoding import ImageReadError, ImageSource
    from kpalette.files.encoding import encode, kind_of
    from kpalette.files.frames import (
        AnimationSource,
        Frames,
        film_frames,
        is_animated,
        open_frames,
        walk_pixels,
    )
    from kpalette.files.metadata import Metadata, read_dpi, read_metadata
    from kpalette.files.names import FORMATS
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
    "raw_frames",
    "read_dpi",
    "read_metadata",
    "read_stored",
    "replacing",
    "tile_pixels",
    "to_pillow",
    "walk_pixels",
    "with_alpha",
]

# As in the package above: a plain PNG is read and written without what others need.
_HOMES = {
    "AnimationSource": "frames",
    "ENCODERS": "animated",
    "FORMATS": "names",
    "Frames": "frames",
    "ImageReadError": "decoding",
    "ImageSource": "decoding",
    "Metadata": "metadata",
    "StoredPixels": "stored",
    "apply_alpha": "arrays",
    "as_pixels": "arrays",
    "checked_path": "atomic",
    "encode": "encoding",
    "film_frames": "frames",
    "is_animated": "frames",
    "is_film": "video",
    "kind_of": "encoding",
    "open_frames": "frames",
    "raw_frames": "raw",
    "read_dpi": "metadata",
    "read_metadata": "metadata",
    "read_stored": "stored",
    "replacing": "atomic",
    "tile_pixels": "arrays",
    "to_pillow": "pictures",
    "walk_pixels": "frames",
    "with_alpha": "arrays",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kpalette.files' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"kpalette.files.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
