"""k-means by its usual interface: passes over distinct colours, run by the core."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from kpalette import _core
from kpalette.histogram import ColorHistogram, make_team
from kpalette.palette import MAX_COLORS

__all__ = ["KMeans"]

MAX_ITER = 2**31 - 1


class KMeans:
    """k-means clustering of colours.

    The centres start as ``numpy.random.default_rng(random_state).choice(X, size=n_clusters,
    replace=False)``. Each pass assigns every sample to its nearest centre by Euclidean distance
    (the lowest index wins a tie) and moves each centre to the mean of its samples; a centre that
    is left with none moves to the colour that by itself adds most to the cost. It stops when the
    Frobenius norm of the centres' change is less than `tol`, or after `max_iter` passes.

    Passes run over the distinct colours, weighted by how many samples have each, which gives the
    same numbers as passes over the samples.

    Parameters
    ----------
    n_clusters : int
        1 to 65,536, and at most the number of samples.
    tol : float, default 1e-2
        On the scale of the samples; at least 0.
    max_iter : int, default 100
        At least 1.
    random_state : int, default 42
        Seeds the choice of the first centres; at least 0.

    Attributes
    ----------
    cluster_centers_ : float64 array (n_clusters, 3)
    labels_ : int32 array (n_samples,)
        The cluster that the last pass assigned each sample to.
    iterations : int
        Passes made.

    References
    ----------
    Lloyd, S. P. (1982). Least squares quantization in PCM. doi:10.1109/TIT.1982.1056489

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.model import KMeans
    >>> X = np.array([[0, 0, 0], [2, 0, 0], [200, 0, 0], [204, 0, 0]], np.uint8)
    >>> model = KMeans(n_clusters=2).fit(X)
    >>> sorted(model.cluster_centers_[:, 0].tolist())
    [1.0, 202.0]
    """

    def __init__(
        self,
        n_clusters: int,
        tol: float = 1e-2,
        max_iter: int = 100,
        random_state: int = 42,
    ) -> None:
        self.n_clusters = n_clusters
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: np.ndarray[Any, np.dtype[np.uint8]]) -> Self:  # noqa: N803
        """Find the clusters of samples.

        Parameters
        ----------
        X : uint8 array (n_samples, 3)
            R, G and B of each sample, as :attr:`kpalette.image.Image.rgb_vector` is.

        Returns
        -------
        KMeans
            Itself.

        Raises
        ------
        TypeError
            If `X` is not of dtype uint8.
        ValueError
            If `X` has another shape, a parameter is out of range, or there are fewer samples than
            clusters.
        """
        X = self._checked(X)  # noqa: N806
        team = make_team(None)
        histogram = ColorHistogram.from_pixels(X, team)
        rng = np.random.default_rng(self.random_state)
        start = rng.choice(X, size=self.n_clusters, replace=False).astype(np.float64)
        points = _core.Points(histogram.colors, histogram.counts, team)
        assignment = _core.Assignment(points, self.n_clusters, team)
        self.cluster_centers_, _, self.iterations, _ = _core.lloyd(
            assignment, start, max_iter=self.max_iter, tol=self.tol, relaxed=0
        )
        self.labels_ = np.empty(len(X), np.int32)
        _core.remap(X, histogram.colors, assignment.labels, self.labels_, team)
        return self

    def _checked(self, samples: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
        array = np.asarray(samples)
        if array.ndim != 2 or array.shape[1] != 3:
            raise ValueError(f"X: expected shape (n_samples, 3), got {array.shape}")
        if array.dtype != np.uint8:
            raise TypeError(f"X: expected dtype uint8, got {array.dtype}")
        for name, least in (("n_clusters", 1), ("max_iter", 1), ("random_state", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise TypeError(f"{name}: expected an integer, got {value!r}")
            if value < least:
                raise ValueError(f"{name}: expected at least {least}, got {value}")
        if self.max_iter > MAX_ITER:
            raise ValueError(f"max_iter: expected at most {MAX_ITER}, got {self.max_iter}")
        if self.n_clusters > min(len(array), MAX_COLORS):
            raise ValueError(
                f"n_clusters: expected at most {MAX_COLORS} and the number of samples, "
                f"{len(array)}, got {self.n_clusters}"
            )
        if isinstance(self.tol, bool) or not isinstance(self.tol, (int, float, np.number)):
            raise TypeError(f"tol: expected a number, got {self.tol!r}")
        if not self.tol >= 0:
            raise ValueError(f"tol: expected at least 0, got {self.tol}")
        return np.ascontiguousarray(array)
