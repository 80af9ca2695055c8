"""Dithering: from the nearest entry of each pixel to indices that mix to the pixels' colours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.choices import DITHERS

if TYPE_CHECKING:
    from kpalette.colors import ByteArray, CountArray
    from kpalette.histogram import ColorHistogram

    Labels = np.ndarray[Any, np.dtype[np.uint16]]
    Indices = np.ndarray[Any, Any]


def check_options(dither: object, strength: object) -> None:
    """Raise an error unless these are the name of a dither, or None, and 0 to 1."""
    known = ", ".join(DITHERS)
    if dither is not None and not isinstance(dither, str):
        raise TypeError(f"dither: expected None or one of {known}, got {dither!r}")
    if dither is not None and dither not in DITHERS:
        raise ValueError(f"dither: expected None or one of {known}, got {dither!r}")
    if isinstance(strength, bool) or not isinstance(
        strength, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"dither_strength: expected a number, got {strength!r}")
    if not 0 <= float(strength) <= 1 or math.isnan(strength):
        raise ValueError(f"dither_strength: expected 0 to 1, got {strength}")


def apply(
    dither: str,
    strength: float,
    pixels: ByteArray,
    histogram: ColorHistogram,
    labels: Labels,
    colors: ByteArray,
    indices: Indices,
    *,
    space: str,
    team: _core.Team,
    origin: tuple[int, int] = (0, 0),
    above: ByteArray | None = None,
    errors: np.ndarray[Any, np.dtype[np.float32]] | None = None,
) -> tuple[CountArray, float]:
    """Dither an image in place.

    Parameters
    ----------
    dither : str
        One of `DITHERS`.
    strength : float
        0 to 1.
    pixels : uint8 array (h, w, c)
        What the indices are to show.
    histogram : ColorHistogram
        With all colours of the pixels.
    labels : uint16 array (n,)
        The nearest entries of the histogram's colours.
    colors : uint8 array (k, c)
        The palette's.
    indices : uint8 or uint16 array (h, w)
        The nearest entries of the pixels; written to.
    space : str
        Where distances are measured.
    team : Team
        The threads to use.
    origin : tuple of two int, optional
        Row and column of the first pixel, where these are a part of an image. Ordered dithers then
        give the same as for the whole.
    above : uint8 array (w, c), optional
        The row above, where the pixels are some rows of an image and error diffusion comes from
        there.
    errors : float32 array (w, 4), optional
        What the row above left to these, at first zeros; written to, for those below.

    Returns
    -------
    counts : int64 array (k,)
        How often each entry is shown.
    mse : float
        As `Quantized.mse`.
    """
    flat = pixels.reshape(-1, pixels.shape[2])
    _core.dither(
        dither,
        flat,
        colors,
        indices,
        histogram.colors,
        labels,
        space=space,
        strength=float(strength),
        origin=origin,
        team=team,
        above=above,
        errors=errors,
    )
    counts, error = _core.tally(flat, indices.reshape(-1), colors, team)
    return counts, error / len(flat)
