"""Dithering: from the nearest entry of each pixel to indices that mix to the pixels' colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kpalette import _core
from kpalette.checks import check_choice
from kpalette.choices import DITHERS, SMALLER_IN, SPACES, Dither, SmallerIn, Space
from kpalette.colors import ByteArray, CountArray

if TYPE_CHECKING:
    from kpalette.histogram import Counted

    Labels = np.ndarray[Any, np.dtype[np.uint16]]
    Indices = np.ndarray[Any, Any]


#: The dither that smaller files have of themselves.
DIFFUSION = "floyd-steinberg"


@dataclass(frozen=True)
class Dithering:
    """How pixels are mapped to a palette: nearest entries, a dither, or such as save bytes.

    Raises
    ------
    TypeError, ValueError
        If `name` is neither a dither nor None, `strength` not from 0 to 1, `space` unknown, or
        files are to be smaller with an ordered dither.
    """

    name: Dither | None
    strength: float  # 0 to 1
    space: Space  # where nearest entries are; mixing has a space of its own
    smaller: float = 0  # see rate.py
    smaller_in: SmallerIn = "png"

    def __post_init__(self) -> None:
        """Check the attributes."""
        known, name, strength = ", ".join(DITHERS), self.name, self.strength
        check_choice("space", self.space, SPACES)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"dither: expected None or one of {known}, got {name!r}")
        if name is not None and name not in DITHERS:
            raise ValueError(f"dither: expected None or one of {known}, got {name!r}")
        if isinstance(strength, bool) or not isinstance(
            strength, (int, float, np.integer, np.floating)
        ):
            raise TypeError(f"dither_strength: expected a number, got {strength!r}")
        if not 0 <= float(strength) <= 1 or math.isnan(strength):
            raise ValueError(f"dither_strength: expected 0 to 1, got {strength}")
        object.__setattr__(self, "strength", float(strength))
        if self.smaller and name not in (None, DIFFUSION):
            raise ValueError(
                f"smaller: expected dither None or {DIFFUSION!r}, because it diffuses errors "
                f"itself, got {name!r}"
            )
        check_choice("smaller_in", self.smaller_in, SMALLER_IN)
        if self.smaller and self.smaller_in == "gif" and self.name and self.strength > 0:
            raise ValueError(f"smaller_in='gif': expected no dither, got {name!r}")

    @property
    def is_on(self) -> bool:
        """Whether indices may differ from those of the nearest entries."""
        return self.smaller > 0 or (self.name is not None and self.strength > 0)

    @property
    def mixes(self) -> bool:
        """Whether the palette is one for mixing."""
        return self.is_on and not self.smaller


class Kept(NamedTuple):
    """Pixels whose entries are given, and stay: indices (h, w), where the bool mask (h, w) is."""

    indices: Indices
    mask: np.ndarray[Any, np.dtype[np.bool_]]


class Rest(NamedTuple):
    """What lies around pixels that are a part of an image.

    Attributes
    ----------
    origin : tuple of two int
        Row and column of the first pixel. Ordered dithers then give the same as for the whole.
    above : uint8 array (w, c), optional
        The row above, where the pixels are some rows of an image and error diffusion comes from
        there.
    errors : float32 array (w, 4), optional
        What the row above left to these, at first zeros; written to, for those below.
    kept : uint8 array (h, w), optional
        Where it is not 0, a pixel keeps the entry it comes with. For spatial dithering alone.
    """

    origin: tuple[int, int] = (0, 0)
    above: ByteArray | None = None
    errors: np.ndarray[Any, np.dtype[np.float32]] | None = None
    kept: ByteArray | None = None


def apply(
    dithering: Dithering,
    image: Counted,
    labels: Labels,
    colors: ByteArray,
    indices: Indices,
    team: _core.Team,
    rest: Rest = Rest(),  # noqa: B008
) -> tuple[CountArray, float]:
    """Dither an image in place.

    Parameters
    ----------
    dithering : Dithering
        One that is on.
    image : Counted
        What the indices are to show.
    labels : uint16 array (n,)
        The nearest entries of the histogram's colours.
    colors : uint8 array (k, c)
        The palette's, with as many channels as the image.
    indices : uint8 or uint16 array (h, w)
        The nearest entries of the pixels; written to.
    team : Team
        The threads to use.
    rest : Rest, optional
        Where the pixels are a part of an image.

    Returns
    -------
    counts : int64 array (k,)
        How often each entry is shown.
    mse : float
        As `Quantized.mse`.
    """
    assert dithering.name is not None
    flat = image.pixels.reshape(-1, image.pixels.shape[2])
    _core.dither(
        dithering.name,
        flat,
        colors,
        indices,
        image.histogram.colors,
        labels,
        strength=dithering.strength,
        team=team,
        **rest._asdict(),
    )
    return tally(image, colors, indices, team)


def tally(
    image: Counted, colors: ByteArray, indices: Indices, team: _core.Team
) -> tuple[CountArray, float]:
    """Return how often each entry is shown, int64 (k,), and the mean squared error."""
    flat = image.pixels.reshape(-1, image.pixels.shape[2])
    counts, error = _core.tally(flat, indices.reshape(-1), colors, team)
    return counts, error / len(flat)
