"""How results look and what they weigh: metrics of what the eye sees, from PyPI.

A metric whose package is not installed is None in the table.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks import rivals
from benchmarks.rivals import Method, Pixels, Result


def ours(pixels: Pixels, k: int, *, space: str, dither: str | None) -> Result:
    result = kpalette.quantize(pixels, k, space=space, dither=dither)
    return result.palette.colors, result.indices


METHODS: dict[str, Method] = {
    "kpalette srgb": partial(ours, space="srgb", dither=None),
    "kpalette": partial(ours, space="oklab", dither=None),
    "kpalette floyd-steinberg": partial(ours, space="oklab", dither="floyd-steinberg"),
    "kpalette blue-noise": partial(ours, space="oklab", dither="blue-noise"),
    **{
        f"libimagequant, speed {speed}{', dithered' if level else ''}": partial(
            rivals.libimagequant, speed=speed, dithering=level
        )
        for speed in (1, 3)
        for level in (0, 1)
    },
}


def ssimulacra2(pixels: Pixels, shown: Pixels) -> float:
    """Higher is better; 100 is equal."""
    import ssimulacra2

    files = [io.BytesIO(), io.BytesIO()]
    for file, image in zip(files, (pixels, shown), strict=True):
        Image.fromarray(image).save(file, "BMP")
    return float(ssimulacra2.compute_ssimulacra2(*files))


def flip(pixels: Pixels, shown: Pixels) -> float:
    """NVIDIA's FLIP, mean; lower is better."""
    import flip_evaluator

    reference, test = (image.astype(np.float32) / 255 for image in (pixels, shown))
    return float(flip_evaluator.evaluate(reference, test, "LDR")[1])


def delta_e(pixels: Pixels, shown: Pixels) -> float:
    """CIEDE2000, mean over pixels; lower is better."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    return float(deltaE_ciede2000(rgb2lab(pixels), rgb2lab(shown)).mean())


METRICS: dict[str, tuple[Callable[[Pixels, Pixels], float], str]] = {
    "SSIMULACRA2": (ssimulacra2, ".1f"),
    "FLIP": (flip, ".4f"),
    "ΔE2000": (delta_e, ".3f"),
}


def measured(metric: str, pixels: Pixels, shown: Pixels) -> float | None:
    try:
        return METRICS[metric][0](pixels, shown)
    except ImportError:
        return None


def png_size(palette: np.ndarray[Any, Any], indices: np.ndarray[Any, Any]) -> int:
    """Bytes of the indexed PNG that Pillow writes."""
    image = Image.fromarray(np.asarray(indices, np.uint8))
    image.putpalette(palette.tobytes())
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.tell()


def measure(images: list[Pixels], k: int, repeat: int, only: str) -> dict[str, list[list[Any]]]:
    """Rows by method: for each image, every metric, PNG bytes and seconds."""
    methods = {name: method for name, method in METHODS.items() if only in name}
    rows: dict[str, list[list[Any]]] = {name: [] for name in methods}
    for pixels in images:
        for name, method in methods.items():
            seconds = []
            try:
                for _ in range(repeat):
                    start = time.perf_counter()
                    palette, indices = method(pixels, k)
                    seconds.append(time.perf_counter() - start)
            except ImportError as error:
                print(f"{name}: left out, {error}")
                rows.pop(name, None)
                continue
            shown = palette[indices]
            metrics = [measured(metric, pixels, shown) for metric in METRICS]
            row = [*metrics, png_size(palette, indices), statistics.median(seconds)]
            rows.setdefault(name, []).append(row)
    return rows


def print_table(rows: dict[str, list[list[Any]]], k: int, n: int) -> None:
    print(f"\nk = {k}, means of {n} images\n")
    print(f"| method | {' | '.join(METRICS)} | PNG, kB | ms |")
    print(f"|---|{'--:|' * (len(METRICS) + 2)}")
    for name, results in rows.items():
        *metrics, size, seconds = (
            None if None in column else statistics.mean(column)
            for column in zip(*results, strict=True)
        )
        cells = [
            "—" if value is None else format(value, form)
            for value, (_, form) in zip(metrics, METRICS.values(), strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} | {size / 1e3:.1f} | {seconds * 1e3:.1f} |")
