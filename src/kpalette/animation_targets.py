"""Animations with a target: a file of at most so many bytes, or frames that look good enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kpalette.animation_search import BY_LOSS, NEAR, Ways
from kpalette.checks import checked_whole
from kpalette.max_bytes import BytesNotReached
from kpalette.quality import QualityNotReached, fit_fewest
from kpalette.rate import MOST_LOSSY

if TYPE_CHECKING:
    from kpalette.animation_trials import Trial, Trials
    from kpalette.choices import Scope
    from kpalette.quantized_animation import QuantizedAnimation

#: From here on, frames have speckles that are seen.
SPECKLED = 50.0

#: Searches map all frames at most so many times.
MOST_TRIALS = 10
#: Of these, so many to find out how lossy some number of colours has to be, and how few there are
#: to be without more loss; with dithering, that is all there is.
LOSSES, COLORS, ONLY_COLORS = 2, 3, 6

#: Loss alone is tried if it has to gain at most so many times what it usually can.
FARTHEST = 1.6

#: About so many colours fit where almost nothing does.
FEW = 16

#: Below these looks, few colours are tried as lossy as can be, in each scope: so many trials, then
#: so many that are nearer to the limit. Of ten clips at a half to a sixteenth of their bytes, 12 of
#: the 23 that are reached look better, by up to 21 points, 2.9 on average of all; none looks worse.
POOR, MORE, NEARER = 70.0, 3, 2

#: So many frames, spread evenly, tell by their mean looks which of two files is better.
MOST_SEEN = 32


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
    chosen: Scope,
    max_bytes: int,
    lossy: float,
    least_fps: float | None,
) -> QuantizedAnimation:
    """Return an animation whose file has at most so many bytes, and looks about as good as it can.

    The chosen scope is taken if nothing has to be changed with it, otherwise the first. Where
    speckles would be seen, frames are left out first, if they may be. The best-looking is taken of
    three: with most colours, as lossy as need be; as lossy as told, with fewer colours; and one
    between. Where that looks poor, few colours as lossy as can be are tried, too, in each scope.

    Raises
    ------
    BytesNotReached
        If the fewest colours, as lossy as can be, take more.
    """
    search = _Search(trials, max_bytes, lossy)
    for scope in dict.fromkeys((chosen, scopes[0])):
        plain = trials(scope, trials.most, lossy)
        over = -search.spare(plain)
        if over <= 0:
            return plain.animation
    del plain  # three others at once are enough for the memory
    rates = _rates(trials.counted.durations, least_fps)
    times = math.exp(over - search.gain)  # of the bytes that there may be, without speckles
    every = next((every for every in rates if every >= times), rates[-1])
    best = search.near(scope, every, over - math.log(every))
    if best is not None and search.looks(best) < POOR:
        tried = None if search.is_plain else scope
        best = search.with_few(_that_differ(trials, scopes), tried, every, best)
    if best is not None:
        return best.animation
    last = trials(scope, trials.least, search.lossiest, rates[-1])
    if search.spare(last) < 0:
        raise BytesNotReached(max_bytes, *trials.smallest)
    return last.animation


class _Search:
    """Looks for the animation that looks best within so many bytes.

    Attributes
    ----------
    is_plain : bool
        Whether frames are not dithered, so that they may be more lossy than told.
    ends : tuple of float
        The least loss, and the one from which on speckles are seen.
    lossiest : float
        The most.
    gain : float
        The logarithm of the bytes that the loss at which speckles are not yet seen can save.
    """

    def __init__(self, trials: Trials, max_bytes: int, lossy: float) -> None:
        self._trials = trials
        self._max_bytes = max_bytes
        self.is_plain = not trials.fit.dithering.is_on
        self.ends = lossy, max(lossy, SPECKLED) if self.is_plain else lossy
        self.lossiest = float(MOST_LOSSY) if self.is_plain else lossy
        self._span = math.log1p(self.ends[1]) - math.log1p(lossy)
        self.gain = BY_LOSS["bytes"] * self._span

    def spare(self, trial: Trial) -> float:
        """Return the logarithm of how many times the file's bytes there may be."""
        return math.log(self._max_bytes / trial.size)

    def looks(self, trial: Trial) -> float:
        """Return the mean looks of some frames."""
        looks = self._trials.looks(trial, MOST_SEEN)
        return math.fsum(looks) / len(looks)

    def near(self, scope: Scope, every: int, need: float) -> Trial | None:
        """Return the best of a scope whose loss is near to what was told, if any fits.

        It is that with most colours, that with the loss as told, or one between.
        """
        lossy = self.ends[0]
        known = {(self._trials.most, lossy): -need}
        ways = Ways(self._trials, scope, "bytes", self.spare, every, known)
        best = None
        if self.is_plain and need < FARTHEST * self.gain:
            best = ways.by_loss(self._trials.most, self.ends, LOSSES)
        few = ways.by_colors(lossy, COLORS if self.is_plain else ONLY_COLORS)
        best = self._better(best, few)
        # Between these, half of it by loss, or less where that gains little.
        room = ways.loss_slope * self._span
        if few is not None and room > NEAR["bytes"]:
            by_loss = min(need, room) / 2
            start = math.expm1(math.log1p(lossy) + by_loss / ways.loss_slope)
            k = ways.colors_for(lossy, -by_loss)
            best = self._better(best, ways.by_loss(k, self.ends, LOSSES, start))
        n = -1
        while best is not None and self._has_room(best) and n < self._trials.n < MOST_TRIALS:
            n = self._trials.n
            best = self._better(best, ways.nearer(best, self.ends))
        if best is None:
            best = ways.by_colors(self.lossiest, COLORS, math.sqrt(self._trials.least * FEW))
        return best

    def with_few(
        self, scopes: Sequence[Scope], tried: Scope | None, every: int, best: Trial
    ) -> Trial:
        """Return the best of what is there and few colours, as lossy as can be, of each scope."""
        for scope in scopes:
            if scope == tried:
                continue
            ways = Ways(self._trials, scope, "bytes", self.spare, every)
            found = ways.by_colors(self.lossiest, MORE, best.k)
            best = self._better(best, found) or best
            for _ in range(NEARER):
                if best is found and self._has_room(best):
                    found = ways.nearer(best, (self.ends[0], self.lossiest))
                    best = self._better(best, found) or best
            del found  # for the memory
        return best

    def _has_room(self, trial: Trial) -> bool:
        return self.spare(trial) > NEAR["bytes"]

    def _better(self, one: Trial | None, other: Trial | None) -> Trial | None:
        if one is None or other is None:
            return one or other
        return other if self.looks(other) > self.looks(one) else one


def _that_differ(trials: Trials, scopes: Sequence[Scope]) -> list[Scope]:
    """Return the scopes, of those with equally many palettes the first."""
    by_number: dict[int, Scope] = {}
    for scope in scopes:
        by_number.setdefault(trials.counted.n_palettes(scope), scope)
    return [*by_number.values()]


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
    ways = Ways(trials, scope, name, spare, spares={(trials.most, 0.0): found[-1] - wanted})
    less = ways.by_colors(0.0, COLORS) or first
    between = math.isqrt(less.k * trials.most)
    best = less if less.size < first.size else first
    del first, less  # for the memory
    for k, start in ((trials.most, most_lossy / 2), (between, most_lossy / 4)):
        lossy = ways.by_loss(k, (0.0, most_lossy), LOSSES, start)
        if lossy is not None and lossy.size < best.size:
            best = lossy
    return best.animation
