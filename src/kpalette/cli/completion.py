"""kpalette completion: what a shell needs to complete its command lines."""

from __future__ import annotations

import click

from kpalette.cli import streams
from kpalette.cli.exits import EPILOG
from kpalette.cli.help import Explained


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that completes commands and files in a shell.

    \b
    Examples:
      kpalette completion bash >> ~/.bashrc
      kpalette completion zsh >> ~/.zshrc
      kpalette completion fish > ~/.config/fish/completions/kpalette.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None  # click has these three
    script = made(context.find_root().command, {}, "kpalette", "_KPALETTE_COMPLETE")
    # Not script.source(), which runs bash to see how old it is.
    streams.print_result(script.source_template % script.source_vars())
    return 0
