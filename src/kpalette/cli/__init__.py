"""The command line. stdout carries results only; all that is said goes to stderr.

What most command lines ask for is read by :mod:`reading`, and done by :mod:`quantizing`, without
click, NumPy, Pillow or anything else that takes long to import. All others are read by click, whose
commands are in a file each: help, mistakes, and what is rare.
"""

from __future__ import annotations

# Without `enum`, which `signal` brings, and which takes as long as a small picture.
import _signal  # type: ignore[import-not-found]
import atexit
import gc
import os
import sys
import warnings

from kpalette.cli import pngquant, quantizing, reading, streams
from kpalette.cli.exits import (
    BROKEN_PIPE,
    EXIT_CODES,
    SIGBREAK,
    SIGHUP,
    SIGINT,
    SIGTERM,
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
    write_all_signs,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from kpalette.cli.tree import commands

#: In the order of the documentation. Each is in the module of its name, by its name.
NAMES = ("quantize", "palette", "theme", "remap", "sweep", "compare", "demo", "serve", "completion")

#: How long cleaning up may take, in seconds, where a signal ends the program.
PATIENCE = 1.0

#: What is said of signals that end the program; of a broken pipe, nothing.
STOPPED = {SIGINT: "interrupted", SIGTERM: "terminated"}

__all__ = ["EXIT_CODES", "commands", "main", "run"]


def __getattr__(name: str) -> Any:
    if name != "commands":
        raise AttributeError(f"module 'kpalette.cli' has no attribute {name!r}")
    from kpalette.cli.tree import commands

    return commands


def main() -> NoReturn:
    """Run the command line and exit."""
    # NumPy would start threads for linear algebra, of which nothing here has need.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Hardly anything of what imports make goes again: to look for it takes a small run's twentieth.
    gc.set_threshold(100_000)
    write_all_signs()
    for number in (SIGHUP if os.name == "posix" else SIGBREAK, SIGINT, SIGTERM):
        if _signal.getsignal(number) != _signal.SIG_IGN:  # as under nohup
            _signal.signal(number, _stop)
    warnings.simplefilter("ignore")  # they are for programmers, not for users of this command
    try:
        code = run(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        # Said already unless the reader has gone; Python would try once more and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE if isinstance(broken_pipe(error), BrokenPipeError) else UNWRITABLE
    except Stopped as stopped:  # while it was said how the command ended
        code = 128 + stopped.number
    if decoder := sys.modules.get("kpalette.files.ffmpeg"):
        decoder.stop()
    if not streams.abandoned:
        _clean_up(is_stopped=code > 128)
    # No thread is writing, others need not be waited for, and what Python would take apart the
    # system frees at once. Of readers that an error stopped, Zarr's would complain meanwhile.
    os._exit(code)


def _clean_up(*, is_stopped: bool) -> None:
    """Run the functions by which Dask and Matplotlib remove their temporary folders.

    Dask waits for a cluster, which may not answer. So a program that a signal ends waits no longer
    than `PATIENCE`.
    """
    if not is_stopped:
        atexit._run_exitfuncs()
        return
    import threading

    ending = threading.Thread(target=atexit._run_exitfuncs, daemon=True)
    ending.start()
    ending.join(PATIENCE)


def _stop(number: int, _: Any) -> NoReturn:
    # An impatient second one must not disturb cleaning up.
    _signal.signal(number, _signal.SIG_IGN)
    raise Stopped(SIGHUP if number == SIGBREAK and os.name == "nt" else number)


def run(args: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    args : sequence of str
        The command line without the program's name.

    Returns
    -------
    int
        One of `EXIT_CODES`.
    """
    if pngquant.is_call(args, NAMES):
        if any(pngquant.is_film(arg) for arg in args):
            return _run(["quantize", *args])
        code = _run(["quantize", pngquant.AS_PNGQUANT, *args])
        return pngquant.CODES.get(code, code)
    return _run(args)


def _run(args: Sequence[str]) -> int:
    try:
        asked = reading.read(args)
        if asked is not None:
            return quantizing.quantize(asked.photos, **asked.groups)
        from kpalette.cli import tree

        return tree.run(args)
    except Stopped as stopped:
        if stopped.number in STOPPED:
            say(f"kpalette: {STOPPED[stopped.number]}")
        return 128 + stopped.number
    except Exception as error:
        return _failed(error, args)


def _failed(error: Exception, args: Sequence[str]) -> int:
    """Return the exit code of a command that failed, and say why it did."""
    if isinstance(error, UsageError):
        command = error.command
        if command in ("", "kpalette"):
            command = f"kpalette {args[0]}" if args and args[0] in NAMES else "kpalette"
        message = " ".join(line.strip() for line in str(error).splitlines()).rstrip(".")
        see = " See" if message.endswith("?") else "; see"
        where = f"'{command} --help'"
        if error.section:
            where = f"'{error.section}' in '{command} --help-all'"
        say(f"kpalette: {message}{see} {where}")
        return USAGE
    if isinstance(error, Failed):
        say(f"kpalette: {error}")
        return error.code
    if isinstance(error, OSError) and isinstance(broken_pipe(error), BrokenPipeError):
        return BROKEN_PIPE
    if isinstance(error, FileNotFoundError):
        # Of where relative paths begin; all else is told by the commands.
        say("kpalette: the current directory is gone")
        return UNREADABLE
    if isinstance(error, OSError):
        # The commands turn those of their files into Failed: this one comes from stdout.
        say(f"kpalette: stdout cannot be written: {error.strerror}")
        return UNWRITABLE
    say(f"kpalette: {told(error)}")
    return code_of(error)
