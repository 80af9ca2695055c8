"""Which method is faster and better, computed from the cells of the open benchmark.

A rival is compared with those of our methods that do the same: of the same kind, and dithered if it
is. Ratios are theirs / ours, so that above 1 ours is better. Over several pictures they are
geometric means, of those that both have.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Cell = Mapping[str, Any]
Document = Mapping[str, Any]

#: An error, of which less is better; None if it was not measured.
Error = Callable[[Cell], float | None]


def squared(cell: Cell) -> float | None:
    return cell.get("mse")


def visible(cell: Cell) -> float | None:
    """Return the error by SSIMULACRA2, of which 100 is no difference."""
    score = cell.get("ssimulacra2")
    return None if score is None else 100 - score


def difference(cell: Cell) -> float | None:
    """Return the mean CIEDE2000."""
    return cell.get("delta_e")


@dataclass(frozen=True)
class Measure:
    """An error to compare by, and the methods that take part."""

    name: str
    error: Error
    dithered: tuple[bool, ...]


#: Dithering increases the errors of single pixels, so only metrics of regions judge it.
MEASURES = (
    Measure("MSE", squared, (False,)),
    Measure("SSIMULACRA2", visible, (False, True)),
    Measure("ΔE2000", difference, (False,)),
)


@dataclass(frozen=True)
class Margin:
    """One of our methods against a rival, in one cell or over several."""

    ours: str
    time: float  # theirs / ours
    error: float

    @property
    def won(self) -> bool:
        """Whether ours is faster and no worse."""
        return self.time > 1 and self.error >= 1

    @property
    def least(self) -> float:
        """The smaller of both ratios: below 1 something is lost."""
        return min(self.time, self.error)


@dataclass(frozen=True)
class Standing:
    """All of our methods against a rival at one k."""

    rival: str
    k: int
    pictures: int
    margins: tuple[Margin, ...]

    @property
    def winners(self) -> list[str]:
        return [margin.ours for margin in self.margins if margin.won]

    @property
    def nearest(self) -> Margin:
        """Our method that is closest to being faster and better, or is so by the largest margin."""
        return max(self.margins, key=lambda margin: margin.least)


@dataclass(frozen=True)
class Close:
    """A cell, and the best of our methods in it."""

    rival: str
    image: str
    k: int
    margin: Margin


def ratio(theirs: float, ours: float) -> float:
    """Return theirs / ours: 1 if both are equal, infinite if only ours is 0."""
    if theirs == ours:
        return 1.0
    return theirs / ours if ours > 0 else math.inf


def mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean."""
    logs = [math.log(value) if value > 0 else -math.inf for value in ratios]
    return math.exp(statistics.fmean(logs))


def keeps_to_k(cell: Cell) -> bool:
    """Return whether a result has at most k colours, which comparisons require."""
    return bool(cell["colors"] <= cell["k"])


def seconds(cell: Cell) -> float:
    return statistics.median(cell["seconds"])


def opponents(document: Document, rival: str) -> list[str]:
    """Return the names of our methods that do what a rival does."""
    told = document["rivals"]
    return [
        name
        for name, own in told.items()
        if own["ours"] and all(own[key] == told[rival][key] for key in ("kind", "dithered"))
    ]


def usable(document: Document, measure: Measure) -> dict[tuple[str, int], dict[str, Cell]]:
    """Return cells with a time, this error and at most k colours, by (method, k), by picture."""
    found: dict[tuple[str, int], dict[str, Cell]] = defaultdict(dict)
    for cell in document["cells"]:
        if cell["seconds"] and keeps_to_k(cell) and measure.error(cell) is not None:
            found[cell["rival"], cell["k"]][cell["image"]] = cell
    return found


def entrants(document: Document, measure: Measure) -> list[str]:
    """Return the names of the rivals that a measure judges."""
    return [
        name
        for name, told in document["rivals"].items()
        if not told["ours"] and told["dithered"] in measure.dithered
    ]


def compare(theirs: Cell, ours: Cell, measure: Measure) -> Margin:
    errors = [measure.error(cell) for cell in (theirs, ours)]
    return Margin(ours["rival"], ratio(seconds(theirs), seconds(ours)), ratio(*errors))


def standings(document: Document, measure: Measure) -> list[Standing]:
    """Compare each rival with our methods, for each k at which it was measured."""
    cells = usable(document, measure)
    found = []
    for rival in entrants(document, measure):
        own = opponents(document, rival)
        for k in document["plan"]["ks"]:
            theirs = cells.get((rival, k), {})
            margins = []
            for name in own:
                ours = cells.get((name, k), {})
                pairs = [
                    compare(theirs[image], ours[image], measure)
                    for image in theirs
                    if image in ours
                ]
                if pairs:
                    margins.append(
                        Margin(name, mean(m.time for m in pairs), mean(m.error for m in pairs))
                    )
            if margins:
                found.append(Standing(rival, k, len(theirs), tuple(margins)))
    return found


def overall(found: Iterable[Standing]) -> dict[str, list[str]]:
    """Return for each rival our methods that are faster and no worse at every k."""
    winners: dict[str, list[str]] = {}
    for standing in found:
        before = winners.get(standing.rival, standing.winners)
        winners[standing.rival] = [name for name in before if name in standing.winners]
    return winners


def closest(document: Document, measure: Measure, n: int = 3) -> list[Close]:
    """Return the cells in which our best method has the smallest margin, or loses most."""
    cells = usable(document, measure)
    found = []
    for rival in entrants(document, measure):
        own = opponents(document, rival)
        for k in document["plan"]["ks"]:
            for image, theirs in cells.get((rival, k), {}).items():
                margins = [
                    compare(theirs, cells[name, k][image], measure)
                    for name in own
                    if image in cells.get((name, k), {})
                ]
                if margins:
                    best = max(margins, key=lambda margin: margin.least)
                    found.append(Close(rival, image, k, best))
    return sorted(found, key=lambda close: close.margin.least)[:n]


def wins(document: Document, measure: Measure) -> tuple[int, int]:
    """Return the number of cells in which one of ours is faster and no worse, and of all cells."""
    every = closest(document, measure, n=len(document["cells"]))
    return sum(close.margin.won for close in every), len(every)


def stopped(document: Document) -> dict[str, int]:
    """Return the rivals that exceeded the time limit, with the smallest k at which they did."""
    found: dict[str, int] = {}
    for cell in document["cells"]:
        if "over" in cell:
            found[cell["rival"]] = min(cell["k"], found.get(cell["rival"], cell["k"]))
    return found
