"""kpalette palette: the best colours of photos, as a list or a palette file."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import streams
from kpalette.cli.exits import EPILOG, USAGE, Failed, counted, ending, say
from kpalette.cli.options import (
    COLORS,
    FIXED,
    Sectioned,
    added,
    fit_options,
    recursive_option,
    whole,
)

if TYPE_CHECKING:
    from kpalette import ColorHistogram, Palette
    from kpalette.cli.inputs import Source

MAX_K = 65_536
FORMATS = ["act", "ase", "css", "gpl", "hex", "json", "pal", "png"]
BINARY = ("act", "ase", "png")


@click.command(cls=Sectioned, epilog=EPILOG)
@click.argument(
    "photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(readable=False)
)
@click.option(
    "-k",
    default="8",
    callback=whole(1, MAX_K, str(MAX_K)),
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: 8]",
)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="A palette file, whose format goes by its suffix unless --format tells, or - for stdout.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="The palette file's format; without OUT it goes to stdout.",
)
@click.option(
    "--sort",
    type=click.Choice(["share", "luminance", "hue", "compression"]),
    default="share",
    show_default=True,
    help="The order of the colours: the most frequent first, from dark to light, round the circle "
    "of hues, or as makes images with this palette small.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a list.")
@functools.partial(added, section=COLORS, options=[FIXED])
@fit_options
@recursive_option
def palette(
    photos: tuple[str, ...],
    k: int,
    out: str | None,
    kind: str | None,
    sort: str,
    as_json: bool,
    space: str,
    effort: str,
    seed: int,
    fixed: list[str],
    recursive: bool,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> int:
    """Find the k best colours of all PHOTOs together.

    A PHOTO is any image file that Pillow reads, a folder with -r, a pattern such as '**/*.png', or
    - for stdin. Of several, each counts by its pixels. Without OUT or --format, prints each colour
    with its share of the pixels. If a PHOTO cannot be read there is no palette.

    \b
    Examples:
      kpalette palette photo.jpg
      kpalette palette *.jpg -k 16 -o brand.gpl
      kpalette palette photo.jpg --sort hue --format css > colors.css
    """  # noqa: D301
    from kpalette.cli.inputs import gather

    streams.check_instruction_set()
    out = None if out == "-" and kind is None and not as_json else out
    kind = _check(photos, out, kind, as_json)
    codes: set[int] = set()
    sources = gather(photos, recursive, None)
    streams.check_free(out, [source.path for source in sources], force)
    histogram = _count(sources, threads, codes)
    if histogram is None:
        return ending(codes)

    from kpalette import extract_palette, palette_files

    options: dict[str, Any] = {"space": space, "effort": effort, "seed": seed, "threads": threads}
    options["fixed"] = fixed
    start = time.perf_counter()
    try:
        found = extract_palette(histogram, k, **options)
    except ValueError as error:  # more fixed colours than k, or one of them twice
        raise click.UsageError(f"--{error}") from None
    seconds = time.perf_counter() - start
    title = streams.stem(streams.label(photos[0]) if out in (None, "-") else out)
    try:
        found = found.sorted(sort)
        encoded = palette_files.encode(found, kind, title) if kind else None
    except ValueError as error:  # no room in the format, or for that order
        raise Failed(USAGE, str(error)) from None
    if encoded is not None:
        streams.write(encoded, out or "-", force)
    if as_json:
        report = {"photos": [source.path for source in sources], "n_pixels": histogram.n_pixels}
        report |= {"n_distinct": len(histogram), **palette_files.json.to_dict(found)}
        streams.print_result(json.dumps(report))
    elif encoded is None:
        streams.print_result(_list(found))
    if not quiet:
        few = f", fewer than k = {k}: all are kept" if len(found) < k else f" to {k}"
        who = streams.label(photos[0]) if len(sources) == 1 else f"{len(sources)} photos"
        where = "" if out in (None, "-") else f"; palette in {out}"
        say(
            f"{who}: {counted(histogram.n_pixels, 'pixel')}, "
            f"{counted(len(histogram), 'color')}{few} in {seconds:.3f} s{where}"
        )
    return 0


def _check(photos: tuple[str, ...], out: str | None, kind: str | None, as_json: bool) -> str | None:
    """Refuse options that do not go together; the format of the palette file, if there is one."""
    if len(photos) > 1 and "-" in photos:
        raise click.UsageError("expected '-' (stdin) to be the only photo")
    if as_json and ((out in (None, "-") and kind is not None) or out == "-"):
        raise click.UsageError("expected --json or a palette file on stdout, got both")
    if kind is None and out not in (None, "-"):
        kind = os.path.splitext(out)[1][1:].lower()
        if kind not in FORMATS:
            known = ", ".join(f"'.{name}'" for name in FORMATS)
            raise click.UsageError(f"-o: expected a name that ends in one of {known}, got {out!r}")
    if kind in BINARY and out in (None, "-"):
        streams.check_no_terminal()
    return kind


def _count(
    sources: Sequence[Source], threads: int | None, codes: set[int]
) -> ColorHistogram | None:
    """Count the colours of all photos together; None if one cannot be read."""
    from kpalette import ColorCounter

    counter = ColorCounter(threads=threads)
    for source in sources:
        with streams.telling(source.path, codes):
            if source.failure:
                raise source.failure
            counter.update(streams.read(source.path).pixels)
    return None if codes else counter.histogram()


def _list(found: Palette) -> str:
    """Format colours and shares, with a field of each colour before it on a terminal."""
    colored = os.isatty(1) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    lines = []
    for color, name, share in zip(found.colors.tolist(), found.hex, found.shares, strict=True):
        field = f"\x1b[48;2;{color[0]};{color[1]};{color[2]}m      \x1b[0m  " if colored else ""
        lines.append(f"{field}{name}  {share:7.2%}")
    return "\n".join(lines)
