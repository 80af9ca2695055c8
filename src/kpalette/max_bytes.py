"""A file of at most so many bytes that looks about as good as one can."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kpalette.checks import MAX_INDEXED, checked_whole
from kpalette.dither import DIFFUSION, Dithering
from kpalette.rate import MOST_SEARCHED, STEP, strengths
from kpalette.record import replace

if TYPE_CHECKING:
    from kpalette.quantized import Quantized
    from kpalette.trials import Trials

#: Where a file has less than this share of the bytes that it may have, more colours are tried.
ENOUGH = 0.9
#: From this share on, no other way to save bytes is tried with as many colours.
FULL = 0.97
#: With more colours than these, errors are diffused.
FEW = 8
#: By how much the logarithm of a file's bytes falls when it is made 1 smaller, about.
FALL = 0.27


class _Found(NamedTuple):
    """A picture, how good it looks, the bytes of its file, and how much smaller it was to be."""

    picture: Quantized
    looks: float
    size: int
    smaller: float


_Try: TypeAlias = Callable[[int, float], _Found]


class BytesNotReached(ValueError):
    """No file of a picture has so few bytes as were asked for.

    Attributes
    ----------
    max_bytes, reached, k : int
        How many were asked for, and how many there are with `k` colours, the fewest allowed.
    """

    def __init__(self, max_bytes: int, reached: int, k: int) -> None:
        colors = "1 colour" if k == 1 else f"{k} colours"
        super().__init__(
            f"max_bytes: expected at most {max_bytes:,}, reached {reached:,} with {colors}"
        )
        self.max_bytes, self.reached, self.k = max_bytes, reached, k

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.max_bytes, self.reached, self.k))


def checked_max_bytes(max_bytes: object, k: int, quality: object, keep_profile: bool) -> int | None:
    """Return how many bytes a file may have, or None.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 1; or if there may be more than 256 colours, or if there is
        another target or a profile.
    """
    if max_bytes is None:
        return None
    for name, value in (("quality", quality), ("keep_profile", keep_profile or None)):
        if value is not None:
            raise ValueError(f"max_bytes and {name} exclude each other; give one")
    if k > MAX_INDEXED:
        raise ValueError(f"max_bytes: expected at most {MAX_INDEXED} colours, got {k:,}")
    return checked_whole("max_bytes", max_bytes, 1)


def fit_within(
    trials: Trials,
    least: int,
    most: int,
    dithering: Dithering,
    max_bytes: int,
) -> Quantized:
    """Return a picture whose PNG has at most so many bytes, and looks about as good as it can.

    Photos look best with most colours, of which each pixel gets one that costs few bits; charts
    with fewer. So the number of colours is halved as long as that looks better. Where half of too
    many leaves bytes over, numbers between are tried. At equal bytes what is diffused looks better,
    by 5 to 15 on photos, a chart and a scan, so what is not is tried only where it leaves hardly
    any colours.

    Parameters
    ----------
    trials : Trials
    least, most : int
        How many colours there may be.
    dithering : Dithering
        How to map where that is small enough. Ordered dithers stay, and only colours become fewer.
    max_bytes : int

    Raises
    ------
    BytesNotReached
        If even the fewest colours have more.
    """

    def size(quantized: Quantized) -> int:
        return len(quantized.encode("png", threads=trials.team.size))

    def fits(quantized: Quantized) -> bool:
        return size(quantized) <= max_bytes

    found = trials.made(most, dithering)
    if fits(found):
        return found
    if dithering.name not in (None, DIFFUSION):
        return _with_most_colors(trials.made, fits, least, most, dithering, max_bytes)
    start = dithering.smaller + math.log(size(found) / max_bytes) / FALL
    best: _Found | None = None
    for strength in dict.fromkeys((strengths(dithering.strength)[0], 0.0)):

        def tried(k: int, smaller: float, strength: float = strength) -> _Found:
            picture = trials.saving(k, replace(dithering, smaller=smaller, strength=strength))
            return _Found(picture, trials.looks(picture), size(picture), smaller)

        def fitting(k: int, start: float, tried: _Try = tried) -> _Found | None:
            return _little_smaller(partial(tried, k), dithering.smaller, start, max_bytes)

        shown = _with_best_colors(fitting, least, most, start, max_bytes)
        if shown is not None:
            best = _better(best, shown)
            if len(best.picture.palette) > FEW:
                break
    if best is not None:
        return best.picture
    smallest = trials.made(least, replace(dithering, smaller=MOST_SEARCHED))
    raise BytesNotReached(max_bytes, size(smallest), len(smallest.palette))


def _better(one: _Found | None, other: _Found) -> _Found:
    """Return what looks better, the first of equals."""
    return other if one is None or other.looks > one.looks else one


def _little_smaller(
    tried: Callable[[float], _Found], least: float, start: float, max_bytes: int
) -> _Found | None:
    """Make a picture about as little smaller as makes it small enough, if anything does.

    The next try is where a line through the last two, over the logarithm of bytes, leads to. Of
    those that fit, the one that looks best is taken: that may be one of fewer bytes.
    """
    best: _Found | None = None
    low, high = least, MOST_SEARCHED + STEP  # too large, and perhaps small enough
    at, fall = start, FALL
    last: tuple[float, float] | None = None
    while high - low > STEP:
        at = min(high - STEP, max(low + STEP, STEP * round(at / STEP)))
        found = tried(at)
        if found.size > max_bytes:
            low = at
        else:
            high, best = at, _better(best, found)
            if found.size >= FULL * max_bytes and last is not None:
                break  # the first may be one of many that are as large
        log = math.log(found.size)
        if last is not None and (log - last[1]) * (at - last[0]) < 0:
            fall = (last[1] - log) / (at - last[0])
        last = at, log
        at += (log - math.log((1 + FULL) / 2 * max_bytes)) / fall
    return best


def _with_best_colors(
    fitting: Callable[[int, float], _Found | None],
    least: int,
    most: int,
    start: float,
    max_bytes: int,
) -> _Found | None:
    """Return the best-looking picture of those that fit with some numbers of colours, if any."""
    best: _Found | None = None
    k = too_many = most
    while True:
        found = fitting(k, start)
        start = start if found is None else found.smaller
        if found is None:
            too_many = k
        elif best is None:
            best = found
            fewer = k
            while best.size < ENOUGH * max_bytes and too_many - fewer > 1:
                between = (fewer + too_many) // 2
                found = fitting(between, start)
                if found is None:
                    too_many = between
                else:
                    fewer, best = between, _better(best, found)
        elif found.looks <= best.looks:
            break
        else:
            best = found
        if k == least:
            break
        k = max(least, k // 2)
    return best


def _with_most_colors(
    make: Callable[[int, Dithering], Quantized],
    fits: Callable[[Quantized], bool],
    least: int,
    most: int,
    dithering: Dithering,
    max_bytes: int,
) -> Quantized:
    best = make(least, dithering)
    if not fits(best):
        raise BytesNotReached(max_bytes, len(best.encode("png")), len(best.palette))
    low, high = least, most  # high is too many
    while high - low > 1:
        middle = min(high - 1, max(low + 1, math.isqrt(low * high)))
        made = make(middle, dithering)
        if fits(made):
            best, low = made, middle
        else:
            high = middle
    return best
