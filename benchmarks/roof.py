"""The roofline of one thread: the machine's limits, and how near each step comes to them.

Two roofs are measured in the same run: the bytes per second that one core reads from memory, and
the multiply-adds per second of its vector units. A step that must read each pixel cannot be faster
than the first. One that computes each distance cannot be faster than the second; iterations of
k-means are, because they skip distances that cannot be the least.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rivals import Pixels
from kpalette import ColorHistogram, _core, extract_palette
from kpalette.fit import Fitter
from kpalette.remap import map_pixels
from kpalette.threads import make_team

MEGA = 10**6
#: Instructions of a distance: three differences, and three multiply-adds of their squares.
OPERATIONS = 6


def best(function: Callable[[], Any], repeat: int = 5) -> float:
    """Return the seconds of the fastest of several runs, because a roof is what is possible."""
    return min(times(function, repeat))


def median(function: Callable[[], Any], repeat: int = 3) -> float:
    return statistics.median(times(function, repeat))


def times(function: Callable[[], Any], repeat: int) -> list[float]:
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return found


def bandwidth(megabytes: int = 768) -> float:
    """Return the bytes per second that one core reads from memory."""
    block = np.ones(megabytes * MEGA // 8, np.uint64)
    return block.nbytes / best(lambda: np.bitwise_or.reduce(block))


def vector_rate(side: int = 1024) -> float:
    """Return the 32-bit multiply-adds per second of one core.

    A product of matrices that fit its cache comes nearest to the vector units' maximum.
    """
    a, b = np.random.default_rng(0).random((2, side, side), np.float32)
    with threadpool_limits(1):
        a @ b  # warm-up
        return float(side**3 / best(lambda: a @ b))


def step(name: str, seconds: float, least: float, why: str, **more: float) -> dict[str, Any]:
    """Return a step's seconds, the least that its roof allows, and the ratio."""
    return {
        "step": name,
        "seconds": seconds,
        "least": least,
        "part": least / seconds,
        "roof": why,
        **more,
    }


def measure(photo: Pixels, large: Pixels, k: int, megabytes: int) -> dict[str, Any]:
    """Time each step on one thread: iterations on one photo's colours, the rest on a large photo.

    Returns
    -------
    dict
        The roofs, `bandwidth` in bytes and `vector_rate` per second, and `steps`.
    """
    team = make_team(1)
    reads, makes = bandwidth(megabytes), vector_rate()
    flat = large.reshape(-1, 3)
    n = len(flat)
    histogram = ColorHistogram.from_pixels(large, team)
    counting = median(lambda: ColorHistogram.from_pixels(large, team))
    found = extract_palette(histogram, k, space="srgb", threads=1)
    labels = Fitter(histogram, "srgb", team).assign(found.colors).labels
    mapping = median(lambda: map_pixels(large, histogram.colors, labels, len(found), team))
    plain, dithered = (
        median(lambda d=dither: found.remap(large, space="srgb", dither=d, threads=1))
        for dither in (None, "floyd-steinberg")
    )
    read = "reading 3 bytes for each pixel"
    both = "reading 3 bytes and writing 1 for each pixel"
    return {
        "bandwidth": reads,
        "vector_rate": makes,
        "k": k,
        "megapixels": n / MEGA,
        "steps": [
            step("count", counting, 3 * n / reads, read, items=n),
            *passes(photo, k, makes),
            step("map", mapping, 4 * n / reads, both, items=n),
            step("dither", max(dithered - plain, 1e-9), 4 * n / reads, both, items=n),
        ],
    }


def passes(photo: Pixels, k: int, makes: float) -> list[dict[str, Any]]:
    """Time the first iteration of k-means, without bounds from earlier ones, and later ones."""
    team = make_team(1)
    histogram = ColorHistogram.from_pixels(photo, team)
    points = _core.Points(histogram.colors, histogram.counts, team, "srgb")
    centers = _core.seed(points, "wu", k, 0, team)
    pairs = len(histogram) * len(centers)
    least = OPERATIONS * pairs / makes
    why = "each distance of each colour to each centre"

    firsts, laters = [], []
    for _ in range(3):
        assignment = _core.Assignment(points, len(centers), team)
        start = time.perf_counter()
        assignment.update(centers)
        firsts.append(time.perf_counter() - start)
        start = time.perf_counter()
        *_, made, _ = _core.lloyd(assignment, centers, max_iter=10, tol=0.0)
        laters.append((time.perf_counter() - start) / max(1, made))
    return [
        step("first pass", statistics.median(firsts), least, why, items=pairs),
        step("later pass", statistics.median(laters), least, why, items=pairs),
    ]
