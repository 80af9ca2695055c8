"""k-means problems for the core: distinct colours with counts, or rows of floats with weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np

from kpalette import _core
from kpalette.colors import MAX_COLORS, ByteArray
from kpalette.histogram import ColorHistogram
from kpalette.threads import make_team

Array: TypeAlias = np.ndarray[Any, Any]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.int32]]

MAX_TOTAL = 2**40  #: Up to this sum, the core adds whole weights exactly.


def rows_of(X: Array | ColorHistogram) -> Array:  # noqa: N803
    """Return the rows of samples."""
    return X.colors if isinstance(X, ColorHistogram) else X


def as_colors(X: Array) -> ByteArray | None:  # noqa: N803
    """Return samples as 8-bit colours if they are RGB levels from 0 to 255, otherwise None."""
    if X.dtype == np.uint8:
        return X
    if X.shape[1] != 3 or not (X.min() >= 0 and X.max() <= 255):
        return None
    colors = X.astype(np.uint8)
    return colors if np.array_equal(colors, X) else None


@dataclass(frozen=True)
class Problem:
    """Weighted points for the core, and the mapping from their labels to those of the samples."""

    points: _core.Points | _core.Samples
    rows: Array  # the coordinates of the points
    weights: Array
    team: _core.Team
    expand: Callable[[Array], Labels]
    pixels: ByteArray | None = None  # the samples, if they are colours of equal weight

    @classmethod
    def of(cls, X: Array | ColorHistogram, weights: Floats | None, k: int) -> Self:  # noqa: N803
        """Make a problem of samples; those that are colours are counted."""
        team = make_team(None)
        if isinstance(X, ColorHistogram):
            return cls._counted(X, X.counts, k, team, lambda labels: labels.astype(np.int32))
        colors = as_colors(X)
        if colors is None:
            weights = np.ones(len(X)) if weights is None else weights
            points = _core.Samples(X, weights, team)
            return cls(points, X, weights, team, lambda labels: labels)
        histogram = ColorHistogram.from_pixels(colors, team)

        def expand(labels: Array) -> Labels:
            out = np.empty(len(colors), np.int32)
            _core.remap(colors, histogram.colors, labels.astype(np.int32), out, team)
            return out

        if weights is None:
            return cls._counted(histogram, histogram.counts, k, team, expand, colors)
        which = histogram.find(colors, team)
        summed: Array = np.bincount(which, weights, minlength=len(histogram))
        if summed.sum() < MAX_TOTAL and np.array_equal(summed, np.floor(summed)):
            summed = summed.astype(np.int64)
        even = bool((weights == weights[0]).all())
        return cls._counted(histogram, summed, k, team, expand, colors if even else None)

    @classmethod
    def _counted(
        cls,
        histogram: ColorHistogram,
        weights: Array,
        k: int,
        team: _core.Team,
        expand: Callable[[Array], Labels],
        pixels: ByteArray | None = None,
    ) -> Self:
        points: _core.Points | _core.Samples
        if histogram.channels == 3 and weights.dtype == np.int64 and k <= MAX_COLORS:
            points = _core.Points(histogram.colors, weights, team)
        else:
            rows = histogram.colors.astype(np.float64)
            points = _core.Samples(rows, weights.astype(np.float64), team)
        return cls(points, histogram.colors, weights, team, expand, pixels)

    def assignment(self, k: int) -> Any:
        """Return the core's assignment of the points to the nearest of k centres."""
        kind = _core.Assignment if isinstance(self.points, _core.Points) else _core.SampleAssignment
        return kind(self.points, k, self.team)  # type: ignore[arg-type]

    def draw(self, k: int, rng: np.random.Generator) -> Floats:
        """Draw k samples at random, with probability proportional to weight."""
        if self.pixels is not None:
            return rng.choice(self.pixels, k, replace=False).astype(np.float64)
        rows, weights = self._population()
        if k >= len(rows):
            chosen = np.arange(k) % len(rows)
        else:
            even = bool((weights == weights[0]).all())
            p = None if even else weights / weights.sum()
            chosen = rng.choice(len(rows), k, replace=False, p=p)
        return rows[chosen].astype(np.float64)

    def seed(self, seeding: Callable[..., Floats], k: int, seed: int) -> Floats:
        """Return k initial centres by one of the core's seedings."""
        points = self.points
        if isinstance(points, _core.Samples):
            points = _core.Samples(*self._population(), self.team)
        centers = seeding(points, min(k, len(points)), seed, self.team)
        return np.vstack([centers, np.repeat(centers[-1:], k - len(centers), axis=0)])

    def _population(self) -> tuple[Array, Floats]:
        """Return the distinct rows of positive weight, and their weights.

        Distinct rows of equal weight keep their order. Others are put in an order that depends on
        their values alone, so that a weight of 2 equals two copies at any position.
        """
        some = self.weights > 0
        rows = np.ascontiguousarray(self.rows if some.all() else self.rows[some], self._dtype)
        weights = self.weights[some].astype(np.float64)
        hashes = _core.hash_samples(_core.Samples(rows, weights, self.team), self.team)
        _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
        if len(first) == len(rows) and (weights == weights[0]).all():
            return rows, weights
        return rows[first], np.bincount(which, weights).astype(np.float64)

    @property
    def _dtype(self) -> Any:
        return np.float32 if self.rows.dtype == np.float32 else np.float64
