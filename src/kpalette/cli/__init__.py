"""The command line. stdout carries results only; all that is said goes to stderr.

One file per command, imported when it is called for. NumPy, matplotlib and the algorithms are
imported by the commands that need them, when they run, so that --help is quick.
"""

from __future__ import annotations

import atexit
import gc
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn, cast

import click

from kpalette import __version__
from kpalette.cli import pngquant, streams
from kpalette.cli.exits import (
    BROKEN_PIPE,
    EPILOG,
    EXIT_CODES,
    INTERNAL,
    UNREADABLE,
    UNWRITABLE,
    USAGE,
    Failed,
    Stopped,
    say,
    told,
)
from kpalette.cli.help import ExplainedGroup
from kpalette.extras import MissingPackageError

#: In the order of the documentation. Each is in the module of its name, by its name.
NAMES = ("quantize", "palette", "remap", "sweep", "compare", "demo", "serve", "completion")

#: What is said of signals that end the program; of a broken pipe, nothing.
STOPPED = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

#: What is said where nothing is asked.
WELCOME = """\
kpalette reduces images to their best colours.

  kpalette quantize photo.jpg -k 16   writes photo-16.png, in 16 colours
  kpalette palette photo.jpg          lists its eight best colours
  kpalette serve                      opens a page to try it in the browser
  kpalette --help                     lists all commands"""

__all__ = ["EXIT_CODES", "commands", "main", "run"]


def main() -> NoReturn:
    """Run the command line and exit."""
    # NumPy would start threads for linear algebra, of which nothing here has need.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Hardly anything of what imports make goes again: to look for it takes a small run's twentieth.
    gc.set_threshold(100_000)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _stop)
    warnings.simplefilter("ignore")  # they are for programmers, not for users of this command
    try:
        code = run(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        # Said already unless the reader has gone; Python would try once more and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE if isinstance(error, BrokenPipeError) else UNWRITABLE
    except Stopped as stopped:  # while it was said how the command ended
        code = 128 + stopped.number
    if decoder := sys.modules.get("kpalette.files.ffmpeg"):
        decoder.stop()
    if not streams.abandoned:
        atexit._run_exitfuncs()  # Dask and Matplotlib have temporary folders to do away with
    # No thread is writing, others need not be waited for, and what Python would take apart the
    # system frees at once. Of readers that an error stopped, Zarr's would complain meanwhile.
    os._exit(code)


def _stop(number: int, _: Any) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # an impatient second one must not disturb cleaning up
    raise Stopped(number)


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
        return int(commands.main(list(args), "kpalette", standalone_mode=False) or 0)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "kpalette"
        if command == "kpalette" and args and args[0] in commands.commands:
            command = f"kpalette {args[0]}"
        message = re.sub(r"\s*\n\s*", " ", error.format_message()).rstrip(".")
        see = " See" if message.endswith("?") else "; see"
        say(f"kpalette: {message}{see} '{command} --help'")
        return USAGE
    except Failed as failure:
        say(f"kpalette: {failure}")
        return failure.code
    except MissingPackageError as error:
        say(f"kpalette: {error}")
        return USAGE
    except (Stopped, click.Abort) as stopped:
        number = getattr(stopped, "number", signal.SIGINT)
        if number in STOPPED:
            say(f"kpalette: {STOPPED[number]}")
        return 128 + number
    except BrokenPipeError:
        return BROKEN_PIPE
    except SystemExit as end:  # which is how click ends on a broken pipe, or completes for a shell
        return BROKEN_PIPE if end.code else 0
    except FileNotFoundError:  # of where relative paths begin; all else is told by the commands
        say("kpalette: the current directory is gone")
        return UNREADABLE
    except OSError as error:
        # The commands turn those of their files into Failed: this one comes from stdout.
        say(f"kpalette: stdout cannot be written: {error.strerror}")
        return UNWRITABLE
    except Exception as error:
        say(f"kpalette: {told(error)}")
        return INTERNAL


class Commands(Mapping[str, click.Command]):
    """The commands, each imported when it is called for."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in NAMES:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


@click.group(
    cls=ExplainedGroup,
    commands=cast("dict[str, click.Command]", Commands()),  # which click only reads
    epilog=EPILOG,
    invoke_without_command=True,
    subcommand_metavar="COMMAND ...",
    options_metavar="",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(
    __version__, "-V", "--version", prog_name="kpalette", message="%(prog)s %(version)s"
)
@click.pass_context
def commands(context: click.Context) -> None:
    """Reduce images to their k best colours.

    \b
    Examples:
      kpalette quantize photo.jpg -k 16     writes photo-16.png beside it
      kpalette palette photo.jpg            lists its eight best colours
      kpalette quantize --help-all          shows all that quantize can do

    Without a command, it takes pngquant's command lines:

    \b
      kpalette 64 --ext -small.png -- *.png
    """  # noqa: D301
    if context.invoked_subcommand is None:
        streams.print_result(WELCOME)
