"""A picture in few colours that stays in the colour space of its file.

Distances are those of the colours in sRGB, where what is out of it is clipped; so is the palette
that the fit ends with. Of each entry the levels in the file's space are those that its sRGB colour
has there, and what clipping took from the pixels that it stands for, on average: nothing inside
sRGB, and beyond it as much as keeps a vivid region vivid.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kpalette import _core, metrics
from kpalette.colors import ByteArray
from kpalette.files import StoredPixels, with_alpha
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.quantized import Quantized


def in_profile(quantized: Quantized, stored: StoredPixels, k: int, team: _core.Team) -> Quantized:
    """Return the picture with its palette in the stored pixels' space, of at most k colours.

    Parameters
    ----------
    quantized : Quantized
        What these pixels, in sRGB, were reduced to.
    """
    if quantized.palette.colors.shape[1] == 4:
        stored = replace(stored, pixels=with_alpha(stored.pixels))
    histogram = ColorHistogram.from_pixels(stored.pixels, team)
    quantized = replace(quantized, n_distinct=len(histogram))
    unused = quantized.palette.counts == 0
    if quantized.mse == 0 and len(histogram) + int(unused.sum()) <= k:
        order = np.lexsort((*histogram.colors.T[::-1], -histogram.counts))
        rank = np.empty(len(order), np.uint16)
        rank[order] = np.arange(len(order))
        which = histogram.find(stored.pixels.reshape(-1, histogram.channels), team)
        indices = rank[which].reshape(quantized.indices.shape)
        others = stored.from_srgb(quantized.palette.colors[unused])
        every = np.concatenate([histogram.colors[order], others])
        return _distinct(quantized, indices, every, stored.profile)
    colors = _levels(quantized, stored, histogram, team)
    found = _distinct(quantized, quantized.indices, colors, stored.profile)
    error = metrics.compare(stored.to_srgb(stored.pixels), found).mse
    return replace(found, mse=error)


def _levels(
    quantized: Quantized, stored: StoredPixels, histogram: ColorHistogram, team: _core.Team
) -> ByteArray:
    """Return the palette's levels in the stored space; `histogram` is that of the stored pixels.

    Where some pixels have an entry's very colour, what clipping took from these alone counts, so
    that a colour that most of a cluster has is kept to the level.
    """
    assert quantized._origin is not None
    shown, labels, _ = quantized._origin
    srgb = _without_hidden(stored.to_srgb(histogram.colors))
    label = labels[shown.find(srgb, team)]
    entries = quantized.palette.colors
    exact = (srgb == entries[label]).all(axis=1)
    has_exact = np.bincount(label[exact], minlength=len(entries)) > 0
    counts = np.where(exact | ~has_exact[label], histogram.counts, 0)
    clipped = histogram.colors.astype(np.int64) - stored.from_srgb(srgb)
    total = np.maximum(np.bincount(label, counts, len(entries)), 1)
    colors = stored.from_srgb(entries)
    for channel in range(3):
        mean = np.bincount(label, counts * clipped[:, channel], len(entries)) / total
        colors[:, channel] = np.clip(np.rint(colors[:, channel] + mean), 0, 255)
    return _without_hidden(colors)


def _without_hidden(colors: ByteArray) -> ByteArray:
    if colors.shape[1] == 4:
        colors[colors[:, 3] == 0] = 0
    return colors


def _distinct(
    quantized: Quantized, indices: np.ndarray[Any, Any], colors: ByteArray, profile: bytes
) -> Quantized:
    """Return the picture with this palette, whose space may be too coarse to tell all apart."""
    codes = with_alpha(colors).view(np.uint32).reshape(-1)
    first, place = np.unique(codes, return_index=True, return_inverse=True)[1:]
    order = np.argsort(first)
    rank = np.empty(len(order), quantized.indices.dtype)
    rank[order] = np.arange(len(order))
    found = rank[place][indices]
    counts = np.bincount(found.ravel(), minlength=len(order))
    palette = Palette(colors[first[order]], counts)
    return replace(quantized, indices=found, palette=palette, profile=profile)
