"""Final costs: the best effort against restarts and two searches for better local minima.

All get the distinct colours, weighted by their counts, so that none spends time on repetitions.
Rivals from PyPI: bkmeans and flspp, which need NumPy 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from kpalette import ColorHistogram

Floats = np.ndarray[Any, np.dtype[np.float64]]
Search = Callable[[Floats, Floats, int], Floats]
Table = dict[str, tuple[float, float, float]]  # by method


def scikit_learn(colors: Floats, weights: Floats, k: int) -> Floats:
    from sklearn.cluster import KMeans

    return np.asarray(
        KMeans(k, n_init=10, random_state=0).fit(colors, sample_weight=weights).cluster_centers_
    )


def breathing(colors: Floats, weights: Floats, k: int) -> Floats:
    """Run Fritzke's breathing k-means, which uses weights in its iterations, not in breathing."""
    from bkmeans import BKMeans

    model = BKMeans(n_clusters=k, m=5, random_state=0)
    return np.asarray(model.fit(colors, sample_weight=weights).cluster_centers_)


def foresight(colors: Floats, weights: Floats, k: int) -> Floats:
    """Run FLS++ (Conrads, Drexler, Könen, Schmidt and Schmidt 2024), 20 steps of local search."""
    from flspp import FLSpp

    model = FLSpp(n_clusters=k, random_state=0)
    return np.asarray(model.fit(colors, sample_weight=weights).cluster_centers_)


OURS = "kpalette best"
SEARCHES: dict[str, Search] = {
    "scikit-learn KMeans, n_init=10": scikit_learn,
    "bkmeans, m=5": breathing,
    "flspp": foresight,
}


def error_of(centers: Floats, colors: Floats, weights: Floats) -> float:
    """Return the mean over pixels of the squared distance to the nearest centre."""
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(centers).query(colors)
    return float(weights @ distances**2 / weights.sum())


def installed() -> dict[str, Search]:
    """Return the searches whose packages are installed; print the others' names."""
    there = {}
    for name, search in SEARCHES.items():
        try:
            search(np.arange(60.0).reshape(20, 3), np.ones(20), 6)
        except (ImportError, OSError) as error:
            print(f"{name}: not measured ({error})")
        else:
            there[name] = search
    return there


def measure(paths: list[Path], ks: list[int], minutes: float) -> None:
    """Print errors and times by image, those with the fewest distinct colours first."""
    histograms = {path: ColorHistogram.from_image(path) for path in paths}
    order = sorted(paths, key=lambda path: len(histograms[path]))
    searches = installed()
    for k in ks:
        print(f"\nk = {k}, no image begun after {minutes:g} minutes\n")
        print("| image | method | MSE | MSE, rounded | ours / it | ours / rounded | s |")
        print("|---|---|--:|--:|--:|--:|--:|")
        stop = time.perf_counter() + 60 * minutes
        tables = []
        for path in order:
            if time.perf_counter() < stop:
                tables.append(run(path, histograms[path], k, searches))
                print_table(path.stem, tables[-1])
        print_summary(tables, len(order))


def run(path: Path, histogram: ColorHistogram, k: int, searches: dict[str, Search]) -> Table:
    """Return by method the errors of exact and of 8-bit centres, and the seconds."""
    colors, weights = histogram.colors.astype(np.float64), histogram.counts.astype(np.float64)
    pixels = np.asarray(Image.open(path).convert("RGB"))
    start = time.perf_counter()
    mse = kpalette.quantize(pixels, k, space="srgb", effort="best").mse
    table = {OURS: (mse, mse, time.perf_counter() - start)}
    for name, search in searches.items():
        start = time.perf_counter()
        centers = search(colors, weights, k)
        seconds = time.perf_counter() - start
        errors = (error_of(c, colors, weights) for c in (centers, centers.round()))
        table[name] = *errors, seconds
    return table


def print_table(image: str, table: Table) -> None:
    ours = table[OURS][0]
    for name, (exact, rounded, seconds) in table.items():
        print(
            f"| {image} | {name} | {exact:.3f} | {rounded:.3f} | {ours / exact:.4f} "
            f"| {ours / rounded:.4f} | {seconds:.2f} |",
            flush=True,
        )


def print_summary(tables: list[Table], n: int) -> None:
    """Print how often kpalette is within 0.1 % of the best of the others, and its time."""
    print(f"\n{len(tables)} of {n} images:")
    for column, what in enumerate(("as they are", "rounded")):
        ratios = [
            table[OURS][0] / min(row[column] for name, row in table.items() if name != OURS)
            for table in tables
            if len(table) > 1
        ]
        if ratios:
            met = sum(ratio <= 1.001 for ratio in ratios)
            print(
                f"- ours / the lowest with centres {what}: mean {np.mean(ratios):.4f}, "
                f"from {min(ratios):.4f} to {max(ratios):.4f}; at most 1.001 on {met}"
            )
    for name in SEARCHES:
        times = [table[OURS][2] / table[name][2] for table in tables if name in table]
        if times:
            print(f"- time, ours / {name}: mean {np.mean(times):.3f}, at most {max(times):.3f}")
