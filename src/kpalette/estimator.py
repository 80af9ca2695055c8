"""What an estimator is where scikit-learn is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning, InconsistentVersionWarning
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

__all__ = [
    "ConvergenceWarning",
    "Estimator",
    "InconsistentVersionWarning",
    "InvalidParameterError",
    "checked_array",
]


class Estimator(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """scikit-learn's estimator, for rows of numbers, dense or sparse."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_is_fitted(self) -> None:
        check_is_fitted(self)

    def _checked_samples(self, X: Any, *, reset: bool, finite: bool = True) -> Any:  # noqa: N803
        """Return samples as a C-ordered array or a CSR matrix of uint8, float32 or float64.

        With `reset`, the number and the names of features are noted, otherwise compared. Without
        `finite`, there may be NaN and infinity.
        """
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float64, np.float32, np.uint8],
            order="C",
            ensure_all_finite=finite,
        )


def checked_array(name: str, values: Any, *, ndim: int) -> Any:
    """Return finite numbers as a C-ordered array of float64."""
    return check_array(values, ensure_2d=ndim == 2, dtype=np.float64, order="C", input_name=name)
