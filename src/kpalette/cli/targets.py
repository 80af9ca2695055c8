"""Targets instead of k, on the command line: so few colours that one less would not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from kpalette.cli import pngquant
from kpalette.cli.exits import NOT_REACHED, Skipped
from kpalette.cli.options import COLORS, Command, Given, above_zero, added

Made = TypeVar("Made")


class Target(NamedTuple):
    """A measure, how good it shall be, and how bad it may be if K colours are too few for that.

    No `worst` is any.
    """

    name: str
    best: float
    worst: float | None
    suffix: str  # what names of results end in


def target_options(command: Command) -> Command:
    """Add the options that ask for a quality."""
    options: list[Given] = [
        ((name,), {"callback": above_zero, "metavar": "N", "help": text})
        for name, text in (
            ("--psnr", "Take so few colours, up to K, that one less would not reach N decibels."),
            ("--delta-e", "Or a mean CIEDE2000 of at most N; about 1 can be just seen."),
            ("--delta-e-p95", "Or a CIEDE2000 of at most N in 95 % of the pixels."),
        )
    ]
    options.append(
        (
            ("-Q", "--quality"),
            {
                "callback": pngquant.quality_range,
                "metavar": "MIN-MAX",
                "help": "Or pngquant's scale from 0 to 100: so few colours that one less would not "
                "reach MAX, or K colours if they reach MIN.",
            },
        )
    )
    return added(command, COLORS, options)


def target_of(given: Mapping[str, Any]) -> Target | None:
    """Read the options of `target_options`."""
    names = ("psnr", "delta_e", "delta_e_p95", "quality")
    asked = [name for name in names if given[name] is not None]
    if len(asked) > 1:
        flags = " and ".join("--" + name.replace("_", "-") for name in asked)
        raise click.UsageError(f"expected one target, got {flags}")
    if not asked:
        return None
    if asked[0] != "quality":
        value = given[asked[0]]
        return Target(asked[0], value, value, f"-{asked[0].replace('_', '-')}-{value:g}")
    least, most = given["quality"]
    worst = pngquant.LENIENCE * pngquant.delta_e(least) if least else None
    # The library takes no 0, and no colour that is another is as near as this.
    best = pngquant.delta_e(most) or 1e-9
    return Target("delta_e", best, worst, f"-quality-{least}-{most}")


def fewest(make: Callable[[dict[str, float] | None], Made], target: Target, k: int) -> Made:
    """Make what has colours that are good enough, and so few that one less would not be.

    Parameters
    ----------
    make : function
        From a quality, as :func:`kpalette.quantize` takes it, or None, with up to k colours.

    Raises
    ------
    Skipped
        If k are too few.
    """
    from kpalette import QualityNotReached

    try:
        return make({target.name: target.best})
    except QualityNotReached as error:
        if target.worst is not None and (
            target.worst == target.best or error.reached > target.worst
        ):
            raise Skipped(
                NOT_REACHED,
                f"skipped: expected {target.name} {target.worst:.4g}, reached "
                f"{error.reached:.4g} with {k} colours",
            ) from None
    return make(None)
