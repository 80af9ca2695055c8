"""Reading photos and writing results, alike for all commands."""

from __future__ import annotations

import io
import os
import stat
import sys

from kpalette.cli.exits import (
    EXISTS,
    SIGPIPE,
    UNREADABLE,
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
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import IO, BinaryIO

    from kpalette import ColorHistogram
    from kpalette.colors import ByteArray
    from kpalette.files import Frames

#: Taken once by each writer, and wholly by who wants no file to be half-written. None while there
#: is but one thread that writes.
WRITERS = 256
writers: threading.Semaphore | None = None

#: Whether threads were left behind that are still at work.
abandoned = False

#: Folders with new names that may not be on the disk yet.
changed_folders: set[str] = set()


class Photo(Record):
    """A photo's pixels, and the bytes of the file that they come from.

    `whole` are those bytes as well, or with an end, if the file is cut off.
    """

    pixels: ByteArray
    encoded: bytes
    whole: bytes
    remark: str = ""  # what to say of the file, if anything

    def is_animated(self) -> bool:
        """Return whether there are more frames than that of the pixels."""
        from kpalette import files

        return files.is_animated(io.BytesIO(self.whole))


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


def film_of(photo: str) -> str | IO[bytes] | None:
    """Return what a film is read from: its path, or a spooled pipe. Of others, None or the pipe."""
    from kpalette import files

    try:
        if photo != "-" and (os.path.isfile(photo) or not os.path.exists(photo)):
            return photo if files.is_film(photo) else None
        if os.path.isdir(photo):
            return None
        from kpalette.files.spool import spooled

        with open(0 if photo == "-" else photo, "rb", closefd=photo != "-") as pipe:
            return spooled(pipe)
    except OSError as error:
        raise unreadable(photo, error) from None


def read(photo: str, allow_truncated: bool = False, pipe: IO[bytes] | None = None) -> Photo:
    """Read and decode a photo; if it is cut off and may be, the part that is there.

    `pipe` is what was spooled of it.
    """
    from kpalette import files
    from kpalette.files.errors import TruncatedError
    from kpalette.files.moving_images import remark
    from kpalette.files.truncated import REMARK, completed
    from kpalette.files.webp_frames import without_broken_end

    try:
        encoded = _read_bytes(photo) if pipe is None else pipe.read()
        if allow_truncated and (whole := completed(encoded)):
            return Photo(files.as_pixels(io.BytesIO(whole)), encoded, whole, REMARK)
        if found := without_broken_end(encoded):
            line = remark("the WebP is cut off", found[1])
            return Photo(files.as_pixels(io.BytesIO(found[0])), encoded, found[0], line)
        return Photo(files.as_pixels(io.BytesIO(encoded)), encoded, encoded)
    except OSError as error:
        raise unreadable(photo, error) from None
    except TruncatedError as error:
        line = str(error).replace("allow_truncated=True", "--allow-truncated")
        raise Failed(UNREADABLE, line) from None
    except files.ImageReadError as error:
        raise Failed(UNREADABLE, of_large(str(error))) from None


def unreadable(photo: str, error: OSError) -> Failed:
    """Return that a photo cannot be read, and why."""
    why = error.strerror
    if os.name == "nt":
        from kpalette.files.windows_names import why_too_long

        why = why_too_long(photo) or why
    return Failed(UNREADABLE, f"cannot be read: {why}")


def of_large(text: str) -> str:
    """Return what is wrong with a file, with what a command line can do if it is too large."""
    from kpalette.files import formats

    in_tiles = (
        "quantize and palette read a TIFF or PNG in tiles if it is given alone, by its name, "
        "quantize with -o x.tif or x.zarr"
    )
    limit = "--max-pixels of quantize is another limit"
    return text.replace(formats.IN_TILES, in_tiles).replace(formats.LIMIT, limit)


def read_still(
    photo: str, quiet: bool, allow_truncated: bool = False, pipe: IO[bytes] | None = None
) -> ByteArray:
    """Read a photo's pixels: those of the first frame of an animation, which is said."""
    found = read(photo, allow_truncated, pipe)
    if not quiet and found.remark:
        say(f"kpalette: {label(photo)}: {found.remark}")
    if not quiet and found.is_animated():
        say(f"kpalette: {label(photo)}: an animation; only its first frame is read")
    return found.pixels


def read_film(film: str | IO[bytes]) -> Frames | None:
    """Return a film's frames, decoded one at a time; None for what is no film."""
    from kpalette import files

    try:
        return files.film_frames(film, quiet=True)
    except files.ImageReadError as error:
        raise Failed(UNREADABLE, str(error).removeprefix(f"{film}: ")) from None


def read_pictures(photo: str, quiet: bool, allow_truncated: bool = False) -> Iterator[ByteArray]:
    """Read the pixels of a photo, as `read_still` does, or those of each frame of a film."""
    found = film_of(photo)
    film = None if found is None else read_film(found)
    if film is None:
        yield read_still(photo, quiet, allow_truncated, None if isinstance(found, str) else found)
        return
    yield from _pixels(film)
    for remark in film.remarks if not quiet else ():
        say(f"kpalette: {label(photo)}: {remark}")


def read_frames(photo: str, quiet: bool, allow_truncated: bool = False) -> Iterator[ByteArray]:
    """Read the pixels of a photo, or those of each frame of an animation or a film."""
    from kpalette import files

    found = film_of(photo)
    frames = None if found is None else read_film(found)
    if frames is None:
        still = read(photo, allow_truncated, None if isinstance(found, str) else found)
        if not still.is_animated():
            if still.remark and not quiet:
                say(f"kpalette: {label(photo)}: {still.remark}")
            yield still.pixels
            return
        frames = files.open_frames(io.BytesIO(still.whole), quiet=True)
    yield from _pixels(frames)
    for remark in frames.remarks if not quiet else ():
        say(f"kpalette: {label(photo)}: {remark}")


def _pixels(frames: Frames) -> Iterator[ByteArray]:
    from kpalette import files

    try:
        for pixels, _ in frames:
            yield pixels
    except files.ImageReadError as error:
        raise Failed(UNREADABLE, str(error)) from None


def read_histogram(path: str) -> ColorHistogram:
    """Read a saved histogram."""
    from kpalette import ColorHistogram

    try:
        return ColorHistogram.load(path)
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError as error:
        raise Failed(UNREADABLE, str(error).removeprefix(f"{path!r} ")) from None


def read_raw(film: str, width: int, height: int) -> Iterator[ByteArray]:
    """Read the bare frames of a film, one at a time."""
    from kpalette import files

    try:
        with open(0 if film == "-" else film, "rb", closefd=film != "-") as stream:
            frames = files.raw_frames(stream, width, height)
            first = next(frames, None)
            if first is None:
                raise Failed(UNREADABLE, "expected at least one frame, got none")
            yield first
            yield from frames
    except OSError as error:
        raise unreadable(film, error) from None
    except files.ImageReadError as error:
        raise Failed(UNREADABLE, str(error)) from None


def read_plain(photo: str) -> bytes | IO[bytes] | None:
    """Read a photo that may be plain: its bytes. Of others, None; or, of stdin, all, spooled."""
    from kpalette.files import plain

    try:
        if photo != "-":
            with open(photo, "rb") as file:
                if not plain.may_be_plain(file.read(plain.START)):
                    return None
                file.seek(0)
                return _whole(file)
        with open(0, "rb", buffering=0, closefd=False) as pipe:
            start = b""
            while len(start) < plain.START and (more := pipe.read(plain.START - len(start))):
                start += more
            if plain.may_be_plain(start):
                return start + pipe.readall()
            from kpalette.files.spool import spooled

            return spooled(pipe, start)
    except OSError as error:
        raise unreadable(photo, error) from None


def _read_bytes(photo: str) -> bytes:
    if photo == "-":
        with open(0, "rb", closefd=False) as stdin:
            return stdin.read()
    with open(photo, "rb") as file:
        return _whole(file)


def _whole(file: BinaryIO) -> bytes:
    """Return the bytes of a file, from its beginning."""
    before = os.fstat(file.fileno())
    encoded = file.read()
    if stat.S_ISREG(before.st_mode) and len(encoded) != before.st_size:
        raise Failed(UNREADABLE, "the file changed while it was read")
    return encoded


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
