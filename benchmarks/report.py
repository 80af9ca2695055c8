"""The page of the open benchmark, made from its JSON document alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import color_tables, headline, time_tables, weaknesses
from benchmarks.animations import tables as animations
from benchmarks.colors import groups_of
from benchmarks.markdown import Document, plural, table

PAGE, RESULTS = "results.md", "results.json"


def write(document: Document, folder: Path) -> Path:
    """Write the page and its pictures into a folder, and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [header(document)]
    if "files" in document:
        parts.append(headline.full(document))
    parts.append(where_others_are_better(document))
    if "colors" in document:
        parts.append(color_tables.lines(document))
    if "times" in document:
        parts += time_tables.lines(document, folder)
    if "animations" in document:
        parts.append(["## Animations", "", *animations.lines(document["animations"])])
    parts.append(methods(document))
    page = folder / PAGE
    page.write_text("\n\n".join("\n".join(part) for part in parts if part) + "\n")
    return page


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
        lines.append(
            f"- {group}: {len(names)} {plural('picture', len(names))}: {sizes(document, names)}."
        )
    titles = {"files": "bytes", "colors": "colours"}
    for part, told in document["runs"].items():
        machine = told["machine"]
        busy = machine["load"] > 2 * machine["cores"]
        lines.append(
            f"- {titles.get(part, part).capitalize()}: {told['date']}, in {told['minutes']:g} "
            f"minutes on {machine['cores']} cores of {machine['processor']}, {machine['system']}; "
            f"kpalette {machine['kpalette']} with {machine['instructions']}, Python "
            f"{machine['python']}; load {machine['load']:.1f} when it ended."
            + (
                " **Others were at work on it: times are rough.**"
                if busy and part == "time"
                else ""
            )
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
        "`kpalette quantize` without options and dithered; of time and memory, what takes the "
        "least and does the same.",
        "",
        *weaknesses.lines(weaknesses.all_of(document), lambda one: True),
    ]


def methods(document: Document) -> list[str]:
    lines = ["## Methods"]
    for part, title in (
        ("writers", "What writes files"),
        ("rivals", "What is timed, and whose colours are measured"),
    ):
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
            lines += [
                "",
                f"### {title}",
                "",
                *table(["method", "version", "options"], found, left=3),
            ]
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
