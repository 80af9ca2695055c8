"""The package for npm beside others, in Node: time and mean squared error.

Times are of the processor, so that they are about the same where others are at work. Each method
has a process of its own, as what one leaves to collect would be collected in the time of another.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import contest, quality
from benchmarks.markdown import Document, plural, table
from benchmarks.photos import load
from benchmarks.rivals import Pixels, node
from kpalette import Palette

SCRIPT = Path(__file__).with_suffix(".mjs")
PACKAGE = Path("build/npm")  # of the repository, as `make npm-pack` leaves it
RIVALS = ["image-q@4", "quantize@1", "colorthief@3", "rgbquant@1", "gifenc@1", "node-vibrant@4"]
TIMED = 3  # pictures that have all turns; the others are made once
SECONDS = 180  # after which no turn begins: all takes less than four minutes
OURS = "kpalette, balanced"
OURS_TOLD = "kpalette (balanced)"  # in a sentence
BESIDE = "image-q"  # whose methods the sentence compares with


def measure(paths: Sequence[Path], ks: Sequence[int], repeat: int) -> dict[str, Any]:
    """Run all packages on photos, and return what was found, for to_json."""
    if not (PACKAGE / "index.js").is_file():
        sys.exit(f"{PACKAGE}: expected the package; make npm-pack packs it")
    node.FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix"]
    subprocess.run([*command, str(node.FOLDER), *RIVALS], check=True, timeout=300)
    photos = {path.stem: load(path) for path in paths}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = {
            "package": str(PACKAGE.resolve()),
            "modules": str(node.FOLDER.resolve()),
            "pictures": [*write_all(photos, folder)],
            "ks": ks,
            "turns": repeat,
            "timed": TIMED,
            "seconds": SECONDS,
            "out": name,
        }
        (folder / "task.json").write_text(json.dumps(task))
        told = subprocess.run(
            ["node", str(SCRIPT), str(folder / "task.json")],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=600,
        )
        found = json.loads(told.stdout)
        cells = [judge(cell, photos[cell["picture"]]) for cell in found["cells"]]
    machine = contest.machine()
    machine["node"] = found["node"]
    return {
        "machine": machine,
        "pictures": [*photos],
        "repeat": max(len(cell["ms"]) for cell in cells),
        "methods": found["methods"],
        "cells": cells,
    }


def write_all(photos: dict[str, Pixels], folder: Path) -> Iterator[dict[str, Any]]:
    """Write RGBA of each photo into a folder."""
    for name, pixels in photos.items():
        path = folder / f"{name}.rgba"
        path.write_bytes(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]).tobytes())
        height, width = pixels.shape[:2]
        yield {"name": name, "width": width, "height": height, "rgba": str(path)}


def judge(cell: dict[str, Any], pixels: Pixels) -> dict[str, Any]:
    """Return a cell with the error and colours of its pixels; kpalette maps a palette alone."""
    if cell["shown"] is None:
        found = Palette(np.rint(cell["palette"]).astype(np.uint8)).remap(pixels, space="srgb")
        shown = found.palette.colors[found.indices]
    else:
        rgba = np.fromfile(cell["shown"], np.uint8).reshape(*pixels.shape[:2], 4)
        shown = rgba[..., :3]
    codes, indices = np.unique(shown @ [1 << 16, 1 << 8, 1], return_inverse=True)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    mse = quality.mean_squared_error(pixels, (colors, indices.reshape(shown.shape[:2])))
    return {
        "method": cell["method"],
        "picture": cell["picture"],
        "k": cell["k"],
        "ms": [round(ms, 2) for ms in cell["ms"]],
        "mse": round(mse, 3),
        "colors": len(colors),
        "maps": cell["shown"] is not None,
    }


# ---- what the package's page shows ----


def summary(document: Document, method: str, k: int) -> tuple[float, float] | None:
    """Return the median of the time in ms, over pictures with all turns, and the mean error."""
    cells = [cell for cell in document["cells"] if (cell["method"], cell["k"]) == (method, k)]
    if not cells:
        return None
    time = statistics.median(statistics.median(cell["ms"]) for cell in with_all_turns(cells))
    return time, statistics.fmean(cell["mse"] for cell in cells)


def with_all_turns(cells: Sequence[Document]) -> list[Document]:
    turns = max(len(cell["ms"]) for cell in cells)
    return [cell for cell in cells if len(cell["ms"]) == turns]


def medians(document: Document) -> str:
    """Return what the times are medians of."""
    found = with_all_turns(document["cells"])
    n, turns = len({cell["picture"] for cell in found}), len(found[0]["ms"])
    each = "each made once" if turns == 1 else f"each the median of its {turns} runs"
    return f"Times are medians of those of {n} {plural('photo', n)}, {each}, after a warm-up."


def lines(document: Document) -> list[str]:
    """Return sentences that compare, the table of all, and what its times are medians of."""
    ks = sorted({cell["k"] for cell in document["cells"]})
    rows = []
    for method, about in document["methods"].items():
        cells = [cell for cell in document["cells"] if cell["method"] == method]
        shown = f"**{method}**" if method.startswith("kpalette") else method
        if not all(cell["maps"] for cell in cells):
            shown += ", a palette alone"
        found = [summary(document, method, k) for k in ks]
        figures = [
            "–" if one is None else f"{milliseconds(one[0])} / {one[1]:.1f}" for one in found
        ]
        rows.append([shown, about["version"].rpartition(" ")[2], *figures])
    return [
        *(beside_image_q(document, k) for k in ks),
        *(line for k in ks for line in quicker(document, k)),
        "",
        *table(["package", "version", *(f"k = {k}" for k in ks)], rows, left=2),
        "",
        medians(document),
    ]


def rewrite(page: Path, document: Document) -> None:
    """Put the table of a document in the place of that which a page shows."""
    before, rest = page.read_text().split("## Beside other packages\n", 1)
    _, after = rest.split("\n\nThat is for", 1)
    shown = "\n".join(lines(document))
    page.write_text(f"{before}## Beside other packages\n\n{shown}\n\nThat is for{after}")


def beside_image_q(document: Document, k: int) -> str:
    """Return how ours compares with the quickest and the best of image-q's methods."""
    ours = summary(document, OURS, k)
    names = [name for name in document["methods"] if name.startswith(BESIDE)]
    theirs = {name: found for name in names if (found := summary(document, name, k))}
    assert ours is not None
    assert theirs
    time, error = ours
    by_time = min(theirs, key=lambda name: theirs[name][0])
    by_error = min(theirs, key=lambda name: theirs[name][1])
    said = [
        f"{whose} {kind} method, {name.removeprefix(BESIDE).lstrip(', ')}, takes "
        f"{theirs[name][0] / time:.1f} times as long{than}, "
        f"with {compared(theirs[name][1], error)}."
        for whose, kind, name, than in (
            (f"{BESIDE}'s", "quickest", by_time, f" as {OURS_TOLD}"),
            ("Its", "best", by_error, ""),
        )
    ]
    return f"- At k = {k}, {' '.join(said)}"


def quicker(document: Document, k: int) -> Iterator[str]:
    """Yield how others that are quicker than ours compare."""
    ours = summary(document, OURS, k)
    assert ours is not None
    for method in document["methods"]:
        found = summary(document, method, k)
        if found is None or found[0] >= ours[0] or method.startswith("kpalette"):
            continue
        cells = [cell for cell in document["cells"] if (cell["method"], cell["k"]) == (method, k)]
        alone = "" if all(cell["maps"] for cell in cells) else " It gives a palette alone."
        yield (
            f"- At k = {k}, {method} takes {found[0] / ours[0]:.2f} of the time of {OURS_TOLD}, "
            f"with {compared(found[1], ours[1])}.{alone}"
        )


def milliseconds(time: float) -> str:
    """Return a time with at least three digits, which a ratio of two agrees with."""
    return f"{time:,.{max(0, 2 - math.floor(math.log10(time)))}f} ms"


def compared(error: float, ours: float) -> str:
    share = 100 * (error / ours - 1)
    return f"{abs(share):.0f} % {'more' if share >= 0 else 'less'} error"
