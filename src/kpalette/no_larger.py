"""Choosing among pictures by the bytes of their PNG files, which are kept with each."""

from __future__ import annotations

from kpalette import rate
from kpalette.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from kpalette import _core
    from kpalette.choices import Effort
    from kpalette.dither import Dithering
    from kpalette.fit import Fitted
    from kpalette.quantized import Quantized
    from kpalette.still import Still

    Picture = TypeVar("Picture", Quantized, Still)

#: Which of two PNG files is smaller is told by quick ones, in a twentieth of the time, if these
#: differ by more than this factor: the others' ratio was .80 to 1.17 times theirs on 272 pairs of
#: exact and other pictures, and .87 to 1.28 times where bits are saved, on 327.
CLOSE = 1.5


def first_smaller(
    plain: Fitted,
    mixed: Callable[[], Fitted],
    how: Dithering,
    mapped: Callable[[Fitted, Dithering], Picture],
    *,
    effort: Effort,
    team: _core.Team,
) -> Picture:
    """Map pixels to entries that cost few bits, diffusing as much as may be, less, or nothing.

    Diffusing may make a file grow: that of a smooth gradient, which is banded without. So the first
    is returned whose file is no larger than that of nearest entries, or else these.

    Parameters
    ----------
    plain : Fitted
    mixed : function
        Makes the palette for what is diffused.
    how : Dithering
        One that makes files smaller.
    mapped : function
        From a palette and a dithering to the picture.
    """

    def tries() -> Iterator[Picture]:
        for strength in rate.strengths(how.strength):
            fitted = mixed() if strength else plain
            yield mapped(fitted, replace(how, strength=strength))

    nearest = mapped(plain, replace(how, name=None, strength=0, smaller=0))
    return first_no_larger(tries(), nearest, effort, team)


def first_no_larger(
    tries: Iterable[Picture], plain: Picture, effort: Effort, team: _core.Team
) -> Picture:
    """Return the first of some pictures whose file is no larger than a plain one's, or that one."""
    return next((found for found in tries if is_no_larger(found, plain, effort, team)), plain)


def is_no_larger(one: Picture, other: Picture, effort: Effort, team: _core.Team) -> bool:
    """Return whether a picture's file is no larger than another's."""

    def ratio(quick: bool) -> float:
        sizes = [len(q.encode("png", quick=quick, threads=team.size)) for q in (one, other)]
        return sizes[0] / sizes[1]

    found = ratio(quick=True)
    if effort != "fast" and 1 / CLOSE < found < CLOSE:
        found = ratio(quick=False)
    return found <= 1
