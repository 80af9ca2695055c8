"""What was measured of animations, as Markdown: ours beside each other encoder."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.animations.encoders import OURS
from benchmarks.fronts import bd_rate
from benchmarks.markdown import number, table

LOW, HIGH = 30, 100  # of SSIMULACRA2
LEAST = 1 / (HIGH - LOW)  # of that range, which two fronts have to share
KINDS = {"film": "films", "graphics": "drawings"}

Document = dict[str, Any]
Points = list[tuple[float, int]]


class Rate(NamedTuple):
    """Ours against theirs."""

    share: float  # of bytes, more or fewer
    is_end: bool  # at the best looks that both reach, as they share hardly any


def lines(document: Document) -> list[str]:
    """Return all tables, for a page that has a heading."""
    return [
        *said(document),
        "",
        *summary(document),
        "",
        "Our bytes beside others', clip by clip:",
        "",
        *by_clip(document),
        "",
        "Flicker, and the processor's seconds from PNG files to the GIF:",
        "",
        *by_cost(document),
        "",
        "Longer ones: the processor's seconds, and peak memory:",
        "",
        *of_long(document),
    ]


def said(document: Document) -> list[str]:
    """Return how it was measured, with versions, and what was left out."""
    encoders = document["encoders"]
    versions = ", ".join(dict.fromkeys(encoders[name]["version"] for name in there(document)))
    usual = "; ".join(f"{name}: {encoders[name]['usual']}" for name in there(document))
    found = [
        f"By {versions}. Each has a ladder of settings, its default among them, from its best "
        "looks to its fewest bytes. What is told of one alone, flicker, time and memory, is of the "
        f"usual one: {usual}.",
    ]
    for kind in ("encoders", "clips"):
        gone = [
            f"{name} ({about['missing']})"
            for name, about in document[kind].items()
            if "missing" in about
        ]
        if gone:
            found += ["", f"Left out, for what they need: {', '.join(gone)}."]
    return found


def there(document: Document) -> list[str]:
    """Return the names of the encoders that were there, ours first."""
    return [name for name, encoder in document["encoders"].items() if "version" in encoder]


def shown(document: Document) -> dict[str, Document]:
    """Return the clips whose files were judged."""
    clips = document["clips"].items()
    return {name: clip for name, clip in clips if clip.get("purpose", "long") != "long"}


def rates(document: Document, encoder: str) -> dict[str, Rate]:
    """Return, for each clip, how many bytes more or fewer ours takes at equal looks."""
    found = {}
    for clip in shown(document):
        theirs, own = points(document, clip, encoder), points(document, clip, OURS)
        if theirs and own:
            found[clip] = rate(theirs, own)
    return found


def points(document: Document, clip: str, encoder: str) -> Points:
    return [
        (row["looks"], row["bytes"])
        for row in document["files"]
        if (row["clip"], row["encoder"]) == (clip, encoder) and row.get("looks") is not None
    ]


def rate(base: Points, other: Points) -> Rate:
    """Compare two fronts; where they share hardly any scores, at the best that both reach."""
    share = bd_rate(base, other, LOW, HIGH, LEAST)
    if share is not None:
        return Rate(share, is_end=False)
    least = min(max(base)[0], max(other)[0])
    sizes = [min(size for looks, size in side if looks >= least) for side in (base, other)]
    return Rate(sizes[1] / sizes[0] - 1, is_end=True)


def mean(rates: Iterable[Rate]) -> float:
    """Return the mean of logarithms of bytes, as a share."""
    return math.expm1(statistics.fmean(math.log1p(rate.share) for rate in rates))


def best(document: Document, clip: str) -> str | None:
    """Return who has the fewest bytes at equal looks, if there is somebody to compare with."""
    beside = {}
    for name in there(document)[1:]:
        if found := rates(document, name).get(clip):
            beside[name] = found.share
    if not beside:
        return None
    name = max(beside, key=lambda name: beside[name])
    return name if beside[name] > 0 else OURS


def summary(document: Document) -> list[str]:
    """Return the table of all clips, films and drawings apart."""
    clips = shown(document)
    winners = {clip: best(document, clip) for clip in clips}
    rows = []
    for name in there(document):
        row = [name if name != OURS else f"**{name}**"]
        for kind in KINDS:
            of_kind = [clip for clip in clips if clips[clip]["kind"] == kind]
            found = {c: v for c, v in rates(document, name).items() if c in of_kind}
            row += ["–", "–"] if name == OURS or not found else extremes(found)
            row.append(f"{sum(winners[clip] == name for clip in of_kind)} of {len(of_kind)}")
        rows.append(row + usual(document, name))
    head = ["", *(cell for kind in KINDS.values() for cell in (kind, "worst", "best on"))]
    return table([*head, "flicker", "seconds", "MB"], rows)


def extremes(found: dict[str, Rate]) -> list[str]:
    """Return the mean, and the clip on which ours is the least better."""
    worst = max(found, key=lambda clip: found[clip].share)
    return [percent(mean(found.values())), f"{shown_rate(found[worst])} ({worst})"]


def usual(document: Document, name: str) -> list[str]:
    """Return the mean flicker and time of a usual file, and the most memory, of the clips shown."""
    clips = shown(document)
    costs = [c for c in document["costs"] if c["encoder"] == name and c["clip"] in clips]
    flickers = [v for clip in clips if (v := flicker(document, clip, name)) is not None]
    return [
        number(statistics.fmean(flickers) if flickers else None, ".2f"),
        number(statistics.fmean(map(median, costs)) if costs else None, ".2f"),
        number(max((c["megabytes"] for c in costs), default=None), ".0f"),
    ]


def median(cost: Document) -> float:
    return statistics.median(cost["seconds"])


def flicker(document: Document, clip: str, encoder: str) -> float | None:
    wanted = clip, encoder, document["encoders"][encoder]["usual"]
    for row in document["files"]:
        if (row["clip"], row["encoder"], row["rung"]) == wanted:
            return row.get("flicker")
    return None


def by_clip(document: Document) -> list[str]:
    others = there(document)[1:]
    found = {name: rates(document, name) for name in others}
    rows = []
    for clip, about in shown(document).items():
        size = f"{about['frames']} of {about['width']}×{about['height']}"
        cells = [shown_rate(found[name].get(clip)) for name in others]
        rows.append([clip, KINDS[about["kind"]][:-1], size, *cells])
    return table(["clip", "kind", "frames", *others], rows, left=3)


def by_cost(document: Document) -> list[str]:
    names = there(document)
    times = {(c["clip"], c["encoder"]): f", {median(c):.2f} s" for c in document["costs"]}
    rows = [
        [
            clip,
            *(
                number(flicker(document, clip, name), ".2f") + times.get((clip, name), "")
                for name in names
            ),
        ]
        for clip in shown(document)
    ]
    return table(["clip", *names], rows)


def of_long(document: Document) -> list[str]:
    names = there(document)
    costs = {(c["clip"], c["encoder"]): c for c in document["costs"]}
    rows = []
    for clip, about in document["clips"].items():
        if about.get("purpose") != "long":
            continue
        cells = [
            f"{median(c):.1f} s, {c['megabytes']:.0f} MB" if c else "–"
            for c in (costs.get((clip, name)) for name in names)
        ]
        rows.append([f"{clip}, {about['frames']} of {about['width']}×{about['height']}", *cells])
    return table(["clip", *names], rows)


def fewer(document: Document, encoder: str = "gifski", kind: str = "film") -> str:
    """Return how many bytes fewer ours takes, such as "25 % fewer bytes"."""
    clips = shown(document)
    found = [v for c, v in rates(document, encoder).items() if clips[c]["kind"] == kind]
    value = mean(found)
    return f"{100 * abs(value):.0f} % {'fewer' if value < 0 else 'more'} bytes"


def shown_rate(found: Rate | None) -> str:
    if found is None:
        return "–"
    return f"({percent(found.share)})" if found.is_end else percent(found.share)


def percent(share: float) -> str:
    return f"{100 * share:+.0f} %".replace("-", "−")
