"""Locks: one run at a time writes into a folder, and the lock names the run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from kpalette.distributed.errors import LockedError, writing

#: The file in a folder that is locked. It tells who locked it last.
LOCK = "lock.json"
#: The byte that is locked on Windows: beyond what is told, which others can read so.
LOCKED = 1 << 30
#: What file systems answer that have no locks.
WITHOUT = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class UnlockedWarning(RuntimeWarning):
    """A folder on a file system without locks."""


@contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a folder's lock until the block ends; make the folder if there is none.

    The system frees the lock of a process that dies. On a file system without locks this warns.

    Raises
    ------
    LockedError
        If another run holds the lock; it names that run.
    OutputError
        If the folder or the file in it cannot be made.
    """
    name = os.path.join(folder, LOCK)
    number = _acquire(os.fspath(folder), name)
    try:
        holder = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with writing(name):
            os.ftruncate(number, 0)
            os.lseek(number, 0, os.SEEK_SET)
            os.write(number, json.dumps(holder).encode())
        yield
    finally:
        os.close(number)
        if os.name == "nt":  # where `remove` leaves the file, which was open
            with suppress(OSError):
                if os.listdir(folder) == [LOCK]:
                    remove(folder)


def check_free(folder: str | os.PathLike[str]) -> None:
    """Raise LockedError if a run holds the lock of a folder now."""
    name = os.path.join(folder, LOCK)
    try:
        number = os.open(name, os.O_RDWR)
    except OSError:
        return
    try:
        _try(number, name)
    finally:
        os.close(number)


def clear(folder: str | os.PathLike[str]) -> None:
    """Delete what is in a folder whose lock is held, but for the lock."""
    for item in os.scandir(folder):
        if item.is_dir(follow_symlinks=False):
            shutil.rmtree(item.path, ignore_errors=True)
        elif item.name != LOCK:
            with suppress(OSError):
                os.unlink(item.path)


def remove(folder: str | os.PathLike[str]) -> None:
    """Delete a folder whose lock is held: the lock last, so that nobody begins in the rest."""
    clear(folder)
    with suppress(OSError):
        os.unlink(os.path.join(folder, LOCK))
        os.rmdir(folder)


def _acquire(folder: str, name: str) -> int:
    """Return the number of the open lock file."""
    while True:
        with writing(folder):
            with suppress(FileExistsError):
                os.mkdir(folder)
            try:
                number = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:  # its holder has just removed the folder
                continue
        try:
            _try(number, name)
            if _is_at(number, name):
                return number
        except BaseException:
            os.close(number)
            raise
        os.close(number)  # of a folder that its holder has removed meanwhile


def _try(number: int, name: str) -> None:
    """Lock an open file, or raise LockedError."""
    try:
        _lock(number)
    except BlockingIOError:
        raise LockedError(errno.EAGAIN, _told(number), os.path.dirname(name)) from None
    except OSError as error:
        if error.errno not in WITHOUT:
            raise
        warnings.warn(
            f"{os.path.dirname(name)!r} cannot be locked: its file system has no locks; "
            "nothing else may write there meanwhile",
            UnlockedWarning,
            stacklevel=2,
        )


def _lock(number: int) -> None:
    """Lock an open file; raise BlockingIOError if another has it."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        os.lseek(number, LOCKED, os.SEEK_SET)
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            if error.errno in WITHOUT:
                raise
            raise BlockingIOError(errno.EAGAIN, "it is locked") from None
    else:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _told(number: int) -> str:
    """Return a sentence about the lock's holder."""
    try:
        os.lseek(number, 0, os.SEEK_SET)
        holder = json.loads(os.read(number, 4096))
        return (
            f"Another run writes there: process {holder['process']} on {holder['host']}, "
            f"since {holder['since']}"
        )
    except (OSError, ValueError, KeyError, TypeError):  # it has not told yet
        return "Another run writes there"


def _is_at(number: int, name: str) -> bool:
    """Return whether a path still is that of an open file."""
    try:
        return os.path.samestat(os.fstat(number), os.stat(name))
    except FileNotFoundError:
        return False
