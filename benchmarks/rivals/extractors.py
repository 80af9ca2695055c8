"""Methods that extract a palette only; kpalette maps the pixels to it."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.rivals.rival import Pixels, Rival, package


def material(pixels: Pixels, k: int) -> Any:
    """Extract all colours, without the scores that choose among them."""
    from materialyoucolor.quantize import QuantizeCelebi

    codes = np.array([*QuantizeCelebi(pixels.reshape(-1, 3).tolist(), k)])
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=1)


def pylette(pixels: Pixels, k: int, *, mode: str) -> Any:
    from pylette import extract_colors

    found = extract_colors(Image.fromarray(pixels), palette_size=k, mode=mode)
    return np.array([color.rgb[:3] for color in found.colors])


def color_thief(pixels: Pixels, k: int) -> Any:
    """Extract from an uncompressed file in memory, because color-thief takes only files."""
    from colorthief import ColorThief

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "BMP")
    return np.array(ColorThief(file).get_palette(k))


def fast_color_thief(pixels: Pixels, k: int) -> Any:
    from fast_colorthief import get_palette

    rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return np.array(get_palette(np.ascontiguousarray(rgba), k))


#: It installs another OpenCV, which conflicts with the first.
PYLETTE = partial(package, "pylette", "pip install pylette, which brings another OpenCV")

RIVALS = [
    Rival(
        "Material Color Utilities",
        "palette",
        material,
        "QuantizeCelebi(pixels, k)",
        partial(package, "materialyoucolor"),
    ),
    *(
        Rival(
            f"Pylette {mode}",
            "palette",
            partial(pylette, mode=mode),
            f"extract_colors(image, k, mode={mode!r})",
            PYLETTE,
        )
        for mode in ("KMeans", "MedianCut")
    ),
    Rival("color-thief", "palette", color_thief, "get_palette(k)", partial(package, "colorthief")),
    Rival(
        "fast-colorthief",
        "palette",
        fast_color_thief,
        "get_palette(image, k)",
        partial(package, "fast-colorthief"),
    ),
]
