"""Images of any size, made tile by tile from real photos: speed, memory, exactness."""

from __future__ import annotations

import functools
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.markdown import Document, table
from benchmarks.rivals import Pixels

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


def linear(folder: str, sizes: list[int], k: int, repeat: int) -> Document:
    """Return the seconds of each step on one thread, by the number of pixels; medians of runs."""
    rows = []
    for size in sizes:
        counts, sums, fits = [], [], []
        for _ in range(repeat):
            histogram, counting, summing = count(folder, size, 1)
            counts.append(counting)
            sums.append(summing)
            start = time.perf_counter()
            kpalette.extract_palette(histogram, k, threads=1)
            fits.append(time.perf_counter() - start)
        counting, summing, fitting = map(statistics.median, (counts, sums, fits))
        took = {"count": counting, "sum": summing, "fit": fitting}
        rows.append({"pixels": histogram.n_pixels, "colors": len(histogram), **took})
        print(f"{size / MEGA:.0f} megapixels", file=sys.stderr)
    return {"k": k, "rows": rows}


def linear_lines(document: Document) -> list[str]:
    """Format seconds by megapixels."""
    head = ["megapixels", "colours", "count, s", "ns / pixel", "sum up, s"]
    rows = [
        [
            f"{row['pixels'] / MEGA:,.0f}",
            f"{row['colors']:,}",
            f"{row['count']:.3f}",
            f"{row['count'] / row['pixels'] * 1e9:.1f}",
            f"{row['sum']:.3f}",
            f"{row['fit']:.3f}",
        ]
        for row in document["rows"]
    ]
    return table([*head, f"fit k = {document['k']}, s"], rows, left=0)


def trillion(document: Document) -> list[str]:
    """Return the sentence that estimates a trillion pixels from the largest image's time."""
    largest = document["rows"][-1]
    hours = largest["count"] / largest["pixels"] * 1e12 / 3600
    return [
        f"At that rate, one core counts a trillion pixels, a million by a million, in {hours:.1f} "
        f"hours, and the fit still takes {largest['fit']:.1f} s: it sees only colours, of which "
        "photos have some two million, and no image without alpha more than 16.8 million."
    ]


def fits(folder: str, numbers: list[int], ks: list[int], repeat: int) -> Document:
    """Return the median seconds of a fit on one thread, by the number of colours and k."""
    histogram, _, _ = count(folder, 100 * MEGA, 1)
    whole = np.arange(1 << 24, dtype=np.uint32).view(np.uint8).reshape(-1, 4)[:, :3]
    rows = []
    rng = np.random.default_rng(0)
    for n in numbers:
        if n < len(histogram):
            some = rng.choice(len(histogram), n, replace=False)
            part = kpalette.ColorHistogram(histogram.colors[some], histogram.counts[some])
        else:  # random ones of all 2**24 colours, with counts of 1
            some = rng.choice(len(whole), min(n, len(whole)), replace=False)
            part = kpalette.ColorHistogram(whole[some], np.ones(len(some), np.int64))
        seconds = []
        for k in ks:
            times = []
            for _ in range(repeat):
                start = time.perf_counter()
                kpalette.extract_palette(part, k, threads=1)
                times.append(time.perf_counter() - start)
            seconds.append(statistics.median(times))
        rows.append({"colors": len(part), "s": seconds})
        print(f"{len(part):,} colours", file=sys.stderr)
    return {"ks": ks, "rows": rows}


def fits_lines(document: Document) -> list[str]:
    """Format seconds by colours and k."""
    rows = ([f"{row['colors']:,}", *(f"{s:.3f}" for s in row["s"])] for row in document["rows"])
    return table(["colours", *(f"k = {k}" for k in document["ks"])], rows, left=0)


def error_of(histogram: kpalette.ColorHistogram, centers: Any) -> float:
    """Return the mean squared error of the nearest of the rounded centres."""
    colors = np.unique(np.clip(np.rint(centers), 0, 255).astype(np.uint8), axis=0)
    mapped = kpalette.Palette(colors).remap(histogram.colors[None], space="srgb")
    errors = (histogram.colors - mapped.rgb[0].astype(np.float64)) ** 2
    return float(errors.sum(axis=1) @ histogram.counts / histogram.n_pixels)
