"""k-means by scikit-learn's interface: passes over distinct colours, or over rows of floats."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

import kpalette
from kpalette import _core
from kpalette.checks import checked_whole
from kpalette.colors import check_no_lazy_image
from kpalette.histogram import ColorHistogram
from kpalette.problem import (
    Array,
    Floats,
    Labels,
    Problem,
    Samples,
    csr_arrays,
    is_sparse,
    rows_of,
    sparse_samples,
)
from kpalette.threads import limited_team

if TYPE_CHECKING:
    from kpalette import plain_estimator as estimator
else:
    try:
        from kpalette import estimator
    except ImportError:  # scikit-learn is not installed
        from kpalette import plain_estimator as estimator

__all__ = ["KMeans"]

RandomState: TypeAlias = "int | np.random.Generator | np.random.RandomState | None"
Init: TypeAlias = "str | Array | Callable[..., Any]"

MAX_INT = 2**31 - 1

#: How a fit can start, besides by "random", an array or a function.
SEEDINGS: dict[str, Callable[..., Floats]] = {
    "k-means++": _core.seed_kmeanspp,
    "maximin": _core.seed_maximin,
    "wu": _core.seed_wu,
}
ALGORITHMS = ("lloyd", "elkan")


class KMeans(estimator.Estimator):
    """k-means clustering, with scikit-learn's interface and defaults.

    Each pass assigns every sample to its nearest centre by Euclidean distance (the lowest index
    wins a tie) and moves each centre to the mean of its samples. It stops when no centre moves,
    when the squares of what all have moved add up to less than `tol` times the mean variance of the
    features, or after `max_iter` passes.

    Samples that are 8-bit colours, which is to say three whole numbers from 0 to 255 of whatever
    dtype, are counted first: passes run over the distinct colours, weighted by how many samples
    have each, and give the same numbers as passes over the samples.

    Where scikit-learn is installed, this is one of its estimators; otherwise it is a plain class
    with the same parameters and methods. :class:`kpalette.model.KMeans` has the walk-through's
    defaults.

    Parameters
    ----------
    n_clusters : int, default 8
        1 to the number of samples.
    init : {"k-means++", "wu", "maximin", "random"}, array or callable, default "k-means++"
        Where the centres start.

        - ``"k-means++"``: greedy k-means++ (Arthur and Vassilvitskii 2007).
        - ``"wu"``: the means of boxes, cut where it leaves the least variance (Wu 1991). It draws
          nothing, and mostly leads to a lower inertia than k-means++. Not for sparse samples.
        - ``"maximin"``: each the sample farthest from those before (Gonzalez 1985).
        - ``"random"``: ``numpy.random.default_rng(random_state).choice(X, size=n_clusters,
          replace=False)``. If samples differ in weight, or rows of floats repeat, the draw is
          among the distinct ones, with probabilities by their weight: a weight of 2 is then the
          same as being there twice.
        - an array (n_clusters, n_features).
        - a callable that is given ``X``, ``n_clusters`` and ``random_state=`` (a ``RandomState``)
          and returns such an array.
    n_init : int or "auto", default "auto"
        How many starts to try, of which the one with the least inertia is kept. ``"auto"`` is 10
        for ``"random"`` and callables, otherwise 1. An array and ``"wu"`` give one start.
    max_iter : int, default 300
        At least 1.
    tol : float, default 1e-4
        Relative to the mean variance of the features; at least 0.
    verbose : int, default 0
        Whether to print a line about each pass.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default None
        Seeds what is drawn. None draws from NumPy's global state, as scikit-learn does.
    copy_x : bool, default True
        Of no effect: `X` is never changed. scikit-learn has it.
    algorithm : {"lloyd", "elkan"}, default "lloyd"
        Of no effect: both mean the same exact passes. scikit-learn has it.

    Attributes
    ----------
    cluster_centers_ : array (n_clusters, n_features)
        float32 if `X` is, otherwise float64.
    labels_ : int32 array (n_samples,)
        The nearest centre of each sample, as :meth:`predict` gives.
    inertia_ : float
        Sum of the squared distances of samples to their nearest centres, times their weights.
    n_iter_ : int
        Passes made.
    iterations : int
        The same, by the walk-through's name.
    n_features_in_ : int
    feature_names_in_ : array of str (n_features,)
        Where `X` has names of features, and scikit-learn is installed.

    Notes
    -----
    A cluster that loses all its samples is given the one that is farthest from its centre, as in
    scikit-learn. From the same starting centres, both make the same passes.

    As many threads are used as the process has cores, or as few as ``threadpool_limits`` or
    ``OMP_NUM_THREADS`` allow.

    References
    ----------
    Lloyd, S. P. (1982). Least squares quantization in PCM. doi:10.1109/TIT.1982.1056489

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import KMeans
    >>> X = np.array([[0, 0, 0], [2, 0, 0], [200, 0, 0], [204, 0, 0]], np.uint8)
    >>> model = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> sorted(model.cluster_centers_[:, 0].tolist())
    [1.0, 202.0]
    >>> model.inertia_, model.predict([[210, 10, 10]]) == model.labels_[3]
    (10.0, array([ True]))
    """

    #: Whether samples are labelled once more where `max_iter` ends a fit.
    _settle = True

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Init = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: RandomState = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
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
        X : array, sparse matrix, data frame or ColorHistogram (n_samples, n_features)
            Numbers, finite; :attr:`kpalette.image.Image.rgb_vector` for one. The samples of a
            histogram are its colours, weighted by their counts. Sparse matrices are taken as CSR,
            others are converted to it; none is made dense.
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
            If an argument or a parameter is of the wrong kind.
        ValueError
            If one is out of range or of the wrong shape, or there are fewer samples than clusters.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If fewer clusters than asked for have samples, as the samples have no more distinct
            values.
        """
        self._check_parameters()
        X = self._checked_samples(X, reset=True)  # noqa: N806
        weights = self._checked_weights(X, sample_weight)
        n = X.n_pixels if isinstance(X, ColorHistogram) else X.shape[0]
        k = int(self.n_clusters)
        if k > n:
            raise ValueError(f"n_samples={n} should be >= n_clusters={k}.")
        if is_sparse(X) and isinstance(self.init, str) and self.init == "wu":
            known = "'k-means++', 'maximin' or 'random'"
            raise ValueError(f"init: expected {known} for sparse samples, got 'wu'")
        problem = Problem.of(X, weights, k, limited_team())
        tol = self._tolerance(problem)
        rng = _generator(self.random_state)
        assignment = problem.assignment(k)
        best = math.inf
        for run in range(self._runs()):
            start = self._start(X, problem, rng)
            centers, inertia, n_iter = self._iterate(problem, assignment, start, tol)
            if inertia < best or run == 0:
                best = inertia
                self.cluster_centers_ = centers.astype(problem.dtype)
                self.labels_ = problem.expand(assignment.labels)
                self.inertia_ = float(inertia)
                self.n_iter_ = int(n_iter)
        self._n_features_out = k
        found = np.count_nonzero(np.bincount(self.labels_, minlength=k))
        if found < k:
            warnings.warn(
                f"Number of distinct clusters ({found}) found smaller than n_clusters ({k}). "
                "Possibly due to duplicate points in X.",
                estimator.ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def predict(self, X: Any) -> Labels:  # noqa: N803
        """Return the nearest centre of each sample.

        Parameters
        ----------
        X : array, sparse matrix, data frame or ColorHistogram (n_samples, n_features)

        Returns
        -------
        int32 array (n_samples,)
        """
        self._check_is_fitted()
        given = X
        # Whether dense samples are finite is seen on the way.
        X = self._checked_samples(X, reset=False, finite=False)  # noqa: N806
        team, centers = limited_team(), self.cluster_centers_.astype(np.float64)
        if rows_of(X).dtype != np.uint8 and not is_sparse(X):
            labels, finite = _core.predict(X, centers, team)
            if not finite:
                self._checked_samples(given, reset=False)
            return labels
        if is_sparse(X):
            return _core.predict(*csr_arrays(X), centers, team)
        problem = Problem.of(X, None, len(centers), team)
        assignment = problem.assignment(len(centers))
        assignment.update(centers)
        return problem.expand(assignment.labels)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Labels:  # noqa: N803
        """Fit and return ``labels_``; the parameters are those of :meth:`fit`."""
        labels: Labels = self.fit(X, sample_weight=sample_weight).labels_
        return labels

    def transform(self, X: Any) -> Array:  # noqa: N803
        """Return the distance of each sample to each centre.

        Parameters
        ----------
        X : array, sparse matrix, data frame or ColorHistogram (n_samples, n_features)

        Returns
        -------
        array (n_samples, n_clusters)
            float32 if `X` and the centres are, otherwise float64.
        """
        self._check_is_fitted()
        rows = rows_of(self._checked_samples(X, reset=False))
        team, centers = limited_team(), np.ascontiguousarray(self.cluster_centers_)
        single = rows.dtype == centers.dtype == np.float32
        out = np.empty((rows.shape[0], len(centers)), np.float32 if single else np.float64)
        if is_sparse(rows):
            samples = sparse_samples(rows, None, team)
            _core.distances(samples, centers.astype(np.float64), out, team)
        else:
            rows, centers = (array.astype(out.dtype, copy=False) for array in (rows, centers))
            _core.distances(rows, centers, out, team)
        return out

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Array:  # noqa: N803
        """Fit as :meth:`fit`, and return the distances of :meth:`transform`."""
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:  # noqa: N803
        """Return the negative inertia of samples: more is better.

        Parameters
        ----------
        X : array, sparse matrix, data frame or ColorHistogram (n_samples, n_features)
        y : ignored
        sample_weight : array (n_samples,), optional

        Returns
        -------
        float
        """
        self._check_is_fitted()
        X = self._checked_samples(X, reset=False)  # noqa: N806
        weights = self._checked_weights(X, sample_weight)
        team, centers = limited_team(), self.cluster_centers_.astype(np.float64)
        if rows_of(X).dtype != np.uint8 and not is_sparse(X):
            labels, _ = _core.predict(X, centers, team)
            return -float(_core.inertia(X, weights, centers, labels, team))
        problem = Problem.of(X, weights, len(centers), team)
        return -problem.settle(problem.assignment(len(centers)), centers)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_kpalette_version": kpalette.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.pop("_kpalette_version", "before 0.1")
        if version != kpalette.__version__:
            warnings.warn(
                estimator.InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=kpalette.__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
        super().__setstate__(state)

    def _tolerance(self, problem: Problem) -> float:
        """Return the Frobenius norm of a pass's changes below which a fit ends."""
        return math.sqrt(self.tol * problem.variance()) if self.tol > 0 else 0.0

    def _iterate(
        self, problem: Problem, assignment: Any, centers: Floats, tol: float
    ) -> tuple[Floats, float, int]:
        """Make passes: the centres, their inertia, and how many passes."""
        if not self.verbose:
            return problem.iterate(assignment, centers, self.max_iter, tol, self._settle)[:3]
        *_, last = self._passes(problem, assignment, centers, tol)
        return last

    def _passes(
        self, problem: Problem, assignment: Any, centers: Floats, tol: float
    ) -> Iterator[tuple[Floats, float, int]]:
        """Make passes one by one: the centres after each, their inertia, and how many passes."""
        tell = print if self.verbose else lambda line: None
        tell("Initialization complete")
        for n_iter in range(1, self.max_iter + 1):
            before = centers
            centers, inertia, _, converged = problem.iterate(
                assignment, before, 1, tol, self._settle
            )
            tell(f"Iteration {n_iter - 1}, inertia {inertia}.")
            yield centers, inertia, n_iter
            if converged:
                moved = float(np.linalg.norm(centers - before))
                how = (
                    f"center shift {moved**2} within tolerance {tol**2}"
                    if moved > 0
                    else "strict convergence"
                )
                tell(f"Converged at iteration {n_iter - 1}: {how}.")
                return

    def _check_parameters(self) -> None:
        """Raise an InvalidParameterError, which is a TypeError and a ValueError."""
        try:
            checked_whole("n_clusters", self.n_clusters, 1, MAX_INT)
            checked_whole("max_iter", self.max_iter, 1, MAX_INT)
            if not (isinstance(self.n_init, str) and self.n_init == "auto"):
                checked_whole("n_init", self.n_init, 1, MAX_INT)
            if not isinstance(self.tol, Real) or isinstance(self.tol, bool):
                raise TypeError(f"tol: expected a number, got {self.tol!r}")
            if not self.tol >= 0:
                raise ValueError(f"tol: expected at least 0, got {self.tol}")
            if not isinstance(self.algorithm, str):
                raise TypeError(f"algorithm: expected a string, got {self.algorithm!r}")
            for name, value, known in (
                ("init", self.init, ("random", *SEEDINGS)),
                ("algorithm", self.algorithm, ALGORITHMS),
            ):
                if isinstance(value, str) and value not in known:
                    raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
            if not isinstance(
                self.random_state, (np.random.RandomState, np.random.Generator, type(None))
            ) and (self.random_state is not np.random):
                checked_whole("random_state", self.random_state, 0)
        except (TypeError, ValueError) as error:
            raise estimator.InvalidParameterError(str(error)) from None
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=3,
            )

    def _checked_samples(self, X: Any, *, reset: bool, finite: bool = True) -> Samples:  # noqa: N803
        """Return samples as an array or a CSR matrix of floats, 8-bit colours, or a histogram."""
        if isinstance(X, ColorHistogram):
            super()._checked_samples(X.colors[:1], reset=reset)
            return X
        check_no_lazy_image("X", X)
        samples = super()._checked_samples(X, reset=reset, finite=finite)
        if not finite and is_sparse(samples):
            samples = super()._checked_samples(X, reset=reset)
        if samples.dtype == np.uint8 and (is_sparse(samples) or samples.shape[1] != 3):
            return samples.astype(np.float64)
        return samples

    def _checked_weights(self, X: Samples, sample_weight: Any) -> Floats | None:  # noqa: N803
        """Return the weights of samples, or None where all are 1."""
        if sample_weight is None:
            return None
        if isinstance(X, ColorHistogram):
            raise ValueError("sample_weight: expected none, as a histogram has its counts")
        n = X.shape[0]
        if isinstance(sample_weight, Real):
            sample_weight = np.full(n, sample_weight)
        check_no_lazy_image("sample_weight", sample_weight)
        weights: Floats = estimator.checked_array("sample_weight", sample_weight, ndim=1)
        if weights.shape != (n,):
            raise ValueError(f"sample_weight: expected shape ({n},), got {weights.shape}")
        if (least := weights.min()) < 0:
            raise ValueError(f"sample_weight: expected at least 0, got {least}")
        if not weights.any():
            raise ValueError("sample_weight: expected at least one above 0, got only zeros")
        return weights

    def _runs(self) -> int:
        if not isinstance(self.init, str) and not callable(self.init):
            if self.n_init not in (1, "auto"):
                warnings.warn(
                    "Explicit initial center position passed: performing only one init in "
                    f"{type(self).__name__} instead of n_init={self.n_init}.",
                    RuntimeWarning,
                    stacklevel=3,
                )
            return 1
        if self.init == "wu":
            return 1
        if self.n_init == "auto":
            return 10 if callable(self.init) or self.init == "random" else 1
        return int(self.n_init)

    def _start(
        self,
        X: Samples,  # noqa: N803
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
        check_no_lazy_image("init", given)
        start: Floats = estimator.checked_array("init", given, ndim=2)
        for axis, number, what in (
            (0, k, "the number of clusters"),
            (1, self.n_features_in_, "the number of features of the data"),
        ):
            if start.shape[axis] != number:
                raise ValueError(
                    f"init: The shape of the initial centers {start.shape} does not match "
                    f"{what} {number}."
                )
        return start


def _generator(random_state: Any) -> np.random.Generator:
    if random_state is None or random_state is np.random:  # NumPy's global state
        random_state = np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint64))
    return np.random.default_rng(random_state)
