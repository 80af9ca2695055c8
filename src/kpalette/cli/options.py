"""How options are declared, as typed fields of plain values, and what reads their text."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, fields
from typing import Any, TypeAlias

import click

from kpalette.cli.help import OPTIONS, Option

Command: TypeAlias = Callable[..., int]

#: An indexed PNG has room for no more.
MAX_K = 256
MAX_THREADS = 256
MAX_FRAME = 1 << 28
MOST_DIGITS = 20

#: A name that shells complete. What is wrong with the file itself, the commands tell.
PATH = click.Path(readable=False)


def option(*names: str, section: str = OPTIONS, common: bool = False, **how: Any) -> Any:
    """Declare a field of a group of options.

    Parameters
    ----------
    *names : str
        As they are typed.
    section : str
        Of `help.SECTIONS`: where --help-all shows it.
    common : bool
        Whether --help shows it, too.
    **how
        The rest of what click takes for an option.
    """
    return field(metadata={"names": names, "how": {"section": section, "common": common, **how}})


def flag(*names: str, **how: Any) -> Any:
    """Declare a field that is true where its option is given."""
    return option(*names, is_flag=True, **how)


def takes(**groups: type) -> Callable[[Command], Command]:
    """Add the options of groups to a command, which is then called with a value of each group.

    Parameters
    ----------
    **groups : frozen dataclass
        Whose fields `option` declares, by the names of the command's parameters.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Looks:
    ...     large: bool = flag("--large")
    >>> @click.command()
    ... @takes(looks=Looks)
    ... def show(looks: Looks) -> None:
    ...     print(looks.large)
    >>> show.main(["--large"], standalone_mode=False)
    True
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(**given: Any) -> int:
            values = {
                name: group(**{one.name: given.pop(one.name) for one in fields(group)})
                for name, group in groups.items()
            }
            return command(**given, **values)

        decorated: Command = called
        for group in reversed(groups.values()):
            for one in reversed(fields(group)):
                told = one.metadata
                decorated = click.option(*told["names"], one.name, cls=Option, **told["how"])(
                    decorated
                )
        return decorated

    return decorate


def exclusive(*names: str) -> click.UsageError:
    """Return the error for options of which at most one may be given."""
    listed = " and ".join([", ".join(names[:-1]), names[-1]])
    return click.UsageError(f"{listed} exclude each other; give one")


def _whole(text: str) -> int | None:
    """Read a whole number; of more digits than any option takes, Python could refuse to."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def whole(least: int, most: int, shown: str) -> Callable[..., int | None]:
    """Make the check of an option that takes a whole number."""

    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        number = _whole(value)
        if number is not None and least <= number <= most:
            return number
        raise click.BadParameter(f"expected a whole number from {least} to {shown}, got {value!r}")

    return check


def hex_colors(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Check an option that takes colours, and may be given again."""
    colors = [color.strip() for value in values for color in value.split(",")]
    for color in colors:
        if _levels(color) is None:
            raise click.BadParameter(f"expected colours such as '#ff8800', got {color!r}")
    return tuple(color if color.startswith("#") else f"#{color}" for color in colors)


def _levels(color: str) -> tuple[int, ...] | None:
    from kpalette.colors import hex_levels  # with NumPy, which --help does without

    return hex_levels(color)


def alpha(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Check an option that says what becomes of transparency."""
    kind, _, color = value.partition(":")
    if value in ("keep", "threshold") or (kind == "flatten" and len(_levels(color) or ()) == 3):
        return value
    raise click.BadParameter(f"expected 'keep', 'threshold' or 'flatten:#rrggbb', got {value!r}")


def share(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Check an option that takes a number from 0 to 1."""
    if value is None:
        return None
    with suppress(ValueError):
        if 0 <= float(value) <= 1:  # which NaN is not
            return float(value)
    raise click.BadParameter(f"expected a number from 0 to 1, got {value!r}")


def smaller(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Check an option that takes a number from 0 to 3."""
    with suppress(ValueError):
        if 0 <= float(value) <= 3:
            return float(value)
    raise click.BadParameter(f"expected a number from 0 to 3, got {value!r}")


def lossy(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Check an option that takes a number from 0 to 100."""
    with suppress(ValueError):
        if 0 <= float(value) <= 100:
            return float(value)
    raise click.BadParameter(f"expected 0 to 100, got {value!r}")


def above_zero(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> float | None:
    """Check an option that takes a number."""
    if value is None:
        return None
    with suppress(ValueError):
        if 0 < float(value) < math.inf:
            return float(value)
    raise click.BadParameter(f"expected a number above 0, got {value!r}")


def score(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Check an option that takes a score, of which 100 is the most."""
    if value is None:
        return None
    with suppress(ValueError):
        if 0 < float(value) <= 100:
            return float(value)
    raise click.BadParameter(f"expected a number above 0 and at most 100, got {value!r}")


def use_looks(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Refuse a mean over pixels as a target, which an exact background dilutes."""
    if value is not None:
        raise click.UsageError(
            f"{parameter.opts[0]} is not a target; use --looks, as in --looks 75"
        )


def sides(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Check an option that takes a width and a height."""
    if value is None:
        return None
    first, _, second = value.lower().partition("x")
    width, height = _whole(first), _whole(second)
    if not width or not height:
        raise click.BadParameter(f"expected a width and a height such as 1920x1080, got {value!r}")
    if width * height > MAX_FRAME:
        raise click.BadParameter(f"expected frames of at most {MAX_FRAME:,} pixels, got {value!r}")
    return width, height
