"""Write the golden file of what the playground's page computes without the core.

tests/golden/page.json holds palette files, orders of a palette, and elbows of curves.

    python -m tools.golden_page  # rewrite the file, after an intended change
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tools.golden import IMAGES

import kpalette
from kpalette import palette_files
from kpalette.elbow import find_elbow

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "page.json"

SORTS = ("share", "luminance", "hue")


def palettes() -> dict[str, kpalette.Palette]:
    """Return palettes, by the title of their files."""
    greys = np.array([[level] * 3 for level in range(0, 256, 5)], np.uint8)
    return {
        "photo-16": kpalette.extract_palette(IMAGES["hills"], 16),
        "Crème brûlée\u200b 8": kpalette.extract_palette(IMAGES["glass"], 8),
        "40": kpalette.extract_palette(IMAGES["tiles"], 40),
        " ": kpalette.Palette(np.array([[255, 136, 0]], np.uint8), np.array([3])),
        "Greys!": kpalette.Palette(greys),
        "rare": kpalette.Palette(
            np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8), np.array([10**9, 1, 10**5])
        ),
    }


def files_of(palette: kpalette.Palette, title: str) -> dict[str, str | None]:
    """Return the files in hexadecimal, by format; None if a format cannot hold the palette."""
    found: dict[str, str | None] = {}
    for kind in palette_files.FORMATS:
        if kind == "png":  # the page has its own compression
            continue
        try:
            found[kind] = palette_files.encode(palette, kind, title).hex()
        except ValueError:
            found[kind] = None
    return found


def told(palette: kpalette.Palette, title: str) -> dict[str, Any]:
    """Describe a palette, its files and its orders."""
    return {
        "title": title,
        "palette": palette.hex,
        "counts": palette.counts.tolist(),
        "files": files_of(palette, title),
        "orders": {by: palette.sorted(by).hex for by in SORTS},
    }


def elbows() -> list[dict[str, Any]]:
    """Return curves with their elbows."""
    sweep = kpalette.sweep(kpalette.ColorHistogram.from_image(IMAGES["hills"]), range(2, 65, 2))
    curves = [
        (sweep.k.tolist(), sweep.cost.tolist()),
        ([2, 4, 6, 8, 10], [9e6, 9e4, 9e3, 6e3, 4e3]),
        ([2, 4, 6, 8], [80.0, 40.0, 10.0, 0.0]),
        ([2, 4, 6], [0.0, 0.0, 0.0]),
        ([2, 4, 8], [5.0, 5.0, 5.0]),
        ([7], [3.0]),
    ]
    return [
        {"k": k, "cost": cost, "elbow": find_elbow(np.array(k), np.array(cost))}
        for k, cost in curves
    ]


def content() -> dict[str, Any]:
    """Return the content of the file."""
    return {
        "palettes": [told(palette, title) for title, palette in palettes().items()],
        "elbows": elbows(),
    }


if __name__ == "__main__":
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]"
        for name, entries in content().items()
    ]
    GOLDEN.write_text("{\n" + ",\n".join(parts) + "\n}\n")
