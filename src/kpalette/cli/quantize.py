"""kpalette quantize: photos in few colours."""

from __future__ import annotations

import time
from typing import Any

import click

from kpalette.cli import streams
from kpalette.cli.exits import EPILOG, say
from kpalette.cli.options import MAX_K, dither_options, fit_options, whole


@click.command(epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True)
@click.option(
    "-k",
    default=str(MAX_K),
    callback=whole(1, MAX_K, str(MAX_K)),
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: {MAX_K}]",
)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="A file, or a directory, or - for stdout. A name that ends in / is a directory, made if "
    "need be.  [default: beside photo.jpg, for 16 colours, photo-16.png; for stdin, stdout]",
)
@dither_options
@fit_options
def quantize(
    photos: tuple[str, ...],
    k: int,
    out: str | None,
    space: str,
    effort: str,
    dither: str | None,
    dither_strength: float,
    seed: int,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> int:
    """Write each PHOTO in its k best colours, as an indexed PNG.

    A PHOTO is any image file that Pillow reads, or - for stdin. One that cannot be done does not
    keep the others from being done. A file is written whole or not at all, never replaced without
    --force, and a PHOTO itself only if OUT names it.
    """
    streams.check_instruction_set()
    outs = streams.plan(photos, str(k), out)
    options = {
        "space": space,
        "effort": effort,
        "dither": dither,
        "dither_strength": dither_strength,
        "seed": seed,
        "threads": threads,
    }
    codes: set[int] = set()
    for photo, target in zip(photos, outs, strict=True):
        with streams.telling(photo, codes):
            streams.check_free(target, photos, force, named=target == out)
            report = _quantize_one(photo, k, target, force, options)
            if not quiet:
                say(f"{streams.label(photo)}: {report}")
    return streams.ending(codes)


def _quantize_one(photo: str, k: int, target: str, force: bool, options: dict[str, Any]) -> str:
    """Do one photo and report in one line."""
    from kpalette import pipeline

    pixels, bytes_in = streams.read(photo)
    start = time.perf_counter()
    quantized = pipeline.quantize(pixels, k, **options)
    seconds = time.perf_counter() - start
    bytes_out = streams.write_picture(quantized, target, force)

    found = quantized.n_distinct
    few = f", fewer than k = {k}: all are kept" if found < k else f" to {k}"
    where = "" if target == "-" else f" in {target}"
    return (
        f"{pixels.shape[1]}×{pixels.shape[0]}, {found:,} colors{few}; "
        f"{quantized.n_iter} passes in {seconds:.3f} s; "
        f"MSE {quantized.mse:.2f}, PSNR {quantized.psnr:.2f} dB; "
        f"{bytes_in:,} to {bytes_out:,} bytes{where}"
    )
