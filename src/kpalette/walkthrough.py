"""The walk-through's k-means: the same passes as `kpalette.KMeans`, from its own defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kpalette import kmeans
from kpalette.checks import check_flag
from kpalette.kmeans import Init, RandomState
from kpalette.problem import Array, Floats, Problem

__all__ = ["KMeans", "Step"]


@dataclass(frozen=True, eq=False)
class Step:
    """What k-means has after some passes.

    Attributes
    ----------
    centers : float array (k, n_features)
    labels : integer array (n_samples,)
        The nearest centre of each sample.
    cost : float
        The sum of the squared distances of samples to these centres, times their weights.
    """

    centers: Array
    labels: Array
    cost: float


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
    history : bool, default False
        Whether to keep what each pass did.

    Attributes
    ----------
    history_ : list of Step
        With `history`: the start, and what there is after each pass. Where there are several
        starts, those of the best.
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
    >>> start = [[0, 0, 0], [2, 0, 0]]
    >>> [round(step.cost) for step in KMeans(2, init=start, history=True).fit(X).history_]
    [80008, 8901, 10, 10]
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
        history: bool = False,
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
        self.history = history

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: N803
        """Find the clusters of samples; see :meth:`kpalette.KMeans.fit`."""
        check_flag("history", self.history)
        if hasattr(X, "rgb_vector"):
            raise TypeError(f"X: expected its rgb_vector, got {X!r}")
        self._walks: list[tuple[float, list[Step]]] = []
        try:
            super().fit(X, sample_weight=sample_weight)
            if self.history:
                self.history_ = min(self._walks, key=lambda walk: walk[0])[1]
        finally:
            del self._walks
        return self

    def _iterate(
        self, problem: Problem, assignment: Any, centers: Floats, tol: float
    ) -> tuple[Floats, float, int]:
        if not self.history:
            return super()._iterate(problem, assignment, centers, tol)
        # Steps are labelled apart: the labels of the last pass are not those of its centres.
        labelled = problem.assignment(len(centers))

        def step(centers: Floats) -> Step:
            cost = problem.settle(labelled, centers)
            labels = problem.expand(labelled.labels)
            return Step(centers.astype(problem.dtype), labels.astype(dtype), cost)

        dtype = np.min_scalar_type(len(centers) - 1)
        steps = [step(centers)]
        for passed in self._passes(problem, assignment, centers, tol):
            steps.append(step(passed[0]))
        self._walks.append((passed[1], steps))
        return passed

    def _tolerance(self, problem: Problem) -> float:
        return float(self.tol)
