"""How a command ends: exit codes, and what is said on stderr."""

from __future__ import annotations

import os
from contextlib import suppress

import click

#: What each exit code means. 15 and 16 are pngquant's.
EXIT_CODES = {
    0: "success",
    1: "several photos failed, for different reasons",
    2: "wrong command line",
    3: "an input cannot be read as an image or a palette",
    15: "an output exists already (see --force)",
    16: "an output cannot be written",
    70: "internal error (KPALETTE_DEBUG=1 shows the traceback)",
    130: "interrupted (Ctrl-C)",
    141: "whoever read the output went away",
    143: "terminated",
}
MIXED, USAGE, UNREADABLE, EXISTS, UNWRITABLE, INTERNAL = 1, 2, 3, 15, 16, 70

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


class Failed(Exception):
    """Something that the user can mend: an exit code and a line that says what it is."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code = code


class Stopped(BaseException):
    """A signal asks the program to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def say(line: str) -> None:
    """Print one line to stderr, whatever a file's name holds."""
    with suppress(OSError):  # there is nowhere else to say that stderr is full
        click.echo("".join(c if c.isprintable() else repr(c)[1:-1] for c in line), err=True)


def internal(error: Exception, where: str = "") -> int:
    """Say what should not have happened; its exit code."""
    if os.environ.get("KPALETTE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    say(f"kpalette: {where}internal error: {type(error).__name__}: {error}")
    return INTERNAL
