"""kpalette theme: the colours that a person would pick from photos, for pages, files and cards."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import plan, streams
from kpalette.cli.colored import field
from kpalette.cli.exits import (
    EPILOG,
    UNREADABLE,
    USAGE,
    Failed,
    UsageError,
    counted,
    ending,
    say,
)
from kpalette.cli.groups import Manners, Recursive
from kpalette.cli.help import PATH, Explained, Option, takes
from kpalette.cli.mistaken import PHOTO
from kpalette.cli.options import COLORS, MANY, OUTPUT, exclusive, flag, option
from kpalette.record import Record
from kpalette.theme_files import FORMATS, PALETTES, TEXTS, encode, format_of, title_of

if TYPE_CHECKING:
    from kpalette import Theme
    from kpalette.cli.inputs import Source
    from kpalette.colors import ByteArray
    from kpalette.theme_counting import Look, ThemeCounter
    from kpalette.theme_strips import StripCounter

MOST = 64
HISTOGRAM = ".histogram"
#: What several photos are called together.
NAME = "theme"


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
    help=f"How many colours, 1 to {MOST}, or auto for as many as matter.  [default: 6]",
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
    writer = _Writer(out, kind, name, as_json, manners)
    codes: set[int] = set()
    for group in groups:
        made = _Made(group, look, team, themes)
        if failed := made.count(manners):
            codes |= failed
            continue
        with streams.telling(made.label, codes):
            found = made.theme(k)
            writer.write(found, made, headed=themes.each, below=group[0].below)
            if themes.strip is not None and made.strip is not None:
                streams.write(_png(made.strip.draw()), themes.strip, manners.force)
            if not manners.quiet and not themes.each:
                say(_summary(made, found, out, themes.strip))
    return ending(codes)


class _Made:
    """One theme in the making: of these photos."""

    def __init__(self, sources: Sequence[Source], look: Look, team: Any, themes: Themes) -> None:
        from kpalette.theme_counting import ThemeCounter
        from kpalette.theme_strips import StripCounter

        self.sources, self.names = sources, [source.path for source in sources]
        self.label = streams.label_of_all(self.names)
        self.title = streams.stem(self.label) if len(sources) == 1 else NAME
        self.counter: ThemeCounter = ThemeCounter(look, team)
        self._is_ignoring = len(look.ignored) > 0
        self.strip: StripCounter | None = StripCounter(look, team) if themes.strip else None
        self._n_frames = 1 if themes.first_frame else None
        self.picture: ByteArray | None = None  # the first one
        self._n_pictures = 0

    def count(self, manners: Manners) -> set[int]:
        """Count the colours of all photos; say why some cannot be read, and return their codes."""
        codes: set[int] = set()
        for source in self.sources:
            with streams.telling(source.path, codes):
                if source.failure:
                    raise source.failure
                try:
                    self._count(source.path, manners)
                except ValueError as error:  # a region or a mask that does not go with it
                    raise Failed(USAGE, f"--{error}") from None
        return codes

    def _count(self, path: str, manners: Manners) -> None:
        if path.endswith(HISTOGRAM):
            if self.strip is not None:
                raise Failed(USAGE, "--strip: expected pictures, got a histogram")
            self.counter.add_histogram(streams.read_histogram(path))
            return
        frames = streams.read_frames(path, manners.quiet, manners.allow_truncated)
        for pixels in itertools.islice(frames, self._n_frames):
            self.counter.add(pixels)
            if self.strip is not None:
                self.strip.add(pixels)
            self._n_pictures += 1
            if self.picture is None:
                self.picture = pixels

    def theme(self, k: int) -> Theme:
        """Return the theme of what was counted."""
        from kpalette.theme_finding import of_counter, of_picture

        if self.counter.is_empty:
            ignored = ", or ignored" if self._is_ignoring else ""
            line = f"there is no pixel to look at: all are more transparent than not{ignored}"
            raise Failed(UNREADABLE, line)
        if self.picture is not None and len(self.sources) == 1 == self._n_pictures:
            return of_picture(self.counter, k, self.picture)
        return of_counter(self.counter, k)


class _Writer:
    """Writes themes where they are to go."""

    def __init__(
        self,
        out: str | None,
        kind: str | None,
        name: str | None,
        as_json: bool,
        manners: Manners,
    ) -> None:
        self._out, self._kind, self._name = out, kind, name
        self._as_json, self._manners = as_json, manners
        self._written: set[str] = set()

    def write(self, found: Theme, made: _Made, *, headed: bool, below: str) -> None:
        """Write a theme; `headed` ones are one of several, whose photo is at a path `below`."""
        if self._kind is not None:
            out = self._out or "-"
            if headed and out != "-":
                ending = TEXTS.get(self._kind, self._kind)
                out = os.path.join(out, f"{os.path.splitext(below)[0]}.{ending}")
                if out in self._written:
                    raise Failed(USAGE, f"{out} would be written twice, for photos of one name")
                streams.make_folder(os.path.dirname(out))
                self._written.add(out)
            title = made.title if out == "-" else title_of(out)
            title = title if self._name is None else self._name
            streams.write(encode(found, self._kind, made.picture, title), out, self._manners.force)
        if self._as_json:
            report: dict[str, Any] = {
                "photos": made.names,
                "n_pixels": made.counter.histogram.n_pixels,
            }
            streams.print_result(json.dumps({**report, **found.to_dict()}))
        elif self._kind is None:
            head = f"{made.label}:\n" if headed else ""
            streams.print_result(head + listed(found))


def listed(found: Theme) -> str:
    """Format colours, shares, names and roles, with a field of each colour on a terminal."""
    rows = zip(found.hex, found.shares, found.names, found.colors.tolist(), found.text, strict=True)
    wide = max(map(len, found.names))
    lines = []
    for name, share, called, color, text in rows:
        line = f"{field(color, text)}{name}  {share:7.2%}  {called:{wide}}  {_roles(found, name)}"
        lines.append(line.rstrip())
    others = [color for color in dict.fromkeys(found.roles.values()) if color not in found.hex]
    if others:
        lines += ["", "Roles of other colours:"]
    lines += [
        f"{field(bytes.fromhex(color[1:]))}{color}  {_roles(found, color)}" for color in others
    ]
    return "\n".join(lines)


def _roles(found: Theme, color: str) -> str:
    return ", ".join(role for role, other in found.roles.items() if other == color)


def _summary(made: _Made, found: Theme, out: str | None, strip: str | None) -> str:
    where = "" if out in (None, "-") else f"; theme in {out}"
    where += f"; strip in {strip}" if strip else ""
    pixels = counted(made.counter.histogram.n_pixels, "pixel")
    return f"{made.label}: {pixels}, a theme of {counted(len(found), 'colour')}{where}"


def _png(pixels: ByteArray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def _read_mask(path: str) -> Any:
    """Return where an image is light."""
    from kpalette.theme_counting import LIGHT

    try:
        return streams.read(path).pixels[..., 0] >= LIGHT
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
