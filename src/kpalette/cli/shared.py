"""One palette for all photos: counted once, fitted once, and each photo mapped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kpalette.cli import jobs as running
from kpalette.cli import streams
from kpalette.cli.exits import Failed
from kpalette.cli.jobs import Result
from kpalette.cli.plan import Job

if TYPE_CHECKING:
    from kpalette import ColorHistogram
    from kpalette.colors import ByteArray


def count(
    jobs: list[Job],
    workers: int,
    threads: int,
    prepare: Callable[[ByteArray], ByteArray],
    allow_truncated: bool = False,
) -> tuple[list[Job], ColorHistogram | None]:
    """Count the colours of all photos together, one after the other out of memory.

    Returns
    -------
    list of Job
        Those given; what cannot be read has that as its failure.
    ColorHistogram
        The sum; None if nothing can be read.
    """
    from kpalette import ColorCounter

    counter = ColorCounter(threads=threads)
    lock = threading.Lock()
    after: list[Job] = []

    def work(job: Job) -> Result:
        for pixels in streams.read(job.source, allow_truncated).frames():
            flat = prepare(pixels)
            with lock:  # in whatever order: counts are integers
                counter.update(flat)
        return Result(job, "")

    def tell(result: Result) -> None:
        failure = Failed(result.code, result.line) if result.code else None
        after.append(replace(result.job, failure=failure))

    running.run(jobs, work, workers, tell)
    return after, counter.histogram() if counter.n_pixels else None
