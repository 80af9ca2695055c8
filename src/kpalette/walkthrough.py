"""The walk-through's k-means: the same passes as `kpalette.KMeans`, from its own defaults."""

from __future__ import annotations

from kpalette import kmeans
from kpalette.kmeans import Init, RandomState
from kpalette.problem import Problem

__all__ = ["KMeans"]


class KMeans(kmeans.KMeans):
    """k-means clustering with the walk-through's defaults, which give the numbers it prints.

    It is :class:`kpalette.KMeans` but for these, and for what `tol` means.

    Parameters
    ----------
    n_clusters : int, default 8
    tol : float, default 1e-2
        A fit ends when the Frobenius norm of the centres' change is less, on the scale of the
        samples: right for colours from 0 to 255.
    max_iter : int, default 100
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 42
    init : default "random"
    n_init : default 1
    verbose, copy_x, algorithm
        As for :class:`kpalette.KMeans`.

    Attributes
    ----------
    labels_ : int32 array (n_samples,)
        The nearest centre of each sample. Only where `max_iter` ended the fit are they what the
        last pass assigned, before it moved the centres; and so is ``inertia_``.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.model import KMeans
    >>> X = np.array([[0, 0, 0], [2, 0, 0], [200, 0, 0], [204, 0, 0]], np.uint8)
    >>> KMeans(n_clusters=2).fit(X).iterations
    2
    """

    _settle = False

    def __init__(
        self,
        n_clusters: int = 8,
        tol: float = 1e-2,
        max_iter: int = 100,
        random_state: RandomState = 42,
        *,
        init: Init = "random",
        n_init: int | str = 1,
        verbose: int = 0,
        copy_x: bool = True,
        algorithm: str = "lloyd",
    ) -> None:
        super().__init__(
            n_clusters,
            init=init,
            n_init=n_init,
            max_iter=max_iter,
            tol=tol,
            verbose=verbose,
            random_state=random_state,
            copy_x=copy_x,
            algorithm=algorithm,
        )

    def _tolerance(self, problem: Problem) -> float:
        return float(self.tol)
