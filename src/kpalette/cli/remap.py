"""kpalette remap: photos in the colours of a palette file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import clips, loading, streams
from kpalette.cli.clips import Clip
from kpalette.cli.economy import Economy
from kpalette.cli.exits import EPILOG, UNREADABLE, Failed, UsageError
from kpalette.cli.groups import Alpha, Dither, Manners, Output, Space
from kpalette.cli.help import Explained, Option, takes
from kpalette.cli.mistaken import PHOTO, quoted
from kpalette.cli.moving import animator_to, in_format
from kpalette.cli.options import COLORS, MAX_K
from kpalette.words import counted

if TYPE_CHECKING:
    from kpalette import Palette
    from kpalette.colors import ByteArray
    from kpalette.quantized import Quantized


@click.command(cls=Explained, epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PHOTO)
@click.option(
    "--palette",
    "palette_file",
    metavar="FILE",
    required=True,
    help="A palette file. Its name ends in .act, .ase, .css, .gpl, .hex, .json, "
    ".pal or .png. Of more than 256 colours, "
    "each photo gets the 256 that lose least of it.",
    cls=Option,
    section=COLORS,
    common=True,
    is_path=True,
)
@takes(space=Space, alpha=Alpha, dither=Dither, output=Output, clip=Clip, manners=Manners)
def remap(
    photos: tuple[str, ...],
    palette_file: str,
    space: Space,
    alpha: Alpha,
    dither: Dither,
    output: Output,
    clip: Clip,
    manners: Manners,
) -> int:
    """Write photos in the colours of a palette.

    Each pixel gets the nearest colour, or is dithered. A PHOTO is an image file, a film, a folder
    with -r, a pattern such as '**/*.png', or - for stdin. If one fails, the others are done all the
    same.

    The picture is an indexed PNG beside the photo: photo-brand.png for photo.jpg and brand.gpl.
    OUT, END, DIR and --format say otherwise. stdin goes to stdout, an animation keeps its format,
    and a film becomes a GIF. If OUT ends in .gif, .webp or .apng, several photos, a folder or a
    pattern become one animation. What is transparent stays so only if the palette has a transparent
    colour.

    A file is written whole or not at all, and replaces another only with --force. A photo itself
    is replaced only if OUT names it or END makes its own name, and only if the picture is no
    larger.

    \b
    Examples:
      kpalette remap photo.jpg --palette brand.gpl

    \b
    Two photos in the colours of a third:
      kpalette palette third.jpg -k 16 -o brand.gpl
      kpalette remap first.jpg second.jpg --palette brand.gpl
    """  # noqa: D301
    from kpalette import files
    from kpalette.cli.batch import Batch

    streams.check_instruction_set()
    name, strength = dither.settled()
    frames = clips.sequence(photos, output)
    clip = clip.settled(photos, is_one=frames is not None)
    suffix = f"-{streams.stem(palette_file)}"
    batch = Batch(photos, suffix, output, manners, clip, frames=frames)
    palette = load(palette_file, "--palette")
    options: dict[str, Any] = {
        "space": space.space,
        "dither": name,
        "dither_strength": strength,
        "threads": batch.threads,
    }
    stills = in_format(batch.kind, dither.saving, options)

    def reduce(pixels: ByteArray) -> Quantized:
        pixels = files.apply_alpha(pixels, alpha.alpha)
        return palette.remap(pixels, k=MAX_K, **stills)

    animate = animator_to(palette, {**options, **dither.saving, "alpha": alpha.alpha})
    economy = Economy(smaller=not stills["smaller"] and name in (None, "floyd-steinberg"))

    def describe(few: Any) -> str:
        return _describe(len(palette), few)

    return batch.run(reduce, animate, describe, [palette_file], alpha=alpha.alpha, economy=economy)


def load(path: str, option: str) -> Palette:
    """Read a palette for an image; `option` is what gave its name."""
    from kpalette import Palette, PaletteReadError, palette_files
    from kpalette.files.formats import ENDINGS

    try:
        palette_files.format_of(path)
    except ValueError as error:
        root, ending = os.path.splitext(path)
        line = str(error).removeprefix("path: ")
        if ending.lower() in ENDINGS:
            first = f"kpalette palette {quoted(path)} -k 16 -o {quoted(f'{root}.gpl')}"
            line = f"expected a palette file, got the image {path!r}; make one: {first}"
        raise UsageError(f"{option}: {line}") from None
    try:
        return Palette.load(path)
    except OSError as error:
        raise Failed(UNREADABLE, f"{path}: cannot be read: {error.strerror}") from None
    except PaletteReadError as error:
        raise Failed(UNREADABLE, loading.of_large(str(error))) from None


def _describe(k: int, quantized: Quantized) -> str:
    used = int((quantized.palette.counts > 0).sum())
    return f"{counted(quantized.n_distinct, 'colour')} to {used} of {k}"
