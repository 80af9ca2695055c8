"""What can go wrong far away, said so that it can be understood here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class TileError(RuntimeError):
    """A tile or a photo that cannot be read, or whose values are out of range.

    Attributes
    ----------
    where : str
        The source, and of an array, which tile: its place among the tiles, rows and columns.
    cause : str
        What is wrong with it.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import distributed
    >>> try:
    ...     distributed.histogram(np.array([[0.5, 1.5]]))
    ... except distributed.TileError as error:
    ...     print(error.where)
    ...     print(error.cause)
    array, tile (0, 0), rows 0 to 0, columns 0 to 1
    expected float values from 0 to 1, got 0.5 to 1.5
    """

    def __init__(self, where: str, cause: str) -> None:
        super().__init__(where, cause)
        self.where = where
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.where}: {self.cause}"


class SchedulerLostError(RuntimeError):
    """A scheduler that does not answer, or has gone away in the middle."""


class OutputError(OSError):
    """A file of the result, or of a checkpoint, that cannot be written: a full disk, say.

    It has ``errno``, ``strerror`` and ``filename``. What was finished stays for the next run.
    """


class CheckpointError(ValueError):
    """A checkpoint folder that belongs to another source, or is none."""


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Name the file in what the system says when it cannot be written."""
    try:
        yield
    except OSError as error:
        raise OutputError(error.errno, error.strerror or str(error), path) from error


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Name the tile in whatever goes wrong with it."""
    try:
        yield
    except (TileError, OutputError):
        raise
    except Exception as error:
        raise TileError(where, in_words(error)) from error


def in_words(error: BaseException) -> str:
    """Say what an exception means, on one line and without what the place says already."""
    if isinstance(error, OSError) and error.strerror:
        named = f": {os.fspath(error.filename)!r}" if error.filename else ""
        return f"{error.strerror}{named}"
    text = " ".join(str(error).split()).removeprefix("source: ")
    if isinstance(error, (ValueError, OSError)) and text:
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text else name
