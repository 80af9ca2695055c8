"""Dask's progress bar for work on a cluster."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any


@contextmanager
def following(future: Any, address: str) -> Iterator[None]:
    """Show a cluster's progress on stderr while the caller waits for the future."""
    with redirect_stdout(sys.stderr):  # Dask's bar writes to stdout only
        thread = threading.Thread(target=_follow, args=(future, address), daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(timeout=1)  # the bar never ends if the scheduler is lost
            print()


def _follow(future: Any, address: str) -> None:
    from distributed.diagnostics.progressbar import TextProgressBar

    with suppress(Exception):  # the caller gets the same error from the future
        TextProgressBar([future], scheduler=address)
