"""KMeans against the same in plain NumPy, and on rows of numbers against other libraries'.

Runs of all take turns, and the quickest of each counts. On a machine that others use as well, one
thread and the processor's time are fairer than the clock:

    taskset -c 0 env OMP_NUM_THREADS=1 python -m benchmarks estimator --clock cpu
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import kpalette
from benchmarks.markdown import Document, table
from benchmarks.photos import timed
from benchmarks.rivals.libraries import numpy_kmeans

Job = Callable[[], Any]
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
SHORT = 0.3  #: Seconds.
PASSES = 6  #: Of sparse fits, and of large dense ones.


def walkthrough(samples: np.ndarray, ks: list[int], seed: int, repeat: int) -> Document:
    """Return seconds of plain NumPy and of the walk-through's KMeans, which finds the same."""
    rows = []
    for k in ks:
        slow, (centers, _, passes) = timed(numpy_kmeans, samples, k, seed)
        # Those that it returns are of the centres before the last.
        labels = np.stack([((samples - c) ** 2).sum(axis=1) for c in centers], axis=1).argmin(
            axis=1
        )
        times = []
        for _ in range(repeat):
            model = kpalette.model.KMeans(k, random_state=seed)
            times.append(timed(model.fit, samples)[0])
        if model.iterations != passes:
            sys.exit(f"k = {k}: NumPy made {passes} passes, kpalette {model.iterations}")
        apart = {
            "centers": float(np.abs(centers - model.cluster_centers_).max()),
            "labels": int((labels != model.labels_).sum()),
        }
        took = {"numpy": slow, "kpalette": statistics.median(times)}
        rows.append({"k": k, "passes": passes, **took, **apart})
    return {"samples": len(samples), "seed": seed, "rows": rows}


def walkthrough_lines(document: Document) -> list[str]:
    """Format the times, and how many labels differ."""
    rows = [
        [
            str(row["k"]),
            str(row["passes"]),
            f"{row['numpy']:.1f}",
            f"{1e3 * row['kpalette']:.1f}",
            f"{row['labels']:,}",
        ]
        for row in document["rows"]
    ]
    return table(["k", "passes", "NumPy, s", "kpalette, ms", "labels that differ"], rows, left=0)


def blobs(n: int, dim: int, k: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Make samples around k centres, and k of them to start from."""
    rng = np.random.default_rng(0)
    samples = 3 * rng.normal(size=(k, dim))[rng.integers(0, k, n)] + rng.normal(size=(n, dim))
    return samples.astype(dtype), samples[rng.choice(n, k, replace=False)].astype(dtype)


def noise(n: int, dim: int, k: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Make samples without clusters, among which no fit comes to rest soon, and k of them."""
    samples = np.random.default_rng(0).normal(size=(n, dim)).astype(dtype)
    return samples, samples[:k]


def by_turns(jobs: dict[str, Job], repeat: int, clock: str) -> dict[str, float]:
    """The least milliseconds of each job, in turns: more of them, up to 20, where all are short."""
    least = dict.fromkeys(jobs, float("inf"))
    begun = time.perf_counter()
    for turn in range(max(repeat, 20)):
        if turn >= repeat and time.perf_counter() - begun > SHORT:
            break
        for name, job in jobs.items():
            start = CLOCKS[clock]()
            job()
            least[name] = min(least[name], 1e3 * (CLOCKS[clock]() - start))
    return least


def calls(models: dict[str, Any], method: str, X: Any) -> dict[str, Job]:
    return {name: partial(getattr(model, method), X) for name, model in models.items()}


def estimators() -> dict[str, type]:
    from sklearn.cluster import KMeans

    kinds = {"kpalette": kpalette.KMeans, "scikit-learn": KMeans}
    try:
        from daal4py.sklearn.cluster import KMeans as Intelex
    except ImportError:
        return kinds
    return {**kinds, "intelex": Intelex}


def fits(X: np.ndarray, start: np.ndarray, passes: int) -> dict[str, Job]:
    """Fits of so many passes from the same start, by each library that is installed."""
    k = len(start)
    options = {"init": start, "n_init": 1, "tol": 0, "max_iter": passes}
    jobs: dict[str, Job] = {
        name: lambda kind=kind: kind(k, **options).fit(X) for name, kind in estimators().items()
    }
    single, first = X.astype(np.float32), start.astype(np.float32)
    try:
        import faiss
    except ImportError:
        pass
    else:
        more = {"niter": passes, "max_points_per_centroid": len(X), "min_points_per_centroid": 1}
        jobs["faiss"] = lambda: faiss.Kmeans(X.shape[1], k, **more).train(
            single, init_centroids=first
        )
    try:
        import cv2
    except ImportError:
        pass
    else:
        labels = kpalette.KMeans(k, init=start, max_iter=1).fit(X).labels_[:, None]
        until = (cv2.TERM_CRITERIA_MAX_ITER, passes + 1, 0)
        jobs["OpenCV"] = lambda: cv2.kmeans(
            single, k, labels.copy(), until, 1, cv2.KMEANS_USE_INITIAL_LABELS
        )
    return jobs


def ratios(
    dims: list[int], ks: list[int], n: int, dtypes: list[str], repeat: int, clock: str
) -> Document:
    """Return others' times over ours, by type, number of features and of clusters.

    A pass is from the same start, among noise; a fit of k clusters from k-means++ makes 20 passes
    at most.
    """
    warnings.simplefilter("ignore")  # that a pass is too few to converge
    rows = []
    for name, dim, k in itertools.product(dtypes, dims, ks):
        dtype = np.dtype(name).type
        found = ratios_of(dim, k, n, dtype, repeat, clock)
        rows.append({"dtype": name, "features": dim, "k": k, "ratios": found})
        print(f"{name}, {dim} features, k = {k}", file=sys.stderr)
    return {"samples": n, "clock": clock, "rows": rows}


def on_one_thread(dims: list[int], ks: list[int], n: int, repeat: int) -> Document:
    """Return the same for float32, by the processor's time of one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return ratios(dims, ks, n, ["float32"], repeat, "cpu")


def ratios_of(
    dim: int, k: int, n: int, dtype: type, repeat: int, clock: str
) -> dict[str, dict[str, float]]:
    """Return others' times over ours, by what is timed and by name."""
    kinds = estimators()
    X, start = blobs(n, dim, k, dtype)
    passes = min(max(PASSES, 100_000_000 // (n * dim * k)), 30)
    many, one = (
        by_turns(fits(*noise(n, dim, k, dtype), some), repeat, clock) for some in (passes, 1)
    )
    took = {"a pass": {name: (many[name] - one[name]) / (passes - 1) for name in many}}
    fitted = {
        name: kind(k, init=start, n_init=1, max_iter=1).fit(X) for name, kind in kinds.items()
    }
    whole = {name: kind(k, random_state=0, max_iter=20) for name, kind in kinds.items()}
    for what, models in (("fit", whole), ("predict", fitted), ("transform", fitted)):
        took[what] = by_turns(calls(models, what, X), repeat, clock)
    return {
        what: {name: time / times["kpalette"] for name, time in times.items() if name != "kpalette"}
        for what, times in took.items()
    }


def ratios_lines(document: Document) -> list[str]:
    """Format scikit-learn's times over ours by features: the least and the most."""
    by_features: dict[int, list[Document]] = {}
    for row in document["rows"]:
        by_features.setdefault(row["features"], []).append(row["ratios"])
    rows = []
    for features, found in by_features.items():
        cells = [str(features)]
        for what in ("a pass", "fit", "predict", "transform"):
            times = [one[what]["scikit-learn"] for one in found]
            cells.append(f"{min(times):.1f} to {max(times):.1f}")
        rows.append(cells)
    return table(["features", "a pass", "a fit", "`predict`", "`transform`"], rows, left=0)


def sparse(rows: int, repeat: int, clock: str) -> None:
    """Sparse samples, 50 values a row, against scikit-learn's."""
    warnings.simplefilter("ignore")
    print("| samples | features | k | pass, ms | pass: ratio | fit | predict | transform |")
    print("|--:" * 8 + "|")
    for dim, k in ((10_000, 8), (10_000, 64), (1_000, 256)):
        X = sparse_rows(rows, dim)
        start = X[:k].toarray()
        kinds = {name: kind for name, kind in estimators().items() if name != "intelex"}
        ratios = []
        took = []
        for passes in (PASSES, 1):
            options = {"init": start, "n_init": 1, "tol": 0, "max_iter": passes}
            models = {name: kind(k, **options) for name, kind in kinds.items()}
            took.append(by_turns(calls(models, "fit", X), repeat, clock))
        a_pass = {name: (took[0][name] - took[1][name]) / (PASSES - 1) for name in kinds}
        ratios.append(a_pass["scikit-learn"] / a_pass["kpalette"])
        whole = {name: kind(k, random_state=0, max_iter=5) for name, kind in kinds.items()}
        for what, some in (("fit", whole), ("predict", models), ("transform", models)):
            times = by_turns(calls(some, what, X), repeat, clock)
            ratios.append(times["scikit-learn"] / times["kpalette"])
        told = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"| {rows} | {dim} | {k} | {a_pass['kpalette']:.1f} | {told} |", flush=True)
    print()


def sparse_rows(n: int, dim: int, per_row: int = 50) -> Any:
    import scipy.sparse

    rng = np.random.default_rng(0)
    columns = rng.integers(0, dim, (n, per_row), dtype=np.int32)
    starts = np.arange(0, n * per_row + 1, per_row, dtype=np.int32)
    X = scipy.sparse.csr_array((rng.random(n * per_row), columns.ravel(), starts), shape=(n, dim))
    X.sum_duplicates()
    return X


def defaults(seeds: int) -> None:
    """The inertia at each one's defaults on the data sets that come with scikit-learn."""
    from sklearn import datasets

    print(f'| data set | k | kpalette / scikit-learn, mean of {seeds} | init="wu" / scikit-learn |')
    print("|---|--:|--:|--:|")
    kinds = estimators()
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        X = getattr(datasets, f"load_{name}")().data
        for k in (3, 8, 20):
            ours, theirs = (
                statistics.mean(
                    kinds[kind](k, random_state=s).fit(X).inertia_ for s in range(seeds)
                )
                for kind in ("kpalette", "scikit-learn")
            )
            wu = kpalette.KMeans(k, init="wu").fit(X).inertia_
            print(f"| {name} | {k} | {ours / theirs:.3f} | {wu / theirs:.3f} |", flush=True)
    print()


MEASURED = """
import sys
import numpy as np
from benchmarks.estimators import estimators, sparse_rows
kind, what, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
make = estimators()[kind]
if what == "dense":
    X = np.random.default_rng(0).random((n, 16), dtype=np.float32)
else:
    X = sparse_rows(n, 10_000)
make(8, n_init=1, max_iter=1, random_state=0).fit(X[:5000])
with open("/proc/self/clear_refs", "w") as file: file.write("5")
status = dict(l.split(":", 1) for l in open("/proc/self/status"))
now = int(status["VmRSS"].split()[0])
make(16, n_init=1, max_iter=3, random_state=0).fit(X)
status = dict(l.split(":", 1) for l in open("/proc/self/status"))
print(f"{(int(status['VmHWM'].split()[0]) - now) / 1024:.0f}")
"""


def memory(n: int) -> None:
    """Peak memory of a fit beyond its data, in processes of their own."""
    print("| samples | | kpalette, MB over X | scikit-learn |")
    print("|--:|---|--:|--:|")
    for what, count, told in (
        ("dense", n, "16 features, float32"),
        ("sparse", min(n, 1_000_000), "10,000 features, 50 values a row"),
    ):
        peaks = []
        for kind in ("kpalette", "scikit-learn"):
            command = [sys.executable, "-c", MEASURED, kind, what, str(count)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            peaks.append(ran.stdout.strip() or ran.stderr.strip().splitlines()[-1])
        print(f"| {count} | {told} | {' | '.join(peaks)} |", flush=True)
    print()
