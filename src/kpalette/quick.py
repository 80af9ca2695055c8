"""The quickest way to few colours, in sRGB: nothing is counted that nobody asks for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.checks import MAX_INDEXED
from kpalette.choices import Effort, Space
from kpalette.fit import Fitter
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.quantized import Origin, Quantized
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource


def quantize_quickly(
    pixels: ByteArray,
    source: ImageSource,
    k: int,
    space: Space,
    effort: Effort,
    seed: int,
    fixed: ByteArray | None,
    team: _core.Team,
) -> Quantized | None:
    """Fit to bins of colours in sRGB and map, or return None where that would give another result.

    A fit to the histogram goes by bins as well, and ``remap.mapped`` makes the same of it: but here
    colours are counted when somebody asks for what only they tell.
    """
    if effort != "fast" or space != "srgb" or pixels.shape[2] != 3 or k > MAX_INDEXED:
        return None
    indices = np.empty(pixels.shape[:2], np.uint8)
    flat = pixels.reshape(-1, 3)
    made = _core.quantize_quickly(flat, k, effort, seed, fixed, indices.reshape(-1), team)
    if made is None:
        return None
    colors, counts, n_iter = made
    if isinstance(source, np.ndarray) and np.may_share_memory(pixels, source):
        pixels = pixels.copy()  # for what is asked for later
    return QuicklyQuantized.of(indices, Palette(colors, counts), n_iter, pixels)


class QuicklyQuantized(Quantized):
    """The same, but what only the image's colours tell is found when somebody asks for it."""

    _pixels: ByteArray  # (h, w, 3), which nobody changes

    @classmethod
    def of(
        cls, indices: np.ndarray[Any, Any], palette: Palette, n_iter: int, pixels: ByteArray
    ) -> QuicklyQuantized:
        """Return the result for pixels, fitted in sRGB; they must stay as they are."""
        made = cls.__new__(cls)
        made.__dict__.update(indices=indices, palette=palette, n_iter=n_iter, _pixels=pixels)
        made.__dict__["_kept"] = {}
        return made

    @cached_property
    def mse(self) -> float:
        """Measure the mean over pixels of the squared error."""
        flat, indices = self._pixels.reshape(-1, 3), self.indices.reshape(-1)
        _, error = _core.tally(flat, indices, self.palette.colors, make_team(None))
        return error / len(flat)

    @cached_property
    def n_distinct(self) -> int:
        """Count the distinct colours of the image before."""
        return len(self._origin.histogram)

    @cached_property
    def _origin(self) -> Origin:
        team, colors = make_team(None), self.palette.colors
        histogram = ColorHistogram.from_pixels(self._pixels, team)
        labels = Fitter(histogram, "srgb", team).assign(colors).labels
        return Origin(self._pixels, histogram, labels, colors)
