"""Targets instead of k: the fewest colours that reach a quality."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeVar

import numpy as np

from kpalette.checks import checked_whole
from kpalette.words import counted

Found = TypeVar("Found", bound=Sized)

#: What can be asked for, and the most there can be. More is better.
MEASURES = {"looks": 100.0, "psnr": sys.float_info.max}

#: About how much more there is of it with twice the colours.
GAIN = {"looks": 8.0, "psnr": 2.0}

#: Where a search begins, as pictures that look good often have about so many colours.
START = 32

#: Means over pixels, which an unchanged background dilutes.
DILUTED = ("delta_e", "delta_e_p95")


#: What the least of pngquant's qualities looks like, on a line between these: within 3 of the
#: median over parts of photos for which it needed less than 250 colours. Of 100 icons, six graphics
#: and twelve photos none is refused at 65 or 90 that pngquant accepts.
PNGQUANT_LEAST = {
    0: 20.0,
    10: 51.0,
    30: 58.0,
    50: 65.0,
    60: 69.0,
    70: 74.0,
    80: 78.0,
    90: 81.5,
    95: 87.0,
    100: 100.0,
}

#: What the most of them asks for. Of graphics pngquant keeps more than of photos that look alike,
#: so this is as high as leaves most photos no larger than its files, whose SSIMULACRA2 they then
#: reach: at 10, 30, 50, 70, 80 and 90 both hold on 9, 10, 11, 12, 8 of 9 and 12 of twelve parts of
#: photos, dithered. 60 icons are then 10 to 20 % smaller than its files and, from 70 on, 1 to 4
#: points worse on average. (At 78, as photos of its 80 look, they were 10 points worse.)
PNGQUANT_MOST = {
    0: 40.0,
    10: 65.0,
    30: 72.0,
    50: 76.0,
    70: 80.0,
    80: 85.0,
    90: 90.0,
    95: 93.0,
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
            f"quality: expected {name} {wanted:g}, reached {reached:.4g} with "
            f"{counted(k, 'colour')}"
        )
        self.name, self.wanted, self.reached, self.k = name, wanted, reached, k

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.name, self.wanted, self.reached, self.k))


def pngquant_looks(least: int, most: int) -> tuple[float, float]:
    """Return the looks that pngquant's range of qualities stands for: the least, and the target.

    Parameters
    ----------
    least, most : int
        0 to 100, where nothing may differ.

    Examples
    --------
    >>> from kpalette.quality import pngquant_looks
    >>> pngquant_looks(65, 80)
    (71.5, 85.0)
    """
    tables = {"least": (least, PNGQUANT_LEAST), "most": (most, PNGQUANT_MOST)}
    looks = []
    for name, (quality, table) in tables.items():
        checked_whole(f"{name} quality", quality, 0, 100)
        looks.append(float(np.interp(quality, list(table), list(table.values()))))
    return looks[0], looks[1]


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
            f"quality: expected looks, such as {{'looks': 75}}, got {dict(quality)!r}, a mean that "
            "hides errors in small parts of a picture"
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
    """Find the fewest colours that reach a quality, with about six fits.

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
