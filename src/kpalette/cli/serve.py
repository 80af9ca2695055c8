"""kpalette serve: the playground, in a browser."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from kpalette.cli.exits import EXIT_CODES, UNREADABLE, UNWRITABLE, USAGE, Failed, Stopped, say
from kpalette.cli.help import Explained, Option
from kpalette.cli.options import whole

if TYPE_CHECKING:
    from kpalette.serving import Server

USUAL_PORT = 8575

#: Those that can be: it works until a signal ends it.
CODES = {
    **{code: EXIT_CODES[code] for code in (2, 70, 129, 130, 141, 143)},
    UNREADABLE: "the page cannot be read",
    UNWRITABLE: "the address cannot be written to stdout",
}
EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:3}  {CODES[code]}" for code in sorted(CODES))


@click.command(cls=Explained, epilog=EPILOG)
@click.option(
    "--port",
    check=whole(0, 65_535, "65535"),
    cls=Option,
    common=True,
    metavar="N",
    help="Port to listen on; 0 for any. If the usual one is taken, any other is used.  "
    f"[default: {USUAL_PORT}]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def serve(port: int | None, no_browser: bool) -> int:
    """Open a page to try it in the browser.

    Images that are opened there stay there. The page's address is printed. It works until Ctrl-C,
    and from this machine alone.

    \b
    Examples:
      kpalette serve --no-browser
    """  # noqa: D301
    with _listening(port) as server:
        click.echo(server.url)
        say("Ctrl-C stops it")
        if not no_browser:
            import webbrowser

            # Those in a terminal return only when they are closed, and need the page before that.
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        try:
            server.serve_forever()
        except Stopped as stopped:
            return 128 + stopped.number
    return 0


def _listening(port: int | None) -> Server:
    from kpalette.serving import Server, read_assets

    try:
        assets = read_assets()
    except FileNotFoundError:
        raise Failed(
            USAGE,
            "the page is not in this installation; wheels have it, and in a clone, "
            "'make playground' builds it and installs it into .venv",
        ) from None
    except OSError as error:
        raise Failed(UNREADABLE, f"{error.filename} cannot be read: {error.strerror}") from None
    try:
        return Server(assets, USUAL_PORT if port is None else port)
    except OSError as error:
        if port is None:
            server = Server(assets, 0)
            say(f"port {USUAL_PORT} cannot be used ({error.strerror}); another is used")
            return server
        raise click.BadParameter(
            f"expected a free port, got {port}: {error.strerror}", param_hint="'--port'"
        ) from None
