"""Mapping an image to a palette, which makes it a picture in few colours."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from kpalette import _core, files
from kpalette.checks import MAX_INDEXED
from kpalette.colors import ByteArray
from kpalette.dither import Dithering, Kept, show
from kpalette.fit import Fitted, Fitter
from kpalette.histogram import Counted
from kpalette.no_larger import first_smaller
from kpalette.palette import Palette
from kpalette.quantized import Origin, Quantized
from kpalette.subset import best_entries


def remap(
    pixels: ByteArray,
    palette: Palette,
    k: int,
    dithering: Dithering,
    team: _core.Team,
    kept: Kept | None = None,
) -> Quantized:
    """Map pixels onto a palette, or the k of its colours that lose least of them.

    Pixels that are `kept` stay what they are, if the dither is spatial.
    """
    colors = palette.colors
    if pixels.shape[2] != colors.shape[1]:
        pixels, colors = files.with_alpha(pixels), files.with_alpha(colors)
    image = Counted.of(pixels, team)
    entries = palette.colors
    if len(colors) > k:
        best = best_entries(image.histogram, colors, k, dithering.space, team)
        entries, colors = entries[best], np.ascontiguousarray(colors[best])
    nearest = Fitter(image.histogram, dithering.space, team).assign(colors)
    if dithering.smaller and dithering.smaller_in == "png":

        def smaller_by(fitted: Fitted, how: Dithering) -> Quantized:
            return mapped(image, fitted, how, team)

        result = first_smaller(
            nearest, lambda: nearest, dithering, smaller_by, effort="balanced", team=team
        )
    else:
        result = mapped(image, nearest, dithering, team, kept)
    if entries.shape == colors.shape:
        return result
    return dataclasses.replace(result, palette=Palette(entries, result.palette.counts))


def mapped(
    image: Counted,
    fitted: Fitted,
    dithering: Dithering,
    team: _core.Team,
    kept: Kept | None = None,
) -> Quantized:
    """Map pixels to a palette that was fitted to their histogram, and dither."""
    palette, indices = fitted.palette, _room(image.pixels, len(fitted))
    shown = show(dithering, image, fitted, indices, team, kept)
    if shown.counts is not fitted.counts:
        palette = Palette(palette.colors, np.asarray(shown.counts))
    histogram = image.histogram
    origin = Origin(image.pixels, histogram, fitted.labels, palette.colors)
    made = Quantized(indices, palette, shown.mse, fitted.n_iter, len(histogram), origin)
    if shown.data is not None:
        from kpalette.files import gif

        gif.keep(made._kept, indices, palette.colors, shown.data)
    return made


def index_dtype(k: int) -> Any:
    """Return the dtype of the indices of k colours."""
    return np.dtype(np.uint8 if k <= MAX_INDEXED else np.uint16)


def map_pixels(
    pixels: ByteArray,
    colors: ByteArray,
    labels: np.ndarray[Any, np.dtype[np.uint16]],
    k: int,
    team: _core.Team,
) -> np.ndarray[Any, Any]:
    """Look up the label, of k, of each pixel's colour; `colors` are all that there are."""
    indices = _room(pixels, k)
    _core.remap(pixels.reshape(-1, pixels.shape[2]), colors, labels, indices, team)
    return indices


def _room(pixels: ByteArray, k: int) -> np.ndarray[Any, Any]:
    return np.empty(pixels.shape[:2], index_dtype(k))
