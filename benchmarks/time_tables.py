"""Time and memory, as tables and charts of the open benchmark's page."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import charts, headline
from benchmarks.charts import short
from benchmarks.colors import groups_of
from benchmarks.markdown import Document, bold, figure, plural, table

#: The kinds of methods, which are compared only within a kind: a title, and what is timed.
KINDS = {
    "array": ("In memory", "From an array of pixels to a palette and indices, within a process."),
    "palette": ("Palettes alone", "From an array of pixels to a palette, in memory."),
    "files": (
        "Whole processes",
        "From a PNG file to another: to start, read, write and end is part of it, ours as well.",
    ),
}


def lines(document: Document, folder: Path) -> list[list[str]]:
    """Return sections, and write their charts into the folder."""
    return [
        times(document),
        one_core(document),
        growth(document, folder),
        memory(document, folder),
        roofs(document),
    ]


def mean_times(
    cells: Iterable[Mapping[str, Any]], images: set[str] | None = None
) -> dict[tuple[str, int], tuple[float, int]]:
    """Return the mean seconds over pictures, of medians over runs, and the number of pictures."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for cell in cells:
        if cell["seconds"] and (images is None or cell["image"] in images):
            found[cell["rival"], cell["k"]].append(statistics.median(cell["seconds"]))
    return {key: (statistics.fmean(times), len(times)) for key, times in found.items()}


def times(document: Document) -> list[str]:
    plan, groups = document["runs"]["time"]["plan"], groups_of(document)
    timed = {cell["image"] for cell in document["times"]}
    lines = [
        "## Time",
        "",
        "Milliseconds: means over pictures of medians over runs. Methods take turns on each "
        "picture, in another order each time, after a first run that is not timed: up to "
        f"{plan['repeat']} {plural('run', plan['repeat'])}, but no more after {plan['enough']:g} s "
        "of them. Each uses the threads it takes by default. What takes more "
        f"than {plan['limit']:g} s is stopped, and "
        "not run again; what takes more than "
        f"{plan['slow']:g} s gets one picture of each folder, told in brackets. Pictures: "
        f"{', '.join(name for name in document['pictures'] if name in timed)}.",
    ]
    for kind, (title, what) in KINDS.items():
        found = [
            mean_times(document["times"], set(headline.pictures(document, group)))
            for group in groups
        ]
        names = [
            name
            for name, about in document["rivals"].items()
            if about["kind"] == kind and any(key[0] == name for one in found for key in one)
        ]
        if not names:
            continue
        most = [max((n for _, n in one.values()), default=0) for one in found]
        head = ["method", *(f"{group}, k = {k}" for group in groups for k in plan["ks"])]
        made = [
            [
                bold(document, name),
                *(
                    milliseconds(one.get((name, k)), at_most)
                    for one, at_most in zip(found, most, strict=True)
                    for k in plan["ks"]
                ),
            ]
            for name in names
        ]
        lines += ["", f"### {title}", "", what, "", *table(head, made)]
    return lines


def milliseconds(found: tuple[float, int] | None, most: int) -> str:
    if found is None:
        return "–"
    return short(1e3 * found[0]) + (f" [{found[1]}]" if found[1] < most else "")


def one_core(document: Document) -> list[str]:
    """Compare times on one core with those on all, on the same pictures."""
    if not document["one_core"]:
        return []
    ks = document["runs"]["time"]["plan"]["ks"]
    images = {cell["image"] for cell in document["one_core"]}
    alone, every = mean_times(document["one_core"]), mean_times(document["times"], images)
    names = [name for name in document["rivals"] if any((name, k) in alone for k in ks)]

    def cell(key: tuple[str, int]) -> str:
        if key not in alone or key not in every:
            return "–"
        return " / ".join(short(1e3 * found[key][0]) for found in (every, alone))

    return [
        "## One thread",
        "",
        f"Milliseconds with default threads / on one core, of {', '.join(sorted(images))}. What is "
        "slow on one core is left out.",
        "",
        *table(
            ["method", *(f"k = {k}" for k in ks)],
            [[bold(document, name), *(cell((name, k)) for k in ks)] for name in names],
        ),
    ]


def growth(document: Document, folder: Path) -> list[str]:
    """Draw each method's throughput against the size of the picture, and write it as a table."""
    plan, told = document["runs"]["time"]["plan"], document["rivals"]
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cell in document["sizes"]:
        at = cell["megapixels"]
        series[cell["rival"]].append((at, at / statistics.median(cell["seconds"])))
    if not series:
        return []
    title = f"Throughput, k = {plan['size_k']}"
    chart = charts.lines(
        {rival: (points, told[rival]["ours"]) for rival, points in series.items()},
        "megapixels",
        "megapixels / s",
        title,
    )
    steps = sorted({at for points in series.values() for at, _ in points})
    made = [
        [
            bold(document, rival),
            *("–" if (value := dict(points).get(step)) is None else short(value) for step in steps),
        ]
        for rival, points in series.items()
    ]
    head = ["megapixels / s, megapixels =", *(f"{step:g}" for step in steps)]
    return [
        "## Large pictures",
        "",
        f"Default threads; pictures of one of {document['large'][0]}×{document['large'][1]}, "
        "shrunk or repeated. A method that takes more than "
        f"{plan['patience']:g} s goes no further.",
        *figure(folder, "throughput", title, chart),
        "",
        *table(head, made),
    ]


def memory(document: Document, folder: Path) -> list[str]:
    plan, told = document["runs"]["time"]["plan"], document["rivals"]
    values = [
        (cell["rival"], cell["bytes"] / 1e6, told[cell["rival"]]["ours"])
        for cell in document["memory"]
        if cell["bytes"] > 0
    ]
    nothing = [cell["rival"] for cell in document["memory"] if cell["bytes"] <= 0]
    lines = [
        "## Memory",
        "",
        f"Of a fresh process for each, {plan['memory']:g} megapixels, k = {plan['size_k']}. In "
        "memory: how far the peak rises above what imports, the array and a first small run took. "
        "Whole processes: their peak.",
    ]
    if nothing:
        lines += ["", f"No rise at all: {', '.join(nothing)}."]
    if values:
        chart = charts.bars(values, "megabytes", "Peak memory")
        lines += figure(folder, "memory", "Peak memory", chart)
    return lines


def roofs(document: Document) -> list[str]:
    found = document["roof"]
    rows = [
        [
            step["step"],
            f"{step['seconds'] * 1e9 / step['items']:.3g}",
            f"{step['least'] * 1e9 / step['items']:.3g}",
            f"{step['part']:.1%}",
            step["roof"],
        ]
        for step in found["steps"]
    ]
    head = ["step", "ns each", "least", "of the roof", "the roof is"]
    lines = table(head, rows)
    lines[1] = "|---|--:|--:|--:|---|"
    return [
        "## How near the machine's limits",
        "",
        f"One thread, {found['megapixels']:.1f} megapixels, k = {found['k']}, sRGB. In the same "
        f"run one core read {found['bandwidth'] / 1e9:.1f} GB/s from memory, and its vector units "
        f"made {found['vector_rate'] / 1e9:.1f} thousand million multiplications with an addition "
        "per second, in a product of matrices in 32 bits.",
        "",
        *lines,
        "",
        "*Each* is a pixel; or, of a pass, a pair of a colour and a centre, whose distance a plain "
        "pass computes by three differences, each squared and added. The roof of a pass is that "
        "arithmetic alone. More than 100 % means that most distances were not computed, because "
        "bounds rule their centres out. Counting and mapping must read every pixel; what keeps "
        "them from that roof is one access to a table for each, at a place that depends on its "
        "colour. Diffused error waits for the pixel before, so that memory does not limit it, and "
        "it is far from that roof for anybody.",
    ]
