"""The short table of README.md and docs/benchmarks.md, from the open benchmark's document."""

from __future__ import annotations

import statistics

from benchmarks.markdown import table
from benchmarks.verdict import Document, seconds

#: Methods, and what they are called there.
ROWS = {
    "kpalette balanced": "**kpalette, balanced**",
    "kpalette fast": "**kpalette, fast**",
    "scikit-learn KMeans": "scikit-learn `KMeans`",
    "libimagequant, speed 1": "libimagequant, speed 1",
    "libimagequant, speed 10": "libimagequant, speed 10",
    "ImageMagick": "ImageMagick `-colors`, as a process",
    "Pillow MEDIANCUT": "Pillow `MEDIANCUT`",
    "Pillow FASTOCTREE": "Pillow `FASTOCTREE`",
}


def lines(document: Document) -> list[str]:
    """Return the table: mean time, and mean squared error, over all pictures."""
    ks = document["plan"]["ks"]
    head = ["", f"k = {ks[0]}", *map(str, ks[1:])]
    return table(
        head, [[shown, *(cell(document, name, k) for k in ks)] for name, shown in ROWS.items()]
    )


def cell(document: Document, name: str, k: int) -> str:
    """Return time and error; the time alone if the method was too slow for all pictures."""
    found = [
        one for one in document["cells"] if (one["rival"], one["k"]) == (name, k) and one["seconds"]
    ]
    if not found:
        return "–"
    mean = statistics.fmean(map(seconds, found))
    took = f"{1e3 * mean:.0f} ms" if mean < 1 else f"{mean:.1f} s"
    if len(found) < len(document["pictures"]):
        return f"{took} ({len(found)} photos)"
    return f"{took} / {statistics.fmean(one['mse'] for one in found):.1f}"
