"""The verdict of the open benchmark in words, tables and charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from benchmarks import charts, verdict
from benchmarks.charts import short
from benchmarks.markdown import figure, table
from benchmarks.summary import SECTIONS, summary
from benchmarks.verdict import MEASURES, Document, Measure, Standing


def verdicts(document: Document, folder: Path) -> list[str]:
    lines = ["## Verdict", ""]
    for measure in MEASURES:
        lines += judge(document, measure)
    late = verdict.stopped(document)
    if late:
        limit = document["plan"]["limit"]
        told = ", ".join(f"{name} (k = {k})" for name, k in late.items())
        lines += ["", f"Stopped after {limit:g} s, so of unknown error: {told}."]
    for k in document["plan"]["ks"]:
        lines += fronts(document, k, folder)
    return lines


def judge(document: Document, measure: Measure) -> list[str]:
    """Write for each rival which of ours are faster and no worse, and where that is closest."""
    found = verdict.standings(document, measure)
    lines = [f"### By {measure.name}", ""]
    if not found:
        return [*lines, "Nothing was measured that can be compared.", ""]
    won, all_cells = verdict.wins(document, measure)
    everywhere = verdict.overall(found)
    beaten = sum(bool(names) for names in everywhere.values())
    ks = sorted({standing.k for standing in found})
    lines += [
        f"In {won} of {all_cells} cells (a method, a picture, a k) one of ours is faster and no "
        "worse. Taken over pictures, it is so for "
        + "; ".join(f"{share(found, k)} at k = {k}" for k in ks)
        + f"; and it is by the same one of ours at every k for {beaten} of {len(everywhere)}.",
        "",
    ]
    unbeaten = [rival for rival, names in everywhere.items() if not names]
    if unbeaten:
        lines += [
            "For these, no one of ours is both faster and no worse at every k: "
            f"{'; '.join(unbeaten)}.",
            "",
        ]
    lines += [
        "For each k: that of ours with most to spare, how many times faster it is, and the other's "
        f"{error_name(measure)} as a multiple of ours. Bold: none of ours is faster and no worse. "
        "Last: the least effort of ours that is so at every k where the other's error is known.",
        "",
    ]
    by_rival: dict[str, dict[int, Standing]] = defaultdict(dict)
    for standing in found:
        by_rival[standing.rival][standing.k] = standing
    lines += table(
        ["method", *(f"k = {k}" for k in ks), "at every k"],
        [
            [
                rival,
                *(margin_of(standings.get(k)) for k in ks),
                short_name(everywhere[rival][0]) if everywhere[rival] else "**none**",
            ]
            for rival, standings in by_rival.items()
        ],
    )
    lines += ["", "Nearest to losing, or lost:", ""]
    lines += table(
        ["method", "picture", "ours", "k", "ours is", f"its {error_name(measure)} / ours"],
        [
            [
                close.rival,
                close.image,
                short_name(close.margin.ours),
                str(close.k),
                pace(close.margin.time),
                f"{close.margin.error:.4f}",
            ]
            for close in verdict.closest(document, measure)
        ],
        left=3,
    )
    return [*lines, ""]


def share(found: Iterable[Standing], k: int) -> str:
    """Write how many methods are beaten at a k, of how many."""
    here = [bool(standing.winners) for standing in found if standing.k == k]
    return f"{sum(here)} of {len(here)} methods"


def error_name(measure: Measure) -> str:
    return "distance from 100" if measure.name == "SSIMULACRA2" else "error"


def short_name(ours: str) -> str:
    return ours.removeprefix("kpalette ")


def pace(times: float) -> str:
    return f"{short(times)}× faster" if times >= 1 else f"{short(1 / times)}× slower"


def margin_of(standing: Standing | None) -> str:
    if standing is None:
        return "–"
    margin = standing.nearest
    text = f"{short_name(margin.ours)}: {pace(margin.time)}, {margin.error:.3f}"
    return text if standing.winners else f"**{text}**"


def fronts(document: Document, k: int, folder: Path) -> list[str]:
    """Draw time against error for methods in memory, and against visible error for all others."""
    told = document["rivals"]
    rows = {
        name: row
        for name, row in summary(document, document["cells"], k).items()
        if row["colors"] <= k
    }
    lines = []
    drawn = [
        (name, 1e3 * row["seconds"], above_best(row["ratio"]), told[name]["ours"])
        for name, row in rows.items()
        if not told[name]["dithered"]
        and told[name]["kind"] == "array"
        and not (told[name]["ours"] and told[name]["space"] != "srgb")
    ]
    if drawn:
        what = f"Time against error, k = {k}"
        chart = charts.scatter(
            drawn, "milliseconds", "MSE above the best known, %; at 0.1: or less", what
        )
        lines += figure(folder, f"error-{k}", what, chart)
    if k == middle(document):
        for kind in ("array", "files"):
            drawn = [
                (name, 1e3 * row["seconds"], 100 - row["ssimulacra2"], told[name]["ours"])
                for name, row in rows.items()
                if told[name]["kind"] == kind and row["ssimulacra2"] is not None
            ]
            if drawn:
                what = f"Time against what is seen, k = {k}, {SECTIONS[kind][0].lower()}"
                chart = charts.scatter(
                    drawn, "milliseconds", "100 − SSIMULACRA2 (less is better)", what
                )
                lines += figure(folder, f"seen-{kind}", what, chart)
    return lines


def above_best(ratio: float) -> float:
    """Return the excess in percent, at least 0.1, where the logarithmic axis begins."""
    return max(0.1, 100 * (ratio - 1))


def middle(document: Document) -> int:
    """Return the middle k, for charts that show one k."""
    ks = sorted(document["plan"]["ks"])
    return int(ks[len(ks) // 2])
