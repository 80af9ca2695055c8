"""Files of others, and whole folders, that are to stay after a power cut.

A rename is atomic, but the file system may keep the new name and lose the bytes, unless they were
synchronized before. It may also lose the name, unless the folder is synchronized after. What
:func:`kpalette.files.replacing` writes is safe by itself.
"""

from __future__ import annotations

import os
from contextlib import suppress

from kpalette.files.atomic import PART, sync_folder


def sync_file(path: str | os.PathLike[str]) -> None:
    """Write to the disk the bytes of a file that others have written.

    Raises
    ------
    OSError
        If there is no such file, or its bytes cannot be written.
    """
    # Windows syncs only files that may be written.
    number = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


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
    """Return whether a name is one that :func:`kpalette.files.replacing` gives.

    Examples
    --------
    >>> is_temporary(".photo.png.kpalette-part"), is_temporary(".photo.png")
    (True, False)
    """
    return name.startswith(".") and PART in name
