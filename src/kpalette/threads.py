"""Threads: how many cores there are for this process, and teams of threads for the core."""

from __future__ import annotations

import os
import sys

from kpalette import _core
from kpalette.checks import is_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_THREADS = 256


def n_cores() -> int:
    """Return how many cores the process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return (len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count()) or 1


def checked_threads(threads: int | None) -> int:
    """Return a number of threads, by default as many as the process may use, or raise."""
    if threads is None:
        threads = min(n_cores(), MAX_THREADS)
    elif not is_whole(threads):
        raise TypeError(f"threads: expected an integer or None, got {threads!r}")
    elif not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads: expected 1 to {MAX_THREADS}, got {threads}")
    return int(threads)


def make_team(threads: int | None) -> _core.Team:
    """Return a team of `threads` threads, by default as many as the process may use."""
    return _core.Team(checked_threads(threads))


def limited_team() -> _core.Team:
    """Return threads for one job: one per core, or as few as the limits of OpenMP allow.

    These are ``threadpoolctl.threadpool_limits``, by which joblib keeps its workers apart as well,
    and the environment variable ``OMP_NUM_THREADS``.
    """
    limits = [pool.num_threads for pool in _openmp_pools()]
    named = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if named.isdigit():
        limits.append(int(named))
    team = min(limits, default=0)
    return make_team(min(team, n_cores(), MAX_THREADS) if team > 0 else None)


_found_pools: tuple[int, list[Any]] = 0, []


def _openmp_pools() -> list[Any]:
    """Return the OpenMP libraries of this process.

    Looking for them takes a millisecond, and is done again when modules were imported since.
    """
    global _found_pools
    if _found_pools[0] != len(sys.modules):
        try:
            from threadpoolctl import ThreadpoolController
        except ImportError:
            pools = []
        else:
            pools = list(ThreadpoolController().select(user_api="openmp").lib_controllers)
        _found_pools = len(sys.modules), pools
    return _found_pools[1]
