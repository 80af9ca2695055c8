"""kpalette palette: the best colours of photos, as a list or a palette file."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

import click

from kpalette import choices
from kpalette.choices import Order
from kpalette.cli import large as large_images
from kpalette.cli import loading, plan, streams, tiled
from kpalette.cli.colored import field
from kpalette.cli.exits import (
    EPILOG,
    UNREADABLE,
    USAGE,
    Failed,
    UsageError,
    all_kept,
    ending,
    say,
)
from kpalette.cli.groups import Fit, Fixed, Large, Manners, Recursive, Salient
from kpalette.cli.help import PATH, Explained, Option, takes
from kpalette.cli.mistaken import PHOTO_ANYWHERE
from kpalette.cli.options import COLORS, LARGE, MANY, option, sides, whole
from kpalette.record import Record
from kpalette.words import counted

if TYPE_CHECKING:
    from kpalette import ColorCounter, ColorHistogram, Palette
    from kpalette.cli.inputs import Source
    from kpalette.colors import ByteArray
    from kpalette.spatial import Sampled

MAX_K = 65_536
#: Options of what Dask counts.
LARGE_PALETTE = {"photos", "k", "out", "kind", "sort", "as_json", "fixed", "space", "effort"}
LARGE_PALETTE |= {"seed", "threads", "force", "quiet", "scheduler", "memory_limit", "checkpoint"}
LARGE_PALETTE |= {"missing", "dither"}
#: What a saved histogram's name ends in.
HISTOGRAM = ".histogram"
FORMATS = ["act", "ase", "css", "gpl", "hex", "json", "pal", "png"]
BINARY = ("act", "ase", "png")


class Counting(Recursive):
    """What is counted, and how."""

    raw: tuple[int, int] | None = option(
        "--raw",
        section=MANY,
        check=sides,
        metavar="WxH",
        help="The PHOTO is a film: bare frames of W times H pixels, R, G and B in 8 bits each.",
    )
    checkpoint: str | None = option(
        "--checkpoint",
        section=LARGE,
        is_path=True,
        metavar="DIR",
        help="Keep in DIR what is counted, so that a run that was stopped can be taken up.",
    )


class Mapping(Record):
    """How pictures will be mapped to the palette."""

    dither: str | None = option(
        "--dither",
        section=COLORS,
        choices=["none", *choices.DITHERS],
        help="Make the palette for pictures that will be dithered: its colours reach further out. "
        "They are the same for each way to dither but spatial.  [default: none]",
    )


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PHOTO_ANYWHERE)
@click.option(
    "-k",
    default="8",
    check=whole(1, MAX_K, str(MAX_K)),
    cls=Option,
    common=True,
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: 8]",
)
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="OUT",
    help="A palette file, or - for stdout. Its suffix says the format, unless --format does.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS, case_sensitive=False),
    metavar="FORMAT",
    help=f"The palette file's format, to stdout without OUT. One of {', '.join(FORMATS)}.",
)
@click.option(
    "--sort",
    type=click.Choice(get_args(Order)),
    default="share",
    show_default=True,
    metavar="ORDER",
    help="By share, luminance, hue or compression. That is the most "
    "frequent first, from dark to light, round the circle of hues, or what makes images with this "
    "palette small.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a list.")
@takes(
    mapping=Mapping,
    fixed=Fixed,
    salient=Salient,
    fit=Fit,
    manners=Manners,
    large=Large,
    counting=Counting,
)
def palette(
    photos: tuple[str, ...],
    k: int,
    out: str | None,
    kind: str | None,
    sort: Order,
    as_json: bool,
    mapping: Mapping,
    fixed: Fixed,
    salient: Salient,
    fit: Fit,
    manners: Manners,
    large: Large,
    counting: Counting,
) -> int:
    """List the best colours of photos, or write them as a palette file.

    A PHOTO is an image file, a film, a folder with -r, a pattern such as '**/*.png', - for stdin,
    or a histogram that was saved as .histogram. There is one palette for all of them together, in
    which each counts by its pixels: a film by those of all frames, an animated GIF, PNG or WebP by
    those of its first. If one cannot be read, there is none. Without OUT or --format, each colour
    is printed with its share of the pixels.

    With --scheduler, --memory-limit, a Zarr group or a URL, Dask counts: see 'Large images'.

    \b
    Examples:
      kpalette palette photo.jpg
      kpalette palette *.jpg -k 16 -o brand.gpl
      kpalette palette *.jpg -k 16 --dither floyd-steinberg -o mixing.gpl
      kpalette palette photo.jpg --sort hue --format css > colors.css
      kpalette palette 's3://photos/**/*.jpg' -k 32 --scheduler tcp://host:8786
      kpalette palette film.mp4 -k 16
    """  # noqa: D301
    from kpalette.cli.inputs import gather

    streams.check_instruction_set()
    out = None if out == "-" and kind is None and not as_json else out
    kind = _check(photos, out, kind, as_json)
    codes: set[int] = set()
    pixels: list[ByteArray] | None = [] if salient.saliency else None
    source: Any
    if tiled.is_asked_for(photos, None, large):
        large_images.refuse_others(LARGE_PALETTE)
        plan.check_target(out, photos, manners.force)
        names = list(photos)
        histogram = large_images.histogram(photos, counting.checkpoint, large, quiet=manners.quiet)
        source = histogram
    else:
        sources = gather(photos, counting.recursive, None)
        if salient.saliency:
            _check_one_image(sources, counting.raw)
        names = [source.path for source in sources]
        plan.check_target(out, names, manners.force)
        counted_here = _count(sources, counting.raw, manners, codes, pixels)
        if counted_here is None:
            return ending(codes)
        histogram = counted_here.histogram
        source = pixels[0] if pixels else counted_here

    from kpalette import extract_palette, palette_files

    options = {**fit.as_dict(), **fixed.as_dict(), "threads": manners.threads}
    options["dither"] = None if mapping.dither == "none" else mapping.dither
    start = time.perf_counter()
    try:
        found = extract_palette(source, k, saliency=salient.saliency, **options)
    except OverflowError as error:  # of histograms that were multiplied
        raise Failed(UNREADABLE, str(error)) from None
    except ValueError as error:  # more fixed colours than k, or one of them twice
        raise UsageError(f"--{error}") from None
    seconds = time.perf_counter() - start
    title = streams.stem(streams.label(names[0]) if out in (None, "-") else out)
    try:
        found = found.sorted(sort)
        encoded = palette_files.encode(found, kind, title) if kind else None
    except ValueError as error:  # no room in the format, or for that order
        raise Failed(USAGE, str(error)) from None
    if encoded is not None:
        streams.write(encoded, out or "-", manners.force)
    if as_json:
        report = {"photos": names, "n_pixels": histogram.n_pixels}
        report |= {"n_distinct": len(histogram), **found.to_dict()}
        streams.print_result(json.dumps(report))
    elif encoded is None:
        streams.print_result(_list(found))
    if not manners.quiet:
        few = f", {all_kept(len(histogram), k)}" if len(found) < k else f" to {k}"
        who = streams.label_of_all(names)
        where = "" if out in (None, "-") else f"; palette in {out}"
        say(
            f"{who}: {counted(histogram.n_pixels, 'pixel')}, "
            f"{counted(len(histogram), 'colour')}{few} in {seconds:.3f} s{where}"
        )
    return 0


def _check(photos: tuple[str, ...], out: str | None, kind: str | None, as_json: bool) -> str | None:
    """Refuse options that do not go together; the format of the palette file, if there is one."""
    plan.check_printed(photos, out, kind, as_json, "the palette file")
    if kind is None and out not in (None, "-"):
        kind = os.path.splitext(out)[1][1:].lower()
        if kind not in FORMATS:
            known = ", ".join(f"'.{name}'" for name in FORMATS)
            raise UsageError(f"-o: expected a name that ends in one of {known}, got {out!r}")
    if kind in BINARY and out in (None, "-"):
        streams.check_no_terminal()
    return kind


def _check_one_image(sources: Sequence[Source], raw: tuple[int, int] | None) -> None:
    """Refuse what no pixel stands out of: what is more than one image, or a histogram."""
    if len(sources) != 1:
        raise UsageError(f"--saliency: expected one photo, got {len(sources)}")
    if raw is not None or sources[0].path.endswith(HISTOGRAM):
        got = "a film" if raw is not None else "a histogram"
        raise UsageError(f"--saliency: expected an image, got {got}")


def _count(
    sources: Sequence[Source],
    raw: tuple[int, int] | None,
    manners: Manners,
    codes: set[int],
    kept: list[ByteArray] | None,
) -> Sampled | None:
    """Count the colours of all photos together, and perhaps keep the pixels of those that are read.

    None if one cannot be read. There are rows of them unless there is a histogram among them.
    """
    from kpalette import ColorCounter
    from kpalette.spatial import RowSample, Sampled

    counter, sample = ColorCounter(threads=manners.threads), RowSample()
    numbers = itertools.count()
    for source in sources:
        with streams.telling(source.path, codes):
            if source.failure:
                raise source.failure
            if source.path.endswith(HISTOGRAM):
                _add(counter, loading.read_histogram(source.path))
            elif raw is None:
                how = (manners.quiet, manners.allow_truncated)
                for number, pixels in enumerate(loading.read_pictures(source.path, *how)):
                    if number and kept is not None:
                        raise Failed(USAGE, "--saliency: expected an image, got a film")
                    counter.update(pixels)
                    sample.add(pixels, next(numbers))
                    if kept is not None:
                        kept.append(pixels)
            else:
                for frame in loading.read_raw(source.path, *raw):
                    counter.update(frame)
                    sample.add(frame, next(numbers))
    if codes:
        return None
    is_whole = not any(source.path.endswith(HISTOGRAM) for source in sources)
    return Sampled(counter.histogram(), sample.parts if is_whole else ())


def _add(counter: ColorCounter, histogram: ColorHistogram) -> None:
    try:
        counter.update(histogram)
    except OverflowError as error:
        raise Failed(UNREADABLE, str(error)) from None


def _list(found: Palette) -> str:
    """Format colours and shares, with a field of each colour before it on a terminal."""
    rows = zip(found.colors.tolist(), found.hex, found.shares, strict=True)
    return "\n".join(f"{field(color)}{name}  {share:7.2%}" for color, name, share in rows)
