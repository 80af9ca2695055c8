"""Targets instead of k: colours that reach a quality, and so few that one less would not."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeVar

import numpy as np

from kpalette.checks import checked_whole

Found = TypeVar("Found", bound=Sized)

#: What can be asked for, and the most there can be. More is better.
MEASURES = {"looks": 100.0, "psnr": sys.float_info.max}

#: About how much more there is of it with twice the colours.
GAIN = {"looks": 8.0, "psnr": 2.0}

#: Where a search begins, as pictures that look good often have about so many colours.
START = 32

#: Means over pixels, which an unchanged background dilutes.
DILUTED = ("delta_e", "delta_e_p95")


#: What pngquant's qualities look like, on a line between these: within 2 of the median over parts
#: of photos for which it needed less than 250 colours. SSIMULACRA2's worst, tenth and median at the
#: upper end of 65-80 and 80-95, undithered: on 52 graphics 72, 77, 88 and 80, 87, 93 (pngquant 65,
#: 73, 88 and 80, 87, 94), on photos that pngquant does not refuse 73, 79, 82 and 79, 83, 89
#: (pngquant 65, 69, 74 and 75, 78, 84).
PNGQUANT = {
    0: 20.0,
    10: 51.0,
    30: 58.0,
    50: 65.0,
    60: 69.0,
    70: 74.0,
    80: 78.0,
    90: 84.0,
    95: 87.0,
    100: 100.0,
}


class QualityNotReached(ValueError):
    """Not even the most colours that were allowed reach the quality asked for.

    Attributes
    ----------
    name : str
        What was asked for, such as ``"psnr"``.
    wanted, reached : float
        How much of it, and how much there is with `k` colours.
    k : int
        The most colours that were allowed.
    """

    def __init__(self, name: str, wanted: float, reached: float, k: int) -> None:
        super().__init__(
            f"quality: expected {name} {wanted:g}, reached {reached:.4g} with {k} colours"
        )
        self.name, self.wanted, self.reached, self.k = name, wanted, reached, k

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.name, self.wanted, self.reached, self.k))


def pngquant_looks(quality: int) -> float:
    """Return the looks, as a target has them, that one of pngquant's qualities stands for.

    Parameters
    ----------
    quality : int
        0 to 100, where nothing may differ. For the least of a range as for the most.

    Examples
    --------
    >>> from kpalette.quality import pngquant_looks
    >>> pngquant_looks(65), pngquant_looks(80)
    (71.5, 78.0)
    """
    checked_whole("quality", quality, 0, 100)
    return float(np.interp(quality, list(PNGQUANT), list(PNGQUANT.values())))


def checked_quality(quality: Any) -> tuple[str, float]:
    """Return the name and the value of a target.

    Raises
    ------
    TypeError
        If it is not a mapping of a name to a number.
    ValueError
        If the name is not in `MEASURES`, there is not exactly one, or the number is not above 0
        and at most what `MEASURES` says.
    """
    if not isinstance(quality, Mapping):
        raise TypeError(f"quality: expected a dict such as {{'looks': 75}}, got {quality!r}")
    if any(name in quality for name in DILUTED):
        raise ValueError(
            f"quality: expected looks, such as {{'looks': 75}}, which also sees what is wrong in a "
            f"small part of a picture, got {dict(quality)!r}"
        )
    if len(quality) != 1 or next(iter(quality)) not in MEASURES:
        raise ValueError(f"quality: expected one of {', '.join(MEASURES)}, got {dict(quality)!r}")
    ((name, value),) = quality.items()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"quality: expected a number for {name}, got {value!r}")
    if not 0 < value <= MEASURES[name]:
        limit = "finite" if name == "psnr" else f"at most {MEASURES[name]:g}"
        raise ValueError(f"quality: expected {name} above 0 and {limit}, got {value}")
    return name, float(value)


def fit_fewest(
    fit: Callable[[int], Found],
    least: int,
    most: int,
    quality: tuple[str, float],
    measured: Callable[[Found], float],
) -> Found:
    """Find colours that reach a quality, where one less does not, with some six fits.

    The next k is where a line through the nearest qualities above and below, over the logarithm of
    k, reaches what is wanted. Close to it, where quality does not rise with every single k, steps
    of 1, 2, 4 and so on lead to the next k that reaches it beside one that does not. So there may
    be a smaller k still that does, by luck. The fit of each k is that of :func:`kpalette.quantize`.
    `measured` tells how much there is of what is asked for with some colours.
    """
    name, wanted = quality
    best: Found | None = None
    low, high = least - 1, most + 1  # too few, or less than allowed; and enough, once `best` is
    below = above = math.nan  # the qualities there
    k = min(most, max(least, START))
    step = 0  # while far away
    before = 0
    while best is None or high - low > 1:
        found = fit(k)
        reached = measured(found)
        if reached >= wanted:
            best, above, way = found, reached, -1
            k = high = min(k, len(found))
        elif k == most:
            raise QualityNotReached(name, wanted, reached, most)
        else:
            low, below, way = k, reached, 1
        if above == math.inf:
            guess = math.isqrt(max(1, low) * high)
        elif above > below:  # both are known
            guess = _between(low, high, (wanted - below) / (above - below))
        else:
            guess = _further(k, (wanted - reached) / GAIN[name])
        if step or abs(guess - k) <= max(2, k // 16):
            step = 2 * step if way == before else 1
            guess = k + way * step
            if not low < guess < high:
                guess = (low + high) // 2
        before = way
        k = min(high - 1, most, max(low + 1, guess))
    return best


def _further(k: int, doublings: float) -> int:
    """Return about ``k * 2**doublings``, where that is an eighth of k to eight times it."""
    part = min(1.0, abs(doublings) / 3)
    return _between(k, 8 * k, part) if doublings > 0 else _between(k / 8, k, 1 - part)


def _between(low: float, high: float, part: float) -> int:
    """Return about ``low**(1 - part) * high**part``, rounded up.

    By square roots, which are the same on every machine, to a 64th part.
    """
    ratio, k = high / low, low
    for _ in range(6):
        ratio, part = math.sqrt(ratio), 2 * part
        if part >= 1:
            k, part = k * ratio, part - 1
    return math.ceil(k)
