"""The same as `estimator`, where scikit-learn is not installed."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Self

import numpy as np

__all__ = [
    "ConvergenceWarning",
    "Estimator",
    "InconsistentVersionWarning",
    "InvalidParameterError",
    "checked_array",
]


class ConvergenceWarning(UserWarning):
    """A fit did not find what it was asked for."""


class InconsistentVersionWarning(UserWarning):
    """An estimator was pickled by another version."""

    def __init__(
        self, *, estimator_name: str, current_sklearn_version: str, original_sklearn_version: str
    ) -> None:
        super().__init__(
            f"{estimator_name} was pickled by version {original_sklearn_version}, and this is "
            f"version {current_sklearn_version}: results may differ"
        )


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator is of the wrong kind or out of range."""


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked for what only a fit gives."""


class Estimator:
    """Parameters by name, and checks of samples."""

    n_features_in_: int
    _n_features_out: int

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls).parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; `deep` is of no effect."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, and return the estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        for name, value in params.items():
            if name not in self._parameter_names():
                raise ValueError(
                    f"expected one of {', '.join(self._parameter_names())}, got {name!r}"
                )
            setattr(self, name, value)
        return self

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of what `transform` gives; `input_features` is of no effect."""
        self._check_is_fitted()
        name = type(self).__name__.lower()
        return np.array([f"{name}{j}" for j in range(self._n_features_out)], dtype=object)

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        given = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not defaults[name].default and repr(value) != repr(defaults[name].default)
        )
        return f"{type(self).__name__}({', '.join(given)})"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _check_is_fitted(self) -> None:
        if not hasattr(self, "cluster_centers_"):
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: call 'fit' first"
            )

    def _checked_samples(self, X: Any, *, reset: bool, finite: bool = True) -> Any:  # noqa: N803
        """Return samples as a C-ordered array or a CSR matrix of uint8, float32 or float64.

        With `reset`, the number and the names of features are noted, otherwise compared. Without
        `finite`, there may be NaN and infinity.
        """
        sparse = sys.modules.get("scipy.sparse")
        if sparse is not None and sparse.issparse(X):
            samples = X.tocsr()
            if samples.dtype not in (np.float32, np.float64):
                data = _as_floats("X", samples.data)
                parts = data, samples.indices, samples.indptr
                samples = type(samples)(parts, shape=samples.shape)
            _check_finite("X", samples.data)
        else:
            samples = np.asarray(X)
            if samples.dtype not in (np.uint8, np.float32):
                samples = _as_floats("X", samples)
            samples = np.ascontiguousarray(samples)
            if samples.ndim != 2:
                raise ValueError(
                    f"Expected 2D array, got {samples.ndim}D array instead: use "
                    "X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample"
                )
            if finite:
                _check_finite("X", samples)
        n_samples, n_features = samples.shape
        for count, kind in ((n_samples, "sample"), (n_features, "feature")):
            if count == 0:
                raise ValueError(f"Found array with 0 {kind}(s), expected at least 1")
        if reset:
            self.n_features_in_ = n_features
        elif n_features != self.n_features_in_:
            raise ValueError(
                f"X has {n_features} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return samples


def checked_array(name: str, values: Any, *, ndim: int) -> Any:
    """Return finite numbers as a C-ordered array of float64."""
    array = np.ascontiguousarray(_as_floats(name, np.asarray(values)))
    if ndim == 2 and array.ndim != 2:
        raise ValueError(f"{name}: expected two dimensions, got {array.ndim}")
    _check_finite(name, array)
    return array


def _as_floats(name: str, array: Any) -> Any:
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported")
    if array.dtype.kind not in "biufOUS":
        raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    return array.astype(np.float64)


def _check_finite(name: str, array: Any) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        kind = "NaN" if np.isnan(array).any() else "infinity"
        raise ValueError(f"Input {name} contains {kind}")
