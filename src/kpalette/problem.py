"""k-means problems for the core: distinct colours with counts, or rows of floats with weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np

from kpalette import _core
from kpalette.checks import MAX_COLORS
from kpalette.colors import ByteArray
from kpalette.histogram import ColorHistogram

Array: TypeAlias = np.ndarray[Any, Any]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.int32]]
Samples: TypeAlias = Any  #: An array, a CSR matrix of SciPy, or a ColorHistogram.

MAX_TOTAL = 2**40  #: Up to this sum, the core adds whole weights exactly.


def rows_of(X: Samples) -> Any:  # noqa: N803
    """Return the values of samples."""
    return X.colors if isinstance(X, ColorHistogram) else X


def is_sparse(X: Samples) -> bool:  # noqa: N803
    """Return whether samples are a sparse matrix."""
    return not isinstance(X, (np.ndarray, ColorHistogram))


def as_colors(X: Array) -> ByteArray | None:  # noqa: N803
    """Return samples as 8-bit colours, if that is what they are."""
    if X.dtype == np.uint8:
        return X
    if X.shape[1] != 3:
        return None
    for some in (X[:1000], X):  # most others are told by their first rows
        if not (some.min() >= 0 and some.max() <= 255):
            return None
        colors = some.astype(np.uint8)
        if not np.array_equal(colors, some):
            return None
    return colors


def csr_arrays(X: Any) -> tuple[Array, Any, Any]:  # noqa: N803
    """Return the values of a CSR matrix, their columns, and where rows start."""
    starts, columns = X.indptr, X.indices
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > len(columns):
        raise ValueError("X: expected a CSR matrix whose indptr ascends from 0 to its length")
    index: Any = np.int32 if starts.dtype == columns.dtype == np.int32 else np.int64
    columns, starts = (np.ascontiguousarray(array, index) for array in (columns, starts))
    return np.ascontiguousarray(X.data), columns, starts


def sparse_samples(X: Any, weights: Floats | None, team: _core.Team) -> _core.SparseSamples:  # noqa: N803
    """Return a CSR matrix as the core takes it."""
    arrays = csr_arrays(X)
    if not X.has_canonical_format:
        X = X.copy()  # noqa: N806
        X.sum_duplicates()
        arrays = csr_arrays(X)
    return _core.SparseSamples(*arrays, X.shape[1], weights, team)


@dataclass(frozen=True)
class Problem:
    """Weighted points for the core, and the mapping from their labels to those of the samples."""

    points: _core.Points | _core.Samples | _core.SparseSamples
    rows: Any  # the values of the points
    weights: Array | None  # of the points; without, each weighs 1
    counts: Array | None  # how many samples each point stands for; without, 1
    team: _core.Team
    expand: Callable[[Array], Labels]
    single: bool  # whether samples, and so centres, are float32
    pixels: ByteArray | None = None  # the samples, where they are colours that all weigh the same

    @classmethod
    def of(cls, X: Samples, weights: Floats | None, k: int, team: _core.Team) -> Self:  # noqa: N803
        """Count samples if they are colours; take them as they are if not."""
        if isinstance(X, ColorHistogram):
            return cls._counted(X, X.counts, k, team, lambda labels: labels.astype(np.int32), False)
        single = X.dtype == np.float32
        colors = None if is_sparse(X) else as_colors(X)
        if colors is None:
            make = sparse_samples if is_sparse(X) else _core.Samples
            points = make(X, weights, team)
            return cls(points, X, weights, None, team, lambda labels: labels, single)
        histogram = ColorHistogram.from_pixels(colors, team)

        def expand(labels: Array) -> Labels:
            out = np.empty(len(colors), np.int32)
            _core.remap(colors, histogram.colors, labels.astype(np.int32), out, team)
            return out

        if weights is None:
            return cls._counted(histogram, histogram.counts, k, team, expand, single, colors)
        which = histogram.find(colors, team)
        summed: Array = np.bincount(which, weights, minlength=len(histogram))
        if summed.sum() < MAX_TOTAL and np.array_equal(summed, np.floor(summed)):
            summed = summed.astype(np.int64)
        even = bool((weights == weights[0]).all())
        return cls._counted(histogram, summed, k, team, expand, single, colors if even else None)

    @classmethod
    def _counted(
        cls,
        histogram: ColorHistogram,
        weights: Array,
        k: int,
        team: _core.Team,
        expand: Callable[[Array], Labels],
        single: bool,
        pixels: ByteArray | None = None,
    ) -> Self:
        points: _core.Points | _core.Samples
        if histogram.channels == 3 and weights.dtype == np.int64 and k <= MAX_COLORS:
            points = _core.Points(histogram.colors, weights, team)
        else:
            coords = histogram.colors.astype(np.float64)
            points = _core.Samples(coords, weights.astype(np.float64), team)
        rows, counts = histogram.colors, histogram.counts
        return cls(points, rows, weights, counts, team, expand, single, pixels)

    @property
    def dtype(self) -> Any:
        """What centres are kept as."""
        return np.float32 if self.single else np.float64

    def variance(self) -> float:
        """Return the mean over features of the samples' variances; weights do not matter."""
        if self.counts is None:
            return float(self.points.variance(self.team))  # type: ignore[union-attr]
        rows, counts = self.rows.astype(np.float64), self.counts.astype(np.float64)
        mean = np.average(rows, axis=0, weights=counts)
        return float(np.average((rows - mean) ** 2, axis=0, weights=counts).mean())

    def assignment(self, k: int) -> Any:
        """Return what labels the points with the nearest of k centres."""
        kinds: dict[type, Any] = {
            _core.Points: _core.Assignment,
            _core.Samples: _core.SampleAssignment,
            _core.SparseSamples: _core.SparseAssignment,
        }
        return kinds[type(self.points)](self.points, k, self.team)

    def iterate(
        self, assignment: Any, centers: Floats, max_iter: int, tol: float, settle: bool
    ) -> tuple[Floats, float, int, bool]:
        """Make passes: the centres, the inertia, how many passes, and whether they came to rest.

        The labels and the inertia are those of the centres; without `settle`, where `max_iter` ends
        the fit, those of the last pass, which then moved the centres.
        """
        if not isinstance(self.points, _core.Points):
            centers, inertia, n_iter, converged = _core.lloyd(
                assignment,
                centers,
                max_iter=max_iter,
                tol=tol,
                single=self.single,
                settle=settle,
            )
            return centers, inertia, n_iter, converged
        centers, _, n_iter, converged = _core.lloyd(
            assignment, centers, max_iter=max_iter, tol=tol, farthest=True
        )
        centers = centers.astype(self.dtype).astype(np.float64)
        if converged or settle:
            assignment.update(centers)
        return centers, assignment.cost(centers), n_iter, converged

    def settle(self, assignment: Any, centers: Floats) -> float:
        """Label the points with their nearest centres, and return the inertia."""
        if not isinstance(self.points, _core.Points):
            return float(assignment.settle(centers))
        assignment.update(centers)
        return float(assignment.cost(centers))

    def draw(self, k: int, rng: np.random.Generator) -> Floats:
        """Draw k samples at random, with probability proportional to weight."""
        if self.pixels is not None:
            return rng.choice(self.pixels, k, replace=False).astype(np.float64)
        rows, weights = self._distinct
        n = rows.shape[0]
        if k >= n:
            chosen = np.arange(k) % n
        else:
            p = None if weights is None else weights / weights.sum()
            chosen = rng.choice(n, k, replace=False, p=p)
        some: Array = rows[chosen].toarray() if is_sparse(rows) else rows[chosen]
        return some.astype(np.float64)

    def seed(self, seeding: Callable[..., Floats], k: int, seed: int) -> Floats:
        """Return k initial centres by one of the core's seedings."""
        points = self.points
        if isinstance(points, _core.Points):
            centers = seeding(points, min(k, len(points)), seed, self.team)
            return np.vstack([centers, np.repeat(centers[-1:], k - len(centers), axis=0)])
        rows, weights = self._distinct
        if rows is not self.rows:
            points = self._make(rows, weights)
        return seeding(points, k, seed, self.team)

    @cached_property
    def _distinct(self) -> tuple[Any, Floats | None]:
        """What weighs something: in the order given if all weigh the same and none repeats.

        Distinct rows of equal weight keep their order. Others are put in an order that depends on
        their values alone, so that a weight of 2 equals two copies at any position.
        """
        rows, weights = self.rows, self.weights
        if weights is not None and (weights == weights[0]).all():
            weights = None
        samples: Any = self.points
        if rows.dtype == np.uint8:
            rows = rows.astype(np.float64)
            samples = self._make(rows, None)
        if weights is None and not _core.any_repeats(samples, self.team):
            return rows, None
        hashes = _core.hash_samples(samples, self.team)
        weights = np.ones(len(hashes)) if weights is None else weights
        some = np.flatnonzero(weights > 0)
        _, first, which = np.unique(hashes[some], return_index=True, return_inverse=True)
        return rows[some[first]], np.bincount(which, weights[some]).astype(np.float64)

    def _make(self, rows: Any, weights: Floats | None) -> _core.Samples | _core.SparseSamples:
        make = sparse_samples if is_sparse(rows) else _core.Samples
        return make(rows, weights, self.team)
