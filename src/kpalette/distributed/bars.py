"""Progress, by Dask's own bars."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from contextvars import ContextVar
from typing import Any

_shown: ContextVar[bool] = ContextVar("shown", default=False)


@contextmanager
def progress() -> Iterator[None]:
    """Show Dask's progress bar on stderr for what is counted and saved within the block.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import distributed
    >>> with distributed.progress():
    ...     histogram = distributed.histogram(np.eye(8, dtype=np.uint8))
    """
    from dask.diagnostics.progress import ProgressBar

    token = _shown.set(True)
    try:
        with ProgressBar(out=sys.stderr):
            yield
    finally:
        _shown.reset(token)


@contextmanager
def following(future: Any) -> Iterator[None]:
    """Show how far a cluster is, if bars are shown."""
    if not _shown.get():
        yield
        return
    with redirect_stdout(sys.stderr):  # where Dask's bar is, unless it is told so
        thread = threading.Thread(target=_follow, args=(future,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(timeout=1)  # of a scheduler that is gone, there is no more to come
            print()


def _follow(future: Any) -> None:
    from distributed.diagnostics.progressbar import TextProgressBar

    with suppress(Exception):  # whatever is wrong, who waits for the future is told
        TextProgressBar([future])
