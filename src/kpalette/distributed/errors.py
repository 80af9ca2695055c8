"""Errors of distributed runs, which name the tile, file or scheduler that failed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kpalette.extras import MissingPackageError


class TileError(RuntimeError):
    """A tile or a photo that cannot be read, or whose values are out of range.

    Attributes
    ----------
    where : str
        The source; for an array also the tile, with its position, rows and columns.
    cause : str
        What is wrong with the tile or photo.

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
    expected float values from 0 to 1, got 0.5 to 1.5; source / 255 for levels from 0 to 255
    """

    def __init__(self, where: str, cause: str) -> None:
        super().__init__(where, cause)
        self.where = where
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.where}: {self.cause}"


class SchedulerLostError(RuntimeError):
    """A scheduler that does not answer, or whose connection was lost."""


class NoWorkersError(SchedulerLostError):
    """A cluster that has had no worker for too long."""


class WaitingWarning(RuntimeWarning):
    """A cluster that has no worker now, so that a run waits for one."""


class LockedError(OSError):
    """An output or a checkpoint that another run writes to.

    It has ``strerror``, which names the run, and ``filename``, the folder. The lock of a process
    that dies is free at once.
    """


class OutputError(OSError):
    """A file of the result or of a checkpoint that cannot be written, for example on a full disk.

    It has ``errno``, ``strerror`` and ``filename``. Finished work stays for the next run.
    """


class CheckpointError(ValueError):
    """A folder that is not a checkpoint, or that of another source."""


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Raise OutputError, which names the file, in place of any OSError."""
    try:
        yield
    except OSError as error:
        raise OutputError(error.errno, error.strerror or str(error), path) from error


@contextmanager
def naming_package(url: str) -> Iterator[None]:
    """Raise MissingPackageError, naming the package that URLs of that kind need, if it is missing.

    fsspec and Zarr raise an ImportError then.
    """
    try:
        yield
    except ImportError as error:
        name = getattr(error.__cause__, "name", None)
        told = f"{name} is not installed; pip install {name}" if name else str(error)
        raise MissingPackageError(f"{url}: {told}") from None


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Raise TileError, which names the tile, in place of any other error about what is read."""
    try:
        yield
    except (TileError, OutputError, MissingPackageError):
        raise
    except Exception as error:
        raise TileError(where, in_words(error).removeprefix(f"{where}: ")) from error


def in_words(error: BaseException) -> str:
    """Return an exception's message on one line, without the prefix ``source:``."""
    if isinstance(error, OSError) and error.strerror:
        named = f": {os.fspath(error.filename)!r}" if error.filename else ""
        return f"{error.strerror}{named}"
    text = " ".join(str(error).split()).removeprefix("source: ")
    if text and (isinstance(error, ValueError) or type(error) is OSError):
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text else name
