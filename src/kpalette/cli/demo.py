"""kpalette demo: the walk-through's pictures."""

from __future__ import annotations

import os

import click

from kpalette.cli import plan
from kpalette.cli.exits import EPILOG, UNREADABLE, UNWRITABLE, Failed, say
from kpalette.cli.help import PATH, Explained


@click.command(cls=Explained, epilog=EPILOG)
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="DIR",
    default="demo",
    show_default=True,
    help="Directory for the pictures, made if need be.",
)
@click.option("-f", "--force", is_flag=True, help="Replace the pictures of an earlier demo.")
def demo(out: str, force: bool) -> int:
    """Try it on a photo that Matplotlib brings.

    Writes the photo in 8, 16 and 32 colours, all of them side by side, and its colours in 3-D
    with the centres for k = 16. Prints a table, in which time is from array to palette and indices.

    \b
    Examples:
      kpalette demo -o pictures
    """  # noqa: D301
    from kpalette import demo

    for name in demo.NAMES:
        job = plan.Job("", os.path.join(out, name), makes_folder=True)
        plan.check_free(job, frozenset(), force)
    try:
        photo = demo.load_photo()
    except OSError as error:
        raise Failed(
            UNREADABLE, f"matplotlib's {demo.PHOTO} cannot be read: {error.strerror}"
        ) from None
    try:
        table = demo.make_pictures(photo, out)
    except OSError as error:
        raise Failed(
            UNWRITABLE, f"{error.filename or out} cannot be written: {error.strerror}"
        ) from None
    click.echo(table)
    say(f"pictures: {os.path.join(out, '')}")
    return 0
