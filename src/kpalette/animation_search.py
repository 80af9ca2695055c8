"""Searches for an animation that is just good enough, or just small enough, along one way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kpalette.quality import GAIN

if TYPE_CHECKING:
    from kpalette.animation_trials import Trial, Trials
    from kpalette.choices import Scope

#: Of the logarithm of bytes, so much may be left over; of looks or decibels, so much.
NEAR = {"bytes": 0.05, "looks": 1.0, "psnr": 0.5}

#: About how these change with log(1 + lossy), and with the logarithm of the number of colours:
#: bytes become better as they are fewer. Of films, bytes fall by 0.04 to 0.27.
BY_LOSS = {"bytes": 0.17, "looks": -3.0, "psnr": -1.0}
BY_COLORS = {"bytes": -0.35, **{name: gain / math.log(2) for name, gain in GAIN.items()}}

#: A search along one way goes by at most this factor from one trial to the next.
STRIDE = math.log(8)

#: Places that are nearer than this are one, on a logarithmic scale.
SAME = math.log(1.03)


@dataclass(frozen=True)
class Ways:
    """Searches along one way or the other, which remember all trials.

    Attributes
    ----------
    trials : Trials
    scope : str
    name : str
        What it has to be good in, by the tables above.
    spare : function
        How much better than it has to be a trial is; negative if it is not good enough.
    every : int
        Of so many frames, the first is left.
    spares : dict
        What that is, or about, by the number of colours and the loss.
    """

    trials: Trials
    scope: Scope
    name: str
    spare: Callable[[Trial], float]
    every: int = 1
    spares: dict[tuple[int, float], float] = field(default_factory=dict)

    @property
    def loss_slope(self) -> float:
        """What log(1 + lossy) is worth, by the last trials that tell, or else in general."""
        for k in dict.fromkeys(k for k, _ in reversed(self.spares)):
            found = _slope(self._along_loss(k), BY_LOSS[self.name])
            if found is not None:
                return found
        return BY_LOSS[self.name]

    def colors_for(self, lossy: float, spare: float) -> int:
        """Return about how many colours leave so much to spare, by the trials as lossy as that."""
        known = sorted(self._along_colors(lossy).items())
        for (low, above), (high, below) in itertools.pairwise(known):
            if above >= spare >= below:
                return round(math.exp(low + (high - low) * (above - spare) / (above - below)))
        return round(math.exp(known[0][0]))

    def by_loss(
        self, k: int, ends: tuple[float, float], most: int, start: float | None = None
    ) -> Trial | None:
        """Return a trial of k colours, as good or as small as it has to be, if one is."""

        def settled(at: float) -> tuple[float, tuple[int, float]]:
            lossy = min(ends[1], max(ends[0], round(math.expm1(at), 2)))
            return math.log1p(lossy), (k, lossy)

        return self._nearest(
            self._along_loss(k),
            settled,
            (math.log1p(ends[0]), math.log1p(ends[1])),
            self.loss_slope,
            most,
            None if start is None else math.log1p(start),
        )

    def by_colors(self, lossy: float, most: int, start: float | None = None) -> Trial | None:
        """Return the same as lossy as told, of as few or as many colours as need be."""
        fewest, all_colors = self.trials.least, self.trials.most

        def settled(at: float) -> tuple[float, tuple[int, float]]:
            tried = {k for k, other in self.spares if other == lossy}
            k = min(all_colors, max(fewest, round(math.exp(at))))
            near = (n for n in (k, k - 1, k + 1) if n not in tried and fewest <= n <= all_colors)
            k = next(near, k)
            return math.log(k), (k, lossy)

        return self._nearest(
            self._along_colors(lossy),
            settled,
            (math.log(fewest), math.log(all_colors)),
            BY_COLORS[self.name],
            most,
            None if start is None else math.log(start),
        )

    def nearer(self, best: Trial, ends: tuple[float, float]) -> Trial | None:
        """Return a trial that is nearer to what has to be than the best along its way, if one is.

        Where a colour more is too many, that many are made lossy.
        """
        if best.lossy > ends[0]:
            return self.by_loss(best.k, ends, 1)
        if self.spares.get((best.k + 1, best.lossy), 0) < 0:
            return self.by_loss(best.k + 1, ends, 1)
        return self.by_colors(best.lossy, 1)

    def _along_loss(self, k: int) -> dict[float, float]:
        return {math.log1p(lossy): over for (n, lossy), over in self.spares.items() if n == k}

    def _along_colors(self, lossy: float) -> dict[float, float]:
        return {math.log(k): over for (k, other), over in self.spares.items() if other == lossy}

    def _nearest(
        self,
        known: dict[float, float],
        settled: Callable[[float], tuple[float, tuple[int, float]]],
        ends: tuple[float, float],
        slope: float,
        most: int,
        start: float | None,
    ) -> Trial | None:
        """Return the nearest good one of at most so many trials between two places.

        The next place is where a line through two leads to, if that was not tried.
        """
        easy, hard = ends[::-1] if slope > 0 else ends
        near = NEAR[self.name]
        best: tuple[float, Trial] | None = None
        for _ in range(most):
            place = _next(known, slope, near / 2) if known and start is None else start
            if place is None:
                break
            start = None
            at, how = settled(min(ends[1], max(ends[0], place)))
            if how in self.spares and at in known:
                break
            trial = self.trials(self.scope, *how, self.every)
            over = self.spares[how] = known[at] = self.spare(trial)
            if over >= 0 and (best is None or over < best[0]):
                best = over, trial
            if 0 <= over <= near or at == (hard if over >= 0 else easy):
                break
            found = _slope(known, slope)
            if over < 0 and found and over + found * (easy - at) < -near and len(known) > 1:
                break  # nothing there is good enough
        return None if best is None else best[1]


def _next(known: dict[float, float], slope: float, wanted: float) -> float | None:
    """Return where so much is left over, by what is known of other places; None if that is all."""
    ahead = math.copysign(1.0, slope)  # to where more is left over
    # Of places that are alike, as where a source has few colours, go on from the last.
    goods = sorted((over, ahead * at) for at, over in known.items() if over >= 0)
    good = goods[0] if goods else None
    bad = max(((over, ahead * at) for at, over in known.items() if over < 0), default=None)
    if good and bad:
        (most, right), (least, left) = good, bad
        # There is nothing between, or a step: three that are alike before it.
        if abs(left - right) < SAME or (len(goods) > 2 and goods[2][0] - most < wanted):
            return None
        share = (most - wanted) / (most - least)
        return ahead * (right + (left - right) * min(0.9, max(0.1, share)))
    over, at = good or bad or (0.0, 0.0)
    stride = STRIDE if len(known) > 1 else math.inf
    slope = _slope(known, slope) or slope
    return ahead * at + min(stride, max(-stride, (wanted - over) / slope))


def _slope(known: dict[float, float], usual: float) -> float | None:
    """Return the slope between the two places that are nearest to what has to be."""
    nearest = sorted(known.items(), key=lambda one: abs(one[1]))[:2]
    if len(nearest) < 2:
        return None
    (a, over_a), (b, over_b) = nearest
    found = (over_a - over_b) / (a - b)
    return found if found * usual > 0 else None
