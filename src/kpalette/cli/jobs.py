"""Doing many photos: side by side, told in order, and stopped without a trace."""

from __future__ import annotations

from kpalette.cli import streams
from kpalette.cli.exits import INTERNAL, Failed, Skipped, told
from kpalette.record import Record
from kpalette.threads import n_cores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from kpalette.cli.plan import Job

    Work = Callable[[Job], "Result"]

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
    """

    job: Job
    line: str
    code: int = 0
    skipped: bool = False
    written: bool = False
    larger: bool = False
    figures: Mapping[str, Any] = {}
    remark: str = ""


def share_out(n_jobs: int, jobs: int | None, threads: int | None) -> tuple[int, int]:
    """Return how many photos to do at once, and with how many threads each.

    Together they are no more than there are cores, unless asked for.
    """
    cores = n_cores()
    workers = max(1, min(n_jobs, jobs or cores // (threads or 1)))
    return workers, threads or max(1, min(cores // workers, 256))


def run(jobs: Sequence[Job], work: Work, workers: int, tell: Callable[[Result], None]) -> None:
    """Do jobs, several at once, and tell their results in their order."""
    if workers == 1:
        for job in jobs:
            tell(attempt(job, work))
        return
    # Threads: decoding, the core and encoding release the GIL, and on two cores processes took as
    # long. They would be started, and stopped, with more to do.
    import threading
    from concurrent.futures import ThreadPoolExecutor

    streams.writers = threading.Semaphore(streams.WRITERS)
    pool = ThreadPoolExecutor(workers, thread_name_prefix=THREADS)
    try:
        for future in [pool.submit(attempt, job, work) for job in jobs]:
            tell(future.result())
        pool.shutdown()
    except BaseException:
        streams.abandoned = True
        pool.shutdown(wait=False, cancel_futures=True)
        for _ in range(streams.WRITERS):  # once all are taken no one is writing, nor will be
            streams.writers.acquire()
        raise


def attempt(job: Job, work: Work) -> Result:
    """Do one job. What fails is a result as well."""
    try:
        if job.failure:
            raise job.failure
        return work(job)
    except Failed as failure:
        return Result(job, str(failure), failure.code, isinstance(failure, Skipped))
    except Exception as error:
        return Result(job, told(error), INTERNAL)
