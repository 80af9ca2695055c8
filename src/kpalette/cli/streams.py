"""Writing results, and telling what fails, alike for all commands."""

from __future__ import annotations

import os
import sys

from kpalette.cli.exits import (
    EXISTS,
    SIGPIPE,
    UNWRITABLE,
    USAGE,
    Failed,
    Stopped,
    UsageError,
    broken_pipe,
    code_of,
    say,
    told,
    write_line,
)
from kpalette.files.atomic import NEW, replacing, sync_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from types import TracebackType


#: Taken once by each writer, and wholly by who wants no file to be half-written. None while there
#: is but one thread that writes.
WRITERS = 256
writers: threading.Semaphore | None = None

#: Whether threads were left behind that are still at work.
abandoned = False

#: Folders with new names that may not be on the disk yet.
changed_folders: set[str] = set()


def label(photo: str) -> str:
    """Name a photo for people."""
    return "stdin" if photo == "-" else photo or "''"


def label_of_all(photos: Sequence[str]) -> str:
    """Name a photo for people, or how many there are."""
    return label(photos[0]) if len(photos) == 1 else f"{len(photos)} photos"


class telling:  # noqa: N801 - it is used as a function
    """Print what fails with a photo within the block, and add its code to `codes`."""

    def __init__(self, photo: str, codes: set[int]) -> None:
        self._photo, self._codes = photo, codes

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        is_told = isinstance(error, Failed)
        say(f"kpalette: {label(self._photo)}: {error if is_told else told(error)}")
        self._codes.add(code_of(error))
        return True


def stem(path: str) -> str:
    """Return a file's name without its folder and its ending."""
    return os.path.splitext(os.path.basename(path))[0]


def check_instruction_set() -> None:
    """Refuse a KPALETTE_ISA that this machine lacks."""
    from kpalette import _core

    try:
        _core.isa()
    except ValueError as error:
        raise Failed(USAGE, str(error)) from None


def check_no_terminal() -> None:
    """Refuse to write what is no text to a terminal."""
    if os.isatty(1):
        raise UsageError("a terminal cannot show the file; give -o FILE, or a pipe")


def chart_kind(out: str | None) -> str:
    """Return the format of a chart that can be drawn, by its name; "" if there is to be none."""
    kind = os.path.splitext(out or "")[1][1:].lower()
    if out is not None and kind not in ("png", "svg", "pdf"):
        raise UsageError(f"-o: expected a name that ends in '.png', '.svg' or '.pdf', got {out!r}")
    if out is not None:
        from kpalette.extras import required

        required("matplotlib", "-o")
    return kind


def print_result(text: str) -> None:
    """Print to stdout what a command is for."""
    if sys.stdout is None:
        raise Failed(UNWRITABLE, "stdout cannot be written: it is closed")
    try:
        write_line(sys.stdout, text)
    except BrokenPipeError:
        raise Stopped(SIGPIPE) from None
    except OSError as error:
        raise Failed(UNWRITABLE, f"stdout cannot be written: {error.strerror}") from None


def write(
    encoded: bytes,
    target: str,
    force: bool,
    *,
    times: tuple[int, int] | None = None,
    mode: int = NEW,
    one_of_many: bool = False,
) -> None:
    """Write to stdout or a file, which appears whole or not at all.

    `times` are when the file was used and changed last, in nanoseconds; now by default. `mode` are
    the permissions of a new file, before the umask. The name of `one_of_many` need not be on the
    disk before `sync_folders`.
    """
    try:
        if target == "-":
            # Not by way of sys.stdout, nor of a buffer: they would try again to write at exit.
            rest = memoryview(encoded)
            try:
                while rest:
                    rest = rest[os.write(1, rest) :]
            except OSError as error:
                raise broken_pipe(error) from None
        else:
            if writers is not None:
                writers.acquire()
            try:
                _write_file(encoded, target, force, times, mode, not one_of_many)
            finally:
                if writers is not None:
                    writers.release()
    except FileExistsError:
        raise Failed(EXISTS, f"{target} exists; -f replaces it") from None
    except BrokenPipeError:
        raise Stopped(SIGPIPE) from None
    except OSError as error:
        where = "stdout" if target == "-" else target
        raise Failed(UNWRITABLE, f"{where} cannot be written: {error.strerror}") from None


def _write_file(
    encoded: bytes,
    target: str,
    force: bool,
    times: tuple[int, int] | None,
    mode: int,
    at_once: bool,
) -> None:
    with replacing(target, overwrite=force, mode=mode, sync_folder=at_once) as file:
        file.write(encoded)
        if times is not None and os.utime in os.supports_fd:
            file.flush()  # which sets the time
            os.utime(file.fileno(), ns=times)
    if times is not None and os.utime not in os.supports_fd:  # on Windows, which sets it at closing
        os.utime(target, ns=times)
    if not at_once:
        real = os.path.realpath(target) if os.path.islink(target) else target
        changed_folders.add(os.path.dirname(real))


def make_folder(folder: str) -> None:
    """Make a folder, and those above it, if need be."""
    for above in folders_above(folder):
        if os.path.lexists(above):
            break
        changed_folders.add(os.path.dirname(above))
    try:
        os.makedirs(folder or ".", exist_ok=True)
    except OSError as error:
        line = f"{os.path.join(folder, '')} cannot be made: {error.strerror}"
        raise Failed(UNWRITABLE, line) from None


def folders_above(folder: str) -> Iterator[str]:
    """Yield the path of a folder, and of those above it: the last one is a drive, or where we are.

    Examples
    --------
    >>> [*folders_above("out/small")], [*folders_above("/out")]
    (['out/small', 'out', '.'], ['/out', '/'])
    """
    yield folder or "."
    while folder and (above := os.path.dirname(folder)) != folder:
        yield above or "."
        folder = above


def sync_folders() -> None:
    """Write to the disk the names of all files that were written: once for each folder."""
    while changed_folders:
        folder = changed_folders.pop()
        try:
            sync_folder(folder)
        except OSError as error:
            line = f"{os.path.join(folder, '')} cannot be written: {error.strerror}"
            raise Failed(UNWRITABLE, line) from None
