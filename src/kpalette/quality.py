"""Targets instead of k: colours that reach a quality, and so few that one less would not."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.fit import Fitted, psnr

if TYPE_CHECKING:
    from kpalette.histogram import ColorHistogram

#: What can be asked for, and whether more of it is better.
MEASURES = {"psnr": True, "delta_e": False, "delta_e_p95": False}


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


def checked_quality(quality: Any) -> tuple[str, float]:
    """Give the name and the value of a target.

    Raises
    ------
    TypeError
        If it is not a mapping of a name to a number.
    ValueError
        If the name is not in `MEASURES`, there is not exactly one, or the number is not positive.
    """
    if not isinstance(quality, Mapping):
        raise TypeError(f"quality: expected a dict such as {{'psnr': 38}}, got {quality!r}")
    if len(quality) != 1 or next(iter(quality)) not in MEASURES:
        raise ValueError(f"quality: expected one of {', '.join(MEASURES)}, got {dict(quality)!r}")
    ((name, value),) = quality.items()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"quality: expected a number for {name}, got {value!r}")
    if not 0 < value <= sys.float_info.max:
        raise ValueError(f"quality: expected {name} above 0 and finite, got {value}")
    return name, float(value)


def fit_fewest(
    fit: Callable[[int], Fitted],
    histogram: ColorHistogram,
    least: int,
    most: int,
    quality: tuple[str, float],
    team: _core.Team,
) -> Fitted:
    """Find colours that reach a quality, where one less does not, by bisection on their logarithm.

    The fit of each k is that of :func:`kpalette.quantize`, whose quality does not rise with every
    single k. So there may be a smaller k still that reaches it, by luck.
    """
    name, wanted = quality

    def measured(fitted: Fitted) -> float:
        if name == "psnr":
            return psnr(fitted.mse)
        from kpalette import metrics  # which knows results, so it cannot come first

        colors = fitted.palette.colors[fitted.labels]
        measures = _core.color_differences(histogram.colors, colors, team)
        found = metrics.summed_up(measures, histogram.counts)
        return float(getattr(found, name))

    def reaches(fitted: Fitted) -> bool:
        value = measured(fitted)
        return value >= wanted if MEASURES[name] else value <= wanted

    best = fit(most)
    if not reaches(best):
        raise QualityNotReached(name, wanted, measured(best), most)
    high, low = min(most, len(best.palette)), least - 1  # low is too few, or less than allowed
    while high - low > 1:
        middle = min(high - 1, max(low + 1, math.isqrt(high * max(1, low))))
        fitted = fit(middle)
        if reaches(fitted):
            best, high = fitted, middle
        else:
            low = middle
    return best
