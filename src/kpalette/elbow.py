"""Where a curve of cost against k bends."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_elbow(k: np.ndarray[Any, Any], cost: np.ndarray[Any, Any]) -> int:
    """Suggest a k beyond which more colours pay less than they did on average.

    That is Kneedle without smoothing, on the logarithm of the cost, as decibels are: the point
    that lies farthest below the straight line from the first point of the curve to the last.
    Without the logarithm, the first few colours would outweigh everything that the eye still sees.

    Parameters
    ----------
    k : integer array (m,)
        Ascending, at least one.
    cost : float array (m,)
        Never rising, at least 0.

    Returns
    -------
    int
        One of `k`: the first of least cost if no point lies below the line, because more colours
        pay to the end.

    References
    ----------
    Satopää, V., Albrecht, J., Irwin, D. and Raghavan, B. (2011). Finding a "kneedle" in a haystack.
    doi:10.1109/ICDCSW.2011.20

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.elbow import find_elbow
    >>> find_elbow(np.array([2, 4, 6, 8, 10]), np.array([9e6, 9e4, 9e3, 6e3, 4e3]))
    6
    """
    if cost[0] == 0:
        return int(k[0])
    # The floor, 90 dB down, gives a place to where nothing is lost.
    level = np.log(np.maximum(cost / cost[0], 1e-9))
    along = (k - k[0]) / max(1, k[-1] - k[0])
    depth = level[-1] * along - level
    if depth.max() <= 1e-9:  # of rounding
        return int(k[cost.argmin()])
    return int(k[depth.argmax()])
