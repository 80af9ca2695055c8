"""One palette for all photos: counted once, fitted once, and each photo mapped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from kpalette.cli import jobs as running
from kpalette.cli import loading
from kpalette.cli.exits import Failed
from kpalette.cli.jobs import Result
from kpalette.cli.plan import Job
from kpalette.record import replace

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.spatial import Sampled


def count(
    jobs: list[Job],
    workers: int,
    threads: int,
    prepare: Callable[[ByteArray], ByteArray],
    allow_truncated: bool = False,
) -> tuple[list[Job], Sampled | None]:
    """Count the colours of all photos together, one after the other out of memory.

    Returns
    -------
    list of Job
        Those given; what cannot be read has that as its failure.
    Sampled
        The sum, and rows of the photos; None if nothing can be read.
    """
    from kpalette import ColorCounter
    from kpalette.spatial import RowSample, Sampled

    counter, sample = ColorCounter(threads=threads), RowSample()
    numbers = {id(job): number for number, job in enumerate(jobs)}
    lock = threading.Lock()
    after: list[Job] = []

    def work(job: Job) -> Result:
        for frame, pixels in enumerate(loading.read_frames(job.source, True, allow_truncated)):
            flat = prepare(pixels)
            sample.add(flat, numbers[id(job)] + frame * len(jobs))
            with lock:  # in whatever order: counts are integers
                counter.update(flat)
        return Result(job, "")

    def tell(result: Result) -> None:
        failure = Failed(result.code, result.line) if result.code else None
        after.append(replace(result.job, failure=failure))

    running.run(jobs, work, workers, tell)
    found = Sampled(counter.histogram(), sample.parts) if counter.n_pixels else None
    return after, found
