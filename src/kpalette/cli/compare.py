"""kpalette compare: how far two images are apart."""

from __future__ import annotations

import json

import click

from kpalette.cli import loading, plan, streams
from kpalette.cli.exits import EPILOG, USAGE, Failed, UsageError, ending, say
from kpalette.cli.groups import Manners
from kpalette.cli.help import PATH, Explained, takes
from kpalette.cli.mistaken import PHOTO


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("a", metavar="A", type=PHOTO)
@click.argument("b", metavar="B", type=PHOTO)
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="OUT",
    help="Draw where they differ, into a .png, .svg or .pdf file. It shows CIEDE2000 of each pixel "
    "on a scale from 0 to 10, and frames the place that looks worst.",
)
@click.option("--ssim", is_flag=True, help="Structural similarity too; needs scikit-image.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@takes(manners=Manners)
def compare(
    a: str,
    b: str,
    out: str | None,
    ssim: bool,
    as_json: bool,
    manners: Manners,
) -> int:
    """Measure how far two images of the same size are apart.

    A and B are image files; one of them may be - for stdin. The table on stdout has looks (100 if
    they look the same, less the more one sees), mean squared error and PSNR in 8-bit sRGB, and the
    mean distance in Oklab, where black and white are 1 apart. Of CIEDE2000, where 1 can just be
    seen, it has the mean, what 95 % of the pixels do not exceed, and the largest. The last line is
    the place that looks worst.

    \b
    Examples:
      kpalette compare photo.jpg photo-16.png

    \b
    A map of what was lost:
      kpalette quantize photo.jpg -k 16
      kpalette compare photo.jpg photo-16.png -o errors.png
    """  # noqa: D301
    streams.check_instruction_set()
    if a == b == "-":
        raise UsageError("stdin (-) can be only one of the two images")
    kind = streams.chart_kind(out)
    plan.check_target(out, [a, b], manners.force)
    codes: set[int] = set()
    pixels = []
    for photo in dict.fromkeys((a, b)):  # of one file twice, all is said once
        with streams.telling(photo, codes):
            pixels.append(loading.read_still(photo, manners.quiet, manners.allow_truncated))
    if codes:
        return ending(codes)

    from kpalette import metrics, plots

    pixels = [pixels[0], pixels[-1]]
    try:
        found = metrics.compare(*pixels, ssim=ssim, threads=manners.threads)
    except ValueError as error:  # other sizes
        raise Failed(USAGE, str(error)) from None
    if out is not None:
        errors = metrics.error_map(*pixels, threads=manners.threads)
        title = f"mean {found.delta_e:.2f}, max {found.delta_e_max:.2f}"
        chart = plots.encode(
            lambda figure: metrics.draw_error_map(figure, errors, title, found.worst),
            kind,
            metrics.FIGSIZE,
        )
        streams.write(chart, out, manners.force)
    if as_json:
        streams.print_result(json.dumps({"a": a, "b": b, **found.to_dict()}, allow_nan=False))
    else:
        streams.print_result(found.table())
    if out is not None and not manners.quiet:
        say(f"errors in {out}")
    return 0
