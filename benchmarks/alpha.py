"""What becomes of soft edges and shadows, over backgrounds that were not known before."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

import kpalette
from benchmarks import pictures, rivals
from benchmarks.rivals import Method, Pixels, Result


def ours(pixels: Pixels, k: int, *, space: str) -> Result:
    result = kpalette.quantize(pixels, k, space=space)
    return result.palette.colors, result.indices


METHODS: dict[str, Method] = {
    "kpalette": partial(ours, space="oklab"),
    "kpalette srgb": partial(ours, space="srgb"),
    "libimagequant, speed 1": partial(rivals.libimagequant, speed=1),
    "libimagequant, speed 3": partial(rivals.libimagequant, speed=3),
    "Pillow FASTOCTREE": partial(rivals.pillow, method=Image.Quantize.FASTOCTREE),
}
PICTURES = {"logo": pictures.logo, "shadow": pictures.shadow}


def errors(pixels: Pixels, result: Result) -> list[float]:
    """Mean squared error over each background, summed over channels."""
    palette, indices = result
    return [
        float(
            ((pictures.over(pixels, color) - pictures.over(palette[indices], color)) ** 2)
            .sum(axis=2)
            .mean()
        )
        for color in pictures.BACKGROUNDS.values()
    ]


def measure(ks: list[int]) -> None:
    print(f"\n| picture | k | method | {' | '.join(pictures.BACKGROUNDS)} | worst | worst / ours |")
    print(f"|---|--:|---|{'--:|' * (len(pictures.BACKGROUNDS) + 2)}")
    for picture, make in PICTURES.items():
        pixels = make()
        for k in ks:
            base = np.nan
            for name, method in METHODS.items():
                try:
                    values = errors(pixels, method(pixels, k))
                except ImportError as error:
                    print(f"{name}: left out, {error}")
                    continue
                worst = max(values)
                base = worst if name == "kpalette" else base
                cells = [*(format(v, ".2f") for v in (*values, worst)), f"{worst / base:.2f}"]
                print(f"| {picture} | {k} | {name} | {' | '.join(cells)} |")
