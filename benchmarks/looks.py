"""Perceptual metrics, from packages on PyPI and a program, file sizes and times.

A metric that is not installed is None in the table. For the rivals in Node, run
``npm install @napi-rs/image sharp`` in any folder, and put its ``node_modules`` in NODE_PATH.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.rivals import Method, Pixels, Result
from benchmarks.rivals.palettes import libimagequant
from benchmarks.rivals.rival import Missing
from benchmarks.workers import exact
from kpalette import files


def ours(pixels: Pixels, k: int, *, space: str, dither: str | None) -> Result:
    result = kpalette.quantize(pixels, k, space=space, dither=dither)
    return result.palette.colors, result.indices


METHODS: dict[str, Method] = {
    "kpalette srgb": partial(ours, space="srgb", dither=None),
    "kpalette": partial(ours, space="oklab", dither=None),
    "kpalette floyd-steinberg": partial(ours, space="oklab", dither="floyd-steinberg"),
    "kpalette spatial": partial(ours, space="oklab", dither="spatial"),
    "kpalette blue-noise": partial(ours, space="oklab", dither="blue-noise"),
    **{
        f"libimagequant, speed {speed}{', dithered' if level else ''}": partial(
            libimagequant, speed=speed, dithering=level
        )
        for speed in (1, 3)
        for level in (0, 1)
    },
}

Timed = Callable[[Pixels, int, int], tuple[list[float], Result]]


def timed(pixels: Pixels, k: int, repeat: int, *, method: Method) -> tuple[list[float], Result]:
    """Return the seconds of each run, from array to palette and indices, and the result."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = method(pixels, k)
        seconds.append(time.perf_counter() - start)
    return seconds, result


def png_to_png(
    pixels: Pixels, k: int, repeat: int, *, dither: str | None
) -> tuple[list[float], Result]:
    """Time a method from the bytes of a PNG to those of an indexed PNG, as in Node."""
    source = io.BytesIO()
    Image.fromarray(pixels).save(source, "PNG")
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        source.seek(0)
        result = kpalette.quantize(source, k, dither=dither)
        result.encode("png")
        seconds.append(time.perf_counter() - start)
    return seconds, (result.palette.colors, result.indices)


def node(
    pixels: Pixels, k: int, repeat: int, *, method: str, options: dict[str, float], colors: str
) -> tuple[list[float], Result]:
    """Time a method within Node, from the bytes of a PNG to those of an indexed PNG.

    NODE_PATH names the folder of the modules.
    """
    program = shutil.which("node")
    if program is None:
        raise FileNotFoundError("Node.js is not installed")
    script = Path(__file__).with_name("quantize.cjs")
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/a.png", f"{folder}/b.png"
        Image.fromarray(pixels).save(source)
        told = json.dumps({colors: k, **options})
        command = [program, script, str(repeat), method, told, source, target]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            raise ImportError(ran.stderr.strip())
        with Image.open(target) as image:
            return [float(line) / 1e3 for line in ran.stdout.split()], exact(image)


#: Methods from PNG to PNG. Their sizes are measured with our encoder, like all others'.
ENCODED: dict[str, Timed] = {
    "kpalette, PNG to PNG": partial(png_to_png, dither=None),
    "kpalette floyd-steinberg, PNG to PNG": partial(png_to_png, dither="floyd-steinberg"),
    **{
        f"imagequant 4, speed {speed}, PNG to PNG": partial(
            node,
            method="imagequant",
            options={"speed": speed, "minQuality": 0, "maxQuality": 100},
            colors="colors",
        )
        for speed in (1, 4)
    },
    **{
        f"sharp, dither {dither}, effort {effort}, PNG to PNG": partial(
            node,
            method="sharp",
            options={"dither": dither, "effort": effort, "quality": 100},
            colors="colours",
        )
        for dither, effort in ((0, 7), (1, 7), (1, 10))
    },
}


def ssimulacra2(pixels: Pixels, shown: Pixels) -> float:
    """Return SSIMULACRA2; higher is better, 100 is equal."""
    import ssimulacra2

    files = [io.BytesIO(), io.BytesIO()]
    for file, image in zip(files, (pixels, shown), strict=True):
        Image.fromarray(image).save(file, "BMP")
    return float(ssimulacra2.compute_ssimulacra2(*files))


def flip(pixels: Pixels, shown: Pixels) -> float:
    """Return NVIDIA's FLIP, the mean over pixels; lower is better."""
    import flip_evaluator

    reference, test = (image.astype(np.float32) / 255 for image in (pixels, shown))
    return float(flip_evaluator.evaluate(reference, test, "LDR")[1])


def delta_e(pixels: Pixels, shown: Pixels) -> float:
    """Return CIEDE2000, the mean over pixels; lower is better."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    return float(deltaE_ciede2000(rgb2lab(pixels), rgb2lab(shown)).mean())


def butteraugli(pixels: Pixels, shown: Pixels) -> float:
    """Return Butteraugli, where the difference is worst; lower is better.

    It is that of Google's program of this name, which Debian has: at least 8 pixels to a side.
    """
    if shutil.which("butteraugli") is None:
        raise Missing("apt install butteraugli")
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/before.png", f"{folder}/after.png"]
        for path, image in zip(paths, (pixels, shown), strict=True):
            Image.fromarray(image).save(path, compress_level=1)
        ran = subprocess.run(["butteraugli", *paths], capture_output=True, check=True)
    return float(ran.stdout)


METRICS: dict[str, tuple[Callable[[Pixels, Pixels], float], str]] = {
    "SSIMULACRA2": (ssimulacra2, ".1f"),
    "FLIP": (flip, ".4f"),
    "Butteraugli": (butteraugli, ".2f"),
    "ΔE2000": (delta_e, ".3f"),
}


def measured(metric: str, pixels: Pixels, shown: Pixels) -> float | None:
    try:
        return METRICS[metric][0](pixels, shown)
    except (ImportError, Missing):
        return None


def figures(pixels: Pixels, shown: Pixels) -> dict[str, float | None]:
    """Return every metric by its name; None of what is not installed."""
    return {metric: measured(metric, pixels, shown) for metric in METRICS}


def cells(found: Mapping[str, Any]) -> list[str]:
    """Format every metric for a table."""
    shown = (
        "–" if found[metric] is None else f"{found[metric]:z{form}}"
        for metric, (_, form) in METRICS.items()
    )
    return [each.replace("-", "−") for each in shown]


def left_out() -> Iterator[str]:
    """Yield a line for each metric that is not installed."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    for name, (metric, _) in METRICS.items():
        try:
            metric(pixels, pixels)
        except (ImportError, Missing) as error:
            yield f"{name}: left out, {error}"


def png_size(palette: np.ndarray[Any, Any], indices: np.ndarray[Any, Any]) -> int:
    """Return the bytes of the indexed PNG that kpalette writes for any method's result."""
    return len(files.encode(np.asarray(indices), np.asarray(palette, np.uint8), "png"))


def measure(images: list[Pixels], k: int, repeat: int, only: str) -> dict[str, list[list[Any]]]:
    """Return rows by method: every metric, PNG bytes and seconds for each image."""
    everything = {name: partial(timed, method=method) for name, method in METHODS.items()} | ENCODED
    methods = {name: method for name, method in everything.items() if re.search(only, name)}
    rows: dict[str, list[list[Any]]] = {name: [] for name in methods}
    for pixels in images:
        for name in list(rows):
            try:
                seconds, (palette, indices) = methods[name](pixels, k, repeat)
            except (ImportError, FileNotFoundError) as error:
                print(f"{name}: left out, {error}")
                del rows[name]
                continue
            shown = palette[indices]
            metrics = [measured(metric, pixels, shown) for metric in METRICS]
            size = png_size(palette, indices)
            rows[name].append([*metrics, size, statistics.median(seconds)])
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
