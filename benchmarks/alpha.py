"""The error of soft edges and shadows over backgrounds that the quantizer did not know."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

import kpalette
from benchmarks import pictures
from benchmarks.rivals import Method, Pixels, Result
from benchmarks.rivals.palettes import libimagequant, pillow
from kpalette import metrics


def ours(pixels: Pixels, k: int, *, space: str) -> Result:
    result = kpalette.quantize(pixels, k, space=space)
    return result.palette.colors, result.indices


METHODS: dict[str, Method] = {
    "kpalette": partial(ours, space="oklab"),
    "kpalette srgb": partial(ours, space="srgb"),
    "libimagequant, speed 1": partial(libimagequant, speed=1),
    "libimagequant, speed 3": partial(libimagequant, speed=3),
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


def measure(ks: list[int]) -> None:
    print("\nMean squared error over each background; worst: where it is, or ΔE2000 is, the most\n")
    columns = [*pictures.BACKGROUNDS, "worst", "worst ΔE2000"]
    print(f"| picture | k | method | {' | '.join(columns)} |")
    print(f"|---|--:|---|{'--:|' * len(columns)}")
    for picture, make in PICTURES.items():
        pixels = make()
        for k in ks:
            for name, method in METHODS.items():
                try:
                    result = method(pixels, k)
                except ImportError as error:
                    print(f"{name}: left out, {error}")
                    continue
                values = errors(pixels, result)
                cells = [f"{value:.2f}" for value in (*values, max(values))]
                cells.append(f"{worst_delta_e(pixels, result):.2f}")
                print(f"| {picture} | {k} | {name} | {' | '.join(cells)} |")
