"""KMeans against plain NumPy, and on rows of floats against scikit-learn's."""

from __future__ import annotations

import itertools
import statistics
import sys
from pathlib import Path

import numpy as np

import kpalette
from benchmarks.photos import load, timed
from benchmarks.rivals.libraries import numpy_kmeans


def walkthrough(photo: Path, ks: list[int], seed: int, repeat: int) -> None:
    """Compare the walk-through's KMeans with plain NumPy: same numbers, ratio of times."""
    samples = load(photo).reshape(-1, 3)
    print(f"{photo.name}: {len(samples)} samples, random_state={seed}\n")
    print("| k | passes | NumPy, s | kpalette, ms | ratio | centres differ by | labels differ |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for k in ks:
        slow, (centers, labels, passes) = timed(numpy_kmeans, samples, k, seed)
        times = []
        for _ in range(repeat):
            model = kpalette.KMeans(k, random_state=seed)
            times.append(timed(model.fit, samples)[0])
        if model.iterations != passes:
            sys.exit(f"k = {k}: NumPy made {passes} passes, kpalette {model.iterations}")
        quick = statistics.median(times)
        print(
            f"| {k} | {passes} | {slow:.2f} | {quick * 1e3:.2f} | {slow / quick:.0f} "
            f"| {np.abs(centers - model.cluster_centers_).max():.1g} "
            f"| {(labels != model.labels_).sum()} |"
        )


def estimator(dims: list[int], repeat: int) -> None:
    """Compare KMeans on rows of floats with scikit-learn's, from the same initial centres."""
    from sklearn.cluster import KMeans

    n, k = 100_000, 64
    print(f"{n} samples around {k} centres, k = {k}, tol = 0, at most 100 passes, medians\n")
    print(
        "| features | dtype | passes | scikit-learn, ms | kpalette, ms | ratio | inertia differs |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|")
    for dim, dtype in itertools.product(dims, (np.float64, np.float32)):
        rng = np.random.default_rng(0)
        samples = 3 * rng.normal(size=(k, dim))[rng.integers(0, k, n)] + rng.normal(size=(n, dim))
        samples = samples.astype(dtype)
        start = samples[rng.choice(n, k, replace=False)]
        models = [
            kind(k, init=start, n_init=1, tol=0, max_iter=100) for kind in (KMeans, kpalette.KMeans)
        ]
        seconds: list[list[float]] = [[], []]
        for _ in range(repeat):
            for model, times in zip(models, seconds, strict=True):
                times.append(timed(model.fit, samples)[0])
        theirs, ours = models
        slow, quick = (statistics.median(times) for times in seconds)
        differs = ours.inertia_ / theirs.inertia_ - 1
        print(
            f"| {dim} | {samples.dtype} | {theirs.n_iter_} / {ours.n_iter_} | {slow * 1e3:.0f} "
            f"| {quick * 1e3:.0f} | {slow / quick:.2f} | {differs:.0e} |"
        )
