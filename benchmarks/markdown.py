"""Pieces of Markdown for the page of the open benchmark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import charts

Document = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """Format a table; all columns but the first `left` are numbers."""
    marks = ["---"] * left + ["--:"] * (len(head) - left)
    return [f"| {' | '.join(row)} |" for row in (head, marks, *rows)]


def figure(folder: Path, name: str, what: str, drawn: Any) -> list[str]:
    charts.save(drawn, folder / f"{name}.png")
    return ["", f"![{what}]({name}.png)"]


def number(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    return "∞" if math.isinf(value) else format(value, form).replace("-", "−")


def plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"


def bold(document: Document, name: str) -> str:
    return f"**{name}**" if document["rivals"][name]["ours"] else name
