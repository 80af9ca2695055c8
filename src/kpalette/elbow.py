"""The elbow of a curve of cost against k."""

from __future__ import annotations

from typing import Any

import numpy as np


def find_elbow(k: np.ndarray[Any, Any], cost: np.ndarray[Any, Any]) -> int:
    """Return a k beyond which more colours gain less than the average.

    That is Kneedle without smoothing, on the logarithm of the cost, which is proportional to
    decibels: the point farthest below the straight line from the curve's first point to its last.
    Without the logarithm, the gain of the first few colours would outweigh all visible others.

    Parameters
    ----------
    k : integer array (m,)
        Ascending, at least one.
    cost : float array (m,)
        Never rising, at least 0.

    Returns
    -------
    int
        One of `k`. If no point lies below the line, because every colour gains as much as the
        average, the first k of least cost.

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
    # The floor at -90 dB keeps the logarithm finite for a cost of 0.
    level = np.log(np.maximum(cost / cost[0], 1e-9))
    along = (k - k[0]) / max(1, k[-1] - k[0])
    depth = level[-1] * along - level
    if depth.max() <= 1e-9:  # rounding error
        return int(k[cost.argmin()])
    return int(k[depth.argmax()])
