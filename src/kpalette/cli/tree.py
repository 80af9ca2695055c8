"""The tree of commands, by click. Each is imported when it is called for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import cast

import click

from kpalette import __version__
from kpalette.cli import NAMES, streams
from kpalette.cli.exits import BROKEN_PIPE, EPILOG, SIGINT, Stopped, UsageError
from kpalette.cli.help import ExplainedGroup

#: What is said where nothing is asked.
WELCOME = """\
kpalette reduces images to their best colours.

  kpalette quantize photo.jpg -k 16   writes photo-16.png, in 16 colours
  kpalette palette photo.jpg          lists its eight best colours
{serve}  kpalette --help                     lists all commands"""
#: And where the page is in the installation.
SERVE = "  kpalette serve                      opens a page to try it in the browser\n"


def run(args: Sequence[str]) -> int:
    """Run one command.

    Raises
    ------
    UsageError
        For a wrong command line.
    """
    try:
        return int(commands.main(list(args), "kpalette", standalone_mode=False) or 0)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        raise UsageError(error.format_message(), context.command_path if context else "") from None
    except click.Abort:
        raise Stopped(SIGINT) from None
    except SystemExit as end:  # which is how click ends on a broken pipe, or completes for a shell
        return BROKEN_PIPE if end.code else 0


class Commands(Mapping[str, click.Command]):
    """The commands, each imported when it is called for."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in NAMES:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f"kpalette.cli.{name}"), name)
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
        from kpalette.serving import INDEX

        streams.print_result(WELCOME.format(serve=SERVE if INDEX.is_file() else ""))
