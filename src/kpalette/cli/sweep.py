"""kpalette sweep: what more colours are worth."""

from __future__ import annotations

import json
import re

import click

from kpalette.cli import loading, plan, streams
from kpalette.cli.exits import EPILOG, say
from kpalette.cli.groups import Fit, Manners
from kpalette.cli.help import PATH, Explained, Option, takes
from kpalette.cli.mistaken import PHOTO
from kpalette.words import counted

MAX_K = 65_536


def _ks(value: str) -> list[int]:
    """Read numbers of colours: 16, or 8,16,32, or 2:64:2 with its last."""
    ks: set[int] = set()
    for part in value.split(","):
        # More digits than any k has could take Python long to read.
        match = re.fullmatch(r"(\d{1,5})(?::(\d{1,5})(?::(\d{1,5}))?)?", part, re.ASCII)
        first, last, step = (int(n) if n else None for n in match.groups()) if match else (0, 0, 0)
        last, step = first if last is None else last, 1 if step is None else step
        if not first or not last or not step or not first <= last <= MAX_K:
            raise ValueError(
                f"expected numbers from 1 to {MAX_K} as in 16 or 8,16,32, or a range "
                f"first:last or first:last:step as in 2:64:2, got {value!r}"
            )
        ks.update(range(first, last + 1, step))
    return sorted(ks)


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("photo", metavar="PHOTO", type=PHOTO)
@click.option(
    "-k",
    "ks",
    default="2:64:2",
    check=_ks,
    cls=Option,
    common=True,
    metavar="K",
    help="How many colours: 16, 8,16,32, or a range. A range is FIRST:LAST or "
    f"FIRST:LAST:STEP, LAST included; from 1 to {MAX_K}.  [default: 2:64:2]",
)
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="OUT",
    help="Draw the curve into a .png, .svg or .pdf file.",
)
@click.option("--no-png", is_flag=True, help="Leave file sizes out: they take the most time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@takes(fit=Fit, manners=Manners)
def sweep(
    photo: str,
    ks: list[int],
    out: str | None,
    no_png: bool,
    as_json: bool,
    fit: Fit,
    manners: Manners,
) -> int:
    """Show what more colours are worth: error and file size for each K.

    PHOTO is an image file, or - for stdin. The table on stdout has mean squared error, PSNR, the
    size of the indexed PNG, passes of k-means, and the time that each K took after the one before.
    It ends with the first K that keeps all colours; --json has every K. The elbow, of three K or
    more, is where more colours begin to pay less: a good K to start with. What quantize finds for a
    K differs by a few percent, because it starts anew, and keeps colours for small vivid regions.

    \b
    Examples: look at the curve, then make the picture.
      kpalette sweep photo.jpg -o curve.png
      kpalette quantize photo.jpg -k 12
    """  # noqa: D301
    streams.check_instruction_set()
    kind = streams.chart_kind(out)
    codes: set[int] = set()
    with streams.telling(photo, codes):
        plan.check_target(out, [photo], manners.force)
        from kpalette import ColorHistogram, curve

        pixels = loading.read_still(photo, manners.quiet, manners.allow_truncated)
        source = ColorHistogram.from_image(pixels, threads=manners.threads) if no_png else pixels
        found = curve.sweep(source, ks, **fit.as_dict(), threads=manners.threads)
        if out is not None:
            streams.write(found.chart(kind), out, manners.force)
    if codes:
        return codes.pop()
    if as_json:
        streams.print_result(json.dumps({"photo": photo, **found.to_dict()}, allow_nan=False))
    else:
        streams.print_result(found.table())
    if not manners.quiet:
        last = found.lossless or ks[-1]  # those after it are the same
        say(
            f"{streams.label(photo)}: {pixels.shape[1]}×{pixels.shape[0]}, "
            f"{counted(found.n_distinct, 'colour')}; "
            f"k = {ks[0]}{f' to {last}' if last > ks[0] else ''} "
            f"fitted in {found.seconds.sum():.3f} s"
            + (f"; elbow at k = {found.elbow}" if found.elbow else "")
            + (f"; lossless from k = {found.n_distinct}" if found.lossless else "")
            + ("" if out is None else f"; curve in {out}")
        )
    return 0
