"""Bytes at equal looks: the mean difference (BD-rate) from other fronts, by three measures.

A front is what some method gives at best, over numbers of colours and ways to dither. Each file is
measured as it is and after oxipng -o 4, because rivals' encoders are no part of their palettes.
"""

from __future__ import annotations

import io
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import kpalette
from benchmarks import looks
from benchmarks.fronts import bd_rate
from benchmarks.lossless import optimized
from benchmarks.rivals import Pixels

MOST = 256  # colours


#: What looks are measured by, and whether more is better (1) or less (-1).
MEASURES = {"SSIMULACRA2": 1, "FLIP": -1, "Butteraugli": -1}
LOW, HIGH = 50, 85  # of SSIMULACRA2; of others, what files have for which it is that

PNGQUANT, BEFORE, SMALLER = "pngquant speed 1", "kpalette", "kpalette, smaller"


class Point(NamedTuple):
    """A file: its scores, more being better; its bytes; and those after oxipng, if there is one."""

    scores: dict[str, float | None]
    unaided: int
    optimized: int | None


def pngquant(path: Path, k: int) -> Iterator[bytes]:
    for dithering in ("--nofs", "--floyd=0.5", "--floyd=1"):
        command = ["pngquant", "--speed", "1", dithering, str(k), "-o", "-", str(path)]
        yield subprocess.run(command, capture_output=True, check=True).stdout


def before(path: Path, k: int) -> Iterator[bytes]:
    yield kpalette.quantize(path, k).encode()
    for strength in (0.5, 1.0):
        yield kpalette.quantize(
            path, k, dither="floyd-steinberg", dither_strength=strength
        ).encode()


def smaller(path: Path, k: int) -> Iterator[bytes]:
    encoded = b""
    for amount in (0.5, 1, 2, 3):
        encoded = kpalette.quantize(path, k, smaller=amount).encode()
        yield encoded
    if k == MOST:  # the search also takes fewer colours
        for share in (0.8, 0.6):
            most = round(share * len(encoded))
            yield kpalette.quantize(path, k, max_bytes=most).encode()


FRONTS: dict[str, Callable[[Path, int], Iterator[bytes]]] = {
    PNGQUANT: pngquant,
    BEFORE: before,
    SMALLER: smaller,
}


def scores(pixels: Pixels, encoded: bytes) -> dict[str, float | None]:
    """Return each score, over black or white where it is lower; None of what is not installed."""
    with Image.open(io.BytesIO(encoded)) as image:
        shown = np.asarray(image.convert("RGBA"))
    opaque = (pixels[..., 3] == 255).all() and (shown[..., 3] == 255).all()
    found: dict[str, float | None] = {}
    for name, sign in MEASURES.items():
        values = [
            looks.measured(name, over(pixels, backdrop), over(shown, backdrop))
            for backdrop in ((0,) if opaque else (0, 255))
        ]
        found[name] = None if None in values else min(sign * value for value in values)
    return found


def over(rgba: Pixels, backdrop: int) -> Pixels:
    alpha = rgba[..., 3:] / 255
    mixed = rgba[..., :3] * alpha + backdrop * (1 - alpha)
    return np.rint(mixed).astype(np.uint8)


def measure(paths: list[Path], ks: list[int]) -> None:
    """Print, for each picture, how many bytes fewer files that are smaller have at equal looks."""
    fronts = dict(FRONTS)
    for line in looks.left_out():
        print(line)
    if shutil.which("pngquant") is None:
        del fronts[PNGQUANT]
        print("pngquant: left out, it is not installed")
    print(
        "\n| picture | against | by | unaided | ours unaided, theirs by oxipng | both by oxipng |"
    )
    print("|---|---|---|--:|--:|--:|")
    found: dict[tuple[str, str], list[list[float | None]]] = {}
    for path in paths:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGBA"))
        points = {
            name: [
                Point(scores(pixels, encoded), len(encoded), optimized(encoded))
                for k in ks
                for encoded in make(path, k)
            ]
            for name, make in fronts.items()
        }
        ours = points[SMALLER] + points[BEFORE]
        for name in (name for name in fronts if name != SMALLER):
            for by in MEASURES:
                compared = partial(rate, by, points[name], ours)
                rates = [
                    compared("unaided", "unaided"),
                    compared("optimized", "unaided"),
                    compared("optimized", "optimized"),
                ]
                found.setdefault((name, by), []).append(rates)
                print_row(path.stem, name, by, rates)
    for (name, by), rows in found.items():
        print_row("mean", name, by, [mean(column) for column in zip(*rows, strict=True)])


def rate(
    by: str, base: list[Point], other: list[Point], base_kind: str, other_kind: str
) -> float | None:
    sides = [
        [(point.scores[by], getattr(point, kind)) for point in points]
        for points, kind in ((base, base_kind), (other, other_kind))
    ]
    if any(None in pair for side in sides for pair in side):
        return None
    low, high = LOW, HIGH
    if by != "SSIMULACRA2":
        scores = (point.scores for point in base)
        among = [s[by] for s in scores if LOW <= (s["SSIMULACRA2"] or 0) <= HIGH]
        if not among:
            return None
        low, high = min(among), max(among)
    return bd_rate(*sides, low, high)


def mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.mean(known) if known else None


def print_row(picture: str, against: str, by: str, rates: list[float | None]) -> None:
    cells = ("—" if value is None else f"{value:+.1%}" for value in rates)
    print(f"| {picture} | {against} | {by} | {' | '.join(cells)} |", flush=True)
