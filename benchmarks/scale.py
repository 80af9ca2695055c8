"""Speed and memory for many pixels, dithered and not."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import kpalette
from benchmarks.markdown import Document, table
from benchmarks.photos import load, timed
from benchmarks.rivals import Pixels

WIDTH, HEIGHT = 6000, 4000
DITHERS = (None, "floyd-steinberg", "blue-noise")


def mosaic(images: list[Pixels]) -> Pixels:
    """Return 24 megapixels of repeated images; each row begins with another one."""
    lying = [i if i.shape[0] <= i.shape[1] else i.swapaxes(0, 1) for i in images]
    band = min(image.shape[0] for image in lying)
    strip = np.concatenate([image[:band] for image in lying], axis=1)
    strip = np.concatenate([strip] * -(-WIDTH // strip.shape[1]), axis=1)
    bands = range(-(-HEIGHT // band))
    rows = [np.roll(strip, -n * lying[0].shape[1], axis=1)[:, :WIDTH] for n in bands]
    return np.ascontiguousarray(np.concatenate(rows)[:HEIGHT])


def measure(images: list[Pixels], ks: list[int], repeat: int) -> Document:
    """Return the times of all runs, and the peak memory beside the array's, by k and dither."""
    pixels = mosaic(images)
    rows = []
    for k in ks:
        seconds: dict[str | None, list[float]] = {dither: [] for dither in DITHERS}
        for turn in range(repeat):
            for dither in random.Random(turn).sample(DITHERS, len(DITHERS)):
                start = time.perf_counter()
                kpalette.quantize(pixels, k, dither=dither)
                seconds[dither].append(time.perf_counter() - start)
        for dither, times in seconds.items():
            memory = peak_memory(pixels, k, dither=dither) / pixels.nbytes
            rows.append({"k": k, "dither": dither, "s": times, "memory": memory})
    colors = len(kpalette.ColorHistogram.from_image(pixels))
    return {"width": WIDTH, "height": HEIGHT, "colors": colors, "rows": rows}


def lines(document: Document) -> list[str]:
    """Format times in seconds and beside those undithered, and memory beside the array's."""
    medians = {(row["k"], row["dither"]): statistics.median(row["s"]) for row in document["rows"]}
    rows = []
    for row in document["rows"]:
        k, dither = row["k"], row["dither"]
        seconds, plain = medians[k, dither], medians[k, None]
        cells = [f"{seconds:.2f}", f"{seconds / plain:.1f}", f"{row['memory']:.1f}"]
        rows.append([str(k), dither or "none", *cells])
    return table(["k", "dither", "s", "time / undithered", "peak memory / array"], rows, left=2)


def peak_memory(pixels: Pixels, k: int, **options: Any) -> int:
    """Return the peak memory of a fresh process, less that of one without the array, in bytes."""
    run = (
        "import json, sys, numpy as np, kpalette;"
        "kpalette.quantize(np.zeros((8, 8, 3), np.uint8), 2);"
        # Not getrusage: a child's peak starts at its parent's.
        "kilobytes = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]);"
        "before = kilobytes(); pixels = np.load(sys.argv[1]);"
        "kpalette.quantize(pixels, int(sys.argv[2]), **json.loads(sys.argv[3]));"
        "print((kilobytes() - before) * 1024)"
    )
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, pixels)
        file.flush()
        command = [sys.executable, "-c", run, file.name, str(k), json.dumps(options)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)


def throughput(photo: Path, ks: list[int], repeat: int) -> None:
    """Measure megapixels per second, and peak memory beyond the array's, for one large photo."""
    pixels = load(photo)
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    print(f"{photo.name}: {megapixels:.1f} megapixels\n")
    print("| effort | k | ms | megapixels / s | peak memory / array |")
    print("|---|--:|--:|--:|--:|")
    for effort in ("fast", "balanced"):
        for k in ks:
            kpalette.quantize(pixels, k, effort=effort)
            runs = [timed(kpalette.quantize, pixels, k, effort=effort)[0] for _ in range(repeat)]
            seconds = statistics.median(runs)
            print(
                f"| {effort} | {k} | {seconds * 1e3:.1f} | {megapixels / seconds:.0f} "
                f"| {peak_memory(pixels, k, effort=effort) / pixels.nbytes:.2f} |"
            )
