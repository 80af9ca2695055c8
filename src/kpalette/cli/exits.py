"""How a command ends: exit codes, and what is said on stderr."""

from __future__ import annotations

import errno
import os
import sys

from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

#: What each exit code means. 15, 16, 98 and 99 are pngquant's.
EXIT_CODES = {
    0: "success",
    1: "several photos failed, for different reasons",
    2: "wrong command line, or it needs what is not installed",
    3: "an input cannot be read as an image or a palette",
    15: "an output exists already (see --force)",
    16: "an output cannot be written",
    69: "the cluster cannot be reached, has no workers, or its connection was lost",
    70: "internal error (KPALETTE_DEBUG=1 shows the traceback)",
    71: "there is not enough memory, or --memory-limit leaves too little",
    75: "another run is writing the output",
    98: "the result would not be smaller (see --skip-if-larger)",
    99: "the quality or the size asked for cannot be reached",
    129: "the terminal was closed",
    130: "interrupted (Ctrl-C)",
    141: "the reader of the output was closed",
    143: "terminated",
}
MIXED, USAGE, UNREADABLE, EXISTS, UNWRITABLE, INTERNAL = 1, 2, 3, 15, 16, 70
UNAVAILABLE, NO_MEMORY, LOCKED = 69, 71, 75
NOT_SMALLER, NOT_REACHED, BROKEN_PIPE = 98, 99, 141

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


#: Signals by their numbers, which are the same everywhere: `signal` would bring `enum`. Windows has
#: neither the first, for which it sends SIGBREAK, nor SIGPIPE.
SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGBREAK = 1, 2, 13, 15, 21

#: What is said in place of signs that an encoding lacks, as those of Windows do.
PLAIN = {"Δ": "d", "×": "x", "∞": "inf", "…": "...", "–": "-"}


class UsageError(Exception):
    """A command line that asks for what cannot be.

    `command` is whose it is, if that is known, and `section` the part of its --help-all that tells.
    """

    def __init__(self, message: str, command: str = "", section: str = "") -> None:
        super().__init__(message)
        self.command, self.section = command, section


class Failed(Exception):
    """Something that the user can mend: an exit code and a line that says what it is."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code = code


class Skipped(Failed):
    """A photo is left out, as was asked for."""


class Stopped(BaseException):
    """A signal asks the program to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def ending(codes: set[int]) -> int:
    """Return the exit code for those of all photos: failures count more than what was skipped."""
    codes = codes - {0}
    codes = codes - {NOT_SMALLER, NOT_REACHED} or codes
    return codes.pop() if len(codes) == 1 else MIXED if codes else 0


def say(line: str) -> None:
    """Print one line to stderr, whatever a file's name holds."""
    text = line
    if not line.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    if "\\udc" in text:  # Python's words for a byte of a name that is not UTF-8
        import re

        text = re.sub(r"\\udc([89a-f][0-9a-f])", r"\\x\1", text)
    try:
        write_line(sys.stderr, text)
    except BrokenPipeError:
        raise Stopped(SIGPIPE) from None
    except OSError:
        pass  # there is nowhere else to say that stderr is full


def write_line(stream: TextIO | None, text: str) -> None:
    """Write a line to a standard stream, if there is one, at once.

    Raises
    ------
    BrokenPipeError
        If its reader has gone.
    OSError
        If it cannot be written.
    """
    if stream is not None:
        try:
            stream.write(f"{text}\n")
            stream.flush()
        except OSError as error:
            raise broken_pipe(error) from None


def broken_pipe(error: OSError) -> OSError:
    """Return an error of writing to a standard stream, as BrokenPipeError if it stands for that.

    On Windows, a pipe without a reader is an invalid argument.
    """
    is_broken = os.name == "nt" and error.errno == errno.EINVAL
    return BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) if is_broken else error


def write_all_signs() -> None:
    """Let what is said be written in any encoding, if need be in other signs."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.encoding.lower().replace("-", "") != "utf8":
            import codecs

            codecs.register_error("kpalette-plain", _plain)
            stream.reconfigure(errors="kpalette-plain")  # type: ignore[union-attr]


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    signs = error.object[error.start : error.end]
    plain = (PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in signs)
    return "".join(plain), error.end


def all_kept(number: int, k: int) -> str:
    """Return that a picture has fewer colours than it may, in words.

    Examples
    --------
    >>> all_kept(5, 8), all_kept(1, 8)
    ('fewer than k = 8: all are kept', 'fewer than k = 8: it is kept')
    """
    return f"fewer than k = {k}: {'it is' if number == 1 else 'all are'} kept"


def growth(before: int, after: int) -> str:
    """Return by how much a file is larger than one before, in words.

    Examples
    --------
    >>> growth(64_516, 101_593), growth(1000, 1001)
    ('57 %', '1 byte')
    """
    share = 100 * (after - before) / before
    return f"{share:,.0f} %" if share >= 1 else counted(after - before, "byte")


def sizes(before: int, after: int) -> str:
    """Return the sizes of a file before and after, and by how much it has grown.

    Examples
    --------
    >>> sizes(64_516, 12_345), sizes(64_516, 101_593)
    ('64,516 to 12,345 bytes', '64,516 to 101,593 bytes (57 % larger)')
    """
    more = f" ({growth(before, after)} larger)" if after > before else ""
    return f"{before:,} to {after:,} bytes{more}"


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    if isinstance(error, Failed):
        return error.code
    if _is_missing(error):
        return USAGE
    return NO_MEMORY if isinstance(error, MemoryError) else INTERNAL


def _is_missing(error: Exception) -> bool:
    """Return whether a package is not installed, which the error's message says."""
    if not isinstance(error, ImportError):
        return False
    from kpalette.extras import MissingPackageError

    return isinstance(error, MissingPackageError)


def told(error: Exception) -> str:
    """Return one line about an unexpected error; print the traceback if that is asked for."""
    if _is_missing(error):
        return str(error)
    if os.environ.get("KPALETTE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    return f"internal error: {type(error).__name__}: {error}"
