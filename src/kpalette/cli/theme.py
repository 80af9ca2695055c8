"""kpalette theme: the colours that a person would pick from photos, for pages, files and cards."""

from __future__ import annotations

import os
from typing import Any

import click

from kpalette.cli import loading, plan, streams
from kpalette.cli.exits import EPILOG, Failed, UsageError, ending, say
from kpalette.cli.groups import Manners, Recursive
from kpalette.cli.help import PATH, Explained, Option, takes
from kpalette.cli.mistaken import PHOTO
from kpalette.cli.options import COLORS, MANY, OUTPUT, exclusive, flag, option
from kpalette.cli.themed import NAME, Made, Writer, encoded, summary
from kpalette.record import Record
from kpalette.theme_files import FORMATS, PALETTES, format_of

MOST = 64


def number(value: str) -> int:
    """Check how many colours there are to be; 0 are as many as matter."""
    if value == "auto":
        return 0
    if value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST:
        return int(value)
    raise ValueError(f"expected a whole number from 1 to {MOST} or 'auto', got {value!r}")


def region(value: str) -> tuple[float, ...]:
    """Check a part of a picture: pixels, or shares such as 0.25 or 25%, if one of them is one."""
    what = f"expected X,Y,W,H in pixels, or in shares such as 0,0,0.5,50%, got {value!r}"
    words = [word.strip() for word in value.split(",")]
    try:
        if any("." in word or "%" in word for word in words):
            found: tuple[float, ...] = tuple(map(_share, words))
        else:
            found = tuple(map(int, words))
    except ValueError:
        raise ValueError(what) from None
    if len(found) != 4:
        raise ValueError(what)
    return found


def _share(word: str) -> float:
    return float(word[:-1]) / 100 if word.endswith("%") else float(word)


def names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check colours, by their names or in hex."""
    from kpalette.theme_counting import checked_ignored

    colors = tuple(name.strip() for value in values for name in value.split(","))
    try:
        checked_ignored(colors)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("ignore: ")) from None
    return colors


class Looked(Record):
    """What is looked at."""

    region: tuple[float, ...] | None = option(
        "--region",
        section=COLORS,
        check=region,
        metavar="X,Y,W,H",
        help="The part of each photo to look at: in pixels, or in shares such as 0.25 or 25%.",
    )
    mask: str | None = option(
        "--mask",
        section=COLORS,
        is_path=True,
        metavar="FILE",
        help="An image of the photo's size. Only what is under its light parts counts.",
    )
    ignore: tuple[str, ...] = option(
        "--ignore",
        section=COLORS,
        common=True,
        multiple=True,
        check=names,
        metavar="COLOR",
        help="A colour that does not count, such as white or '#ff8800'. Nor does what looks like "
        "it. Give several with commas between, or give the option again.",
    )


class Themes(Recursive):
    """How many themes there are, of what."""

    first_frame: bool = flag(
        "--first-frame",
        section=COLORS,
        help="Look at the first frame of an animation or a film alone.  [default: all frames]",
    )
    each: bool = flag(
        "--each",
        section=MANY,
        help="A theme of each photo instead of one of all. OUT is a directory then.",
    )
    strip: str | None = option(
        "--strip",
        section=OUTPUT,
        is_path=True,
        metavar="FILE",
        help="Draw the colours of a film over time into FILE, a PNG: a column for each moment. "
        "Several photos are moments.",
    )


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PHOTO)
@click.option(
    "-k",
    default="6",
    check=number,
    cls=Option,
    common=True,
    metavar="K",
    help=f"How many colours, 1 to {MOST}, or auto. That is as many as matter.  [default: 6]",
)
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="OUT",
    help="A file, or - for stdout. Its suffix says the format, unless --format does.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS, case_sensitive=False),
    metavar="FORMAT",
    help="What to write, to stdout without OUT. A card to look at (svg, png), css, tailwind, "
    f"tokens, or a palette file ({', '.join(PALETTES)}); json has everything.",
)
@click.option(
    "--name",
    cls=Option,
    section=OUTPUT,
    metavar="NAME",
    help="What css, tailwind, tokens and gpl files call the theme, such as cover in --cover-1.  "
    f"[default: as the file or the photo, or {NAME} for several]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a list.")
@takes(looked=Looked, themes=Themes, manners=Manners)
def theme(
    photos: tuple[str, ...],
    k: int,
    out: str | None,
    kind: str | None,
    name: str | None,
    as_json: bool,
    looked: Looked,
    themes: Themes,
    manners: Manners,
) -> int:
    """List the colours that a person would pick from photos.

    They are colours of the photos themselves: vivid, distinct, in the order in which one would name
    them, and what is small but stands out has one. (palette lists those that show a photo with the
    least error.) Without OUT or --format, each is printed with its share of the pixels, its name,
    and its roles.

    A PHOTO is an image file, an animation or a film, a folder with -r, a pattern such as
    '**/*.png', - for stdin, or a histogram that was saved as .histogram. There is one theme for all
    of them together, and all frames, in which each counts by its pixels, unless told --each or
    --first-frame. If one cannot be read, there is none.

    \b
    Examples:
      kpalette theme photo.jpg
      kpalette theme cover.jpg -o cover.css
      kpalette theme logo.png --ignore white -k auto
      kpalette theme photo.jpg -o card.png
      kpalette theme photo.jpg --format tailwind > theme.css
      kpalette theme film.mp4 --strip strip.png
      kpalette theme a.jpg b.jpg --format css --name cover
      kpalette theme -r covers --each --format tokens -o tokens/
    """  # noqa: D301
    from kpalette.cli.inputs import gather
    from kpalette.theme_counting import Look
    from kpalette.threads import make_team

    streams.check_instruction_set()
    out = None if out == "-" and kind is None and not as_json else out
    kind = _check(photos, out, kind, as_json, themes)
    if name is not None and kind is None:
        raise UsageError("--name needs -o OUT or --format FORMAT")
    sources = gather(photos, themes.recursive, None)
    mask = None if looked.mask is None else _read_mask(looked.mask)
    try:
        look = Look.of(looked.region, mask, looked.ignore)
    except ValueError as error:
        raise UsageError(f"--{error}") from None
    given = [source.path for source in sources] + ([looked.mask] if looked.mask else [])
    if not themes.each:
        plan.check_target(out, given, manners.force)
    if themes.strip is not None:
        plan.check_target(themes.strip, given, manners.force)
    team = make_team(manners.threads)
    groups = [[source] for source in sources] if themes.each else [sources]
    n_frames = 1 if themes.first_frame else None
    writer = Writer(out, kind, name, as_json, manners)
    codes: set[int] = set()
    for group in groups:
        made = Made(group, look, team, strip=themes.strip is not None, n_frames=n_frames)
        if failed := made.count(manners):
            codes |= failed
            continue
        with streams.telling(made.label, codes):
            found = made.theme(k)
            writer.write(found, made, headed=themes.each, below=group[0].below)
            if themes.strip is not None and made.strip is not None:
                streams.write(encoded(made.strip.draw()), themes.strip, manners.force)
            if not manners.quiet and not themes.each:
                say(summary(made, found, k, out, themes.strip))
    return ending(codes)


def _read_mask(path: str) -> Any:
    """Return where an image is light."""
    from kpalette.theme_counting import LIGHT

    try:
        return loading.read(path).pixels[..., 0] >= LIGHT
    except Failed as error:
        raise Failed(error.code, f"{path}: {error}") from None


def _check(
    photos: tuple[str, ...], out: str | None, kind: str | None, as_json: bool, themes: Themes
) -> str | None:
    """Refuse options that do not go together; return the format of what is written, if any."""
    plan.check_printed(photos, out, kind, as_json, "the file")
    if themes.each and themes.strip is not None:
        raise exclusive("--each", "--strip")
    if themes.first_frame and themes.strip is not None:
        raise exclusive("--first-frame", "--strip")
    if themes.strip is not None and not themes.strip.lower().endswith(".png"):
        raise UsageError(f"--strip: expected a name that ends in '.png', got {themes.strip!r}")
    if themes.each and out not in (None, "-"):
        if not (out.endswith(("/", os.sep)) or os.path.isdir(out)):
            raise UsageError(f"-o: OUT is a directory with --each, such as 'x/', got {out!r}")
        if kind is None:
            raise UsageError("--each and -o need --format")
    elif kind is None and out not in (None, "-"):
        try:
            kind = format_of(out)
        except ValueError as error:
            raise UsageError(f"-o: {error}") from None
    if kind in ("png", "act", "ase") and out in (None, "-"):
        if themes.each:
            raise UsageError(f"--each and --format {kind} need -o DIR/")
        streams.check_no_terminal()
    return kind
