"""The short table of times and errors in README.md and docs/benchmarks.md."""

from __future__ import annotations

import statistics

from benchmarks.colors import groups_of
from benchmarks.headline import pictures
from benchmarks.markdown import Document, table

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


def cell(document: Document, name: str, k: int) -> str:
    """Return time and error; the time alone if the method was too slow for all pictures."""
    group = groups_of(document)[0]
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
    found = [one["mse"] for one in errors if "mse" in one]
    if len(found) < len(pictures(document, group)):
        return f"{took} / –"
    return f"{took} / {statistics.fmean(found):.1f}"
