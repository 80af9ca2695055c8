"""Animations with a target: a file of at most so many bytes, or frames that look good enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kpalette.checks import checked_whole
from kpalette.max_bytes import BytesNotReached
from kpalette.quality import GAIN, QualityNotReached, fit_fewest
from kpalette.rate import MOST_LOSSY

if TYPE_CHECKING:
    from kpalette.animation import QuantizedAnimation
    from kpalette.animation_trials import Trial, Trials
    from kpalette.choices import Scope

#: Of the logarithm of bytes, so much may be left over; of looks or decibels, so much.
NEAR = {"bytes": 0.05, "looks": 1.0, "psnr": 0.5}

#: About how these change with log(1 + lossy), and with the logarithm of the number of colours:
#: bytes become better as they are fewer.
BY_LOSS = {"bytes": 0.17, "looks": -3.0, "psnr": -1.0}
BY_COLORS = {"bytes": -0.35, **{name: gain / math.log(2) for name, gain in GAIN.items()}}

#: From here on, frames have speckles that are seen.
SPECKLED = 50.0

#: Searches map all frames at most so many times.
MOST_TRIALS = 10
#: Of these, so many to find out how lossy some number of colours has to be, and how few there are
#: to be without more loss; with dithering, that is all there is.
LOSSES, COLORS, ONLY_COLORS = 2, 3, 6

#: About so many colours fit where almost nothing does.
FEW = 16

#: The number of colours changes by at most this factor from one trial to the next.
STRIDE = 8

#: So many frames, spread evenly, tell by their mean looks which of two files is better.
MOST_SEEN = 32

#: Places that are nearer than this are one, on a logarithmic scale.
SAME = math.log(1.03)


def checked_max_bytes(max_bytes: object, quality: object, least_fps: Any) -> int | None:
    """Return how many bytes a file of an animation may have, or None.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 1; if there is another target; or if `least_fps` is not a
        number above 0, or is given without it.
    """
    if max_bytes is not None and quality is not None:
        raise ValueError("max_bytes and quality exclude each other; give one")
    if least_fps is not None:
        if isinstance(least_fps, bool) or not isinstance(least_fps, (int, float)):
            raise TypeError(f"least_fps: expected a number, got {least_fps!r}")
        if not 0 < least_fps < math.inf:
            raise ValueError(f"least_fps: expected a number above 0, got {least_fps}")
        if max_bytes is None:
            raise ValueError("least_fps: expected max_bytes with it, got none")
    return None if max_bytes is None else checked_whole("max_bytes", max_bytes, 1)


def make_within(
    trials: Trials,
    scopes: Sequence[Scope],
    max_bytes: int,
    lossy: float,
    least_fps: float | None,
) -> QuantizedAnimation:
    """Return an animation whose file has at most so many bytes, and looks about as good as it can.

    The first of the scopes with which nothing has to be changed is taken, otherwise the last. Where
    speckles would be seen, frames are left out first, if they may be. The best-looking is taken of
    three: with most colours, as lossy as need be; as lossy as told, with fewer colours; and one
    between.

    Raises
    ------
    BytesNotReached
        If the fewest colours, as lossy as can be, take more.
    """
    is_plain = not trials.fit.dithering.is_on

    def spare(trial: Trial) -> float:
        return math.log(max_bytes / trial.size)

    def better(one: Trial | None, other: Trial | None) -> Trial | None:
        if one is None or other is None:
            return one or other
        looks = [_mean(trials.looks(trial, MOST_SEEN)) for trial in (one, other)]
        return other if looks[1] > looks[0] else one

    for scope in scopes:
        plain = trials(scope, trials.most, lossy)
        over = -spare(plain)
        if over <= 0:
            return plain.animation
    del plain  # three others at once are enough for the memory
    rates = _rates(trials.counted.durations, least_fps)
    lossier = max(lossy, SPECKLED) if is_plain else lossy
    gain = BY_LOSS["bytes"] * (math.log1p(lossier) - math.log1p(lossy))
    times = math.exp(over - gain)  # of the bytes that there may be, without speckles
    every = next((every for every in rates if every >= times), rates[-1])
    need = over - math.log(every)
    ways = _Ways(trials, scope, "bytes", spare, every)
    start = math.expm1(math.log1p(lossy) + need / BY_LOSS["bytes"])
    most, best = ONLY_COLORS, None
    if is_plain and need > gain:
        most -= LOSSES
    elif is_plain:
        most = COLORS
        best = ways.by_loss(trials.most, (lossy, lossier), start)
    few = ways.by_colors(lossy, trials.most * math.exp(need / BY_COLORS["bytes"]), most)
    if few is not None and is_plain:
        between = math.isqrt(few.k * trials.most)
        if need > gain:  # so many are too many
            between = min(between, 2 * few.k)
        best = better(best, few)
        few = ways.by_loss(between, (lossy, lossier), min(start, lossier) / 2)
    best = better(best, few)
    lossiest = float(MOST_LOSSY) if is_plain else lossy
    if best is None:
        best = ways.by_colors(lossiest, math.sqrt(trials.least * FEW), COLORS)
    if best is not None:
        return best.animation
    last = trials(scope, trials.least, lossiest, rates[-1])
    if spare(last) < 0:
        raise BytesNotReached(max_bytes, *trials.smallest)
    return last.animation


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _rates(durations: Sequence[int], least_fps: float | None) -> list[int]:
    """Return of how many frames the first may be left, so that the rate stays high enough."""
    n, seconds = len(durations), sum(durations) / 1000
    if least_fps is None or not seconds:
        return [1]
    return [every for every in range(1, n + 1) if -(-n // every) / seconds >= least_fps] or [1]


def make_good(
    trials: Trials, scopes: Sequence[Scope], quality: tuple[str, float], most_lossy: float
) -> QuantizedAnimation:
    """Return an animation of few bytes that reaches a quality.

    That is the looks of the frame that looks worst, or the PSNR of all frames together. If it may
    not be lossy, it has the fewest colours. Otherwise the smallest file is taken of three: with
    most colours, as lossy as can be; with few, without loss; and one between. There are more
    palettes only if one for all frames does not reach it.

    Raises
    ------
    QualityNotReached
        If no scope reaches it.
    """
    name, wanted = quality

    def reached(trial: Trial) -> float:
        return trial.animation.psnr if name == "psnr" else min(trials.looks(trial))

    def spare(trial: Trial) -> float:
        return reached(trial) - wanted

    found = []
    for scope in scopes:
        first = trials(scope, trials.most)
        found.append(reached(first))
        if found[-1] >= wanted:
            break
    else:
        raise QualityNotReached(name, wanted, max(found), trials.most)
    if not most_lossy:
        few = fit_fewest(partial(trials, scope), trials.least, trials.most, quality, reached)
        is_smaller = few.size < first.size or first.animation.mse > 0
        return few.animation if is_smaller else first.animation
    ways = _Ways(trials, scope, name, spare)
    start = trials.most * math.exp(-min(100.0, found[-1] - wanted) / BY_COLORS[name])
    less = ways.by_colors(0.0, start, COLORS) or first
    between = math.isqrt(less.k * trials.most)
    best = less if less.size < first.size else first
    del first, less  # for the memory
    for k, start in ((trials.most, most_lossy / 2), (between, most_lossy / 4)):
        lossy = ways.by_loss(k, (0.0, most_lossy), start)
        if lossy is not None and lossy.size < best.size:
            best = lossy
    return best.animation


@dataclass(frozen=True)
class _Ways:
    """Searches for what is just good enough, along one way.

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
    """

    trials: Trials
    scope: Scope
    name: str
    spare: Callable[[Trial], float]
    every: int = 1

    def by_loss(self, k: int, ends: tuple[float, float], start: float) -> Trial | None:
        """Return a trial of k colours, as good or as small as it has to be, if one is."""

        def tried(at: float) -> Trial:
            return self.trials(self.scope, k, round(math.expm1(at), 2), self.every)

        low, high = map(math.log1p, ends)
        slope = BY_LOSS[self.name]
        return self._nearest(tried, low, high, math.log1p(start), slope, LOSSES)

    def by_colors(self, lossy: float, start: float, most: int) -> Trial | None:
        """Return the same as lossy as told, of as few or as many colours as need be."""
        seen: set[int] = set()

        def tried(at: float) -> Trial | None:
            k = round(math.exp(at))
            if k in seen:
                inside = range(min(seen), max(seen))
                k = next((n for n in (k - 1, k + 1) if n in inside and n not in seen), 0)
            seen.add(k)
            return self.trials(self.scope, k, lossy, self.every) if k else None

        low, high = math.log(self.trials.least), math.log(self.trials.most)
        return self._nearest(tried, low, high, math.log(start), BY_COLORS[self.name], most)

    def _nearest(
        self,
        tried: Callable[[float], Trial | None],
        low: float,
        high: float,
        start: float,
        slope: float,
        most: int,
    ) -> Trial | None:
        """Return the last good one of at most so many trials between two places.

        The next place is where a line through the last two leads to, if something is there that was
        not tried.
        """
        easy, hard = (high, low) if slope > 0 else (low, high)
        near, stride = NEAR[self.name], math.log(STRIDE)
        good: float | None = None
        bad: float | None = None
        before: tuple[float, float] | None = None
        best: Trial | None = None
        at = start
        for _ in range(most):
            at = min(high, max(low, at))
            trial = tried(at)
            if trial is None:
                break
            over = self.spare(trial)
            if over >= 0:
                good, best = at, trial
                if over <= near or at == hard:
                    break
            else:
                bad = at
                if at == easy:
                    break
            if before is not None and (over - before[1]) * (at - before[0]) * slope > 0:
                slope = (over - before[1]) / (at - before[0])
            before = at, over
            at += min(stride, max(-stride, (near / 2 - over) / slope))
            if good is not None and bad is not None:
                if abs(good - bad) < SAME:
                    break
                tenth = abs(good - bad) / 10
                at = min(max(good, bad) - tenth, max(min(good, bad) + tenth, at))
        return best
