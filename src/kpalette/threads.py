"""Threads: how many cores there are for this process, and teams of threads for the core."""

from __future__ import annotations

import os

import numpy as np

from kpalette import _core

MAX_THREADS = 256


def n_cores() -> int:
    """Return how many cores the process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return (len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count()) or 1


def make_team(threads: int | None) -> _core.Team:
    """Return a team of `threads` threads, by default as many as the process may use."""
    if threads is None:
        threads = min(n_cores(), MAX_THREADS)
    elif isinstance(threads, bool) or not isinstance(threads, (int, np.integer)):
        raise TypeError(f"threads: expected an integer or None, got {threads!r}")
    elif not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads: expected 1 to {MAX_THREADS}, got {threads}")
    return _core.Team(int(threads))
