"""Bytes at equal looks (BD-rate) of the files that each program writes, against kpalette's.

A program's front is what its files give at best, over numbers of colours and ways to dither: from
the fewest bytes to the best looks. Each file is measured as it is written, and after oxipng -o 4,
which tells what its encoder is worth apart from its colours.
"""

from __future__ import annotations

import hashlib
import io
import math
import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import looks
from benchmarks.fronts import difference
from benchmarks.lossless import optimized
from benchmarks.photos import Picture, over
from benchmarks.rivals import Pixels
from benchmarks.rivals.writers import BASE, WRITERS, Writer

Cell = dict[str, Any]

LOW, HIGH = 50.0, 90.0  # of SSIMULACRA2: from fair to what is hardly told from the picture
KINDS = ("bytes", "oxipng")  # as written, and after oxipng -o 4
#: Scores, and whether more is better (1) or less (-1).
SCORES = {"ssimulacra2": 1, "flip": -1}


def measure(
    pictures: Sequence[Picture], writers: Sequence[Writer], ks: Sequence[int], *, by_flip: int
) -> Iterator[Cell]:
    """Yield files' figures, those of a picture and writer after each other, made on all cores.

    Of each folder, `by_flip` pictures are also measured by FLIP.
    """
    flips = {picture.name for picture in some(pictures, by_flip)}
    jobs = [
        (writer.name, picture, tuple(ks), picture.name in flips)
        for picture in pictures
        for writer in writers
        if writer.alpha or picture.opaque
    ]
    if len(jobs) == 1 or os.cpu_count() == 1:
        for job in jobs:
            yield from written(*job)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context) as pool:
        for cells in pool.map(written, *zip(*jobs, strict=True)):
            yield from cells


def some(pictures: Iterable[Picture], n: int) -> list[Picture]:
    """Return at most n pictures of each folder, evenly spread."""
    groups: dict[str, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(picture.group, []).append(picture)
    return [
        found[i * len(found) // min(n, len(found))]
        for found in groups.values()
        for i in range(min(n, len(found)))
    ]


def written(name: str, picture: Picture, ks: Sequence[int], by_flip: bool) -> list[Cell]:
    """Let a writer make its files of a picture, from many colours to few, and measure each.

    Of a way to dither, the first file that looks worse than is compared is the last.
    """
    cells: list[Cell] = []
    known: dict[bytes, Cell] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "picture.png")
        picture.save(source)
        for number, way in enumerate(WRITERS[name].ways):
            for k in sorted(ks, reverse=True):
                cell = {"writer": name, "image": picture.name, "k": k, "way": number}
                try:
                    encoded = way(source, k)
                    digest = hashlib.sha256(encoded).digest()
                    if digest not in known:
                        known[digest] = figures(picture.rgba, encoded, by_flip)
                except (OSError, ValueError, subprocess.SubprocessError) as error:
                    cells.append({**cell, "failed": f"{type(error).__name__}: {error}"[:200]})
                    break
                cells.append({**cell, **known[digest]})
                if cells[-1]["ssimulacra2"] is not None and cells[-1]["ssimulacra2"] < LOW:
                    break
    return cells


def figures(rgba: Pixels, encoded: bytes, by_flip: bool) -> Cell:
    """Return a file's bytes and scores, these over black or white, where they are worse."""
    with Image.open(io.BytesIO(encoded)) as image:
        shown = np.asarray(image.convert("RGBA"))
    opaque = (rgba[..., 3] == 255).all() and (shown[..., 3] == 255).all()
    found: Cell = {"bytes": len(encoded), "oxipng": optimized(encoded)}
    for metric, key in (("SSIMULACRA2", "ssimulacra2"), ("FLIP", "flip")):
        if key == "flip" and not by_flip:
            continue
        values = [
            looks.measured(metric, over(rgba, level), over(shown, level))
            for level in ((0,) if opaque else (0, 255))
        ]
        worse = min if SCORES[key] > 0 else max
        found[key] = None if None in values else round(worse(values), 4)
    return found


# --- from figures to rates -----------------------------------------------------------------------


def rates(
    document: Any, group: str, kind: str = "bytes", by: str = "ssimulacra2", base: str = BASE
) -> dict[str, dict[str, float]]:
    """Return how many more bytes each writer's files have than the base's, by picture, as shares.

    Pictures of the folder `group` alone, on which both can be compared.
    """
    fronts: dict[tuple[str, str], list[Cell]] = {}
    for cell in document["files"]:
        if document["pictures"][cell["image"]]["group"] == group and cell.get(kind) is not None:
            fronts.setdefault((cell["writer"], cell["image"]), []).append(cell)
    found: dict[str, dict[str, float]] = {}
    for (writer, image), cells in fronts.items():
        rate = compared(fronts.get((base, image), []), cells, kind, by)
        if rate is not None:
            found.setdefault(writer, {})[image] = rate
    return found


def compared(base: list[Cell], other: list[Cell], kind: str, by: str) -> float | None:
    """Return the mean difference in bytes of two fronts at equal scores, as a share of base's."""
    sides = [
        [(SCORES[by] * cell[by], cell[kind]) for cell in cells if cell.get(by) is not None]
        for cells in (base, other)
    ]
    if not all(sides):
        return None
    low, high = LOW, HIGH
    if by != "ssimulacra2":  # the scores of the base's files that look like that
        among = [SCORES[by] * c[by] for c in base if LOW <= (c["ssimulacra2"] or 0) <= HIGH]
        if len(among) < 2:
            return None
        low, high = min(among), max(among)
    return difference(*sides, low, high)


def mean(values: Iterable[float]) -> float:
    """Return the geometric mean of shares of change: of +100 % and -50 %, it is 0."""
    logs = [math.log1p(value) for value in values]
    return math.expm1(sum(logs) / len(logs))


def smallest(found: dict[str, dict[str, float]]) -> dict[str, list[str]]:
    """Return the pictures on which each writer's files are the smallest."""
    images = {image: None for by_image in found.values() for image in by_image}
    best: dict[str, list[str]] = {writer: [] for writer in found}
    for image in images:
        least = min(rates[image] for rates in found.values() if image in rates)
        for writer, by_image in found.items():
            if by_image.get(image, math.inf) <= least + 1e-9:
                best[writer].append(image)
    return best
