"""Atomic writing of files: they appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def checked_path(path: object) -> str:
    """Return a path as a string.

    Raises
    ------
    TypeError
        If `path` is not a path.
    """
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(name, str):
        raise TypeError(f"path: expected a path, got {type(path).__name__}")
    return name


@contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces `path` when the block ends without an error.

    Until then an existing file stays unchanged, and a failure leaves nothing behind. If `path` is
    a link, the file it points to is replaced. Pipes, devices and others that are not regular files
    are written to directly.

    Raises
    ------
    FileExistsError
        If `path` exists when the block ends, and `overwrite` is false.
    OSError
        If the file cannot be written.
    TypeError
        If `path` is not a path.
    """
    checked_path(path)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        status = None
    if status and not stat.S_ISREG(status.st_mode):
        with open(path, "wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:40]}-{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as file:
            if status:
                with suppress(OSError):  # a file system without permissions
                    os.chmod(temporary, stat.S_IMODE(status.st_mode) & 0o777)
            yield file
        if overwrite:
            os.replace(temporary, target)
        else:
            _rename_to_new(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename == os.fspath(temporary):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None
        raise


def _rename_to_new(temporary: Path, target: Path) -> None:
    """Rename a file; raise FileExistsError if the new name is taken."""
    try:
        os.link(temporary, target)  # unlike a rename, fails if the name is taken
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            name = os.fspath(temporary)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)
