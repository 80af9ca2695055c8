"""k-means by scikit-learn's interface: passes over distinct colours, or over rows of floats."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any, Self, TypeAlias

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from kpalette import _core
from kpalette.checks import checked_whole
from kpalette.colors import check_no_lazy_image
from kpalette.histogram import ColorHistogram
from kpalette.problem import Array, Floats, Labels, Problem, rows_of

__all__ = ["KMeans"]

RandomState: TypeAlias = "int | np.random.Generator | np.random.RandomState | None"
Init: TypeAlias = "str | Array | Callable[..., Any]"

MAX_INT = 2**31 - 1
WORK_AT_ONCE = 10**9  #: Products of coordinates between two looks at signals.

#: How a fit can start, besides by "random", an array or a function.
SEEDINGS: dict[str, Callable[..., Floats]] = {
    "k-means++": _core.seed_kmeanspp,
    "maximin": _core.seed_maximin,
    "wu": _core.seed_wu,
}
ALGORITHMS = ("lloyd", "elkan")


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """k-means clustering, with scikit-learn's interface.

    Each pass assigns every sample to its nearest centre by Euclidean distance (the lowest index
    wins a tie) and moves each centre to the mean of its samples. It stops when the Frobenius norm
    of the centres' change is less than `tol`, when no centre moves, or after `max_iter` passes.

    Samples that are 8-bit colours, which is to say three whole numbers from 0 to 255 of whatever
    dtype, are counted first: passes run over the distinct colours, weighted by how many samples
    have each, and give the same numbers as passes over the samples.

    Parameters
    ----------
    n_clusters : int, default 8
        1 to the number of samples.
    tol : float, default 1e-2
        On the scale of the samples; at least 0. scikit-learn's is relative to their variance.
    max_iter : int, default 100
        At least 1.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 42
        Seeds what is drawn. With None, every fit draws anew.
    init : {"random", "k-means++", "wu", "maximin"}, array or callable, default "random"
        Where the centres start.

        - ``"random"``: ``numpy.random.default_rng(random_state).choice(X, size=n_clusters,
          replace=False)``. If samples differ in weight, or rows of floats repeat, the draw is
          among the distinct ones, with probabilities by their weight: a weight of 2 is then the
          same as being there twice.
        - ``"k-means++"``: greedy k-means++ (Arthur and Vassilvitskii 2007).
        - ``"wu"``: the means of boxes, cut where it leaves the least variance (Wu 1991). It draws
          nothing.
        - ``"maximin"``: each the sample farthest from those before (Gonzalez 1985).
        - an array (n_clusters, n_features).
        - a callable that is given ``X``, ``n_clusters`` and ``random_state=`` (a ``RandomState``)
          and returns such an array.
    n_init : int or "auto", default 1
        How many starts to try, of which the one with the least inertia is kept. ``"auto"`` is 10
        for ``"random"`` and callables, otherwise 1. An array and ``"wu"`` give one start.
    verbose : int, default 0
        Whether to print a line about each start.
    copy_x : bool, default True
        Of no effect: `X` is never changed. scikit-learn has it.
    algorithm : {"lloyd", "elkan"}, default "lloyd"
        Of no effect: both mean the same exact passes. scikit-learn has it.

    Attributes
    ----------
    cluster_centers_ : array (n_clusters, n_features)
        float32 if `X` is, otherwise float64.
    labels_ : int32 array (n_samples,)
        The nearest centre of each sample, as :meth:`predict` gives. Only where `max_iter` ended
        the fit are they what the last pass assigned, before it moved the centres.
    inertia_ : float
        Sum of the squared distances of samples to the centres that `labels_` name, times their
        weights.
    n_iter_ : int
        Passes made.
    iterations : int
        The same, by the walk-through's name.
    n_features_in_ : int
    feature_names_in_ : array of str (n_features,)
        Where `X` has names of features.

    Notes
    -----
    A cluster that loses all its samples is given the one that is farthest from its centre, as in
    scikit-learn. From the same starting centres and with ``tol=0``, both make the same passes.

    References
    ----------
    Lloyd, S. P. (1982). Least squares quantization in PCM. doi:10.1109/TIT.1982.1056489

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import KMeans
    >>> X = np.array([[0, 0, 0], [2, 0, 0], [200, 0, 0], [204, 0, 0]], np.uint8)
    >>> model = KMeans(n_clusters=2).fit(X)
    >>> sorted(model.cluster_centers_[:, 0].tolist())
    [1.0, 202.0]
    >>> model.inertia_, model.predict([[210, 10, 10]]) == model.labels_[3]
    (10.0, array([ True]))
    """

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
        self.n_clusters = n_clusters
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.init = init
        self.n_init = n_init
        self.verbose = verbose
        self.copy_x = copy_x
        self.algorithm = algorithm

    @property
    def iterations(self) -> int:
        """Passes made."""
        return int(self.n_iter_)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: N803
        """Find the clusters of samples.

        Parameters
        ----------
        X : array, data frame or ColorHistogram (n_samples, n_features)
            Numbers, finite; :attr:`kpalette.image.Image.rgb_vector` for one. The samples of a
            histogram are its colours, weighted by their counts.
        y : ignored
        sample_weight : array (n_samples,), optional
            At least 0 each, and not all 0; 1 by default.

        Returns
        -------
        KMeans
            Itself.

        Raises
        ------
        TypeError
            If an argument or a parameter is of the wrong kind, or `X` is sparse.
        ValueError
            If one is out of range or of the wrong shape, or there are fewer samples than clusters.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If fewer clusters than asked for have samples, as the samples have no more distinct
            values.
        """
        self._check_parameters()
        X, weights = self._checked(X, sample_weight, reset=True)  # noqa: N806
        n = X.n_pixels if isinstance(X, ColorHistogram) else len(X)
        k = int(self.n_clusters)
        if k > n:
            raise ValueError(f"n_clusters: expected at most n_samples={n}, got {k}")
        problem = Problem.of(X, weights, k)
        dtype = np.float32 if rows_of(X).dtype == np.float32 else np.float64
        rng = _generator(self.random_state)
        assignment = problem.assignment(k)
        best = math.inf
        for run in range(self._runs()):
            start = self._start(X, problem, rng)
            centers, n_iter, converged = self._iterate(assignment, start, len(problem.points))
            centers = centers.astype(dtype)
            exact = centers.astype(np.float64)
            if converged:
                assignment.update(exact)
            inertia = assignment.cost(exact)
            if self.verbose:
                print(f"start {run + 1}: {n_iter} passes, inertia {inertia:.6g}")
            if inertia < best or run == 0:
                best = inertia
                self.cluster_centers_ = centers
                self.labels_ = problem.expand(assignment.labels)
                self.inertia_ = float(inertia)
                self.n_iter_ = int(n_iter)
        self._n_features_out = k
        found = np.count_nonzero(np.bincount(self.labels_, minlength=k))
        if found < k:
            warnings.warn(
                f"found {found} distinct clusters, fewer than n_clusters={k}: "
                "the samples may have no more distinct values",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def predict(self, X: Any) -> Labels:  # noqa: N803
        """Give the nearest centre of each sample.

        Parameters
        ----------
        X : array, data frame or ColorHistogram (n_samples, n_features)

        Returns
        -------
        int32 array (n_samples,)
        """
        problem, assignment, _ = self._assigned(X, None)
        return problem.expand(assignment.labels)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Labels:  # noqa: N803
        """Fit and return ``labels_``; the parameters are those of :meth:`fit`."""
        labels: Labels = self.fit(X, sample_weight=sample_weight).labels_
        return labels

    def transform(self, X: Any) -> Array:  # noqa: N803
        """Give the distance of each sample to each centre.

        Parameters
        ----------
        X : array, data frame or ColorHistogram (n_samples, n_features)

        Returns
        -------
        array (n_samples, n_clusters)
            float32 if `X` is, otherwise float64.
        """
        from sklearn.metrics.pairwise import euclidean_distances

        check_is_fitted(self)
        X, _ = self._checked(X, None, reset=False)  # noqa: N806
        distances: Array = euclidean_distances(rows_of(X), self.cluster_centers_)
        return distances

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Array:  # noqa: N803
        """Fit as :meth:`fit`, and return the distances of :meth:`transform`."""
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:  # noqa: N803
        """Give the negative inertia of samples: more is better.

        Parameters
        ----------
        X : array, data frame or ColorHistogram (n_samples, n_features)
        y : ignored
        sample_weight : array (n_samples,), optional

        Returns
        -------
        float
        """
        _, assignment, centers = self._assigned(X, sample_weight)
        return -float(assignment.cost(centers))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _assigned(self, X: Any, sample_weight: Any) -> tuple[Problem, Any, Floats]:  # noqa: N803
        check_is_fitted(self)
        X, weights = self._checked(X, sample_weight, reset=False)  # noqa: N806
        centers = self.cluster_centers_.astype(np.float64)
        problem = Problem.of(X, weights, len(centers))
        assignment = problem.assignment(len(centers))
        assignment.update(centers)
        return problem, assignment, centers

    def _iterate(self, assignment: Any, centers: Floats, n: int) -> tuple[Floats, int, bool]:
        """Make passes: the centres, how many passes, and whether they came to rest.

        Some passes at a time, for Python to see what happens meanwhile, such as Ctrl-C.
        """
        at_once = max(1, WORK_AT_ONCE // (n * centers.size))
        n_iter, converged = 0, False
        while n_iter < self.max_iter and not converged:
            centers, _, passes, converged = _core.lloyd(
                assignment,
                centers,
                max_iter=min(at_once, self.max_iter - n_iter),
                tol=self.tol,
                farthest=True,
            )
            n_iter += passes
        return centers, n_iter, converged

    def _check_parameters(self) -> None:
        checked_whole("n_clusters", self.n_clusters, 1, MAX_INT)
        checked_whole("max_iter", self.max_iter, 1, MAX_INT)
        if self.n_init != "auto":
            checked_whole("n_init", self.n_init, 1, MAX_INT)
        if isinstance(self.tol, bool) or not isinstance(self.tol, (int, float, np.number)):
            raise TypeError(f"tol: expected a number, got {self.tol!r}")
        if not self.tol >= 0:
            raise ValueError(f"tol: expected at least 0, got {self.tol}")
        for name, value, known in (
            ("init", self.init, ("random", *SEEDINGS)),
            ("algorithm", self.algorithm, ALGORITHMS),
        ):
            if isinstance(value, str) and value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        if not isinstance(self.algorithm, str):
            raise TypeError(f"algorithm: expected a string, got {self.algorithm!r}")

    def _checked(
        self,
        X: Any,  # noqa: N803
        sample_weight: Any,
        reset: bool,
    ) -> tuple[Array | ColorHistogram, Floats | None]:
        """Give samples as an array of uint8, float32 or float64, and their weights."""
        for name, value in (("X", X), ("sample_weight", sample_weight), ("init", self.init)):
            check_no_lazy_image(name, value)
        if isinstance(X, ColorHistogram):
            if sample_weight is not None:
                raise ValueError("sample_weight: expected none, as a histogram has its counts")
            validate_data(self, X.colors[:1], reset=reset, dtype=None)
            return X, None
        array = validate_data(
            self, X, reset=reset, dtype=[np.float64, np.float32, np.uint8], order="C"
        )
        if array.dtype == np.uint8 and array.shape[1] != 3:
            array = array.astype(np.float64)
        if sample_weight is None:
            return array, None
        if isinstance(sample_weight, Real):
            sample_weight = np.full(len(array), sample_weight)
        weights = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, order="C", input_name="sample_weight"
        )
        if weights.shape != (len(array),):
            raise ValueError(f"sample_weight: expected shape ({len(array)},), got {weights.shape}")
        if (least := weights.min()) < 0:
            raise ValueError(f"sample_weight: expected at least 0, got {least}")
        if not weights.any():
            raise ValueError("sample_weight: expected at least one above 0, got only zeros")
        return array, weights

    def _runs(self) -> int:
        if self.init == "wu" if isinstance(self.init, str) else not callable(self.init):
            if self.n_init not in (1, "auto") and not isinstance(self.init, str):
                warnings.warn(
                    f"init is an array, which gives one start: n_init={self.n_init} is not used",
                    RuntimeWarning,
                    stacklevel=3,
                )
            return 1
        if self.n_init == "auto":
            return 10 if callable(self.init) or self.init == "random" else 1
        return int(self.n_init)

    def _start(
        self,
        X: Array | ColorHistogram,  # noqa: N803
        problem: Problem,
        rng: np.random.Generator,
    ) -> Floats:
        """Choose where the centres start."""
        k = int(self.n_clusters)
        if isinstance(self.init, str):
            if self.init == "random":
                return problem.draw(k, rng)
            return problem.seed(SEEDINGS[self.init], k, int(rng.integers(2**63)))
        given: Any = self.init
        if callable(given):
            state = np.random.RandomState(rng.integers(2**32))
            rows = rows_of(X)
            rows = rows.astype(np.float64) if rows.dtype == np.uint8 else rows
            given = given(rows, k, random_state=state)
        start: Floats = check_array(given, dtype=np.float64, order="C", input_name="init")
        expected = (k, self.n_features_in_)
        if start.shape != expected:
            raise ValueError(f"init: expected shape {expected}, got {start.shape}")
        return start


def _generator(random_state: RandomState) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint64))
    if random_state is None or isinstance(random_state, np.random.Generator):
        return np.random.default_rng(random_state)
    return np.random.default_rng(checked_whole("random_state", random_state, 0))
