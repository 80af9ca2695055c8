"""Atomic writing of files: they appear whole or not at all."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
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


class replacing:  # noqa: N801 - it is used as a function
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

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        self._path, self._overwrite = checked_path(path), overwrite
        self._temporary = ""  # where the file is written to directly
        self._target = ""

    def __enter__(self) -> IO[bytes]:
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            status = None
        if status and not stat.S_ISREG(status.st_mode):
            self._file: IO[bytes] = open(self._path, "wb")
            return self._file
        is_link = os.path.islink(self._path)
        self._target = os.path.realpath(self._path) if is_link else self._path
        folder, name = os.path.split(self._target)
        self._temporary = os.path.join(folder, f".{name[:40]}-{os.urandom(8).hex()}")
        try:
            self._file = open(self._temporary, "xb")
            if status:
                try:
                    os.chmod(self._temporary, stat.S_IMODE(status.st_mode) & 0o777)
                except OSError:
                    pass  # a file system without permissions
        except BaseException as error:
            self._give_up(error)
            raise
        return self._file

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if error is None and self._temporary:
                self._rename()
        except BaseException as failure:
            self._give_up(failure)
            raise
        if error is not None:
            self._give_up(error)

    def _rename(self) -> None:
        if self._overwrite:
            os.replace(self._temporary, self._target)
        else:
            _rename_to_new(self._temporary, self._target)

    def _give_up(self, error: BaseException) -> None:
        """Remove the temporary file; an error of the system is that of the path which was asked."""
        if not self._temporary:
            return
        try:
            os.unlink(self._temporary)
        except OSError:
            pass
        if isinstance(error, OSError) and error.filename == self._temporary:
            raise OSError(error.errno, error.strerror, self._path) from None


def _rename_to_new(temporary: str, target: str) -> None:
    """Rename a file; raise FileExistsError if the new name is taken."""
    try:
        os.link(temporary, target)  # unlike a rename, fails if the name is taken
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.exists(target):
            import errno

            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), temporary) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)
