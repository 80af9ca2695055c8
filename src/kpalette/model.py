"""The walk-through's k-means: fitting an image, and measuring and plotting cost and time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kpalette import extras, image, notebook, plots, progress
from kpalette.checks import checked_whole
from kpalette.colors import as_array
from kpalette.image import Image
from kpalette.walkthrough import KMeans, Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kpalette.plots import SavePath

__all__ = [
    "KMeans",
    "Step",
    "clusters_cost",
    "plot_k_metrics",
    "quantize_image",
    "record_k_metrics",
]

#: Rows per step, whose differences stay in the processor's cache.
ROWS = 16_384


def clusters_cost(
    X: np.ndarray[Any, Any],  # noqa: N803
    centroids: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
) -> float:
    """Return the sum of the squared distances of samples to the centroids of their labels.

    Parameters
    ----------
    X : array (n_samples, d)
        Of any dtype; computed in float64.
    centroids : array (k, d)
    labels : integer array (n_samples,)
        The cluster of each sample, 0 to k - 1.

    Returns
    -------
    float
        In the square of the samples' unit, at least 0.

    Raises
    ------
    TypeError
        If an array does not hold numbers, or the labels are not integers.
    ValueError
        If the shapes do not match, or a label has no centroid.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.model import clusters_cost
    >>> X = np.array([[0, 0, 0], [0, 0, 4], [250, 0, 0]], np.uint8)
    >>> clusters_cost(X, centroids=[[0, 0, 2], [250, 0, 1]], labels=[0, 0, 1])
    9.0
    """
    samples, centers = as_array("X", X), as_array("centroids", centroids)
    clusters = as_array("labels", labels)
    if samples.ndim != 2:
        raise ValueError(f"X: expected shape (n_samples, d), got {samples.shape}")
    n, d = samples.shape
    if centers.ndim != 2 or centers.shape[1] != d:
        raise ValueError(f"centroids: expected shape (k, {d}), got {centers.shape}")
    if clusters.shape != (n,):
        raise ValueError(f"labels: expected shape ({n},), got {clusters.shape}")
    for name, array in (("X", samples), ("centroids", centers)):
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    if n == 0:
        return 0.0
    if clusters.dtype.kind not in "iu":
        raise TypeError(f"labels: expected an integer dtype, got {clusters.dtype}")
    least, most = int(clusters.min()), int(clusters.max())
    if least < 0 or most >= len(centers):
        raise ValueError(f"labels: expected 0 to {len(centers) - 1}, got {least} to {most}")
    centers = centers.astype(np.float64)
    cost = 0.0
    for start in range(0, n, ROWS):
        rows = slice(start, start + ROWS)
        differences = centers[clusters[rows]]
        differences -= samples[rows]
        # einsum, because BLAS's sums depend on its number of threads.
        cost += float(np.einsum("ij,ij->", differences, differences))
    return cost


def quantize_image(
    img: Image, k: int, random_state: int, *, save: str | os.PathLike[str] | None = None
) -> Image:
    """Fit k-means to an image's pixels, and show the result.

    It prints the time and the iterations, and shows the centroids among the image's colours in 3-D,
    and the image in the k colours of the centroids.

    Parameters
    ----------
    img : Image
    k : int
        The number of colours, 1 to the number of pixels.
    random_state : int
        The seed of the initial centroids; at least 0.
    save : path of a directory, optional
        Write the figures there, as ``centroids-K.png`` and ``image-K.png``, instead of showing
        them. A missing directory is created.

    Returns
    -------
    Image
        Titled ``k = K``.

    Raises
    ------
    OSError
        If the directory cannot be created, or a figure cannot be written.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `k` or `random_state` is out of range.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from kpalette.image import Image
    >>> from kpalette.model import quantize_image
    >>> grey = Image(np.repeat(np.arange(16, dtype=np.uint8), 3).reshape(4, 4, 3))
    >>> quantize_image(grey, 2, random_state=44, save=tempfile.mkdtemp())  # doctest: +ELLIPSIS
    [Training]
    Time: ... s
    Iterations: ...
    [Results]
    Image(4×4, title='k = 2')
    """
    pixels = _pixels(img)
    plots.require_matplotlib()  # before the fit
    if save is not None:
        os.makedirs(save, exist_ok=True)
    kmeans = KMeans(n_clusters=k, random_state=random_state)
    start = time.perf_counter()
    kmeans.fit(pixels)
    seconds = time.perf_counter() - start
    print(f"[Training]\nTime: {seconds:.3f} s\nIterations: {kmeans.iterations}\n[Results]")

    def target(name: str) -> SavePath:
        return None if save is None else os.path.join(save, f"{name}-{k}.png")

    centroids = kmeans.cluster_centers_
    image.plot_rgb_vector(
        pixels,
        title=f"Colours and centroids, k = {k}",
        centers=centroids,
        save=target("centroids"),
    )
    quantized = image.rgb_vector_to_image(centroids[kmeans.labels_], img.shape, title=f"k = {k}")
    image.display_images(quantized, save=target("image"))
    quantized.mark_as_shown()
    return quantized


def record_k_metrics(
    img: Image,
    k_values: Iterable[int],
    random_state: int,
    n_init: int = 5,
    *,
    engine: str = "kpalette",
) -> tuple[list[float], list[float]]:
    """Measure the cost and the time of k-means for each of many k.

    It shows a progress bar on stderr, in a terminal or a notebook.

    Parameters
    ----------
    img : Image
    k_values : iterable of int
        At least one, each from 1 to the number of pixels, in any order. Repeated values are
        measured again.
    random_state : int
        The seed of the initial centroids; at least 0.
    n_init : int, default 5
        The number of restarts of each fit, of which the best is kept. At least 1.
    engine : {"kpalette", "scikit-learn"}
        Whose ``KMeans`` is fitted. Both start with k-means++, and otherwise use their own defaults.

    Returns
    -------
    clusters_cost_list : list of float
        The result of :func:`clusters_cost` for each k.
    execution_time_list : list of float
        The seconds of the fit for each k.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there is no k, or an argument is out of range, before anything is fitted.
    ImportError
        If the engine is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.image import Image
    >>> from kpalette.model import record_k_metrics
    >>> grey = Image(np.full((1, 4, 3), [[[0], [2], [100], [102]]], np.uint8))
    >>> costs, seconds = record_k_metrics(grey, [1, 2, 4], random_state=44)
    >>> costs
    [30012.0, 12.0, 0.0]
    """
    pixels = _pixels(img)
    ks = _checked_ks(k_values, most=len(pixels))
    if engine not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
    make = ENGINES[engine]()
    costs, seconds = [], []
    for k in _with_progress(ks):
        kmeans = make(n_clusters=k, init="k-means++", n_init=n_init, random_state=random_state)
        start = time.perf_counter()
        kmeans.fit(pixels)
        seconds.append(time.perf_counter() - start)
        costs.append(clusters_cost(pixels, kmeans.cluster_centers_, kmeans.labels_))
    return costs, seconds


def _scikit_learn() -> Callable[..., Any]:
    cluster = extras.required("sklearn.cluster", "engine='scikit-learn'")
    return cast("Callable[..., Any]", cluster.KMeans)


#: The engines that can be measured, by name: functions that import them.
ENGINES: dict[str, Callable[[], Callable[..., Any]]] = {
    "kpalette": lambda: KMeans,
    "scikit-learn": _scikit_learn,
}


def _with_progress(ks: list[int]) -> Iterable[int]:
    # A notebook's stderr is not a terminal, but can overwrite a line too.
    shown = sys.stderr.isatty() or hasattr(notebook.shell(), "kernel")
    return progress.counted(ks, "k-means fits", shown=shown)


def plot_k_metrics(
    k_values: Iterable[int],
    clusters_cost_list: Iterable[float],
    execution_time_list: Iterable[float],
    figsize: tuple[float, float] = (10, 4),
    *,
    save: SavePath = None,
) -> Figure:
    """Plot the cost and the time of k-means against k.

    Parameters
    ----------
    k_values : iterable of int
        At least one, in any order; lines are drawn in ascending order.
    clusters_cost_list : iterable of float
        The cost for each k, on the left axis.
    execution_time_list : iterable of float
        The seconds for each k, on the right axis.
    figsize : (float, float)
        Width and height of the figure in inches.
    save : path, optional
        Write the figure there, in the format of the suffix, instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If a k is not an integer, or a value is not a number.
    ValueError
        If there is no k, a k is below 1, or the numbers of values differ.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from kpalette.model import plot_k_metrics
    >>> path = pathlib.Path(tempfile.mkdtemp(), "metrics.png")
    >>> figure = plot_k_metrics([2, 4, 8], [9e8, 4e8, 1e8], [0.1, 0.2, 0.5], save=path)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['Cost (sum of squared distances)', 'Time (s)']
    """
    ks = np.array(_checked_ks(k_values))
    order = ks.argsort(kind="stable")
    costs = _checked_values("clusters_cost_list", clusters_cost_list, len(ks))
    seconds = _checked_values("execution_time_list", execution_time_list, len(ks))
    figure = plots.new_figure(figsize, save)
    from matplotlib.ticker import MaxNLocator

    left = figure.subplots()
    right = left.twinx()
    handles = []
    for axes, values, color, marker, label, unit in (
        (left, costs, "tab:blue", "o", "Cost", "sum of squared distances"),
        (right, seconds, "tab:orange", "s", "Time", "s"),
    ):
        handles += axes.plot(
            ks[order], values[order], color=color, marker=marker, markersize=4, label=label
        )
        axes.set_ylabel(f"{label} ({unit})", color=color)
        axes.set_ylim(bottom=0)
    left.set(xlabel="k (number of colours)", title="Cost and time of k-means")
    left.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    left.grid(alpha=0.3)
    # Above the axes, where no line passes.
    right.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    return plots.finish(figure, save)


def _pixels(img: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    if not isinstance(img, Image):
        raise TypeError(f"img: expected a kpalette.image.Image, got {type(img).__name__}")
    return img.rgb_vector


def _checked_ks(k_values: Iterable[int], most: int | None = None) -> list[int]:
    if not isinstance(k_values, Iterable):
        raise TypeError(f"k_values: expected an iterable of integers, got {k_values!r}")
    ks = [checked_whole("k_values", k, 1, most) for k in k_values]
    if not ks:
        raise ValueError("k_values: expected at least one k, got none")
    return ks


def _checked_values(name: str, values: Iterable[float], n: int) -> np.ndarray[Any, Any]:
    array = np.array(list(values))
    if array.shape != (n,):
        raise ValueError(f"{name}: expected {n} values, as many as there are k, got {len(array)}")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    return array.astype(np.float64)
