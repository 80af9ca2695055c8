"""Perceptual metrics, from packages on PyPI and a program; one that is not installed is None."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.rivals import Pixels
from benchmarks.rivals.rival import Missing
from kpalette import files


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
