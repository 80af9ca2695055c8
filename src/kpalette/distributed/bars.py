"""Following a cluster's progress by Dask's own bar."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any


@contextmanager
def following(future: Any, address: str) -> Iterator[None]:
    """Show on stderr how far a cluster is, for as long as somebody else waits for the future."""
    with redirect_stdout(sys.stderr):  # Dask's bar knows no other place than stdout
        thread = threading.Thread(target=_follow, args=(future, address), daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(timeout=1)  # of a scheduler that is gone, there is no more to come
            print()


def _follow(future: Any, address: str) -> None:
    from distributed.diagnostics.progressbar import TextProgressBar

    with suppress(Exception):  # whatever is wrong, who waits for the future is told
        TextProgressBar([future], scheduler=address)
