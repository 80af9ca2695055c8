"""A file of at most so many bytes that looks about as good as one can."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kpalette.checks import checked_whole
from kpalette.colors import MAX_INDEXED
from kpalette.dither import DIFFUSION, Dithering
from kpalette.rate import MOST_SEARCHED, STEP

if TYPE_CHECKING:
    from kpalette.quantized import Quantized

#: Where a file has less than this share of the bytes that it may have, more colours are tried.
ENOUGH = 0.9


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
            raise ValueError(f"expected max_bytes or {name}, got both")
    if k > MAX_INDEXED:
        raise ValueError(f"max_bytes: expected at most {MAX_INDEXED} colours, got {k:,}")
    return checked_whole("max_bytes", max_bytes, 1)


def fit_within(
    make: Callable[[int, Dithering], Quantized],
    looks: Callable[[Quantized], float],
    least: int,
    most: int,
    dithering: Dithering,
    max_bytes: int,
    threads: int,
) -> Quantized:
    """Return a picture whose PNG has at most so many bytes, and looks about as good as it can.

    Photos look best with most colours, of which each pixel gets one that costs few bits; charts
    with fewer. So the number of colours is halved as long as that looks better. Where half of too
    many leaves bytes over, numbers between are tried.

    Parameters
    ----------
    make : function
        From a number of colours and how to map to them.
    looks : function
        How good a picture looks.
    least, most : int
        How many colours there may be.
    dithering : Dithering
        How to map where that is small enough. Ordered dithers stay, and only colours become fewer.
    max_bytes : int
    threads : int
        To encode with.

    Raises
    ------
    BytesNotReached
        If even the fewest colours have more.
    """

    def fits(quantized: Quantized) -> bool:
        return len(quantized.encode("png", threads=threads)) <= max_bytes

    found = make(most, dithering)
    if fits(found):
        return found
    if dithering.name not in (None, DIFFUSION):
        return _with_most_colors(make, fits, least, most, dithering, max_bytes)
    best: Quantized | None = None
    k = too_many = most
    while True:
        made = _best_fitting(make, fits, looks, k, dithering)
        if made is None:
            too_many = k
        elif best is None:
            best = made
            fewer = k
            while len(best.encode("png", threads=threads)) < ENOUGH * max_bytes:
                between = (fewer + too_many) // 2
                if between <= fewer:
                    break
                made = _best_fitting(make, fits, looks, between, dithering)
                if made is None:
                    too_many = between
                else:
                    fewer = between
                    best = max(best, made, key=looks)
        elif looks(made) <= looks(best):
            return best
        else:
            best = made
        if k == least:
            break
        k = max(least, k // 2)
    if best is None:
        smallest = make(least, replace(dithering, smaller=MOST_SEARCHED))
        size = len(smallest.encode("png", threads=threads))
        raise BytesNotReached(max_bytes, size, len(smallest.palette))
    return best


def _best_fitting(
    make: Callable[[int, Dithering], Quantized],
    fits: Callable[[Quantized], bool],
    looks: Callable[[Quantized], float],
    k: int,
    dithering: Dithering,
) -> Quantized | None:
    """Return the picture in k colours that looks best of those that fit, if any does.

    The least that makes files small enough is searched by halves. What it tries may look better
    than what it finds: that may be where errors are not diffused yet.
    """
    low, high = math.floor(dithering.smaller / STEP), round(MOST_SEARCHED / STEP)
    best = make(k, replace(dithering, smaller=MOST_SEARCHED))
    if not fits(best):
        return None
    while high - low > 1:  # low is too large
        middle = (low + high) // 2
        made = make(k, replace(dithering, smaller=middle * STEP))
        if fits(made):
            best, high = max(made, best, key=looks), middle
        else:
            low = middle
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
