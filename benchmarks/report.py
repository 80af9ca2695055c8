"""The page of the open benchmark, made from its JSON document alone."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import charts, verdict
from benchmarks.charts import short
from benchmarks.verdict import MEASURES, Cell, Document, Measure, Standing, seconds
from kpalette.fit import psnr

PAGE, RESULTS = "results.md", "results.json"
KINDS = {
    "array": ("In memory", "From an array of pixels to a palette and indices, within a process."),
    "palette": (
        "Palettes alone",
        "From an array of pixels to a palette. Our exact mapper then shows the picture in it, "
        "which is not timed, so that errors are the palette's.",
    ),
    "files": (
        "Whole processes",
        "From a PNG file to another: to start, read, write and end is part of it, ours as well.",
    ),
}


def write(document: Document, folder: Path) -> Path:
    """Write the page and its pictures into a folder, and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        header(document),
        verdicts(document, folder),
        tables(document),
        one_core(document),
        growth(document, folder),
        memory(document, folder),
        roofs(document),
        methods(document),
    ]
    page = folder / PAGE
    page.write_text("\n\n".join("\n".join(part) for part in parts if part) + "\n")
    return page


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """Format rows; all but the first columns are numbers."""
    marks = ["---"] * left + ["--:"] * (len(head) - left)
    return [f"| {' | '.join(row)} |" for row in (head, marks, *rows)]


def figure(folder: Path, name: str, what: str, drawn: Any) -> list[str]:
    charts.save(drawn, folder / f"{name}.png")
    return ["", f"![{what}]({name}.png)"]


def number(value: float | None, form: str) -> str:
    return "–" if value is None else "∞" if math.isinf(value) else format(value, form)


def header(document: Document) -> list[str]:
    machine, plan, pictures = document["machine"], document["plan"], document["pictures"]
    sizes = sorted({f"{p['width']}×{p['height']}" for p in pictures.values()})
    return [
        "# Against every rival",
        "",
        "Made by `python -m benchmarks`; `python -m benchmarks report results.json` writes this "
        "page again from the [figures](results.json).",
        "",
        f"- Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}; load "
        f"{machine['load']:.1f} when it ended; {document['date']}."
        + (
            " **Others were at work on it: times are rough, and verdicts that rest on them, too.**"
            if machine["load"] > 2 * machine["cores"]
            else ""
        ),
        f"- kpalette {machine['kpalette']} with {machine['instructions']}, Python "
        f"{machine['python']}; the others' versions are [below](#methods).",
        f"- {len(pictures)} {plural('picture', len(pictures))}, {' or '.join(sizes)}: "
        f"{', '.join(pictures)}.",
        "- Methods take turns on each picture, in another order each time, after a first run that "
        f"is not timed: up to {plan['repeat']} runs, but no more after {plan['enough']:g} seconds "
        "of them. Each uses the threads it takes by default. Times are medians over pictures of "
        "medians over runs, and the quartiles of all runs.",
        f"- A run that takes more than {plan['limit']:g} s is stopped, and the method is not run "
        f"again at that k or above. One that takes more than {plan['slow']:g} s gets "
        f"{plan['few']} pictures at that k.",
        "- Palettes are rounded to 8 bits. MSE is summed over channels in 8-bit sRGB; *best* is "
        "the lowest that any method found for that picture and k. What has more colours than k is "
        "shown with their number, and not compared.",
        "- ΔE2000, SSIMULACRA2 (more is better, 100 is no difference) and the bytes of the indexed "
        f"PNG, by our encoder for all, are of the first {plan['looks']} "
        f"{plural('picture', plan['looks'])}.",
    ]


def plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"


# --- verdict -------------------------------------------------------------------------------------


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
    """Say for each rival who of ours is faster and no worse, and where that is nearest to fail."""
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
    """How many methods are beaten at a k, of how many."""
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
    """Draw time against error of what works in memory, and against what is seen for all else."""
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
        chart = charts.scatter(drawn, "milliseconds", "MSE above the best known, %", what)
        lines += figure(folder, f"error-{k}", what, chart)
    if k == middle(document):
        for kind in ("array", "files"):
            drawn = [
                (name, 1e3 * row["seconds"], 100 - row["ssimulacra2"], told[name]["ours"])
                for name, row in rows.items()
                if told[name]["kind"] == kind and row["ssimulacra2"] is not None
            ]
            if drawn:
                what = f"Time against what is seen, k = {k}, {KINDS[kind][0].lower()}"
                chart = charts.scatter(
                    drawn, "milliseconds", "100 − SSIMULACRA2 (less is better)", what
                )
                lines += figure(folder, f"seen-{kind}", what, chart)
    return lines


def above_best(ratio: float) -> float:
    """In percent, from 0.1 on, which is as low as a logarithmic axis goes here."""
    return max(0.1, 100 * (ratio - 1))


def middle(document: Document) -> int:
    """The k that pictures show which are not drawn for each."""
    ks = sorted(document["plan"]["ks"])
    return int(ks[len(ks) // 2])


# --- tables --------------------------------------------------------------------------------------


def best_known(cells: Iterable[Cell]) -> dict[tuple[str, int], float]:
    """The lowest error of each picture and k."""
    lowest: dict[tuple[str, int], float] = {}
    for cell in cells:
        if "mse" in cell and verdict.keeps_to_k(cell):
            key = cell["image"], cell["k"]
            lowest[key] = min(cell["mse"], lowest.get(key, math.inf))
    return lowest


def summary(document: Document, cells: Iterable[Cell], k: int) -> dict[str, dict[str, Any]]:
    """What a method did over pictures, by its name."""
    best = best_known(document["cells"])
    of: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell["k"] == k and cell["seconds"]:
            of[cell["rival"]].append(cell)
    return {
        name: {
            "seconds": statistics.median(map(seconds, found)),
            "spread": quartiles([time for cell in found for time in cell["seconds"]]),
            "mse": statistics.fmean(cell["mse"] for cell in found),
            "ratio": verdict.mean(
                verdict.ratio(cell["mse"], best[cell["image"], k]) for cell in found
            ),
            "pictures": len(found),
            "colors": max(cell["colors"] for cell in found),
            **{
                key: average([cell.get(key) for cell in found])
                for key in ("delta_e", "ssimulacra2", "png", "size")
            },
        }
        for name, found in of.items()
    }


def average(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if there else None


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def milliseconds(row: dict[str, Any]) -> str:
    low, high = row["spread"]
    return f"{short(1e3 * row['seconds'])} ({short(1e3 * low)}–{short(1e3 * high)})"


def tables(document: Document) -> list[str]:
    lines = ["## All figures"]
    for kind, (title, what) in KINDS.items():
        measured = {cell["rival"] for cell in document["cells"]}
        if not any(document["rivals"][name]["kind"] == kind for name in measured):
            continue
        lines += ["", f"### {title}", "", what]
        for k in document["plan"]["ks"]:
            lines += ["", f"k = {k}", "", *full_table(document, kind, k)]
    return lines


def full_table(document: Document, kind: str, k: int) -> list[str]:
    told = document["rivals"]
    rows = summary(document, document["cells"], k)
    most = max((row["pictures"] for row in rows.values()), default=0)
    late = {name: at for name, at in verdict.stopped(document).items() if at <= k}
    head = ["method", "ms", "MSE", "MSE / best", "PSNR, dB", "ΔE2000", "SSIMULACRA2", "PNG, kB"]
    if kind == "files":
        head.append("its own file, kB")
    found = []
    for name, about in told.items():
        if about["kind"] != kind:
            continue
        shown = bold(document, name)
        if name in rows:
            row = rows[name]
            few = f" [{row['pictures']}]" if row["pictures"] < most else ""
            more = row["colors"] > k
            many = f", {row['colors']} colours" if more else ""
            found.append(
                [
                    shown + many,
                    milliseconds(row) + few,
                    f"{row['mse']:.2f}",
                    number(None if more else row["ratio"], ".3f"),
                    number(psnr(row["mse"]), ".2f"),
                    number(row["delta_e"], ".2f"),
                    number(row["ssimulacra2"], ".1f"),
                    kilobytes(row["png"]),
                    *([kilobytes(row["size"])] if kind == "files" else []),
                ]
            )
        elif name in late:
            limit = 1e3 * document["plan"]["limit"]
            found.append([shown, f"> {limit:,.0f}", *("–",) * (len(head) - 2)])
    note = ["", "In brackets: so many pictures only."] if any("[" in r[1] for r in found) else []
    return [*table(head, found), *note]


def kilobytes(size: float | None) -> str:
    return "–" if size is None else f"{size / 1e3:.1f}"


def one_core(document: Document) -> list[str]:
    """Compare times on one core with those on all, on the same pictures."""
    if not document["one_core"]:
        return []
    ks = document["plan"]["ks"]
    images = {cell["image"] for cell in document["one_core"]}
    alone = {k: summary(document, document["one_core"], k) for k in ks}
    same = [cell for cell in document["cells"] if cell["image"] in images]
    every = {k: summary(document, same, k) for k in ks}
    names = [name for name in document["rivals"] if any(name in alone[k] for k in ks)]

    def cell(name: str, k: int) -> str:
        if name not in alone[k] or name not in every[k]:
            return "–"
        return " / ".join(short(1e3 * rows[k][name]["seconds"]) for rows in (every, alone))

    return [
        "## One thread",
        "",
        f"Milliseconds with default threads / on one core, of the same {len(images)} "
        f"{plural('picture', len(images))}. What is slow on one core is left out.",
        "",
        *table(
            ["method", *(f"k = {k}" for k in ks)],
            [[bold(document, name), *(cell(name, k) for k in ks)] for name in names],
        ),
    ]


def bold(document: Document, name: str) -> str:
    return f"**{name}**" if document["rivals"][name]["ours"] else name


# --- growth and memory ---------------------------------------------------------------------------


def growth(document: Document, folder: Path) -> list[str]:
    plan = document["plan"]
    lines = ["## Large pictures, many colours", ""]
    lines += [
        f"Default threads; the large picture is made of one of {document['large'][0]}×"
        f"{document['large'][1]}, shrunk or repeated. A method that takes more than "
        f"{plan['patience']:g} s goes no further.",
    ]
    lines += drawn(
        document,
        "sizes",
        "megapixels",
        lambda at, took: at / took,
        (folder, "throughput", f"Throughput, k = {plan['size_k']}"),
        ("megapixels", "megapixels / s"),
    )
    return lines + drawn(
        document,
        "sweep",
        "k",
        lambda at, took: 1e3 * took,
        (folder, "colors", "Time against k, the first picture"),
        ("k", "milliseconds"),
    )


def drawn(
    document: Document,
    what: str,
    axis: str,
    value: Callable[[float, float], float],
    target: tuple[Path, str, str],
    labels: tuple[str, str],
) -> list[str]:
    """Draw a line for each method, and write its values as a table."""
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cell in document[what]:
        series[cell["rival"]].append((cell[axis], value(cell[axis], seconds(cell))))
    if not series:
        return []
    folder, name, title = target
    told = document["rivals"]
    chart = charts.lines(
        {rival: (points, told[rival]["ours"]) for rival, points in series.items()},
        *labels,
        title,
    )
    steps = sorted({at for points in series.values() for at, _ in points})
    rows = [
        [
            bold(document, rival),
            *("–" if (value := dict(points).get(step)) is None else short(value) for step in steps),
        ]
        for rival, points in series.items()
    ]
    head = [f"{labels[1]}, {labels[0]} =", *(f"{step:g}" for step in steps)]
    return [*figure(folder, name, title, chart), "", *table(head, rows)]


def memory(document: Document, folder: Path) -> list[str]:
    plan, told = document["plan"], document["rivals"]
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
    rows, missing = [], []
    for name, told in document["rivals"].items():
        if "missing" in told:
            missing.append(f"- {name}: {told['missing']}")
        else:
            rows.append([bold(document, name), told["version"], f"`{told['options']}`"])
    lines = ["## Methods", "", *table(["method", "version", "options"], rows, left=3)]
    failed = sorted(set(failures(document)))
    if failed:
        lines += ["", "Failed:", "", *failed]
    if missing:
        lines += ["", "Not installed, and how they would be:", "", *missing]
    return lines


def failures(document: Document) -> Iterator[str]:
    for cell in document["cells"]:
        if "failed" in cell:
            yield f"- {cell['rival']}, k = {cell['k']}: {cell['failed']}"
