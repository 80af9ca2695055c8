"""What holds for every input: a documented error with a message, or none; and no warning."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class Broken(AssertionError):
    """A law does not hold."""


@contextmanager
def allowing(*documented: type[Exception]) -> Iterator[None]:
    """Let the errors pass that are documented; any other, and any warning, is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            yield
        except documented as error:
            if not str(error).strip():
                raise Broken(f"{type(error).__name__} without a message") from error


def expect(holds: object, what: str) -> None:
    """Raise unless it holds."""
    if not holds:
        raise Broken(what)
