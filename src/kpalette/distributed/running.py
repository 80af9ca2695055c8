"""Running tasks on a local scheduler or a cluster, and errors if the scheduler is lost."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from dask.base import compute, get_scheduler
from dask.delayed import Delayed
from dask.diagnostics import ProgressBar

from kpalette.distributed.bars import following
from kpalette.distributed.errors import SchedulerLostError, TileError, in_words

LOCAL = ("threads", "processes", "synchronous")
#: TCP and TLS need a port. Addresses of other protocols are left to Dask.
ADDRESS = r"(tcp|tls)://.+:\d+|(?!tcp:|tls:)\w+://.*"
#: Seconds to wait for a scheduler's first answer.
CONNECT_TIMEOUT = 10
#: Seconds between two checks that the scheduler is still connected.
LOOK_AFTER = 1
#: Seconds that closing a temporary client may take.
CLOSE_TIMEOUT = 5


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
    task: Delayed,
    scheduler: Any,
    names: Mapping[Any, str],
    progress: bool,
    *,
    in_order: bool = False,
) -> Any:
    """Compute one result.

    Parameters
    ----------
    task : Delayed
    scheduler : None, str or Client
        See :func:`kpalette.distributed.histogram`.
    names : mapping
        The tile of each task, by its key: the error names it if the task kills its workers.
    progress : bool
        Whether to show Dask's bar on stderr.
    in_order : bool
        Whether each task waits for the one before, so that no tile is read too early. (A cluster
        holds such tasks back itself.)

    Raises
    ------
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
            return _run_on(client, task, names, progress)
    if _is_client(client):
        return _run_on(client, task, names, progress)
    with ProgressBar(out=sys.stderr) if progress else nullcontext():
        (result,) = compute(task, scheduler="synchronous" if in_order else scheduler)
    return result


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

    # Made in two steps, to close a client that could not connect. Left to the garbage collector, it
    # would close itself in whatever thread that runs, and can deadlock.
    client = Client.__new__(Client)
    try:
        client.__init__(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except BaseException as error:
        _close(client)
        if isinstance(error, (OSError, TypeError, ValueError)):
            raise SchedulerLostError(
                f"scheduler: got no answer from {address!r}: {in_words(error)}"
            ) from error
        raise
    try:
        yield client
    finally:
        _close(client)


def _close(client: Any) -> None:
    with suppress(Exception):  # the scheduler may be gone
        client.close(timeout=CLOSE_TIMEOUT)


def _result(client: Any, future: Any) -> Any:
    """Wait for a result, and check every `LOOK_AFTER` seconds that the scheduler is connected."""
    from distributed import wait

    # `future.result(timeout=…)` cannot tell a slow transfer from a lost scheduler.
    while not future.done():
        try:
            with client.as_current():  # `wait` takes no client
                wait(future, timeout=LOOK_AFTER)
        except TimeoutError:
            if client.status != "running":
                raise
    return future.result()


def _run_on(client: Any, task: Delayed, names: Mapping[Any, str], progress: bool) -> Any:
    """Compute on a cluster; raise SchedulerLostError if its scheduler is lost."""
    from concurrent.futures import CancelledError

    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    lost = (CancelledError, ClosedClientError, CommClosedError, TimeoutError)
    address = getattr(client.scheduler, "address", "an unknown address")
    future = None
    try:
        future = client.compute(task)
        with following(future, address) if progress else nullcontext():
            return _result(client, future)
    except lost as error:
        raise SchedulerLostError(
            f"scheduler: lost the connection to {address!r}; finished tiles are kept in the "
            "checkpoint or the unfinished output, if there is one, for the next run"
        ) from error
    except KilledWorker as error:
        names_by_text = {str(key): name for key, name in names.items()}
        where = names_by_text.get(str(error.task), f"task {error.task}")
        n = error.allowed_failures + 1
        raise TileError(
            where,
            f"{n} worker{'s' * (n != 1)} died while running it, perhaps out of memory; give "
            "workers more memory, or make chunks smaller",
        ) from error
    finally:
        if future is not None:
            with suppress(Exception):
                future.release()
