"""Running tasks on a local scheduler or a cluster, and errors if the scheduler is lost."""

from __future__ import annotations

import re
import socket
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import reduce
from itertools import islice
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlsplit

import dask
import dask.local
import dask.threaded
from dask.base import compute, get_scheduler
from dask.diagnostics import ProgressBar
from dask.system import CPU_COUNT
from dask.utils import parse_timedelta

from kpalette.distributed import tasks
from kpalette.distributed.bars import following
from kpalette.distributed.errors import (
    NoWorkersError,
    SchedulerLostError,
    TileError,
    WaitingWarning,
    in_words,
)
from kpalette.distributed.tasks import Tasks
from kpalette.words import plural

Merge: TypeAlias = Callable[[list[Any]], Any]
Fold: TypeAlias = Callable[[Iterable[Any]], Any]

LOCAL = ("threads", "processes", "synchronous")
#: What Dask finds for threads, its default.
THREADS = (None, dask.threaded.get)
#: TCP and TLS need a port. Addresses of other protocols are left to Dask.
ADDRESS = r"(tcp|tls)://.+:\d+|(?!tcp:|tls:)\w+://.*"
#: Seconds to wait for a scheduler's first answer.
CONNECT_TIMEOUT = 10
#: Seconds between two checks that the scheduler is still connected.
LOOK_AFTER = 1
#: Seconds that closing a temporary client may take.
CLOSE_TIMEOUT = 5
#: Seconds to wait for a worker of a cluster that has none: see :func:`patience`.
NO_WORKERS = 300
#: Batches of a wave for each thread, at least, if there are so many tiles.
BATCHES = 4
#: Waves that are on a cluster at a time.
AHEAD = 2
KEPT = (
    "finished tiles are kept in the checkpoint or the unfinished output, if there is one, for the "
    "next run"
)


def check_scheduler(scheduler: Any) -> None:
    """Raise TypeError or ValueError for anything but a scheduler's name, an address or a Client."""
    names = ", ".join(map(repr, LOCAL))
    expected = f"scheduler: expected {names}, an address such as 'tcp://localhost:8786' or a Client"
    if isinstance(scheduler, str):
        if scheduler not in LOCAL and not re.fullmatch(ADDRESS, scheduler):
            raise ValueError(f"{expected}, got {scheduler!r}")
        return
    if scheduler is not None and not _is_client(scheduler):
        raise TypeError(f"{expected}, got {type(scheduler).__name__}")
    if scheduler is not None and scheduler.asynchronous:
        raise ValueError("scheduler: expected a synchronous Client, got an asynchronous one")
    if scheduler is not None and scheduler.status == "closed":
        raise ValueError("scheduler: expected a connected Client, got a closed one")


def run(
    waves: Iterable[Tasks],
    merge: Merge,
    scheduler: Any,
    progress: bool,
    *,
    fold: Fold | None = None,
    in_order: bool = False,
) -> Any:
    """Compute one result, wave by wave.

    Parameters
    ----------
    waves : iterable of Tasks
        At least one. Each is made when it is submitted.
    merge : function
        Merges a list of results into one.
    scheduler : None, str or Client
        See :func:`kpalette.distributed.histogram`.
    progress : bool
        Whether to show Dask's bar on stderr, for each wave.
    fold : function, optional
        What is merged is this function of the results of a few neighbours, which come one by one.
    in_order : bool
        Whether each task waits for the one before, so that no tile is read too early. (A cluster
        holds such tasks back itself.)

    Raises
    ------
    NoWorkersError
        If a cluster has had no worker for :func:`patience` seconds.
    SchedulerLostError
        If no scheduler answers at the address, or the connection is lost.
    TileError
        If all workers that tried a task died.
    Exception
        What the tasks raise.
    """
    client = scheduler
    if scheduler is None:
        client = getattr(get_scheduler(), "__self__", None)
    if isinstance(scheduler, str) and scheduler not in LOCAL:
        with connected(scheduler) as client:
            return reduced(_on_cluster(client, waves, merge, fold, progress), merge)
    if _is_client(client):
        return reduced(_on_cluster(client, waves, merge, fold, progress), merge)
    where = "synchronous" if in_order else scheduler
    return reduced(_here(where, waves, merge, fold, progress), merge)


def reduced(results: Iterable[Any], merge: Merge) -> Any:
    """Merge results as they come."""
    return reduce(lambda total, result: merge([total, result]), results)


def _here(
    where: Any, waves: Iterable[Tasks], merge: Merge, fold: Fold | None, progress: bool
) -> Iterator[Any]:
    """Yield the result of each wave, from one of Dask's local schedulers."""
    threads = dask.config.get("num_workers", None) or CPU_COUNT
    is_ours = get_scheduler(scheduler=where) in THREADS and not dask.config.get("pool", None)
    with _threads(threads) if is_ours else nullcontext() as pool:
        how = {"scheduler": where, **({"pool": pool} if pool else {})}
        for wave in waves:
            with ProgressBar(out=sys.stderr) if progress else nullcontext():
                yield compute(tasks.merged(_folded(wave, fold, threads), merge), **how)[0]


@contextmanager
def _threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Start threads; if a task fails, wait for those that are under way.

    Dask leaves them behind: they would write while the next run holds the lock. Only who
    interrupts a run does not wait.
    """
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False)


def _folded(wave: Tasks, fold: Fold | None, threads: int) -> Tasks:
    """Fold results, in batches that are so small that all threads end about together."""
    if fold is None:
        return wave
    size = len(wave.names) // (BATCHES * max(1, threads))
    return tasks.batched(wave, fold, min(max(size, 1), tasks.FAN_IN))


def is_in_threads(scheduler: Any) -> bool:
    """Return whether tasks run in threads of this process, each of them once."""
    if scheduler is not None and scheduler not in LOCAL:
        return False
    return get_scheduler(scheduler=scheduler) in (*THREADS, dask.local.get_sync)


def _is_client(value: Any) -> bool:
    distributed = sys.modules.get("distributed")  # without it there can be no Client
    return distributed is not None and isinstance(value, distributed.Client)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect a client to the scheduler at an address, and close it at the end.

    Raises
    ------
    SchedulerLostError
        If no scheduler answers.
    """
    from distributed import Client

    class Ours(Client):  # type: ignore[misc]
        """Remembers itself first, to be closed if it cannot connect.

        Left to the garbage collector, it would close itself in whatever thread that runs, and can
        deadlock.
        """

        made: ClassVar[list[Any]] = []

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.made.append(self)
            super().__init__(*args, **kwargs)

    try:
        client = Ours(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except BaseException as error:
        _close(Ours.made.pop())
        if isinstance(error, (OSError, TypeError, ValueError)):
            raise SchedulerLostError(f"scheduler: {_no_answer(address, error)}") from error
        raise
    try:
        yield client
    finally:
        _close(client)


def _no_answer(address: str, error: Exception) -> str:
    """Return why no scheduler answers at an address."""
    if address.startswith(("tcp:", "tls:")):
        try:
            socket.getaddrinfo(urlsplit(address).hostname, None)
        except (OSError, ValueError):  # such as an IPv6 address without its bracket
            return f"the host of {address!r} is not known"
    text = in_words(error)
    if text.startswith(f"Timed out trying to connect to {address}"):
        return f"got no answer from {address!r} within {CONNECT_TIMEOUT} s"
    return f"got no answer from {address!r}: {text}"


def _close(client: Any) -> None:
    with suppress(Exception):  # the scheduler may be gone
        client.close(timeout=CLOSE_TIMEOUT)


def patience() -> float:
    """Return for how many seconds a run waits for a worker, where there is none.

    It is Dask's setting ``kpalette.wait-for-workers``, such as ``"1 hour"``, or 5 minutes.
    """
    return float(parse_timedelta(dask.config.get("kpalette.wait-for-workers", NO_WORKERS)))


class _Workers:
    """Warns as soon as a cluster has no worker, and ends the run when it waits for too long."""

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.address = address
        self.gone_since: float | None = None

    def check(self) -> None:
        """Raise NoWorkersError if there has been no worker for too long."""
        try:
            if self.client.status != "running" or self.client.nthreads():
                self.gone_since = None
                return
        except (OSError, TimeoutError):  # it is lost, as the caller will find
            return
        limit = patience()
        if self.gone_since is None:
            self.gone_since = time.monotonic()
            text = (
                f"{self.address!r} has no worker: waiting {limit:,.6g} s for one; "
                f"'dask worker {self.address}' starts one"
            )
            warnings.warn(text, WaitingWarning, stacklevel=2)
        elif time.monotonic() - self.gone_since > limit:
            raise NoWorkersError(
                f"scheduler: {self.address!r} has had no worker for {limit:,.6g} s; {KEPT}"
            )


def _result(client: Any, future: Any, workers: _Workers) -> Any:
    """Wait for a result; check every `LOOK_AFTER` seconds for the scheduler and its workers."""
    from distributed import wait

    # `future.result(timeout=…)` cannot tell a slow transfer from a lost scheduler.
    while not future.done():
        workers.check()
        try:
            with client.as_current():  # `wait` takes no client
                wait(future, timeout=LOOK_AFTER)
        except TimeoutError:
            if client.status != "running":
                raise
    return future.result()


def _on_cluster(
    client: Any, waves: Iterable[Tasks], merge: Merge, fold: Fold | None, progress: bool
) -> Iterator[Any]:
    """Yield the result of each wave; raise SchedulerLostError if the scheduler is lost.

    The next wave is submitted before the last has ended, so that no worker is idle.
    """
    from concurrent.futures import CancelledError

    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    lost = (CancelledError, ClosedClientError, CommClosedError, TimeoutError)
    address = getattr(client.scheduler, "address", "an unknown address")
    workers = _Workers(client, address)
    submitted: deque[tuple[Any, dict[Any, str]]] = deque()
    rest = iter(waves)
    try:
        while True:
            for wave in islice(rest, AHEAD - len(submitted)):
                folded = _folded(wave, fold, _n_threads(client))
                submitted.append((client.compute(tasks.merged(folded, merge)), folded.names))
            if not submitted:
                return
            future = submitted[0][0]
            with following(future, address) if progress else nullcontext():
                result = _result(client, future, workers)
            _release(submitted.popleft()[0])
            yield result
    except lost as error:
        raise SchedulerLostError(
            f"scheduler: lost the connection to {address!r}; {KEPT}"
        ) from error
    except KilledWorker as error:
        names = {str(key): name for _, wave in submitted for key, name in wave.items()}
        where = names.get(str(error.task), f"task {error.task}")
        n = error.allowed_failures + 1
        raise TileError(
            where,
            f"{n} {plural(n, 'worker')} died while running it, perhaps out of memory; give "
            "workers more memory, or make chunks smaller",
        ) from error
    finally:
        for future, _ in submitted:
            _release(future)


def _n_threads(client: Any) -> int:
    with suppress(OSError, TimeoutError):  # it may be lost, as is found when a result is awaited
        return sum(client.nthreads().values())
    return 1


def _release(future: Any) -> None:
    with suppress(Exception):  # the scheduler may be gone
        future.release()
