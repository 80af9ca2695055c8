"""The short tables of README.md and docs/benchmarks.md."""

from __future__ import annotations

import statistics

from benchmarks import headline
from benchmarks.colors import groups_of
from benchmarks.equal_looks import rates
from benchmarks.markdown import Document, table
from benchmarks.rivals.writers import BASE, SMALLER

#: Methods, and what they are called there.
ROWS = {
    "kpalette balanced": "**kpalette, balanced**",
    "kpalette fast": "**kpalette, fast**",
    "scikit-learn KMeans": "scikit-learn `KMeans`",
    "libimagequant, speed 1": "libimagequant, speed 1",
    "libimagequant, speed 10": "libimagequant, speed 10",
    "imagequant 4 crate, speed 1": "imagequant 4, speed 1",
    "quantette k-means": "quantette, k-means",
    "ImageMagick": "ImageMagick `-colors`, as a process",
    "GraphicsMagick": "GraphicsMagick `-colors`, as a process",
    "Pillow MEDIANCUT": "Pillow `MEDIANCUT`",
    "Pillow FASTOCTREE": "Pillow `FASTOCTREE`",
}


def lines(document: Document) -> list[str]:
    """Return the table: mean time, and mean squared error, over the first folder's pictures."""
    ks = document["runs"]["colors"]["plan"]["ks"]
    measured = {cell["rival"] for cell in document["colors"]}
    head = ["time / squared error", f"k = {ks[0]}", *map(str, ks[1:])]
    return table(
        head,
        [
            [shown, *(cell(document, name, k) for k in ks)]
            for name, shown in ROWS.items()
            if name in measured
        ],
    )


#: What is timed instead of the writer's own function.
TIMED = {"pngquant": "libimagequant", "ImageMagick": "whole process"}
#: Of README's: what writes files, and what makes their colours, in 256 colours.
BOTH = {
    BASE: ("**kpalette**", "kpalette balanced"),
    SMALLER: (f"**{SMALLER}**", None),
    "imagequant 4": ("imagequant 4, speed 1", "imagequant 4 crate, speed 1"),
    "quantette": ("quantette, k-means", "quantette k-means"),
    "pngquant": ("pngquant, speed 1", "libimagequant, speed 1"),
    "ImageMagick": ("ImageMagick", "ImageMagick"),
}


def combined(document: Document) -> list[str]:
    """Return README's table: bytes at equal looks, time and error of k = 256 colours."""
    groups = groups_of(document)
    found = [rates(document, group) for group in groups]
    measured = {cell["writer"] for cell in document["files"]}
    k = max(document["runs"]["colors"]["plan"]["ks"])
    head = ["", *(f"bytes, {len(headline.pictures(document, group))} {group}" for group in groups)]
    head.append(f"time / squared error, k = {k}")
    return table(
        head,
        [
            [
                shown,
                *(headline.marked(one, name) for one in found),
                "–" if method is None else cell(document, method, k) + timed(name),
            ]
            for name, (shown, method) in BOTH.items()
            if name in measured
        ],
    )


def timed(name: str) -> str:
    return f" ({TIMED[name]})" if name in TIMED else ""


def cell(document: Document, name: str, k: int) -> str:
    """Return time and error; the time alone if the method was too slow for all pictures.

    The time of fewer pictures than others' is followed by their number.
    """
    group = groups_of(document)[0]
    most = len({one["image"] for one in document["times"]} & {*headline.pictures(document, group)})
    times, errors = (
        [
            one
            for one in document[part]
            if (one["rival"], one["k"]) == (name, k)
            and document["pictures"][one["image"]]["group"] == group
        ]
        for part in ("times", "colors")
    )
    seconds = [statistics.median(one["seconds"]) for one in times if one["seconds"]]
    if not seconds:
        return "–"
    mean = statistics.fmean(seconds)
    took = f"{1e3 * mean:.0f} ms" if mean < 1 else f"{mean:.1f} s"
    if len(seconds) < most:
        took += f" (of {len(seconds)})"
    found = [one["mse"] for one in errors if "mse" in one]
    if len(found) < len(headline.pictures(document, group)):
        return f"{took} / –"
    return f"{took} / {statistics.fmean(found):.1f}"
