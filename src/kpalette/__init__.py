"""Reduce images to their k best colours, by exact k-means on every distinct colour."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kpalette import image, metrics, model
    from kpalette.animation import quantize_animation
    from kpalette.clipping import clip
    from kpalette.curve import Sweep, sweep
    from kpalette.extract import extract_palette
    from kpalette.files import ImageReadError, raw_frames
    from kpalette.histogram import ColorCounter, ColorHistogram
    from kpalette.kmeans import KMeans
    from kpalette.max_bytes import BytesNotReached
    from kpalette.movie_writer import MovieWriter as MovieWriter
    from kpalette.palette import Palette
    from kpalette.palette_files import PaletteReadError
    from kpalette.pipeline import quantize
    from kpalette.quality import QualityNotReached
    from kpalette.quantized import Quantized
    from kpalette.quantized_animation import QuantizedAnimation
    from kpalette.theme_finding import theme
    from kpalette.themes import Theme

__all__ = [
    "BytesNotReached",
    "ColorCounter",
    "ColorHistogram",
    "ImageReadError",
    "KMeans",
    "Palette",
    "PaletteReadError",
    "QualityNotReached",
    "Quantized",
    "QuantizedAnimation",
    "Sweep",
    "Theme",
    "clip",
    "extract_palette",
    "image",
    "metrics",
    "model",
    "quantize",
    "quantize_animation",
    "raw_frames",
    "sweep",
    "theme",
]

__version__ = "0.2.0"

# Everything comes when it is first asked for, so that a small run need not wait for NumPy.
# MovieWriter is not in __all__: `from kpalette import *` is to run without Matplotlib.
_HOMES = {
    "BytesNotReached": "max_bytes",
    "ColorCounter": "histogram",
    "ColorHistogram": "histogram",
    "ImageReadError": "files",
    "KMeans": "kmeans",
    "MovieWriter": "movie_writer",
    "Palette": "palette",
    "PaletteReadError": "palette_files",
    "QualityNotReached": "quality",
    "Quantized": "quantized",
    "QuantizedAnimation": "quantized_animation",
    "Sweep": "curve",
    "Theme": "themes",
    "clip": "clipping",
    "extract_palette": "extract",
    "quantize": "pipeline",
    "quantize_animation": "animation",
    "raw_frames": "files",
    "sweep": "curve",
    "theme": "theme_finding",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(f"kpalette.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in __all__:
        return import_module(f"kpalette.{name}")
    raise AttributeError(f"module 'kpalette' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
