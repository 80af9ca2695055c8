"""kpalette remap: photos in the colours of a palette file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import streams
from kpalette.cli.exits import EPILOG, UNREADABLE, Failed, say
from kpalette.cli.options import MAX_K, common_options, dither_options

if TYPE_CHECKING:
    from kpalette import Palette


@click.command(epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True)
@click.option(
    "--palette",
    "palette_file",
    metavar="FILE",
    required=True,
    help="A palette of at most 256 colours: .act, .ase, .css, .gpl, .hex, .json, .pal or .png.",
)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="A file, or a directory, or - for stdout. A name that ends in / is a directory, made if "
    "need be.  [default: beside photo.jpg, for brand.gpl, photo-brand.png; for stdin, stdout]",
)
@dither_options
@common_options
def remap(
    photos: tuple[str, ...],
    palette_file: str,
    out: str | None,
    dither: str | None,
    dither_strength: float,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> int:
    """Write each PHOTO in the colours of a palette, as an indexed PNG.

    Each pixel gets the nearest colour, or is dithered. A PHOTO is any image file that Pillow reads,
    or - for stdin. One that cannot be done does not keep the others from being done. A file is
    written whole or not at all, never replaced without --force, and a PHOTO itself only if OUT
    names it.

    \b
    Example: two photos in the colours of a third.
      kpalette palette third.jpg -k 16 -o brand.gpl
      kpalette remap first.jpg second.jpg --palette brand.gpl
    """  # noqa: D301
    streams.check_instruction_set()
    outs = streams.plan(photos, Path(palette_file).stem, out)
    palette = _load(palette_file)
    taken = [*photos, palette_file]
    options = {"dither": dither, "dither_strength": dither_strength, "threads": threads}
    codes: set[int] = set()
    for photo, target in zip(photos, outs, strict=True):
        with streams.telling(photo, codes):
            streams.check_free(target, taken, force, named=target == out)
            report = _remap_one(photo, palette, target, force, options)
            if not quiet:
                say(f"{streams.label(photo)}: {report}")
    return streams.ending(codes)


def _load(path: str) -> Palette:
    from kpalette import Palette, PaletteReadError, palette_files

    try:
        palette_files.format_of(path)
    except ValueError as error:
        raise click.UsageError(f"--palette: {str(error).removeprefix('path: ')}") from None
    try:
        palette = Palette.load(path)
    except OSError as error:
        raise Failed(UNREADABLE, f"{path}: cannot be read: {error.strerror}") from None
    except PaletteReadError as error:
        raise Failed(UNREADABLE, str(error)) from None
    if len(palette) > MAX_K:
        raise Failed(UNREADABLE, f"{path}: expected at most {MAX_K} colors, got {len(palette):,}")
    return palette


def _remap_one(
    photo: str, palette: Palette, target: str, force: bool, options: dict[str, Any]
) -> str:
    """Do one photo and report in one line."""
    pixels, bytes_in = streams.read(photo)
    start = time.perf_counter()
    quantized = palette.remap(pixels, **options)
    seconds = time.perf_counter() - start
    bytes_out = streams.write_picture(quantized, target, force)
    used = int((quantized.palette.counts > 0).sum())
    where = "" if target == "-" else f" in {target}"
    return (
        f"{pixels.shape[1]}×{pixels.shape[0]}, {quantized.n_distinct:,} colors to {used} of "
        f"{len(palette)} in {seconds:.3f} s; "
        f"MSE {quantized.mse:.2f}, PSNR {quantized.psnr:.2f} dB; "
        f"{bytes_in:,} to {bytes_out:,} bytes{where}"
    )
