"""Running tasks: with a local scheduler or a cluster's, and what it means if that goes away."""

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
#: TCP needs a port; whatever else Dask may know, it knows better.
ADDRESS = r"(tcp|tls)://.+:\d+|(?!tcp:|tls:)\w+://.*"
#: Seconds to wait for a scheduler's first answer.
CONNECT_TIMEOUT = 10
#: Seconds between two looks at whether the scheduler is still there.
LOOK_AFTER = 1
#: Seconds that a temporary client may take to say goodbye.
CLOSE_TIMEOUT = 5


def check_scheduler(scheduler: Any) -> None:
    """Raise TypeError or ValueError for anything but a scheduler's name, an address or a Client."""
    expected = f"scheduler: expected {', '.join(map(repr, LOCAL))}, an address or a Client"
    if isinstance(scheduler, str):
        if scheduler not in LOCAL and not re.fullmatch(ADDRESS, scheduler):
            raise ValueError(f"{expected} such as 'tcp://localhost:8786', got {scheduler!r}")
        return
    if scheduler is not None and not _is_client(scheduler):
        raise TypeError(f"{expected}, got {type(scheduler).__name__}")
    if scheduler is not None and scheduler.asynchronous:
        raise ValueError("scheduler: expected a Client that waits, got an asynchronous one")
    if scheduler is not None and scheduler.status == "closed":
        raise ValueError("scheduler: expected a Client that is connected, got a closed one")


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
        What each task works for, by its key, in case it takes its workers down with it.
    progress : bool
        Whether to show Dask's bar on stderr.
    in_order : bool
        Whether each task waits for the one before, so that nothing is read ahead of its turn. (A
        cluster holds such tasks back itself.)

    Raises
    ------
    SchedulerLostError
        If there is no scheduler at the address, or it goes away.
    TileError
        If the workers that take on a task die.
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
    """Give a client of the scheduler at an address, for a while.

    Raises
    ------
    SchedulerLostError
        If there is none.
    """
    from distributed import Client

    # By hand, so that one that could not start is at hand, too. Thrown away half-open, it would
    # close itself wherever it is collected, also where that waits for itself.
    client = Client.__new__(Client)
    try:
        client.__init__(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except BaseException as error:
        _close(client)
        if isinstance(error, (OSError, TypeError, ValueError)):
            raise SchedulerLostError(
                f"scheduler: expected one at {address!r}, but there is no answer: {in_words(error)}"
            ) from error
        raise
    try:
        yield client
    finally:
        _close(client)


def _close(client: Any) -> None:
    with suppress(Exception):  # of a scheduler that is not there to say goodbye to
        client.close(timeout=CLOSE_TIMEOUT)


def _result(client: Any, future: Any) -> Any:
    """Wait, and look now and then whether there is still something to wait for."""
    from distributed import wait

    # To `future.result(timeout=…)`, what takes long to fetch looks as if it were lost.
    while not future.done():
        try:
            with client.as_current():  # `wait` takes no other
                wait(future, timeout=LOOK_AFTER)
        except TimeoutError:
            if client.status != "running":
                raise
    return future.result()


def _run_on(client: Any, task: Delayed, names: Mapping[Any, str], progress: bool) -> Any:
    """Compute on a cluster, as long as its scheduler is there."""
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
            f"scheduler: lost the connection to {address!r}; what is finished is kept where there "
            "is a checkpoint or an output, and need not be done again"
        ) from error
    except KilledWorker as error:
        names_by_text = {str(key): name for key, name in names.items()}
        where = names_by_text.get(str(error.task), f"task {error.task}")
        raise TileError(
            where,
            f"the workers that took it on died, {error.allowed_failures + 1} in all, perhaps for "
            "want of memory: give them more, or make chunks smaller",
        ) from error
    finally:
        if future is not None:
            with suppress(Exception):
                future.release()
