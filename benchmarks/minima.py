"""Final costs: the best effort against restarts and two searches for better local minima.

All get the distinct colours, weighted by their counts, so that none spends time on repetitions.
Rivals from PyPI: bkmeans and flspp, which need NumPy 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.markdown import Document, table
from kpalette import ColorHistogram

Floats = np.ndarray[Any, np.dtype[np.float64]]
Search = Callable[[Floats, Floats, int], Floats]
Found = dict[str, dict[str, float]]  # by method


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
SCIKIT_LEARN = "scikit-learn KMeans, n_init=10"
SEARCHES: dict[str, Search] = {
    SCIKIT_LEARN: scikit_learn,
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


def measure(paths: list[Path], ks: list[int], minutes: float) -> Document:
    """Return errors and seconds by k and image, those with the fewest distinct colours first."""
    histograms = {path: ColorHistogram.from_image(path) for path in paths}
    order = sorted(paths, key=lambda path: len(histograms[path]))
    searches = installed()
    cases = []
    for k in ks:
        stop = time.perf_counter() + 60 * minutes
        for path in order:
            if time.perf_counter() < stop:
                found = run(path, histograms[path], k, searches)
                cases.append({"k": k, "image": path.stem, "methods": found})
                print(f"k = {k}, {path.stem}", file=sys.stderr)
    return {"images": len(order), "cases": cases}


def run(path: Path, histogram: ColorHistogram, k: int, searches: dict[str, Search]) -> Found:
    """Return by method the errors of exact and of 8-bit centres, and the seconds."""
    colors, weights = histogram.colors.astype(np.float64), histogram.counts.astype(np.float64)
    pixels = np.asarray(Image.open(path).convert("RGB"))
    start = time.perf_counter()
    mse = kpalette.quantize(pixels, k, space="srgb", effort="best").mse
    found = {OURS: {"exact": mse, "rounded": mse, "s": time.perf_counter() - start}}
    for name, search in searches.items():
        start = time.perf_counter()
        centers = search(colors, weights, k)
        seconds = time.perf_counter() - start
        exact, rounded = (error_of(c, colors, weights) for c in (centers, centers.round()))
        found[name] = {"exact": exact, "rounded": rounded, "s": seconds}
    return found


def ratios(document: Document, k: int, kind: str) -> list[float]:
    """Return ours over the lowest of the others', rounded or exact, of each image."""
    return [
        case["methods"][OURS][kind]
        / min(one[kind] for name, one in case["methods"].items() if name != OURS)
        for case in document["cases"]
        if case["k"] == k and len(case["methods"]) > 1
    ]


def lines(document: Document) -> list[str]:
    """Format by k how our error compares with the lowest, and our time with scikit-learn's."""
    rows = []
    for k in dict.fromkeys(case["k"] for case in document["cases"]):
        cells = [str(k), f"{len(ratios(document, k, 'rounded'))} of {document['images']}"]
        for kind in ("rounded", "exact"):
            found = ratios(document, k, kind)
            cells += [f"{np.mean(found):.4f}", f"{max(found):.4f}"] if found else ["–", "–"]
        found = [
            case["methods"][OURS]["s"] / case["methods"][SCIKIT_LEARN]["s"]
            for case in document["cases"]
            if case["k"] == k and SCIKIT_LEARN in case["methods"]
        ]
        cells.append(f"{np.mean(found):.2f}, at most {max(found):.2f}" if found else "–")
        rows.append(cells)
    rounded, exact = ("ours / lowest, rounded", "most"), ("not rounded", "most")
    return table(["k", "images", *rounded, *exact, "time / scikit-learn's"], rows, left=0)


def sentence(document: Document) -> list[str]:
    """Return the sentence that counts the images where our error is not the lowest known."""
    ks = dict.fromkeys(case["k"] for case in document["cases"])
    found = [ratio for k in ks for ratio in ratios(document, k, "rounded")]
    above = [ratio for ratio in found if ratio > 1.001]
    most = f", by {100 * (max(above) - 1):.2f} % at most" if above else ""
    return [
        f'Of {len(found)} cases, `effort="best"` ended more than 0.1 % above the lowest in '
        f"{len(above) or 'none'}{most}."
    ]
