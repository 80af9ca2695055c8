"""Errors of results: mean squared error for all, and perceptual metrics for some.

Palettes are rounded to 8 bits first, as files hold them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import looks
from benchmarks.rivals import Pixels, Result


def rounded(result: Result) -> tuple[Pixels, np.ndarray[Any, Any]]:
    palette, indices = result
    return np.clip(np.rint(palette), 0, 255).astype(np.uint8), np.asarray(indices)


def count_colors(result: Result) -> int:
    """Return the number of colours in the result; palettes may be padded or repeat a colour."""
    palette, indices = rounded(result)
    return len(np.unique(palette[np.unique(indices)], axis=0))


def mean_squared_error(pixels: Pixels, result: Result) -> float:
    """Return the mean over pixels of the squared error in 8-bit sRGB, summed over channels."""
    palette, indices = rounded(result)
    error = pixels.astype(np.int16) - palette.astype(np.int16)[indices]
    return float(np.square(error.astype(np.int32)).sum() / indices.size)


def seen(pixels: Pixels, result: Result) -> dict[str, float | None]:
    """Return perceptual metrics."""
    palette, indices = rounded(result)
    shown = palette[indices]
    found = {key: looks.measured(key.upper(), pixels, shown) for key in ("ssimulacra2", "flip")}
    return {key: value and round(value, 5) for key, value in found.items()}
