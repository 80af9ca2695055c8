"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def checked_path(path: object) -> str:
    """Give a path as a string.

    Raises
    ------
    TypeError
        If it is none.
    """
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(name, str):
        raise TypeError(f"path: expected a path, got {type(path).__name__}")
    return name


@contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` once the block ends without an error.

    The file at `path`, if any, stays whole until then, and nothing is left behind on failure.
    Through a link, the file it points to is replaced. What is not a regular file, such as a pipe
    or a device, is written to as it is.

    Raises
    ------
    FileExistsError
        If there is a file at the end and `overwrite` is false.
    OSError
        If the file cannot be written.
    TypeError
        If `path` is no path.
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
    """Rename a file, unless there is one of that name by now."""
    try:
        os.link(temporary, target)  # fails where the name is taken, which a rename does not
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            name = os.fspath(temporary)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)
