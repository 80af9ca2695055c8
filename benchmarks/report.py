"""The page of the open benchmark, made from its JSON document alone."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import charts, headline, short_table, weaknesses
from benchmarks.animations import tables as animations
from benchmarks.charts import short
from benchmarks.colors import MEASURES, groups_of, rows
from benchmarks.markdown import Document, bold, figure, plural, table

PAGE, RESULTS = "results.md", "results.json"

#: The kinds of methods, which are compared only within a kind: a title, and what is timed.
KINDS = {
    "array": ("In memory", "From an array of pixels to a palette and indices, within a process."),
    "palette": ("Palettes alone", "From an array of pixels to a palette, in memory."),
    "files": (
        "Whole processes",
        "From a PNG file to another: to start, read, write and end is part of it, ours as well.",
    ),
}


def write(document: Document, folder: Path) -> Path:
    """Write the page and its pictures into a folder, and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [header(document)]
    if "files" in document:
        parts.append(headline.full(document))
    parts.append(where_others_are_better(document))
    if "colors" in document:
        parts.append(color_tables(document))
    if "times" in document:
        parts += [
            times(document),
            one_core(document),
            growth(document, folder),
            memory(document, folder),
            roofs(document),
        ]
    if "animations" in document:
        parts.append(["## Animations", "", *animations.lines(document["animations"])])
    parts.append(methods(document))
    page = folder / PAGE
    page.write_text("\n\n".join("\n".join(part) for part in parts if part) + "\n")
    return page


def refreshed(text: str, document: Document, *, whole: bool) -> str:
    """Return a page's text with the document's figures in those of its tables that are from it.

    A table is known by the first cell of its head. Its head and its rows are replaced: all, if
    `whole`, or those that it has, by their first cells.
    """
    made = [headline.short(document), short_table.lines(document), weaknesses.in_the_mean(document)]
    by_first = {first(one[0]): one for one in made}
    lines: list[str] = []
    old: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            old.append(line)
            continue
        if old:
            new = by_first.get(first(old[0]), old)
            kept = {first(row) for row in old}
            at_least = new if whole else new[:2] + [row for row in new[2:] if first(row) in kept]
            lines += at_least
            old = []
        lines.append(line)
    return "\n".join(lines[:-1]) + "\n"


def first(row: str) -> str:
    return row.split("|")[1].strip() if row.startswith("|") else row


def to_json(document: Document) -> str:
    """Return the document as JSON in which each cell, picture and rival has a line of its own."""
    entries = []
    for name, value in document.items():
        if name == "animations":  # a document of its own
            text = to_json(value).rstrip()
        elif isinstance(value, list):
            text = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
        elif isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
            cells = (f"{json.dumps(key)}: {json.dumps(one)}" for key, one in value.items())
            text = "{\n" + ",\n".join(cells) + "\n}"
        else:
            text = json.dumps(value)
        entries.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def header(document: Document) -> list[str]:
    lines = [
        "# Against every rival",
        "",
        "Made by `make bench`; `python -m benchmarks report results.json` writes this page again "
        "from the [figures](results.json).",
        "",
    ]
    for group in groups_of(document):
        names = headline.pictures(document, group)
        lines.append(f"- {group}: {len(names)} {plural('picture', len(names))}: {sizes(document, names)}.")
    for part, told in document["runs"].items():
        machine = told["machine"]
        busy = machine["load"] > 2 * machine["cores"]
        lines.append(
            f"- {part.capitalize()}: {told['date']}, in {told['minutes']:g} minutes on "
            f"{machine['cores']} cores of {machine['processor']}, {machine['system']}; kpalette "
            f"{machine['kpalette']} with {machine['instructions']}, Python {machine['python']}; "
            f"load {machine['load']:.1f} when it ended."
            + (" **Others were at work on it: times are rough.**" if busy and part == "time" else "")
        )
    return lines


def sizes(document: Document, names: Iterable[str]) -> str:
    told = document["pictures"]
    return ", ".join(f"{name} ({told[name]['width']}×{told[name]['height']})" for name in names)


def where_others_are_better(document: Document) -> list[str]:
    return [
        "## Where others are better",
        "",
        "Each case, on one picture or more, by at least half a percent, or half a point of "
        "SSIMULACRA2. Ours: balanced effort, in sRGB for MSE and in Oklab for looks; of bytes, "
        "`kpalette quantize` without options and dithered; of time, the fastest that does the same.",
        "",
        *weaknesses.lines(weaknesses.all_of(document), lambda one: True),
    ]


# --- colours at the same k -----------------------------------------------------------------------


def color_tables(document: Document) -> list[str]:
    plan = document["runs"]["colors"]["plan"]
    lines = [
        "## Colours at the same k",
        "",
        "Palettes are rounded to 8 bits. MSE is summed over channels in 8-bit sRGB, and not told of "
        "what is dithered, which raises it. SSIMULACRA2: more is better, 100 is no difference. "
        f"These and FLIP are of {plan['looks']} pictures of each folder. Each: the mean, the worst "
        "picture, and the number of pictures on which no other is better. In brackets: so many "
        f"pictures only, of what takes more than {plan['slow']:g} s. What has more colours than k "
        "is told with their number, and best on none. pngquant's colours are libimagequant's. "
        "Transparent pictures lie over white.",
    ]
    for group in groups_of(document):
        for dithered in (False, True):
            for k in plan["ks"]:
                found = color_table(document, group, k, dithered=dithered)
                if found:
                    title = f"{group}, {'' if dithered else 'not '}dithered, k = {k}"
                    lines += ["", f"### {title}", "", *found]
    return lines


def color_table(document: Document, group: str, k: int, *, dithered: bool) -> list[str]:
    measures = MEASURES[1:] if dithered else MEASURES
    by = {m.key: rows(document, group, k, m, dithered=dithered) for m in measures}
    names = [name for name in document["rivals"] if any(name in found for found in by.values())]
    most = max((len(row.values) for row in by[measures[0].key].values()), default=0)
    head = ["method"]
    for measure in measures:
        head += [measure.name, "worst", "best on"]
    made = []
    for name in names:
        row = by[measures[0].key].get(name)
        label = bold(document, name)
        if row is not None and row.colors > k:
            label += f", {row.colors} colours"
        if row is not None and len(row.values) < most:
            label += f" [{len(row.values)}]"
        cells = [label]
        for measure in measures:
            one = by[measure.key].get(name)
            cells += (
                ["–"] * 3
                if one is None
                else [
                    format(one.mean, measure.form),
                    format(one.worst, measure.form),
                    str(one.best_on),
                ]
            )
        made.append(cells)
    return table(head, made) if made else []


# --- time ----------------------------------------------------------------------------------------


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
        f"{plan['repeat']} runs, but no more after {plan['enough']:g} s of them. Each uses the "
        f"threads it takes by default. What takes more than {plan['limit']:g} s is stopped, and "
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
        f"Default threads; pictures of one of {document['large'][0]}×{document['large'][1]}, shrunk "
        f"or repeated. A method that takes more than {plan['patience']:g} s goes no further.",
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


# --- roofs and methods ---------------------------------------------------------------------------

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


def methods(document: Document) -> list[str]:
    lines = ["## Methods"]
    for part, title in (("writers", "What writes files"), ("rivals", "What is timed, and whose colours are measured")):
        told = document.get(part, {})
        found = [
            [f"**{name}**" if about["ours"] else name, about["version"], f"`{about['options']}`"]
            for name, about in told.items()
            if "missing" not in about
        ]
        missing = [
            f"- {name}: {about['missing']}" for name, about in told.items() if "missing" in about
        ]
        if found:
            lines += ["", f"### {title}", "", *table(["method", "version", "options"], found, left=3)]
        if missing:
            lines += ["", "Not installed, and how they would be:", "", *missing]
    failed = list(dict.fromkeys(failures(document)))
    return [*lines, "", "### Failed or stopped", "", *failed] if failed else lines


def failures(document: Document) -> Iterator[str]:
    for part in ("files", "colors", "times"):
        for cell in document.get(part, ()):
            name = cell.get("rival", cell.get("writer"))
            if "failed" in cell:
                yield f"- {name}, k = {cell['k']}: {cell['failed']}"
            elif "over" in cell:
                yield f"- {name}, k = {cell['k']}, stopped after {cell['over']:g} s."
