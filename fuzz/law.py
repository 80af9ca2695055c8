"""The law for every input: no error, or a documented one with a message; and no warning but one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

#: What is said of damaged animations, which are shown as far as they go.
DAMAGED = r".* (?:is|are) taken$"


class Broken(AssertionError):
    """A broken law."""


@contextmanager
def allowing(*documented: type[Exception]) -> Iterator[None]:
    """Suppress documented errors; all others, and warnings, are raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", DAMAGED)
        try:
            yield
        except documented as error:
            if not str(error).strip():
                raise Broken(f"{type(error).__name__} without a message") from error


def expect(holds: object, what: str) -> None:
    """Raise `Broken` unless `holds` is true."""
    if not holds:
        raise Broken(what)
