"""Files that stay after a power cut: their bytes, and their names in their folders.

A rename is atomic, but the file system may keep the new name and lose the bytes, unless they were
synchronized before. It may also lose the name, unless the folder is synchronized after.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import IO

#: What file systems answer that cannot synchronize a folder.
CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)


def sync_open(file: IO[bytes]) -> None:
    """Write an open file's bytes to the disk.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    file.flush()
    os.fsync(file.fileno())


def sync_file(path: str | os.PathLike[str]) -> None:
    """Write to the disk the bytes of a file that others may have written.

    Raises
    ------
    OSError
        If there is no such file, or its bytes cannot be written.
    """
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Write to the disk the names in a folder, where the file system can.

    Raises
    ------
    OSError
        If there is no such folder, or the names cannot be written.
    """
    try:
        sync_file(path)
    except OSError as error:
        if error.errno not in CANNOT:
            raise


def sync_tree(path: str | os.PathLike[str]) -> None:
    """Write to the disk all files and folders in a folder, and that itself.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            sync_file(os.path.join(folder, name))
        sync_folder(folder)


def sweep(folder: str | os.PathLike[str]) -> None:
    """Delete the temporary files of :func:`kpalette.files.replacing` that a kill has left.

    Nobody may write to the folder meanwhile.
    """
    for name in os.listdir(folder):
        if is_temporary(name):
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))


def is_temporary(name: str) -> bool:
    """Return whether a name is one that :func:`kpalette.files.replacing` gives, ``.name-<hex>``.

    Examples
    --------
    >>> is_temporary(".photo.png-0123456789abcdef"), is_temporary(".photo.png")
    (True, False)
    """
    stem, _, random = name.rpartition("-")
    return stem.startswith(".") and len(random) == 16 and not set(random) - set("0123456789abcdef")
