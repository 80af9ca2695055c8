"""Options that several commands have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import click

from kpalette.choices import DITHERS, EFFORTS, SPACES

Command: TypeAlias = Callable[..., int]
#: An option's names, and the rest of what click takes for it.
Given: TypeAlias = tuple[tuple[str, ...], dict[str, Any]]

#: An indexed PNG has room for no more.
MAX_K = 256
MAX_THREADS = 256
MAX_FRAME = 1 << 28
MOST_DIGITS = 20

#: A name that shells complete. What is wrong with the file itself, the commands tell.
PATH = click.Path(readable=False)

OPTIONS, COLORS, OUTPUT, MANY = "Options", "Colours", "Output", "Many photos"
LARGE = "Large images"
PNGQUANT, MANNERS = "In pngquant's words", "Manners"
SECTIONS = (OPTIONS, COLORS, OUTPUT, MANY, LARGE, PNGQUANT, MANNERS)


class Option(click.Option):
    """An option that --help shows in a section."""

    def __init__(self, *args: Any, section: str = OPTIONS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class Sectioned(click.Command):
    """A command whose --help is in sections."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options' help."""
        sections: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None and isinstance(parameter, click.Option):
                sections[getattr(parameter, "section", OPTIONS)].append(record)
        for section, records in sections.items():
            if records:
                with formatter.section(section):
                    formatter.write_dl(records)


def added(command: Command, section: str, options: Sequence[Given]) -> Command:
    """Add options to a command, in their order."""
    for names, given in reversed(options):
        command = click.option(*names, cls=Option, section=section, **given)(command)
    return command


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


def _hex_colors(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> list[str]:
    colors = [color.strip() for value in values for color in value.split(",")]
    for color in colors:
        if _levels(color) is None:
            raise click.BadParameter(f"expected colours such as '#ff8800', got {color!r}")
    return [color if color.startswith("#") else f"#{color}" for color in colors]


def _levels(color: str) -> tuple[int, ...] | None:
    from kpalette.colors import hex_levels  # with NumPy, which --help does without

    return hex_levels(color)


def _alpha(context: click.Context, parameter: click.Parameter, value: str) -> str:
    kind, _, color = value.partition(":")
    if value == "keep" or (kind == "flatten" and len(_levels(color) or ()) == 3):
        return value
    raise click.BadParameter(f"expected 'keep' or 'flatten:#rrggbb', got {value!r}")


def share(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Check an option that takes a number from 0 to 1."""
    if value is None:
        return None
    with suppress(ValueError):
        if 0 <= float(value) <= 1:  # which NaN is not
            return float(value)
    raise click.BadParameter(f"expected 0 to 1, got {value!r}")


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


SPACE: Given = (
    ("--space",),
    {
        "type": click.Choice(SPACES),
        "default": "oklab",
        "show_default": True,
        "help": "Where colours are compared: as the eye does, or by numbers (srgb: the least MSE).",
    },
)
EFFORT: Given = (
    ("--effort",),
    {
        "type": click.Choice(EFFORTS),
        "default": "balanced",
        "show_default": True,
        "help": "How far to go for a lower error.",
    },
)
SEED: Given = (
    ("--seed",),
    {
        "default": "0",
        "callback": whole(0, 2**64 - 1, "2**64 - 1"),
        "metavar": "N",
        "help": "What random choices start from.  [default: 0]",
    },
)
FIXED: Given = (
    ("--fixed",),
    {
        "multiple": True,
        "callback": _hex_colors,
        "metavar": "COLOR",
        "help": "A colour that the palette must have, such as '#ff8800'; may be given again, or "
        "several with commas between.",
    },
)
ALPHA: Given = (
    ("--alpha",),
    {
        "default": "keep",
        "callback": _alpha,
        "metavar": "HOW",
        "help": "keep transparency, or flatten:#rrggbb to lay the image over a colour.  "
        "[default: keep]",
    },
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


def fit_options(command: Command) -> Command:
    """Add the options of all commands that fit."""
    return added(common_options(command), COLORS, [SPACE, EFFORT, SEED])


def common_options(command: Command) -> Command:
    """Add the options of all commands that read photos."""
    options: list[Given] = [
        (
            ("--threads",),
            {
                "callback": whole(1, MAX_THREADS, str(MAX_THREADS)),
                "metavar": "N",
                "help": "The result does not depend on it.  [default: all cores]",
            },
        ),
        (("-f", "--force"), {"is_flag": True, "help": "Replace files that exist."}),
        (("-q", "--quiet"), {"is_flag": True, "help": "Say nothing unless something fails."}),
    ]
    return added(command, MANNERS, options)


def dither_options(command: Command) -> Command:
    """Add the options of all commands that map pixels to a palette."""
    options: list[Given] = [
        (
            ("--dither",),
            {
                "type": click.Choice(["none", *DITHERS]),
                "help": "Mix colours that the palette lacks from those that it has, side by side.  "
                "[default: none]",
            },
        ),
        (
            ("--dither-strength",),
            {
                "callback": share,
                "metavar": "S",
                "help": "0 (none) to 1; less keeps files smaller.  [default: 1]",
            },
        ),
    ]
    return added(command, COLORS, options)


def dithering(dither: str | None, strength: float | None) -> tuple[str | None, float]:
    """Give the dither and its strength of what was asked for by `dither_options`."""
    if dither in (None, "none"):
        if strength is not None:
            raise click.UsageError("--dither-strength: expected a --dither, got none")
        return None, 1.0
    return dither, 1.0 if strength is None else strength


def recursive_option(command: Command) -> Command:
    """Add --recursive."""
    option: Given = (
        ("-r", "--recursive"),
        {
            "is_flag": True,
            "help": "Take the images in folders and in the folders in them; not hidden ones, nor "
            "links to folders.",
        },
    )
    return added(command, MANY, [option])


def batch_options(command: Command) -> Command:
    """Add the options of all commands that write a picture for each photo."""
    output: list[Given] = [
        (
            ("-o", "--out", "--output"),
            {
                "type": PATH,
                "metavar": "OUT",
                "help": "A file, or a directory, or - for stdout. A name that ends in / is a "
                "directory, made if need be.  [default: see above]",
            },
        ),
        (
            ("--ext",),
            {
                "metavar": "END",
                "help": "What photo.jpg's name ends in instead of .jpg, such as -small.png. With "
                "--force, .png replaces PNG files by their pictures.",
            },
        ),
        (
            ("--format",),
            {
                "type": click.Choice(["png", "gif", "webp", "tiff", "bmp"], case_sensitive=False),
                "help": "[default: by the ending of OUT or END, otherwise png; an animation's own]",
            },
        ),
        (
            ("--first-frame",),
            {"is_flag": True, "help": "Take only the first picture of an animation."},
        ),
        (("--optimize",), {"is_flag": True, "help": "Take longer for smaller files."}),
        (
            ("--strip/--keep-metadata",),
            {
                "default": True,
                "help": "What the photo's file says besides its pixels is left out, or kept.  "
                "[default: strip]",
            },
        ),
        (
            ("--skip-if-larger",),
            {"is_flag": True, "help": "Write nothing that is not smaller than the photo: 98."},
        ),
        (
            ("--skips-ok",),
            {"is_flag": True, "help": "End with 0, not 98 or 99, where photos are skipped."},
        ),
        (("--preserve",), {"is_flag": True, "help": "Give pictures the times of their photos."}),
    ]
    many: list[Given] = [
        (
            ("--out-dir",),
            {
                "type": PATH,
                "metavar": "DIR",
                "help": "Write below DIR, made if need be: x/sub/a.jpg of folder x to "
                "DIR/sub/a.png.",
            },
        ),
        (
            ("-j", "--jobs"),
            {
                "callback": whole(1, MAX_THREADS, str(MAX_THREADS)),
                "metavar": "N",
                "help": "How many photos at once; each takes memory.  [default: as many as cores]",
            },
        ),
        (
            ("--skip-existing",),
            {"is_flag": True, "help": "Leave out what is there already, to go on where one was."},
        ),
        (
            ("--dry-run",),
            {"is_flag": True, "help": "Say what would be written where, and write nothing."},
        ),
        (
            ("--json", "as_json"),
            {"is_flag": True, "help": "Print an object for each photo, in a line of its own."},
        ),
    ]
    command = recursive_option(added(command, MANY, many))
    return added(command, OUTPUT, output)
