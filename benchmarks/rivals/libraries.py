"""k-means of general libraries on all pixels, and a plain one in NumPy."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.rivals.rival import Missing, Pixels, Result, Rival, package


def flat(pixels: Pixels, dtype: Any = np.float32) -> Any:
    return pixels.reshape(-1, 3).astype(dtype)


def shaped(centers: Any, labels: Any, pixels: Pixels) -> Result:
    return np.asarray(centers), np.asarray(labels).reshape(pixels.shape[:2])


def numpy_kmeans(samples: Pixels, k: int, seed: int) -> tuple[Any, Any, int]:
    """Run the walk-through's k-means in plain NumPy; return centres, labels and iterations."""
    centers = np.random.default_rng(seed).choice(samples, size=k, replace=False).astype(float)
    passes, change = 0, np.inf
    while passes < 100 and change >= 1e-2:
        passes += 1
        distances = np.stack([((samples - c) ** 2).sum(axis=1) for c in centers], axis=1)
        labels = distances.argmin(axis=1)
        # The centre of an empty cluster does not move.
        moved = np.array(
            [
                samples[labels == j].mean(axis=0) if (labels == j).any() else centers[j]
                for j in range(k)
            ]
        )
        change = np.linalg.norm(moved - centers)
        centers = moved
    return centers, labels, passes


def walkthrough(pixels: Pixels, k: int) -> Result:
    centers, labels, _ = numpy_kmeans(pixels.reshape(-1, 3), k, 44)
    return shaped(centers, labels, pixels)


def scikit_learn(pixels: Pixels, k: int, *, estimator: str = "KMeans", **options: Any) -> Result:
    from sklearn import cluster

    model = getattr(cluster, estimator)(k, random_state=0, **options).fit(flat(pixels))
    return shaped(model.cluster_centers_, model.labels_, pixels)


def scikit_learn_weighted(pixels: Pixels, k: int) -> Result:
    """Fit the distinct colours, weighted by their counts, as an expert would."""
    from sklearn.cluster import KMeans

    codes = pixels.astype(np.int64) @ np.array([65536, 256, 1])
    distinct, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    colors = np.stack([distinct >> 16, distinct >> 8 & 255, distinct & 255], axis=1)
    model = KMeans(k, random_state=0).fit(colors.astype(np.float32), sample_weight=counts)
    return shaped(model.cluster_centers_, model.labels_[inverse], pixels)


def scikit_learn_example(pixels: Pixels, k: int) -> Result:
    """Fit 1,000 pixels, as scikit-learn's example of colour quantization does."""
    from sklearn.cluster import KMeans
    from sklearn.utils import shuffle

    samples = flat(pixels, np.float64) / 255
    few = shuffle(samples, random_state=0, n_samples=min(1_000, len(samples)))
    model = KMeans(n_clusters=k, random_state=0).fit(few)
    return shaped(255 * model.cluster_centers_, model.predict(samples), pixels)


def opencv_version() -> str:
    for name in ("opencv-python-headless", "opencv-python"):
        try:
            return package(name)
        except Missing:
            continue
    raise Missing("pip install opencv-python-headless")


def opencv(pixels: Pixels, k: int) -> Result:
    import cv2

    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.2)
    _, labels, centers = cv2.kmeans(flat(pixels), k, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    return shaped(centers, labels, pixels)


def faiss(pixels: Pixels, k: int) -> Result:
    import faiss

    samples = flat(pixels)
    model = faiss.Kmeans(3, k, niter=25, seed=0)
    model.train(samples)
    return shaped(model.centroids, model.index.search(samples, 1)[1], pixels)


def scipy(pixels: Pixels, k: int) -> Result:
    from scipy.cluster.vq import kmeans2

    return shaped(*kmeans2(flat(pixels), k, iter=25, minit="++", rng=0), pixels)


def breathing(pixels: Pixels, k: int) -> Result:
    from bkmeans import BKMeans

    model = BKMeans(n_clusters=k, m=min(5, k), random_state=0).fit(flat(pixels, np.float64))
    return shaped(model.cluster_centers_, model.labels_, pixels)


def foresight(pixels: Pixels, k: int) -> Result:
    from flspp import FLSpp

    model = FLSpp(n_clusters=k, random_state=0).fit(flat(pixels, np.float64))
    return shaped(model.cluster_centers_, model.labels_, pixels)


SKLEARN = partial(package, "scikit-learn")

RIVALS = [
    Rival(
        "NumPy k-means",
        "array",
        walkthrough,
        "random start, 100 passes or until centres move by 0.01",
        partial(package, "numpy"),
    ),
    Rival("scikit-learn KMeans", "array", scikit_learn, "KMeans(k)", SKLEARN),
    Rival(
        "scikit-learn KMeans, weighted",
        "array",
        scikit_learn_weighted,
        "KMeans(k) on distinct colours with sample_weight",
        SKLEARN,
    ),
    Rival(
        "scikit-learn MiniBatchKMeans",
        "array",
        partial(scikit_learn, estimator="MiniBatchKMeans"),
        "MiniBatchKMeans(k)",
        SKLEARN,
    ),
    Rival(
        "scikit-learn BisectingKMeans",
        "array",
        partial(scikit_learn, estimator="BisectingKMeans"),
        "BisectingKMeans(k)",
        SKLEARN,
    ),
    Rival(
        "scikit-learn example",
        "array",
        scikit_learn_example,
        "KMeans(k) on 1,000 pixels, predict all",
        SKLEARN,
    ),
    Rival(
        "OpenCV kmeans",
        "array",
        opencv,
        "100 passes or eps 0.2, 1 attempt, KMEANS_PP_CENTERS",
        opencv_version,
    ),
    Rival("faiss Kmeans", "array", faiss, "Kmeans(3, k, niter=25)", partial(package, "faiss-cpu")),
    Rival("SciPy kmeans2", "array", scipy, "iter=25, minit='++'", partial(package, "scipy")),
    Rival("bkmeans", "array", breathing, "BKMeans(k, m=5)", partial(package, "bkmeans")),
    Rival(
        "flspp",
        "array",
        foresight,
        "FLSpp(k)",
        # Declared for NumPy 1, it runs with 2.
        partial(package, "flspp", "a C++ compiler, and pip install --no-deps flspp"),
    ),
]
