"""The error of soft edges and shadows over backgrounds that the quantizer did not know."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

import kpalette
from benchmarks import pictures
from benchmarks.markdown import Document, table
from benchmarks.rivals import Method, Pixels, Result
from benchmarks.rivals.palettes import libimagequant, pillow
from kpalette import metrics


def ours(pixels: Pixels, k: int, *, space: str) -> Result:
    result = kpalette.quantize(pixels, k, space=space)
    return result.palette.colors, result.indices


METHODS: dict[str, Method] = {
    "kpalette": partial(ours, space="oklab"),
    "kpalette, srgb": partial(ours, space="srgb"),
    "libimagequant 2, speed 1": partial(libimagequant, speed=1),
    "Pillow FASTOCTREE": partial(pillow, method=Image.Quantize.FASTOCTREE),
}
PICTURES = {"logo": pictures.logo, "shadow": pictures.shadow}


def errors(pixels: Pixels, result: Result) -> list[float]:
    """Return the mean squared error over each background, summed over channels."""
    palette, indices = result
    return [
        float(
            ((pictures.over(pixels, color) - pictures.over(palette[indices], color)) ** 2)
            .sum(axis=2)
            .mean()
        )
        for color in pictures.BACKGROUNDS.values()
    ]


def worst_delta_e(pixels: Pixels, result: Result) -> float:
    """Return the largest mean CIEDE2000 over any of the backgrounds."""
    palette, indices = result
    return max(
        metrics.compare(
            *(
                np.rint(pictures.over(image, color)).astype(np.uint8)
                for image in (pixels, palette[indices])
            )
        ).delta_e
        for color in pictures.BACKGROUNDS.values()
    )


def measure(ks: list[int]) -> Document:
    """Return the errors of each method that is installed, on each picture."""
    rows = []
    for picture, make in PICTURES.items():
        pixels = make()
        for k in ks:
            for name, method in METHODS.items():
                try:
                    result = method(pixels, k)
                except ImportError as error:
                    print(f"{name}: left out, {error}")
                    continue
                found = dict(zip(pictures.BACKGROUNDS, errors(pixels, result), strict=True))
                delta_e = worst_delta_e(pixels, result)
                cell = {"picture": picture, "k": k, "method": name}
                rows.append({**cell, "mse": found, "delta_e": delta_e})
    return {"rows": rows}


def lines(document: Document) -> list[str]:
    """Format the worst error over all backgrounds, and the worst ΔE2000, by method."""
    names = list(dict.fromkeys(row["method"] for row in document["rows"]))
    cells: dict[tuple[str, int], list[str]] = {}
    for row in document["rows"]:
        shown = f"{max(row['mse'].values()):.1f} / {row['delta_e']:.2f}"
        cells.setdefault((row["picture"], row["k"]), []).append(shown)
    rows = ([picture, str(k), *shown] for (picture, k), shown in cells.items())
    return table(["picture", "k", *names], rows)
