"""Where others are better: computed from the open benchmark's document, and nothing left out.

Ours is what one gets without looking for it: balanced effort, in sRGB for squared error and in
Oklab for looks; the fastest of ours for time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.animations import tables as animations
from benchmarks.colors import MEASURES, Measure, Row, groups_of, rows
from benchmarks.equal_looks import mean, rates
from benchmarks.headline import signed
from benchmarks.markdown import Document, number, table
from benchmarks.rivals.writers import BASE, SMALLER

CLEAR = 0.005  # a smaller share is a draw
#: What is done, by the kind of a method.
KINDS = {"array": "quantizing in memory", "palette": "palettes", "files": "whole processes"}
#: What each measure's results of ours are from, not dithered and dithered.
OURS = {
    ("mse", False): "kpalette balanced",
    ("ssimulacra2", False): "kpalette balanced, Oklab",
    ("flip", False): "kpalette balanced, Oklab",
    ("ssimulacra2", True): "kpalette balanced, dithered",
    ("flip", True): "kpalette balanced, dithered",
}


@dataclass(frozen=True)
class Weakness:
    """What another does better, in a folder, at some k."""

    rival: str
    what: str
    group: str
    told: str  # on which pictures, and by how much
    overall: bool  # whether it is so in the mean over the folder


def all_of(document: Document) -> Iterator[Weakness]:
    """Yield each case in which another is better on a picture."""
    for group in groups_of(document):
        if "files" in document:
            yield from by_bytes(document, group)
        if "colors" in document:
            yield from by_colors(document, group)
        if "times" in document:
            yield from by_time(document, group)
    if "memory" in document:
        yield from by_memory(document)
    if "animations" in document:
        yield from by_animations(document["animations"])


def by_bytes(document: Document, group: str) -> Iterator[Weakness]:
    found, smaller = rates(document, group), rates(document, group, base=SMALLER)
    for name, by_image in found.items():
        if document["writers"][name]["ours"]:
            continue
        won = [image for image, rate in by_image.items() if rate < -CLEAR]
        also = [image for image, rate in smaller.get(name, {}).items() if rate < -CLEAR]
        if won or also:
            told = f"{listed(won, len(by_image))}; mean {signed(mean(by_image.values()))}"
            told += f"; than `{SMALLER}`, {listed(also, len(by_image))}"
            overall = mean(by_image.values()) < -CLEAR
            yield Weakness(name, f"bytes at equal looks, than `{BASE}`", group, told, overall)


def listed(images: list[str], n: int) -> str:
    names = f" ({', '.join(images)})" if images else ""
    return f"on {len(images)} of {n}{names}"


def by_colors(document: Document, group: str) -> Iterator[Weakness]:
    for dithered in (False, True):
        for measure in MEASURES:
            own = OURS.get((measure.key, dithered))
            if own is None:
                continue
            cells: dict[str, list[tuple[str, bool]]] = {}
            for k in document["runs"]["colors"]["plan"]["ks"]:
                found = rows(document, group, k, measure, dithered=dithered)
                if own not in found:
                    continue
                for name, row in found.items():
                    if row.colors > k or document["rivals"][name]["ours"]:
                        continue
                    told = better(measure, row, found[own])
                    if told is not None:
                        cells.setdefault(name, []).append((f"k = {k}: {told[0]}", told[1]))
            what = f"{measure.name}{', dithered' if dithered else ''}"
            for name, each in cells.items():
                told_all = "; ".join(text for text, _ in each)
                yield Weakness(name, what, group, told_all, any(won for _, won in each))


def better(measure: Measure, theirs: Row, ours: Row) -> tuple[str, bool] | None:
    """Return on how many pictures theirs is better, in words, and whether its mean is, too.

    None if it is better on no picture.
    """
    both = [image for image in theirs.values if image in ours.values]
    gains = {image: measure.sign * (theirs.values[image] - ours.values[image]) for image in both}
    least = {image: CLEAR * abs(ours.values[image]) for image in both}
    if measure.key == "ssimulacra2":
        least = dict.fromkeys(both, 100 * CLEAR)
    won = [image for image in both if gains[image] > least[image]]
    if not won:
        return None
    means = [statistics.fmean(row.values[image] for image in both) for row in (theirs, ours)]
    shown = ", ours ".join(number(one, measure.form) for one in means)
    text = f"on {len(won)} of {len(both)}, mean {shown}"
    return text, measure.sign * (means[0] - means[1]) > statistics.fmean(least.values())


def by_time(document: Document, group: str) -> Iterator[Weakness]:
    """Compare with the fastest of ours of the same kind, and tell what the others' errors are."""
    told = document["rivals"]
    cells: dict[tuple[str, int], dict[str, tuple[float, float]]] = {}
    for cell in document["times"]:
        if cell["seconds"] and document["pictures"][cell["image"]]["group"] == group:
            values = statistics.median(cell["seconds"]), cell["mse"]
            cells.setdefault((cell["rival"], cell["k"]), {})[cell["image"]] = values
    for name, about in told.items():
        if about["ours"]:
            continue
        same = [
            other
            for other, own in told.items()
            if own["ours"] and all(own[key] == about[key] for key in ("kind", "dithered"))
        ]
        texts = []
        for k in document["runs"]["time"]["plan"]["ks"]:
            theirs = cells.get((name, k), {})
            shares = {
                other: statistics.geometric_mean(
                    theirs[image][0] / cells[other, k][image][0] for image in theirs
                )
                for other in same
                if theirs and theirs.keys() <= cells.get((other, k), {}).keys()
            }
            if not shares:
                continue
            fastest = max(shares, key=shares.__getitem__)
            if shares[fastest] < 1 - CLEAR:
                errors = [
                    sum(side[image][1] for image in theirs) for side in (theirs, cells[fastest, k])
                ]
                text = f"k = {k}: {shares[fastest]:.2f}"
                if errors[1]:
                    text += f" (error × {errors[0] / errors[1]:.2f})"
                texts.append(text)
        if texts:
            what = f"time of {KINDS[about['kind']]}, of ours"
            yield Weakness(name, what, group, "; ".join(texts), overall=True)


def by_memory(document: Document) -> Iterator[Weakness]:
    """Compare with that of ours, of the same kind, which takes the least."""
    told = document["rivals"]
    found = {cell["rival"]: max(0, cell["bytes"]) / 1e6 for cell in document["memory"]}
    for name, megabytes in found.items():
        kind = told[name]["kind"]
        same = [found[one] for one in found if told[one]["ours"] and told[one]["kind"] == kind]
        if not told[name]["ours"] and same and megabytes < (1 - CLEAR) * min(same):
            text = f"{megabytes:.1f} MB, ours {min(same):.1f}"
            what, group = f"memory of {KINDS[kind]}", groups_of(document)[0]
            yield Weakness(name, what, group, text, overall=True)


def by_animations(document: Document) -> Iterator[Weakness]:
    for name in animations.there(document)[1:]:
        by_clip = animations.rates(document, name)
        for kind, group in animations.KINDS.items():
            found = {
                clip: rate.share
                for clip, rate in by_clip.items()
                if document["clips"][clip]["kind"] == kind
            }
            if won := [clip for clip, share in found.items() if share < -CLEAR]:
                told = f"{listed(won, len(found))}; mean {signed(mean(found.values()))}"
                overall = mean(found.values()) < -CLEAR
                yield Weakness(name, "bytes of GIFs at equal looks", group, told, overall)
            shares = animations.shares_of_costs(document, name, kind)
            for cost, share in shares.items():
                if share < 1 - CLEAR:
                    what = f"{cost} of GIFs, of ours"
                    yield Weakness(name, what, group, f"{share:.2f}", overall=True)
            flickers = animations.mean_flickers(document, name, kind)
            if flickers is not None and flickers[0] < (1 - CLEAR) * flickers[1]:
                told = "mean {:.2f}, ours {:.2f}".format(*flickers)
                yield Weakness(name, "flicker of GIFs", group, told, overall=True)


def lines(found: Iterable[Weakness], keep: Callable[[Weakness], bool]) -> list[str]:
    """Return a table of those that are kept."""
    kept = [one for one in found if keep(one)]
    if not kept:
        return ["None is."]
    return table(
        ["who", "what", "where", "by how much"],
        [[one.rival, one.what, one.group, one.told] for one in kept],
        left=4,
    )


def in_the_mean(document: Document) -> list[str]:
    """Return the table of docs/benchmarks.md: who is better in the mean over a folder."""
    return lines(all_of(document), lambda one: one.overall)
