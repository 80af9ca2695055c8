"""Colours of fewer bits per channel, for displays and textures that have no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kpalette.histogram import ColorHistogram

if TYPE_CHECKING:
    from kpalette.colors import ByteArray

#: So many of a level's eight bits can be dropped, as by pngquant.
MOST_BITS = 4


def posterized(colors: ByteArray, bits: int) -> ByteArray:
    """Return colours with the nearest levels that are exact without their last bits.

    Hardware fills the bits that are missing by repeating the first ones: of four bits, 0xA is shown
    as 0xAA. So the levels are the same as pngquant's, multiples of 17 for 4 bits less; it takes
    those below. Of two that are equally near, the lower is taken.

    Parameters
    ----------
    colors : uint8 array (n, 3) or (n, 4)
        Alpha is treated as the colours are.
    bits : int
        0 to 4, how many to drop.

    Returns
    -------
    uint8 array of the same shape
        What is transparent is black.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.posterize import posterized
    >>> posterized(np.array([[8, 9, 255]], np.uint8), 4).tolist()
    [[0, 17, 255]]
    """
    level = np.arange(256)
    kept = np.unique(level >> bits << bits | level >> 8 - bits)
    middles = (kept[1:] + kept[:-1]) / 2
    found = kept.astype(np.uint8)[np.searchsorted(middles, level)][colors]
    if colors.shape[1] == 4:
        found[found[:, 3] == 0] = 0
    return found


def posterized_histogram(histogram: ColorHistogram, bits: int) -> ColorHistogram:
    """Return the histogram of the pixels with the nearest levels of fewer bits."""
    return ColorHistogram(posterized(histogram.colors, bits), histogram.counts)
