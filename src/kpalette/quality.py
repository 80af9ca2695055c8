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
    """Find colours that reach a quality, where one less does not, by bisection on their logarithm.

    The fit of each k is that of :func:`kpalette.quantize`, whose quality does not rise with every
    single k. So there may be a smaller k still that reaches it, by luck. `measured` tells how much
    there is of what is asked for with some colours.
    """
    name, wanted = quality
    best = fit(most)
    if (reached := measured(best)) < wanted:
        raise QualityNotReached(name, wanted, reached, most)
    high, low = min(most, len(best)), least - 1  # low is too few, or less than allowed
    while high - low > 1:
        middle = min(high - 1, max(low + 1, math.isqrt(high * max(1, low))))
        fitted = fit(middle)
        if measured(fitted) >= wanted:
            best, high = fitted, middle
        else:
            low = middle
    return best
