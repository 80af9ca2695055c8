"""Fronts: what a method gives at best, from few bytes to high scores, and two of them compared.

Bjontegaard, G. (2001). Calculation of average PSNR differences between RD-curves. VCEG-M33.
"""

from __future__ import annotations

import numpy as np

LEAST_RANGE = 0.06  # of a measure's, that two fronts share


def bd_rate(
    base: list[tuple[float, int]],
    other: list[tuple[float, int]],
    low: float,
    high: float,
    least: float = LEAST_RANGE,
) -> float | None:
    """Return the mean difference in bytes at equal scores, as a share of `base`'s.

    Each side is the lower hull of (score, log bytes), on straight lines: what a user could choose.
    None if they share fewer scores from `low` to `high` than `least`, a share of these.
    """
    least *= high - low
    hulls = [hull(points) for points in (base, other)]
    low = max(low, *(scores[0] for scores, _ in hulls))
    high = min(high, *(scores[-1] for scores, _ in hulls))
    if high - low < least:
        return None
    at = np.linspace(low, high, 201)
    logs = [np.interp(at, scores, logs) for scores, logs in hulls]
    return float(np.exp(np.mean(logs[1] - logs[0])) - 1)


def difference(
    base: list[tuple[float, int]], other: list[tuple[float, int]], low: float, high: float
) -> float | None:
    """Return the mean difference in bytes for at least equal scores, as a share of `base`'s.

    As :func:`bd_rate`, but where a side's smallest file has a higher score than is asked for, that
    file is what it offers: drawings of few colours look good in the fewest. None if one side does
    not reach `low`, or both share no scores but the highest that one reaches.
    """
    hulls = [hull(points) for points in (base, other)]
    start = max(low, min(high, *(scores[0] for scores, _ in hulls)))
    end = min(high, *(scores[-1] for scores, _ in hulls))
    if end < start or (end == start < high):
        return None
    at = np.linspace(start, end, 201)
    logs = [np.interp(at, scores, logs) for scores, logs in hulls]
    return float(np.exp(np.mean(logs[1] - logs[0])) - 1)


def hull(points: list[tuple[float, int]]) -> tuple[list[float], list[float]]:
    """Return the lower hull of points (score, bytes), from the smallest file to the best score."""
    kept: list[tuple[float, float]] = []
    smallest = min(points, key=lambda point: (point[1], -point[0]))
    for found, size in sorted(points):
        log = float(np.log(size))
        if found < smallest[0] or (kept and found == kept[-1][0]):
            continue
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if (y1 - y0) * (found - x0) < (log - y0) * (x1 - x0):
                break
            kept.pop()
        kept.append((found, log))
    scores, logs = zip(*kept, strict=True)
    return list(scores), list(logs)
