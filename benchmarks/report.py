"""The page of the open benchmark, made from its JSON document alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import charts, verdict
from benchmarks.charts import short
from benchmarks.markdown import bold, figure, number, plural, table
from benchmarks.summary import SECTIONS, summary
from benchmarks.verdict import Document, seconds
from benchmarks.verdict_page import verdicts
from kpalette.fit import psnr

PAGE, RESULTS = "results.md", "results.json"


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


def to_json(document: Document) -> str:
    """Return the document as JSON in which each cell, picture and rival has a line of its own."""
    entries = []
    for name, value in document.items():
        if isinstance(value, list):
            text = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
        elif isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
            rows = (f"{json.dumps(key)}: {json.dumps(one)}" for key, one in value.items())
            text = "{\n" + ",\n".join(rows) + "\n}"
        else:
            text = json.dumps(value)
        entries.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


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


def milliseconds(row: dict[str, Any]) -> str:
    low, high = row["spread"]
    return f"{short(1e3 * row['seconds'])} ({short(1e3 * low)}–{short(1e3 * high)})"


def tables(document: Document) -> list[str]:
    lines = ["## All figures"]
    for kind, (title, what) in SECTIONS.items():
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
