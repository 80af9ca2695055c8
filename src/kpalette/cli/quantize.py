"""kpalette quantize: photos in few colours."""

from __future__ import annotations

from typing import Any

import click

from kpalette.cli import pngquant, quantizing
from kpalette.cli.exits import EPILOG
from kpalette.cli.help import Explained, takes
from kpalette.cli.mistaken import PHOTO_OR_TILES


class Command(Explained):
    """The command that runs pngquant's command lines, which have a --help of their own."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        context.meta[pngquant.LIKE_PNGQUANT] = pngquant.AS_PNGQUANT in args
        return super().parse_args(context, pngquant.rewrite(args))

    def format_help(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write --help: that of a command line without a command, if it is one."""
        if not context.meta.get(pngquant.LIKE_PNGQUANT):
            super().format_help(context, formatter)
            return
        formatter.write_usage("kpalette", "[OPTIONS] [K] PHOTO...")
        formatter.write_paragraph()
        formatter.write_text("Write photos in K colours (256) as pngquant does: to photo-fs8.png.")
        formatter.write("  kpalette 64 --quality 60-80 photo.png\n")
        self.format_common(context, formatter)

    def is_common(self, context: click.Context, parameter: click.Parameter) -> bool:
        """Return whether --help shows an option."""
        if context.meta.get(pngquant.LIKE_PNGQUANT):
            return parameter.name in pngquant.COMMON
        return super().is_common(context, parameter)


@click.command(cls=Command, epilog=EPILOG)
@click.argument("photos", metavar="[K] PHOTO...", nargs=-1, type=PHOTO_OR_TILES)
@takes(**quantizing.GROUPS)
def quantize(photos: tuple[str, ...], **groups: Any) -> int:
    """Write photos in their K best colours: photo.jpg to photo-16.png.

    A PHOTO is an image file (PNG, JPEG, GIF, WebP, AVIF, TIFF and others), a film (MP4, MOV, WebM,
    Matroska, AVI, MPEG), a folder with -r, a pattern such as '**/*.png', or - for stdin. If one
    fails, the others are done all the same. K may also be a number among the photos, if there is no
    file of that name.

    The picture is an indexed PNG beside the photo: photo-16.png for K = 16, photo-psnr-38.png for
    a PSNR of 38. OUT, END, DIR and --format say otherwise. stdin goes to stdout, an animation keeps
    its format, and a film becomes a GIF. If OUT ends in .gif, .webp or .apng, several photos, a
    folder or a pattern become one animation.

    One TIFF or PNG that is too large to decode in one piece, a Zarr group or a URL is done in
    tiles; so is any photo with --scheduler, --memory-limit or an OUT that ends in .zarr. The
    picture is then a Zarr group, photo-16.zarr, unless OUT ends in .tif.

    A file is written whole or not at all, and replaces another only with --force. A photo itself
    is replaced only if OUT names it or END makes its own name, and only if the picture is no
    larger. In a folder or a pattern, a file that is named as another photo's picture counts as
    the result of an earlier run and is left alone. So is all of DIR.

    With --effort fast, a PNG is also compressed much more quickly, and photos are larger.

    Without the name of a command, "kpalette" takes pngquant's command lines: it dithers unless
    told --nofs, calls files photo-fs8.png or photo-or8.png, says nothing of PNG files unless told
    -v, and ends with pngquant's exit codes (2 for what cannot be read, 4 for a wrong command line).

    \b
    Examples:
      kpalette quantize photo.jpg -k 16
      kpalette quantize photo.jpg --looks 75 -o few.png
      kpalette quantize -r photos --out-dir small --dither floyd-steinberg
      kpalette quantize --force --ext .png --skip-if-larger *.png
      cat photo.jpg | kpalette quantize - -k 8 > few.png
      kpalette quantize film.mp4 -o film.gif --fps 12 --width 480
      kpalette quantize 'frames/*.png' -o frames.gif --fps 12
    """  # noqa: D301
    return quantizing.quantize(photos, **groups)
