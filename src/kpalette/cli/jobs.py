"""Doing many photos: side by side, told in order, and stopped without a trace."""

from __future__ import annotations

import os
import time

from kpalette.cli import streams
from kpalette.cli.exits import Failed, Skipped, code_of, told
from kpalette.record import Record
from kpalette.threads import n_cores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from kpalette.cli.plan import Job

    Work = Callable[[Job], "Result"]

#: How long those who write may take to end, in seconds, once all is to end.
PATIENCE = 1.0

#: After so long, in seconds, a thread that waits hears signals: on Windows not before.
HEARS = 0.1 if os.name == "nt" else None

#: How threads are named that do jobs.
THREADS = "kpalette-job"


class Result(Record):
    """What became of a job.

    Attributes
    ----------
    job : Job
    line : str
        What to say about it.
    code : int
        One of `EXIT_CODES`.
    skipped : bool
        Whether nothing was written because nothing should be.
    written : bool
        Whether there is a picture.
    larger : bool
        Whether its file is larger than the photo's, or would be.
    figures : dict
        Its numbers, for --json.
    remark : str
        What to say of the photo's file before, if anything.
    is_new : bool
        Whether its file comes of none of a kind like it, so that their sizes tell nothing together.
    """

    job: Job
    line: str
    code: int = 0
    skipped: bool = False
    written: bool = False
    larger: bool = False
    figures: Mapping[str, Any] = {}
    remark: str = ""
    is_new: bool = False


def share_out(n_jobs: int, jobs: int | None, threads: int | None) -> tuple[int, int]:
    """Return how many photos to do at once, and with how many threads each.

    Together they are no more than there are cores, unless asked for.
    """
    cores = n_cores()
    workers = max(1, min(n_jobs, jobs or cores // (threads or 1)))
    return workers, threads or max(1, min(cores // workers, 256))


def run(
    jobs: Sequence[Job],
    work: Work,
    workers: int,
    tell: Callable[[Result], None],
    *,
    smaller: bool = False,
) -> None:
    """Do jobs, several at once, and tell their results in their order.

    Only so many are at work that there is memory for them, and always one.
    """
    if workers == 1:
        for job in jobs:
            tell(attempt(job, work) if len(jobs) == 1 else _beside(job, work))
        return
    # Threads: decoding, the core and encoding release the GIL, and on two cores processes took as
    # long. They would be started, and stopped, with more to do. And no pool of concurrent.futures,
    # which brings logging: to import them takes as long as a small photo.
    import threading

    from kpalette.cli import room

    streams.writers = threading.Semaphore(streams.WRITERS)
    waiting: Iterator[tuple[int, Job | None]] = enumerate(jobs)
    done: dict[int, Result] = {}
    changed = threading.Condition()
    free = budget = room.budget()

    def serve() -> None:
        nonlocal free
        while True:
            with changed:
                number, job = next(waiting, (-1, None))
            if job is None:
                return
            bytes_ = min(room.needed(job, smaller=smaller), budget)
            with changed:
                while bytes_ > free:
                    changed.wait()
                free -= bytes_
            result = attempt(job, work)
            with changed:
                free += bytes_
                done[number] = result
                changed.notify_all()

    for number in range(workers):
        threading.Thread(target=serve, name=f"{THREADS}-{number}", daemon=True).start()
    try:
        for number in range(len(jobs)):
            with changed:
                while number not in done:
                    changed.wait(HEARS)
                result = done.pop(number)
            tell(result)
    except BaseException:
        streams.abandoned = True
        waiting = iter(())
        deadline = time.monotonic() + PATIENCE
        for _ in range(streams.WRITERS):  # once all are taken no one is writing, nor will be
            if not streams.writers.acquire(timeout=max(0, deadline - time.monotonic())):
                break  # a pipe without a reader, or a share that does not answer
        raise


def _beside(job: Job, work: Work) -> Result:
    """Do one job in a thread: a write to a share that does not answer hears no signal."""
    import _thread  # `threading` takes longer to import than to write a small picture

    found: list[Result] = []
    ended = _thread.allocate_lock()

    def do() -> None:
        try:
            found.append(attempt(job, work))
        finally:
            ended.release()

    ended.acquire()
    _thread.start_new_thread(do, ())
    try:
        while not ended.acquire(timeout=HEARS or -1):
            pass
    except BaseException:
        streams.abandoned = True
        ended.acquire(timeout=PATIENCE)
        raise
    return found[0]


def attempt(job: Job, work: Work) -> Result:
    """Do one job. What fails is a result as well."""
    try:
        if job.failure:
            raise job.failure
        return work(job)
    except Failed as failure:
        return Result(job, str(failure), failure.code, isinstance(failure, Skipped))
    except Exception as error:
        return Result(job, told(error), code_of(error))
