"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

import click

Command: TypeAlias = Callable[..., int]

#: An indexed PNG has room for no more.
MAX_K = 256
MAX_THREADS = 256


def whole(least: int, most: int, shown: str) -> Callable[..., int | None]:
    """Make the check of an option that takes a whole number."""

    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        raise click.BadParameter(f"expected a whole number from {least} to {shown}, got {value!r}")

    return check


def fit_options(command: Command) -> Command:
    """Add the options of all commands that fit."""
    options = (
        click.option(
            "--space",
            type=click.Choice(["oklab", "srgb", "linear", "lab"]),
            default="oklab",
            show_default=True,
            help="Where colours are compared: as the eye does, or by numbers (srgb: the least "
            "MSE).",
        ),
        click.option(
            "--effort",
            type=click.Choice(["fast", "balanced", "best"]),
            default="balanced",
            show_default=True,
            help="How far to go for a lower error.",
        ),
        click.option(
            "--seed",
            default="0",
            callback=whole(0, 2**64 - 1, "2**64 - 1"),
            metavar="N",
            help="What random choices start from.  [default: 0]",
        ),
    )
    command = common_options(command)  # the last are shown last
    for option in reversed(options):
        command = option(command)
    return command


def common_options(command: Command) -> Command:
    """Add the options of all commands that read photos."""
    options = (
        click.option(
            "--threads",
            callback=whole(1, MAX_THREADS, str(MAX_THREADS)),
            metavar="N",
            help="The result does not depend on it.  [default: all cores]",
        ),
        click.option("-f", "--force", is_flag=True, help="Replace files that exist."),
        click.option("--quiet", is_flag=True, help="Say nothing unless something fails."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _share(context: click.Context, parameter: click.Parameter, value: str) -> float:
    with suppress(ValueError):
        if 0 <= float(value) <= 1:  # which NaN is not
            return float(value)
    raise click.BadParameter(f"expected 0 to 1, got {value!r}")


def dither_options(command: Command) -> Command:
    """Add the options of all commands that map pixels to a palette."""
    strength = click.option(
        "--dither-strength",
        default="1",
        callback=_share,
        metavar="S",
        help="0 (none) to 1; less keeps files smaller.  [default: 1]",
    )
    dither = click.option(
        "--dither",
        type=click.Choice(["none", "floyd-steinberg", "blue-noise", "bayer"]),
        default="none",
        show_default=True,
        callback=lambda context, parameter, value: None if value == "none" else value,
        help="Mix colours that the palette lacks from those that it has, side by side.",
    )
    return dither(strength(command))
