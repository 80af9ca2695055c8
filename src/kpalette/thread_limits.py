"""How many threads an estimator may use: what scikit-learn's own, on OpenMP, would be held to."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from kpalette import _core
from kpalette.histogram import MAX_THREADS, make_team

__all__ = ["limited_team"]


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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores = cores or os.cpu_count() or 1
    return make_team(min(team, cores, MAX_THREADS) if team > 0 else None)


@lru_cache
def _openmp_pools() -> list[Any]:
    """Return the OpenMP libraries of this process: looking for them takes a millisecond."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    return list(ThreadpoolController().select(user_api="openmp").lib_controllers)
