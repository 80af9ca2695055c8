"""Atomic writing of files: they appear whole or not at all, even if the power fails."""

from __future__ import annotations

import errno
import os
import stat
import time

try:
    import fcntl
except ImportError:  # on Windows, where others can neither rename nor remove a file that is open
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO

#: How temporary files end. The same one for each try, so that the next finds what a kill has left.
PART = ".kpalette-part"
#: The permissions of a new file, before the umask.
NEW = 0o666
#: What a file system says that cannot sync, or not this.
_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
#: Attributes that tell of the very bytes, or that let a program do more than its user.
_NOT_KEPT = ("security.capability", "security.evm", "security.ima")
_ACL = "system.posix_acl_access"
#: Seconds between tries to rename on Windows, where scanners open each new file for a moment.
_WAITS = (0.01, 0.05, 0.2, 0.8)
#: Seconds after which a file that is not open was left behind, on Windows.
_RECENT = 60


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

    Until then an existing file stays unchanged, and a failure leaves nothing behind. Bytes are on
    the disk before they get the name, so that after a power cut `path` is the old file or the new
    one. What a kill leaves, ``.NAME.kpalette-part``, is removed by the next that writes `path`.

    A file that is replaced hands on its permissions, access control list and extended attributes,
    and its owner and group if the system allows that. Its other hard links keep the old content. If
    `path` is a link, the file it points to is replaced. Pipes, devices and others that are not
    regular files are written to directly. On Windows, the new file has the folder's permissions,
    and a file that another program has open is not replaced.

    Parameters
    ----------
    path : path
    overwrite : bool
    mode : int
        The permissions of a new file, before the umask.
    sync_folder : bool
        Whether the new name, too, is on the disk when the block ends. Otherwise a power cut may
        bring back the old file.

    Raises
    ------
    FileExistsError
        If `path` exists when the block ends, and `overwrite` is false.
    OSError
        If the file cannot be written.
    TypeError
        If `path` is not a path.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = True,
        mode: int = NEW,
        sync_folder: bool = True,
    ) -> None:
        self._path, self._overwrite = checked_path(path), overwrite
        self._mode, self._sync_folder = mode, sync_folder
        self._temporary = ""  # where the file is written to directly
        self._target = ""

    def __enter__(self) -> IO[bytes]:
        if fcntl is None:
            from kpalette.files.windows_names import why_refused

            if why := why_refused(self._path):
                raise OSError(errno.EINVAL, why, self._path)
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            status = None
        if status and not stat.S_ISREG(status.st_mode):
            self._file: IO[bytes] = open(self._path, "wb")
            return self._file
        self._target = _target(self._path)
        try:
            # Of a file that is replaced none may read more than before.
            self._open(0o600 if status else self._mode)
            if status and fcntl is not None:
                _dress(self._file.fileno(), self._target, status)
        except BaseException as error:
            self._give_up(error)
            raise
        return self._file

    def _open(self, mode: int) -> None:
        """Open a temporary file, locked, so that no one takes it for one that was left behind."""
        for name in (_part(self._target), f"{_part(self._target)}-{os.urandom(8).hex()}"):
            sweep(name)
            try:
                self._file = open(  # noqa: SIM115 - it is closed when the block ends
                    name, "xb", opener=lambda path, flags: os.open(path, flags, mode)
                )
            except FileExistsError:  # another is at work, on this file or one of a like name
                continue
            except OSError as error:
                error.filename = self._path
                if fcntl is None:
                    from kpalette.files.windows_names import why_too_long

                    if why := why_too_long(self._path) or why_too_long(name):
                        raise OSError(errno.ENAMETOOLONG, why, self._path) from None
                raise
            self._temporary = name
            try:
                if name != _part(self._target) or _lock(self._file.fileno(), name):
                    return
                self._temporary = ""  # another has just taken it for one that was left behind
            except OSError:
                pass  # a file system without locks
            self._give_up(None)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._path)

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._give_up(error)
            return
        try:
            if self._temporary:
                self._file.flush()
                _sync(self._file.fileno())
                if fcntl is None:
                    self._file.close()
                self._rename()  # elsewhere while it is open, and so locked
            self._file.close()
            if self._target and self._sync_folder:
                sync_folder(os.path.dirname(self._target))
        except BaseException as failure:
            self._give_up(failure)
            raise

    def _rename(self) -> None:
        rename = os.replace if self._overwrite else _rename_to_new
        waits: list[float] = [*_WAITS] if fcntl is None else []
        while True:
            try:
                rename(self._temporary, self._target)
                break
            except PermissionError:
                if not waits or _is_read_only(self._target):
                    raise
                time.sleep(waits.pop(0))
        self._temporary = ""

    def _give_up(self, error: BaseException | None) -> None:
        """Remove the temporary file; an error of the system is that of the path which was asked."""
        temporary, self._temporary = self._temporary, ""
        if fcntl is None:
            self._abandon()
        if temporary:
            try:
                os.unlink(temporary)
            except OSError:
                pass
        self._abandon()  # elsewhere after that: it is locked
        if temporary and isinstance(error, OSError) and error.filename == temporary:
            raise OSError(error.errno, error.strerror, self._path) from None

    def _abandon(self) -> None:
        """Close the file without what it holds back."""
        if hasattr(self, "_file"):
            try:
                self._file.raw.close()  # type: ignore[attr-defined]
            except OSError:
                pass


def sweep(part: str) -> None:
    """Remove a temporary file if no one is writing to it."""
    if fcntl is None:
        _sweep_on_windows(part)
        return
    try:
        file = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # there is none, nearly always
    try:
        if stat.S_ISREG(os.fstat(file).st_mode) and _lock(file, part):
            os.unlink(part)
    except OSError:
        pass
    finally:
        os.close(file)


def _sweep_on_windows(part: str) -> None:
    try:
        status = os.stat(part)
        # A recent one may be closed only because it is about to be renamed.
        if max(status.st_mtime, status.st_ctime) < time.time() - _RECENT:
            os.unlink(part)
    except OSError:
        pass  # there is none, or it is open


def sweep_beside(path: str) -> None:
    """Remove the temporary file of a file that is there, if no one is writing to it."""
    sweep(_part(_target(path)))


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Write to the disk which files a folder has.

    Raises
    ------
    OSError
        If the disk fails. A folder that may not be read is not synced.
    """
    if fcntl is None:
        return  # Windows opens no folders, and NTFS keeps a journal of names
    try:
        file = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        _sync(file)
    finally:
        os.close(file)


def _target(path: str) -> str:
    return os.path.realpath(path) if os.path.islink(path) else path


def _part(target: str) -> str:
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:40]}{PART}")


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _lock(file: int, name: str) -> bool:
    """Lock an open file; return whether no one else has, and it still has the name."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), os.stat(name))
    except (BlockingIOError, FileNotFoundError):
        return False


def _dress(file: int, target: str, status: os.stat_result) -> None:
    """Copy an old file's owner, permissions and attributes to a new one, as far as possible."""
    mode = stat.S_IMODE(status.st_mode) & 0o777
    made = os.fstat(file)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid) and not (
        _chown(file, status.st_uid, status.st_gid) or _chown(file, -1, status.st_gid)
    ):
        mode = mode & ~0o070 | (mode & 0o007) << 3  # the group is another: what all may do
    if hasattr(os, "listxattr"):
        _copy_attributes(file, target)
    try:
        os.fchmod(file, mode)
    except OSError:
        pass  # a file system without permissions


def _chown(file: int, owner: int, group: int) -> bool:
    try:
        os.fchown(file, owner, group)
    except OSError:
        return False
    return True


def _copy_attributes(file: int, target: str) -> None:
    try:
        kept = [name for name in os.listxattr(target) if name not in _NOT_KEPT]
        if _ACL in os.listxattr(file) and _ACL not in kept:  # from the folder's default
            os.removexattr(file, _ACL)
    except OSError:
        return  # a file system without attributes
    for name in kept:
        try:
            os.setxattr(file, name, os.getxattr(target, name))
        except OSError:
            pass  # for administrators alone


def _is_read_only(path: str) -> bool:
    return os.path.exists(path) and not os.access(path, os.W_OK)


def _rename_to_new(temporary: str, target: str) -> None:
    """Rename a file; raise FileExistsError if the new name is taken."""
    if fcntl is None:
        os.rename(temporary, target)  # which raises it there
        return
    try:
        os.link(temporary, target)  # unlike a rename, fails if the name is taken
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.exists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), temporary) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)
