"""Reduce images to their k best colours, by exact k-means on every distinct colour.

>>> import kpalette
>>> kpalette.quantize  # doctest: +ELLIPSIS
<function quantize at 0x...>
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kpalette.files import ImageReadError
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.pipeline import Quantized, extract_palette, quantize

if TYPE_CHECKING:
    from kpalette import image, model
    from kpalette.model import KMeans

__all__ = [
    "ColorHistogram",
    "ImageReadError",
    "KMeans",
    "Palette",
    "Quantized",
    "extract_palette",
    "image",
    "model",
    "quantize",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The walk-through's modules come when they are asked for.
    if name in ("image", "model"):
        return import_module(f"kpalette.{name}")
    if name == "KMeans":
        return import_module("kpalette.model").KMeans
    raise AttributeError(f"module 'kpalette' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
