"""kpalette remap: photos in the colours of a palette file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import streams
from kpalette.cli.exits import EPILOG, UNREADABLE, Failed, counted
from kpalette.cli.groups import Alpha, Dither, Manners, Output, Space
from kpalette.cli.moving import animator_to
from kpalette.cli.options import COLORS, MAX_K, PATH, Option, Sectioned, takes

if TYPE_CHECKING:
    from kpalette import Palette
    from kpalette.colors import ByteArray
    from kpalette.quantized import Quantized


@click.command(cls=Sectioned, epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PATH)
@click.option(
    "--palette",
    "palette_file",
    metavar="FILE",
    required=True,
    help="A palette: .act, .ase, .css, .gpl, .hex, .json, .pal or .png. Of more than 256 colours, "
    "each photo gets those 256 that lose least of it.",
    cls=Option,
    section=COLORS,
    type=PATH,
)
@takes(space=Space, alpha=Alpha, dither=Dither, output=Output, manners=Manners)
def remap(
    photos: tuple[str, ...],
    palette_file: str,
    space: Space,
    alpha: Alpha,
    dither: Dither,
    output: Output,
    manners: Manners,
) -> int:
    """Write each PHOTO in the colours of a palette, as an indexed PNG or another format.

    Each pixel gets the nearest colour, or is dithered. A PHOTO is an image file, a folder with -r,
    a pattern such as '**/*.png', or - for stdin. One that cannot be done does not keep the others
    from being done. A file is written whole or not at all, never replaced without --force, and a
    PHOTO itself only if OUT names it or END makes its own name, and by no larger picture.

    photo.jpg becomes photo-brand.png beside it, for brand.gpl, or what OUT, END or DIR say; stdin
    goes to stdout. What is transparent stays so only if the palette has a transparent colour.

    \b
    Example: two photos in the colours of a third.
      kpalette palette third.jpg -k 16 -o brand.gpl
      kpalette remap first.jpg second.jpg --palette brand.gpl
    """  # noqa: D301
    from kpalette import files, pipeline
    from kpalette.cli.batch import Batch

    streams.check_instruction_set()
    name, strength = dither.settled()
    batch = Batch(photos, f"-{streams.stem(palette_file)}", output, manners)
    batch.check_smaller(dither.smaller)
    palette = load(palette_file, "--palette")
    options: dict[str, Any] = {
        "space": space.space,
        "dither": name,
        "dither_strength": strength,
        "threads": batch.threads,
    }

    def reduce(pixels: ByteArray) -> Quantized:
        pixels = files.apply_alpha(pixels, alpha.alpha)
        return pipeline.remap(pixels, palette, k=MAX_K, smaller=dither.smaller, **options)

    animate = animator_to(palette, {**options, "alpha": alpha.alpha})
    describe = functools.partial(_describe, len(palette))
    return batch.run(reduce, animate, describe, [palette_file], saves=dither.smaller > 0)


def load(path: str, option: str) -> Palette:
    """Read a palette for an image; `option` is what gave its name."""
    from kpalette import Palette, PaletteReadError, palette_files

    try:
        palette_files.format_of(path)
    except ValueError as error:
        raise click.UsageError(f"{option}: {str(error).removeprefix('path: ')}") from None
    try:
        return Palette.load(path)
    except OSError as error:
        raise Failed(UNREADABLE, f"{path}: cannot be read: {error.strerror}") from None
    except PaletteReadError as error:
        raise Failed(UNREADABLE, str(error)) from None


def _describe(k: int, quantized: Quantized) -> str:
    used = int((quantized.palette.counts > 0).sum())
    return f"{counted(quantized.n_distinct, 'colour')} to {used} of {k}"
