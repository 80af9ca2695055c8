"""Images of any size, made tile by tile from real photos: speed, memory, exactness."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.rivals import Pixels
from benchmarks.roof import bandwidth

TILE = 4096
PATCH = 512
MEGA = 10**6


@functools.cache
def photos(folder: str) -> list[Pixels]:
    """Return the photos of a folder that are at least as large as a patch."""
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix in (".png", ".jpg"))
    images = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    return [image for image in images if min(image.shape[:2]) >= PATCH]


def make_tile(folder: str, number: int, height: int = TILE, width: int = TILE) -> Pixels:
    """Return a tile of patches from photos; its number alone decides which."""
    rng = np.random.default_rng(number)
    sources = photos(folder)
    tile = np.empty((height, width, 3), np.uint8)
    for y in range(0, height, PATCH):
        for x in range(0, width, PATCH):
            photo = sources[rng.integers(len(sources))]
            at_y, at_x = (rng.integers(side - PATCH + 1) for side in photo.shape[:2])
            part = tile[y : y + PATCH, x : x + PATCH]
            part[:] = photo[at_y : at_y + part.shape[0], at_x : at_x + part.shape[1]]
    return tile


def widths(pixels: int) -> Iterator[int]:
    """Yield the widths of the tiles of so many pixels; the last tile takes the rest."""
    while pixels > 0:
        yield (width := min(TILE, max(1, pixels // TILE)))
        pixels -= TILE * width


def tiles(folder: str, pixels: int) -> Iterator[Pixels]:
    """Yield tiles of so many pixels together."""
    for number, width in enumerate(widths(pixels)):
        yield make_tile(folder, number, width=width)


def count(folder: str, pixels: int, threads: int) -> tuple[kpalette.ColorHistogram, float, float]:
    """Return the histogram, and the seconds to count the tiles and to add them up."""
    counter = kpalette.ColorCounter(threads=threads)
    counting = 0.0
    for tile in tiles(folder, pixels):
        start = time.perf_counter()
        counter.update(tile)
        counting += time.perf_counter() - start
    start = time.perf_counter()
    histogram = counter.histogram()
    return histogram, counting, time.perf_counter() - start


def linear(folder: str, sizes: list[int], k: int, repeat: int) -> None:
    """Measure time against pixels, on one thread."""
    roof = bandwidth() / 3
    print(f"\nOne core reads {3 * roof / 1e9:.1f} GB/s: {roof / 1e9:.2f} gigapixels/s\n")
    print("| megapixels | colours | count, s | ns / pixel | of reading | sum up, s | fit, s |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for size in sizes:
        counts, sums, fits = [], [], []
        for _ in range(repeat):
            histogram, counting, summing = count(folder, size, 1)
            counts.append(counting)
            sums.append(summing)
            start = time.perf_counter()
            kpalette.extract_palette(histogram, k, threads=1)
            fits.append(time.perf_counter() - start)
        n, seconds = histogram.n_pixels, statistics.median(counts)
        print(
            f"| {n / MEGA:.0f} | {len(histogram):,} | {seconds:.3f} | {seconds / n * 1e9:.2f} "
            f"| {n / seconds / roof:.1%} | {statistics.median(sums):.3f} "
            f"| {statistics.median(fits):.3f} |",
            flush=True,
        )


def fits(folder: str, numbers: list[int], ks: list[int], repeat: int) -> None:
    """Measure a fit's time on one thread, against the number of distinct colours and k."""
    histogram, _, _ = count(folder, 100 * MEGA, 1)
    whole = np.arange(1 << 24, dtype=np.uint32).view(np.uint8).reshape(-1, 4)[:, :3]
    print("\n| colours | " + " | ".join(f"k = {k}, s" for k in ks) + " |")
    print("|--:|" + "--:|" * len(ks))
    rng = np.random.default_rng(0)
    for n in numbers:
        if n < len(histogram):
            some = rng.choice(len(histogram), n, replace=False)
            part = kpalette.ColorHistogram(histogram.colors[some], histogram.counts[some])
        else:  # random ones of all 2**24 colours, with counts of 1
            some = rng.choice(len(whole), min(n, len(whole)), replace=False)
            part = kpalette.ColorHistogram(whole[some], np.ones(len(some), np.int64))
        cells = []
        for k in ks:
            times = []
            for _ in range(repeat):
                start = time.perf_counter()
                kpalette.extract_palette(part, k, threads=1)
                times.append(time.perf_counter() - start)
            cells.append(f"{statistics.median(times):.3f}")
        print(f"| {len(part):,} | " + " | ".join(cells) + " |", flush=True)


def error_of(histogram: kpalette.ColorHistogram, centers: Any) -> float:
    """Return the mean squared error of the nearest of the rounded centres."""
    colors = np.unique(np.clip(np.rint(centers), 0, 255).astype(np.uint8), axis=0)
    mapped = kpalette.Palette(colors).remap(histogram.colors[None], space="srgb")
    errors = (histogram.colors - mapped.rgb[0].astype(np.float64)) ** 2
    return float(errors.sum(axis=1) @ histogram.counts / histogram.n_pixels)
