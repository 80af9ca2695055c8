"""Palettes for people: colours that a picture has, its hues, how distinct they are, and the time.

A colour is real if at least 0.05 % of the pixels are within 0.02 of it in Oklab. A hue is one of
twelve sectors of 30 degrees that has at least 3 % of the pixels whose chroma exceeds 0.08, and
0.3 % of all; it is covered if a colour of chroma above 0.07 is within 25 degrees of its middle.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.markdown import Document, number, table
from benchmarks.rivals import Pixels, extractors, node
from kpalette import _core

K = 6
MEASURES = ("real", "hues", "distance", "chroma", "ms")
SCRIPT = Path(__file__).with_name("themes.cjs")
PACKAGES = {"vibrant": "node-vibrant@^4", "colorthief": "colorthief@^3.5"}


def oklab(colors: Any) -> Any:
    return _core.place(np.ascontiguousarray(colors, np.uint8), "oklab") / _core.steps(3, "oklab")


class Seen:
    """What a picture's pixels are, and what colours are worth for it."""

    def __init__(self, pixels: Pixels) -> None:
        histogram = kpalette.ColorHistogram.from_image(pixels)
        self.at = oklab(histogram.colors)
        self.shares = histogram.counts / histogram.counts.sum()
        chroma, hue = polar(self.at)
        chromatic = self.shares * (chroma > 0.08)
        sectors = np.bincount((hue // 30).astype(int), chromatic, 12)
        least = max(0.003, 0.03 * chromatic.sum())
        self.hues = 30 * np.flatnonzero(sectors >= least) + 15

    def measure(self, colors: Any) -> dict[str, float | None]:
        """Return each measure but the time, None where there is nothing to measure."""
        at = oklab(colors)
        chroma, hue = polar(at)
        near = [self.shares[((self.at - one) ** 2).sum(axis=1) <= 0.02**2].sum() for one in at]
        off = np.abs((hue[:, None] - self.hues + 180) % 360 - 180)
        hit = ((off <= 25) & (chroma > 0.07)[:, None]).any(axis=0)
        pairs = np.sqrt(((at[:, None] - at) ** 2).sum(axis=2))[np.triu_indices(len(at), 1)]
        return {
            "real": float(np.mean(np.array(near) >= 0.0005)),
            "hues": float(hit.mean()) if len(hit) else None,
            "distance": float(pairs.min()) if len(pairs) else None,
            "chroma": float(chroma.mean()),
            "colors": len(at),
        }


def polar(at: Any) -> tuple[Any, Any]:
    """Return chroma, and hue in degrees from 0 to below 360."""
    hue = np.degrees(np.arctan2(at[:, 2], at[:, 1])) % 360
    return np.hypot(at[:, 1], at[:, 2]), np.where(hue == 360, 0, hue)


# ---- methods: from a file to colours ----


def load(path: Path) -> Pixels:
    """Read a picture; what is transparent is over white."""
    with Image.open(path) as image:
        whole = image.convert("RGBA")
    opaque = Image.new("RGBA", whole.size, "white")
    opaque.alpha_composite(whole)
    return np.ascontiguousarray(np.asarray(opaque.convert("RGB")))


def theme(pixels: Pixels, k: int) -> Any:
    return kpalette.theme(pixels, k).colors


def palette(pixels: Pixels, k: int) -> Any:
    return kpalette.extract_palette(pixels, k).colors


def material_score(pixels: Pixels, k: int) -> Any:
    """Choose among 128 colours, as Material's dynamic colours do."""
    from materialyoucolor.quantize import QuantizeCelebi
    from materialyoucolor.score.score import Score, ScoreOptions

    counts = QuantizeCelebi(pixels.reshape(-1, 3).tolist(), 128)
    codes = np.array(Score.score(counts, ScoreOptions(desired=k)))
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=1)


def extcolors(pixels: Pixels, k: int) -> Any:
    from extcolors import extract_from_image

    found, _ = extract_from_image(Image.fromarray(pixels), limit=k)
    return np.array([color for color, _ in found])


OURS = "kpalette.theme"
METHODS: dict[str, Callable[[Pixels, int], Any]] = {
    OURS: theme,
    "kpalette.extract_palette": palette,
    "Material, Celebi and Score": material_score,
    "Pylette": partial(extractors.pylette, mode="KMeans"),
    "extcolors": extcolors,
    "color-thief": extractors.color_thief,
    "fast-colorthief": extractors.fast_color_thief,
}
IN_NODE = {"node-vibrant 4": "vibrant", "colorthief 3.5": "colorthief"}

#: The colours that a method finds in each file, and milliseconds from file to colours.
Found = dict[Path, tuple[Any, float]]


def run(method: Callable[[Pixels, int], Any], paths: Iterable[Path], repeat: int) -> Found:
    found: Found = {}
    for path in paths:
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            colors = method(load(path), K)
            times.append(time.perf_counter() - start)
        found[path] = colors, 1e3 * min(times)
    return found


@cache
def installed(package: str) -> None:
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix"]
    subprocess.run([*command, str(node.FOLDER), package, "sharp"], check=True, timeout=300)


def run_in_node(method: str, paths: Sequence[Path]) -> Found:
    installed(PACKAGES[method])
    modules = str((node.FOLDER / "node_modules").resolve())
    told = subprocess.run(
        ["node", str(SCRIPT), method, *map(str, paths)],
        env={**os.environ, "NODE_PATH": modules},
        capture_output=True,
        check=True,
        text=True,
    )
    answers = json.loads(told.stdout)
    return {path: (answers[str(path)]["colors"], answers[str(path)]["ms"]) for path in paths}


def find(paths: Sequence[Path], repeat: int) -> dict[str, Found]:
    """Run all methods that are installed."""
    found = {}
    for name, method in METHODS.items():
        try:
            found[name] = run(method, paths, repeat)
        except ImportError as error:
            print(f"{name}: left out, {error}")
    for name, in_node in IN_NODE.items():
        try:
            found[name] = run_in_node(in_node, paths)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{name}: left out, {error}")
    return found


# ---- tables ----


def measure(folders: Sequence[Path], repeat: int) -> Document:
    """Return by folder of PNG files, and by method, what each picture measures."""
    document: Document = {"colors": K, "folders": {}}
    for folder in folders:
        paths = sorted(folder.glob("*.png"))
        seen = [Seen(load(path)) for path in paths]
        document["folders"][folder.name] = {
            name: [
                {**picture.measure(answers[path][0]), "ms": answers[path][1]}
                for picture, path in zip(seen, paths, strict=True)
            ]
            for name, answers in find(paths, repeat).items()
        }
    return document


def lines(document: Document) -> list[str]:
    """Format a table for each folder."""
    out: list[str] = []
    for folder, methods in document["folders"].items():
        number_of = len(next(iter(methods.values())))
        out += ["", f"{number_of} pictures of `{folder}`:", "", *table_of(methods)]
    return out[1:]


def table_of(methods: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Format means, with the worst picture's in brackets, and on how many a method is best."""
    values = {
        name: {what: np.array([one[what] for one in each], float) for what in (*MEASURES, "colors")}
        for name, each in methods.items()
    }
    best = {
        what: np.fmax.reduce([each[what] for each in values.values()])
        for what in ("real", "hues", "distance")
    }
    rows = []
    for name, each in values.items():
        cells = [f"**`{name}`**" if name == OURS else name]
        for what in ("real", "hues", "distance"):
            mean, worst = np.nanmean(each[what]), np.nanmin(each[what])
            times = int((each[what] >= best[what] - 1e-9).sum())
            digits = ".3f" if what == "distance" else ".2f"
            cells.append(f"{number(mean, digits)} ({number(worst, digits)}, {times})")
        cells.append(number(float(np.mean(each["chroma"])), ".3f"))
        cells.append(number(float(np.mean(each["colors"])), ".1f"))
        cells.append(number(float(np.median(each["ms"])), ".0f"))
        rows.append(cells)
    head = ["", "real", "hues covered", "least distance", "chroma", "colours", "ms"]
    return table(head, rows)
