"""From a histogram to its k best colours: place, seed, refine and round, by the core.

A fit starts from seeds, or from that of fewer colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.palette import Palette

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.histogram import ColorHistogram

Seeding = Callable[[_core.Points, int, int, _core.Team], Any]

#: How a fit can start, by name.
SEEDINGS: dict[str, Seeding] = {
    "k-means++": _core.seed_kmeanspp,
    "maximin": _core.seed_maximin,
    "random": _core.seed_random,
    "wu": _core.seed_wu,
}


@dataclass(frozen=True)
class Effort:
    """How far to go for a lower error: numbers of passes, never of seconds."""

    start: int  # over-relaxed passes from the seeds, on a part of the colours if there are many
    rounds: int  # of merging and splitting clusters there, with `passes` passes after each
    passes: int
    relaxed: int  # over-relaxed passes over all colours
    plain: int  # and plain ones after them, at most
    seedings: tuple[str, ...] = ("wu",)  # what to start from, of which the best is kept
    shaken: int = 0  # more rounds, over all colours, that choose at random what to merge and split
    guarded: bool = True  # whether small vivid regions are given colours of their own


#: Chosen on photos: more of anything in "balanced" lowers the error by less than 0.3 %; "best"
#: finds less than 0.1 % more with twice the starts or rounds.
EFFORTS = {
    "fast": Effort(start=2, rounds=0, passes=0, relaxed=2, plain=1, guarded=False),
    "balanced": Effort(start=5, rounds=8, passes=3, relaxed=5, plain=3),
    "best": Effort(
        start=10,
        rounds=20,
        passes=5,
        relaxed=5,
        plain=300,
        seedings=("wu", *("k-means++",) * 7),
        shaken=60,
    ),
}

#: Centres are placed roughly by this many colours each; more change the error by 0.1 %.
COLORS_PER_CENTER = 256

#: One in so many colours, at most, goes to a small vivid region that k-means has swallowed.
COLORS_PER_ISLAND = 8

#: They are worth it where the sum of fourth powers falls to less than this part.
WORTH = 0.95


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit hands on; `centers` are where the palette's colours were before rounding."""

    centers: np.ndarray[Any, np.dtype[np.float64]]
    palette: Palette
    labels: np.ndarray[Any, np.dtype[np.uint16]]  # of the histogram's colours
    cost: float  # the sum over pixels of squared distances, on the scale of the space
    mse: float  # on the 8-bit scale of sRGB
    n_iter: int
    islands: ByteArray  # colours (m, channels) of small vivid regions that were swallowed
    outlying: float  # the sum of fourth powers of distances; 0 where nobody asks


def fit(
    histogram: ColorHistogram,
    k: int,
    space: str,
    effort: str,
    seed: int,
    team: _core.Team,
    fixed: ByteArray | None = None,
) -> Fitted:
    """Fit k colours, of which those that are `fixed`, distinct ones (m, channels), stay.

    Where most of a cluster is one colour, or opaque, so is its palette entry: a white page stays
    white. In Oklab, where k-means swallows small vivid regions, the fit is made once more with
    colours fixed for them. That is kept if it lowers the sum of the fourth powers of distances,
    which is mostly that of the largest, by 5 % or more.
    """
    if fixed is None:
        fixed = histogram.colors[:0]
    most = min(k // COLORS_PER_ISLAND, k - len(fixed))
    if most == 0 or space != "oklab" or not EFFORTS[effort].guarded:
        return next(_fit_each(histogram, [k], space, effort, seed, team, fixed, True))
    fitted = next(_fit_each(histogram, [k], space, effort, seed, team, fixed, True, most))
    if not len(fitted.islands):
        return fitted
    more = np.concatenate([fixed, fitted.islands])
    again = next(_fit_each(histogram, [k], space, effort, seed, team, more, True, 0))
    best = again if again.outlying < WORTH * fitted.outlying else fitted
    return replace(best, n_iter=fitted.n_iter + again.n_iter)


def fit_each(
    histogram: ColorHistogram,
    ks: Sequence[int],
    space: str,
    effort: str,
    seed: int,
    team: _core.Team,
) -> Iterator[Fitted]:
    """Fit each of some ascending k: the first from seeds, the others from the one before it.

    The cost falls from each to the next, unless it is 0 already: nothing but cost counts.
    """
    return _fit_each(histogram, ks, space, effort, seed, team, histogram.colors[:0])


def _fit_each(
    histogram: ColorHistogram,
    ks: Sequence[int],
    space: str,
    effort: str,
    seed: int,
    team: _core.Team,
    fixed: ByteArray,
    faithful: bool = False,
    islands: int | None = None,
) -> Iterator[Fitted]:
    """Fit each k, of which there can be only one with fixed colours; perhaps look for islands."""
    # What an image of more colours than any k lacks, nobody asks.
    absent = _absent(histogram, fixed) if len(histogram) <= max(ks) else fixed
    how = EFFORTS[effort]
    fixed_centers = _core.place(fixed, space)
    last: Fitted | None = None

    @cache
    def points(step: int) -> _core.Points:
        return _place(histogram, step, space, team)

    def rounded(assignment: _core.Assignment, centers: Any, n_iter: int) -> Fitted:
        return _round(histogram, assignment, centers, fixed, faithful, islands, space, n_iter, team)

    for k in ks:
        if len(histogram) + len(absent) <= k:
            yield _keep_all(histogram, absent, space)
            continue
        part = points(_thinning(len(histogram), k))
        if last is None:
            centers, n_iter = _start(part, k, how, seed, team, fixed_centers)
        else:
            centers, n_iter = _grow(part, last.centers, k, how, team)
        assignment = _core.Assignment(points(1), k, team)
        assignment.pin(len(fixed_centers))
        centers, more = _refine(assignment, centers, how, seed)
        fitted = rounded(assignment, centers, n_iter + more)
        if last is not None and fitted.cost >= last.cost:
            centers = _extend(last.palette, k, space)
            fitted = rounded(_core.Assignment(points(1), k, team), centers, fitted.n_iter)
            # Less than what a double can tell apart may look like more.
            fitted = replace(fitted, cost=min(fitted.cost, last.cost))
        yield (last := fitted)


def _absent(histogram: ColorHistogram, fixed: ByteArray) -> ByteArray:
    """Give those of the fixed colours that the image lacks."""
    return fixed[[not (histogram.colors == color).all(axis=1).any() for color in fixed]]


def _keep_all(histogram: ColorHistogram, absent: ByteArray, space: str) -> Fitted:
    """Make a palette of all colours there are, and of those that are absent."""
    order = np.lexsort((*histogram.colors.T[::-1], -histogram.counts))
    labels = np.empty(len(order), np.uint16)
    labels[order] = np.arange(len(order))
    palette = Palette(
        np.concatenate([histogram.colors[order], absent]),
        np.concatenate([histogram.counts[order], np.zeros(len(absent), np.int64)]),
    )
    return Fitted(_core.place(palette.colors, space), palette, labels, 0.0, 0.0, 0, absent[:0], 0.0)


def _thinning(n: int, k: int) -> int:
    """Say how many of n colours one can stand for while centres are placed roughly."""
    return max(1, min(n // (COLORS_PER_CENTER * k), max(4, n // 131_072)))


def _place(histogram: ColorHistogram, step: int, space: str, team: _core.Team) -> _core.Points:
    """Place the colours, or one of every `step` for all of them."""
    colors, counts = histogram.colors, histogram.counts
    if step > 1:
        colors, counts = _core.thin_out(colors, counts, step)
    return _core.Points(colors, counts, team, space)


def _start(
    points: _core.Points, k: int, effort: Effort, seed: int, team: _core.Team, fixed: Any
) -> tuple[Any, int]:
    """Seed and refine roughly, from all starts: the best centres, and the passes made."""
    best, least, n_iter = None, math.inf, 0
    for turn, seeding in enumerate(effort.seedings):
        centers = fixed
        if k > len(fixed):
            seeds = SEEDINGS[seeding](points, k - len(fixed), (seed + turn) % 2**64, team)
            centers = np.concatenate([fixed, seeds])
        centers, cost, passes = _settle(points, centers, effort, team, len(fixed))
        n_iter += passes
        if best is None or cost < least:
            best, least = centers, cost
    return best, n_iter


def _settle(
    points: _core.Points, centers: Any, effort: Effort, team: _core.Team, n_fixed: int = 0
) -> tuple[Any, float, int]:
    """Refine roughly: the centres, what they cost, and the passes made."""
    assignment = _core.Assignment(points, len(centers), team)
    assignment.pin(n_fixed)
    centers, _, first, _ = _core.lloyd(
        assignment, centers, max_iter=effort.start, tol=0, relaxed=effort.start
    )
    centers, more = _core.improve(assignment, centers, rounds=effort.rounds, passes=effort.passes)
    return centers, assignment.cost(centers), first + more


def _grow(
    points: _core.Points, centers: Any, k: int, effort: Effort, team: _core.Team
) -> tuple[Any, int]:
    """Split clusters until there are k, refining roughly each time that most have been split."""
    n_iter = 0
    while len(centers) < k:
        assignment = _core.Assignment(points, len(centers), team)
        assignment.update(centers)
        centers = _core.grow(assignment, centers, min(k, 2 * len(centers)))
        centers, _, passes = _settle(points, centers, effort, team)
        n_iter += 1 + passes
    return centers, n_iter


def _refine(
    assignment: _core.Assignment, centers: Any, effort: Effort, seed: int
) -> tuple[Any, int]:
    """Refine with all colours: the centres, and the passes made."""
    centers, _, first, _ = _core.lloyd(
        assignment, centers, max_iter=effort.relaxed, tol=0, relaxed=effort.relaxed
    )
    more = 0
    if effort.shaken:
        centers, more = _core.improve(
            assignment, centers, rounds=0, passes=effort.passes, shaken=effort.shaken, seed=seed
        )
    centers, _, last, _ = _core.lloyd(assignment, centers, max_iter=effort.plain, tol=0)
    return centers, first + more + last


def _extend(palette: Palette, k: int, space: str) -> Any:
    """Give k centres with which, once rounded, the cost is surely lower than with a palette.

    Rounding moves what has no points, and of equal centres only the first has, to where it costs
    most, and only makes steps that lower the cost.
    """
    colors = _core.place(palette.colors, space)
    return np.concatenate([colors, np.repeat(colors[-1:], k - len(colors), axis=0)])


def _round(
    histogram: ColorHistogram,
    assignment: _core.Assignment,
    centers: Any,
    fixed: ByteArray,
    faithful: bool,
    islands: int | None,
    space: str,
    n_iter: int,
    team: _core.Team,
) -> Fitted:
    colors = _core.round_centers(assignment, centers, fixed, faithful)
    coords = _core.place(colors, space)
    palette, labels = Palette(colors, assignment.counts), assignment.labels
    cost = assignment.cost(coords) / _core.steps(colors.shape[1], space) ** 2
    mse = error_of(histogram, labels, palette, team)
    found = _core.find_islands(assignment, coords, islands) if islands else colors[:0]
    outlying = 0.0 if islands is None else _core.fourth_powers(assignment, coords)
    return Fitted(centers, palette, labels, cost, mse, n_iter, found, outlying)


def recount(histogram: ColorHistogram, fitted: Fitted, space: str, team: _core.Team) -> Fitted:
    """Take a palette that was fitted to other counts for an image of these, and sort it by them."""
    colors = fitted.palette.colors
    assignment = _core.Assignment(_place(histogram, 1, space, team), len(colors), team)
    for _ in range(8):  # sorting settles ties, which hardly ever changes the order once more
        coords = _core.place(colors, space)
        assignment.update(coords)
        order = np.lexsort((*colors.T[::-1], -assignment.counts))
        if np.array_equal(order, np.arange(len(order))):
            break
        colors = colors[order]
    palette, labels = Palette(colors, assignment.counts), assignment.labels
    cost = assignment.cost(coords) / _core.steps(colors.shape[1], space) ** 2
    mse = error_of(histogram, labels, palette, team)
    return replace(fitted, centers=coords, palette=palette, labels=labels, cost=cost, mse=mse)


def error_of(
    histogram: ColorHistogram,
    labels: np.ndarray[Any, np.dtype[np.uint16]],
    palette: Palette,
    team: _core.Team,
) -> float:
    """Give the mean squared error in 8-bit sRGB, whatever the space."""
    error = _core.squared_error(histogram.colors, histogram.counts, labels, palette.colors, team)
    return float(error / histogram.n_pixels)


def psnr(mse: float) -> float:
    """Give the peak signal-to-noise ratio, in decibels, of an error on the 8-bit scale."""
    return 10 * math.log10(3 * 255**2 / mse) if mse else math.inf
