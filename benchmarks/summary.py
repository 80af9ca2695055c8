"""Each method's results over all pictures, from the cells of the open benchmark."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import verdict
from benchmarks.verdict import Cell, Document, seconds

#: The kinds of methods, which are compared only within a kind: a title, and what is timed.
SECTIONS = {
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


def best_known(cells: Iterable[Cell]) -> dict[tuple[str, int], float]:
    """Return the lowest error of each picture and k."""
    lowest: dict[tuple[str, int], float] = {}
    for cell in cells:
        if "mse" in cell and verdict.keeps_to_k(cell):
            key = cell["image"], cell["k"]
            lowest[key] = min(cell["mse"], lowest.get(key, math.inf))
    return lowest


def summary(document: Document, cells: Iterable[Cell], k: int) -> dict[str, dict[str, Any]]:
    """Return the methods' results over all pictures, by name."""
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
