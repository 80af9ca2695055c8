"""Reading photos, alike for all commands: what is wrong with one is said in a line."""

from __future__ import annotations

import io
import os
import stat

from kpalette.cli.exits import UNREADABLE, Failed, say
from kpalette.cli.streams import label
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, BinaryIO

    from kpalette import ColorHistogram
    from kpalette.colors import ByteArray
    from kpalette.files import Frames


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
        "given alone and by its name, a TIFF or PNG is read in tiles by palette, and by quantize "
        "with -o x.tif or x.zarr"
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
