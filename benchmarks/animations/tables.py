"""What was measured of animations, as Markdown: ours beside each other encoder."""

from __future__ import annotations

import statistics
from typing import Any, NamedTuple

from benchmarks.animations.encoders import OURS
from benchmarks.equal_looks import mean
from benchmarks.fronts import bd_rate
from benchmarks.markdown import number, table

LOW, HIGH = 30, 100  # of SSIMULACRA2
LEAST = 1 / (HIGH - LOW)  # of that range, which two fronts have to share
KINDS = {"film": "films", "graphics": "drawings"}

Document = dict[str, Any]
Points = list[tuple[float, int]]


class Rate(NamedTuple):
    """Theirs against ours."""

    share: float  # of bytes, more or fewer
    is_end: bool  # at the best looks that both reach, as they share hardly any


def lines(document: Document) -> list[str]:
    """Return all tables, for a page that has a heading."""
    return [
        "How many more bytes than ours others' GIFs have at the same SSIMULACRA2, on average over "
        "what both reach (BD-rate), the mean over clips; the clip on which theirs have the least; "
        "and the number of clips on which nobody's have fewer. Flicker: by how many levels pixels "
        "that stand still in the source change from frame to frame. The processor's seconds, from "
        "PNG files to the GIF, and the most memory.",
        "",
        *summary(document),
        "",
        "Clip by clip; in parentheses at the best looks that both reach, where they share hardly "
        "any others:",
        "",
        *by_clip(document),
        "",
        *by_cost(document),
        "",
        *of_long(document),
        "",
        "Each has a ladder of settings, from its best looks to its fewest bytes. Flicker, time and "
        "memory are of the one in bold:",
        "",
        *settings(document),
        *left_out(document),
    ]


def settings(document: Document) -> list[str]:
    rows = []
    for name in there(document):
        about = document["encoders"][name]
        found = (row["rung"] for row in document["files"] if row["encoder"] == name)
        rungs = [f"**{r}**" if r == about["usual"] else r for r in dict.fromkeys(found)]
        rows.append([name, about["version"], "; ".join(rungs)])
    return table(["GIFs by", "version", "settings"], rows, left=3)


def left_out(document: Document) -> list[str]:
    gone = {**document["encoders"], **document["clips"]}.items()
    told = [f"{name} ({about['missing']})" for name, about in gone if "missing" in about]
    return ["", f"Left out, for what they need: {', '.join(told)}."] if told else []


def there(document: Document) -> list[str]:
    """Return the names of the encoders that were there, ours first."""
    return [name for name, encoder in document["encoders"].items() if "version" in encoder]


def shown(document: Document) -> dict[str, Document]:
    """Return the clips whose files were judged."""
    clips = document["clips"].items()
    return {name: clip for name, clip in clips if clip.get("purpose", "long") != "long"}


def rates(document: Document, encoder: str) -> dict[str, Rate]:
    """Return, for each clip, how many bytes more or fewer than ours theirs take at equal looks."""
    found = {}
    for clip in shown(document):
        theirs, own = points(document, clip, encoder), points(document, clip, OURS)
        if theirs and own:
            found[clip] = rate(own, theirs)
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


def smallest(document: Document, clip: str) -> str | None:
    """Return whose files have the fewest bytes at equal looks, if others were measured."""
    beside = {}
    for name in there(document)[1:]:
        if found := rates(document, name).get(clip):
            beside[name] = found.share
    if not beside:
        return None
    name = min(beside, key=lambda name: beside[name])
    return name if beside[name] < 0 else OURS


def summary(document: Document) -> list[str]:
    """Return the table of all clips, films and drawings apart."""
    clips = shown(document)
    kinds = {
        kind: [clip for clip, about in clips.items() if about["kind"] == kind] for kind in KINDS
    }
    winners = {clip: smallest(document, clip) for clip in clips}
    rows = []
    for name in there(document):
        row = [name if name != OURS else f"**{name}**"]
        for of_kind in kinds.values():
            found = {c: v for c, v in rates(document, name).items() if c in of_kind}
            row += ["–", "–"] if name == OURS or not found else mean_and_least(found)
            row.append(str(sum(winners[clip] == name for clip in of_kind)))
        rows.append(row + usual(document, name))
    head = ["GIFs by"]
    for kind, of_kind in kinds.items():
        head += [KINDS[kind], "least", f"smallest on, of {len(of_kind)}"]
    return table([*head, "flicker", "seconds", "MB"], rows)


def mean_and_least(found: dict[str, Rate]) -> list[str]:
    """Return the mean, and the clip on which theirs come nearest to ours, or are smaller."""
    least = min(found, key=lambda clip: found[clip].share)
    return [
        percent(mean(rate.share for rate in found.values())),
        f"{shown_rate(found[least])} ({least})",
    ]


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
    return table(["clip: flicker, seconds", *names], rows)


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
    return table(["long clip: seconds, memory", *names], rows)


def shares_of_costs(document: Document, encoder: str, kind: str) -> dict[str, float]:
    """Return the encoder's time and memory as shares of ours, the means over clips of a kind."""
    clips = [clip for clip, about in shown(document).items() if about["kind"] == kind]
    costs = {
        (c["clip"], c["encoder"]): {"processor's time": median(c), "memory": c["megabytes"]}
        for c in document["costs"]
    }
    both = [clip for clip in clips if (clip, encoder) in costs and (clip, OURS) in costs]
    if not both:
        return {}
    return {
        what: statistics.geometric_mean(
            costs[clip, encoder][what] / costs[clip, OURS][what] for clip in both
        )
        for what in costs[both[0], OURS]
    }


def mean_flickers(document: Document, encoder: str, kind: str) -> tuple[float, float] | None:
    """Return the encoder's flicker and ours, the means over clips of a kind."""
    clips = [clip for clip, about in shown(document).items() if about["kind"] == kind]
    found = [
        (theirs, own)
        for clip in clips
        if (theirs := flicker(document, clip, encoder)) is not None
        and (own := flicker(document, clip, OURS)) is not None
    ]
    if not found:
        return None
    theirs, own = zip(*found, strict=True)
    return statistics.fmean(theirs), statistics.fmean(own)


def fewer(document: Document, encoder: str = "gifski", kind: str = "film") -> str:
    """Return how many bytes fewer ours take, such as "25 % fewer bytes"."""
    clips = shown(document)
    found = [v for c, v in rates(document, encoder).items() if clips[c]["kind"] == kind]
    if not found:
        return "as many bytes as nobody measured"
    ours = 1 / (1 + mean(rate.share for rate in found)) - 1
    return f"{100 * abs(ours):.0f} % {'fewer' if ours < 0 else 'more'} bytes"


def shown_rate(found: Rate | None) -> str:
    if found is None:
        return "–"
    return f"({percent(found.share)})" if found.is_end else percent(found.share)


def percent(share: float) -> str:
    return f"{number(100 * share, '+.0f')} %"
