"""Smaller files: indices chosen by what deflate spends on them as well as by their error.

The core looks for the cheapest way to write rows; its ``rate.hpp`` says how.
"""

from __future__ import annotations

from kpalette import _core
from kpalette.checks import MAX_INDEXED, is_number
from kpalette.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kpalette.dither import Dithering

#: How much smaller files can be asked to be; searches go up to MOST_SEARCHED.
MOST_SMALLER, MOST_SEARCHED = 3, len(_core.PER_BIT) - 1

#: How lossy animations can be, and what a bit may cost in squared error in Oklab for each.
MOST_LOSSY, LOSSY = 100, 2e-6

#: Of a dither's strength, how much of it is taken: at first, and where the file would grow.
SHARES = (0.7, 0.35, 0.0)

#: Searches try multiples of this for how much smaller.
STEP = 0.125


def checked_smaller(smaller: Any, k: int) -> float:
    """Return how much smaller files are to be.

    Raises
    ------
    TypeError, ValueError
        If it is not a number from 0 to `MOST_SMALLER`; or above 0 for more than 256 colours.
    """
    if not is_number(smaller):
        raise TypeError(f"smaller: expected a number, got {smaller!r}")
    if not 0 <= float(smaller) <= MOST_SMALLER:
        raise ValueError(f"smaller: expected 0 to {MOST_SMALLER}, got {smaller}")
    if smaller and k > MAX_INDEXED:
        raise ValueError(f"smaller: expected at most {MAX_INDEXED} colours, got {k:,}")
    return float(smaller)


def checked_price(smaller: Any, lossy: Any, k: int) -> float:
    """Return what a bit of an animation may cost, by how much smaller or how lossy it is to be.

    Raises
    ------
    TypeError, ValueError
        If one of them is no number, or out of its range, or both are above 0.
    """
    smaller = checked_smaller(smaller, k)
    if not is_number(lossy):
        raise TypeError(f"lossy: expected a number, got {lossy!r}")
    if not 0 <= float(lossy) <= MOST_LOSSY:
        raise ValueError(f"lossy: expected 0 to {MOST_LOSSY}, got {lossy}")
    if smaller and lossy:
        raise ValueError("smaller and lossy exclude each other; give one")
    return LOSSY * float(lossy) or _core.per_bit(smaller)


def smaller_as(lossy: float) -> float:
    """Return how much smaller a still is to be, for how lossy an animation would be: at most 3."""
    import numpy as np

    price = min(LOSSY * lossy, _core.PER_BIT[MOST_SMALLER])
    return float(np.interp(price, _core.PER_BIT, range(len(_core.PER_BIT))))


def strengths(strength: float) -> tuple[float, ...]:
    """Return how much errors may be diffused, of a dither's strength, the most first; at last 0."""
    return tuple(dict.fromkeys(share * strength for share in SHARES))


def choose(
    dithering: Dithering,
    flat: Any,
    colors: Any,
    indices: Any,
    team: _core.Team,
) -> bytes | None:
    """Turn the indices of nearest entries into some whose file is smaller, in place.

    Parameters
    ----------
    dithering : Dithering
        One that makes files smaller.
    flat : buffer of uint8 (h w, c)
        The pixels.
    colors : buffer of uint8 (k, c)
        At most 256.
    indices : buffer of uint8 (h, w)
        Written to.
    team : Team
        The threads to use.

    Returns
    -------
    bytes, optional
        For a GIF, the image's data: other ways of writing these indices take more.
    """
    price = _core.per_bit(dithering.smaller)
    if dithering.smaller_in == "gif":
        frames = _core.LossyFrames(colors, *indices.shape, per_bit=price)
        written = frames.choose(flat, indices, team)
        return None if written is None else written[-1]
    _core.choose_by_rate(
        flat, colors, indices, per_bit=price, strength=dithering.strength, team=team
    )
    return None


def most_smaller(dithering: Dithering, is_good: Callable[[Dithering], bool]) -> Dithering:
    """Return how to make files as small as they can be, up to `dithering.smaller`, and be good.

    Where none is, the one with 0, be it good or not.
    """
    if is_good(dithering):
        return dithering
    low, high = 0, -int(-dithering.smaller // STEP)  # good or none, not good
    while high - low > 1:
        middle = (low + high) // 2
        if is_good(replace(dithering, smaller=middle * STEP)):
            low = middle
        else:
            high = middle
    return replace(dithering, smaller=low * STEP)
