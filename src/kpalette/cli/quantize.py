"""kpalette quantize: photos in few colours."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import large, pngquant, streams
from kpalette.cli.exits import EPILOG, USAGE, Failed, counted
from kpalette.cli.moving import SCOPE, animator, animator_to
from kpalette.cli.options import (
    ALPHA,
    COLORS,
    FIXED,
    MANY,
    MAX_K,
    PATH,
    PNGQUANT,
    Given,
    Option,
    Sectioned,
    added,
    batch_options,
    dither_options,
    dithering,
    fit_options,
    share,
    whole,
)
from kpalette.cli.targets import fewest, target_of, target_options

if TYPE_CHECKING:
    from kpalette.cli.batch import Batch, Reduce
    from kpalette.cli.moving import Animate
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource
    from kpalette.palette import Palette
    from kpalette.quantized import Quantized

#: What --shared-palette, which sees sums of photos and not their pixels, cannot do.
NOT_SHARED = (
    "psnr", "delta_e", "delta_e_p95", "quality", "weights", "saliency", "keep_profile"
)  # fmt: skip

WORDS: list[Given] = [
    (
        ("-s", "--speed"),
        {
            "callback": whole(1, 11, "11"),
            "metavar": "N",
            "help": "1 and 2 are --effort best, 3 to 9 balanced, 10 and 11 fast; 11 does not "
            "dither.",
        },
    ),
    (("--nofs", "--ordered"), {"is_flag": True, "help": "--dither none."}),
    (
        ("--floyd",),
        {
            "callback": share,
            "metavar": "[=S]",
            "help": "--dither floyd-steinberg, of strength S from 0 to 1.",
        },
    ),
    (
        ("--map",),
        {
            "type": PATH,
            "metavar": "FILE",
            "help": "Take the colours of this palette or image.",
        },
    ),
    (
        ("--posterize",),
        {
            "callback": whole(0, 4, "4"),
            "metavar": "N",
            "help": "Is refused, unless N is 0: palettes have 8 bits per channel.",
        },
    ),
    (("-v", "--verbose"), {"is_flag": True, "help": "Say what is done where that is not usual."}),
    *(
        ((name,), {"is_flag": True, "hidden": True, "expose_value": False})
        for name in ("--transbug", "--iebug", "--no-force")
    ),
    (("--as-pngquant",), {"is_flag": True, "hidden": True}),
]
PIXELS: list[Given] = [
    FIXED,
    SCOPE,
    (("--saliency",), {"is_flag": True, "help": "Let what stands out matter more."}),
    (
        ("--weights",),
        {
            "type": PATH,
            "metavar": "MAP",
            "help": "A grey image of the photo's size: the lighter, the more a pixel matters.",
        },
    ),
    ALPHA,
    (
        ("--keep-profile",),
        {
            "is_flag": True,
            "help": "Leave a photo in Display P3, Adobe RGB or another space in it: in PNG, WebP, "
            "TIFF.  [default: sRGB]",
        },
    ),
]


class Quantize(Sectioned):
    """A command with an option whose value may be missing."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        return super().parse_args(context, pngquant.rewrite(args))


@click.command(cls=Quantize, epilog=EPILOG)
@click.argument("photos", metavar="[K] PHOTO...", nargs=-1, type=PATH)
@click.option(
    "-k",
    callback=whole(1, MAX_K, str(MAX_K)),
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: {MAX_K}]",
    cls=Option,
    section=COLORS,
)
@functools.partial(added, section=COLORS, options=PIXELS)
@target_options
@dither_options
@fit_options
@batch_options
@click.option(
    "--shared-palette",
    is_flag=True,
    help="One palette for all photos together, each counting by its pixels.",
    cls=Option,
    section=MANY,
)
@large.large_options
@functools.partial(added, section=PNGQUANT, options=WORDS)
def quantize(photos: tuple[str, ...], k: int | None, **given: Any) -> int:
    """Write each PHOTO in its K best colours, as an indexed PNG or another format.

    A PHOTO is an image file (PNG, JPEG, GIF, WebP, AVIF, TIFF and others), a folder with -r, a
    pattern such as '**/*.png', or - for stdin. One that cannot be done does not keep the others
    from being done. A file is written whole or not at all, never replaced without --force, and a
    PHOTO itself only if OUT names it or END makes its own name. K may also be a number among the
    photos, if there is no file of that name.

    photo.jpg becomes photo-16.png beside it, for K = 16, or photo-psnr-38.png, or what OUT, END or
    DIR say; stdin goes to stdout; an animation keeps its format. What another photo would become is
    taken for an earlier result, if a folder or a pattern holds it, and left alone, and so is all of
    DIR. With --effort fast a PNG is also compressed in less time, and 5 to 7 % larger.

    Without a command's name, "kpalette" itself takes pngquant's command lines: it dithers unless
    told --nofs, calls files photo-fs8.png or photo-or8.png, says nothing but errors unless told
    -v, and ends with pngquant's exit codes (2 for what cannot be read, 4 for a wrong command line).

    \b
    Examples:
      kpalette quantize photo.jpg -k 16
      kpalette quantize photo.jpg --delta-e 2 -o few.png
      kpalette quantize -r photos --out-dir small --dither floyd-steinberg
      kpalette quantize --force --ext .png --skip-if-larger *.png
      cat photo.jpg | kpalette quantize - -k 8 > few.png
    """  # noqa: D301
    from kpalette.cli.batch import Batch

    streams.check_instruction_set()
    like_pngquant = given["as_pngquant"]
    number, rest = pngquant.split_number(photos, like_pngquant)
    if number is not None and k is not None:
        raise click.UsageError(f"expected one number of colours, got {number} and -k {k}")
    if given["map"] is not None and (k or number) and not like_pngquant:
        raise click.UsageError("expected --map, whose colours are taken, or -k, got both")
    if not rest and number is not None and like_pngquant:
        rest = ["-"]
    if not rest:
        raise click.UsageError("Missing argument 'PHOTO...'")
    if given["posterize"]:
        raise click.UsageError(
            "--posterize: not supported; palettes have 8 bits per channel, for fewer of which use "
            "--map with a palette of such colours"
        )
    if given["speed"] is not None:
        given["effort"] = pngquant.effort(given["speed"])
    dither, strength = _dithering(given)
    if large.is_asked_for(rest, given["out"], given):
        return large.quantize(rest, k or number or MAX_K, (dither, strength), given)
    target = target_of(given)
    suffix = f"-{k or number or MAX_K}" if target is None else target.suffix
    if like_pngquant:
        suffix = "-or8" if dither is None else "-fs8"
        given["quiet"] = not given["verbose"]
    batch = Batch(rest, suffix, given, lenient=like_pngquant)
    mapping = {"dither": dither, "dither_strength": strength, "threads": batch.threads}
    asked = k or number
    k = asked or MAX_K
    others = [name for name in (given["map"], given["weights"]) if name is not None]
    reduce, animate = _ways(batch, k, asked, given, mapping)
    return batch.run(reduce, animate, functools.partial(_describe, k), others)


def _dithering(given: dict[str, Any]) -> tuple[str | None, float]:
    """Settle the ways to ask for dithering: its name and its strength."""
    asked = [name for name in ("dither", "nofs", "floyd") if given[name] not in (None, False)]
    if len(asked) > 1:
        raise click.UsageError(f"expected one of --{' and --'.join(asked)}, got both")
    strength = given["dither_strength"]
    if given["floyd"] is not None:
        return "floyd-steinberg", given["floyd"] if strength is None else strength
    usual = "floyd-steinberg" if given["as_pngquant"] and not given["nofs"] else None
    if given["speed"] == 11:
        usual = None
    return dithering(given["dither"] or usual, strength)


def _ways(
    batch: Batch, k: int, asked: int | None, given: dict[str, Any], mapping: dict[str, Any]
) -> tuple[Reduce, Animate]:
    """Make the functions that make pictures of pixels, and animations of animations."""
    from kpalette import files, pipeline
    from kpalette.colors import checked_fixed

    fit: dict[str, Any] = {name: given[name] for name in ("space", "effort", "seed", "fixed")}
    try:
        checked_fixed(fit["fixed"], k, given["alpha"])
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None
    target = target_of(given)
    moving = {**mapping, "alpha": given["alpha"], "space": given["space"]}

    def flat(pixels: ByteArray) -> ByteArray:
        return files.apply_alpha(pixels, given["alpha"])

    palette = _given_palette(batch, k, given, fit, flat)
    if palette is not None:

        def remap(pixels: ByteArray) -> Quantized:
            return pipeline.remap(flat(pixels), palette, space=given["space"], **mapping)

        return remap, animator_to(palette, given, moving)

    options = {
        **fit,
        **mapping,
        "weights": _weights(given),
        "saliency": given["saliency"],
        "alpha": given["alpha"],
        "keep_profile": given["keep_profile"],
    }

    def make(photo: ImageSource, quality: dict[str, float] | None) -> Quantized:
        return pipeline.quantize(photo, k, quality=quality, **options)

    def reduce(photo: ImageSource) -> Quantized:
        try:
            if target is None:
                return make(photo, None)
            return fewest(functools.partial(make, photo), target, k)
        except ValueError as error:  # a map of another size, or of nothing but black
            raise Failed(USAGE, str(error)) from None

    moving |= {**fit, "palette_scope": given["palette_scope"]}
    return reduce, animator(asked, k, given, moving, target)


def _given_palette(
    batch: Batch,
    k: int,
    given: dict[str, Any],
    fit: dict[str, Any],
    flat: Callable[[ByteArray], ByteArray],
) -> Palette | None:
    """Give the palette that is there before any photo is done, if one is asked for."""
    if given["map"] is None and not given["shared_palette"]:
        return None
    flag = "--map" if given["map"] is not None else "--shared-palette"
    for name in (*NOT_SHARED, *(["fixed", "shared_palette"] if flag == "--map" else [])):
        if given[name]:
            raise click.UsageError(f"expected {flag} or --{name.replace('_', '-')}, got both")
    if given["map"] is not None:
        from kpalette.cli.remap import load

        return load(given["map"], "--map")
    if any(job.source == "-" for job in batch.jobs):
        raise click.UsageError("expected --shared-palette or '-' (stdin), got both")
    if given["dry_run"]:
        return None  # nor is anything fitted
    from kpalette import pipeline
    from kpalette.cli import shared

    batch.jobs, total = shared.count(
        batch.jobs, batch.workers, batch.threads, flat, given["allow_truncated"]
    )
    return None if total is None else pipeline.extract_palette(total, k, **fit)


def _weights(given: dict[str, Any]) -> Any:
    path = given["weights"]
    if path is None:
        return None
    try:
        pixels = streams.read(path, given["allow_truncated"]).pixels
    except Failed as failure:
        raise Failed(failure.code, f"{path}: {failure}") from None
    grey = pixels[..., 0]
    if pixels.shape[2] != 3 or (pixels != grey[..., None]).any():
        raise click.UsageError(f"--weights: expected a grey image, got {path} in colours")
    return grey / 255


def _describe(k: int, quantized: Quantized) -> str:
    found = quantized.n_distinct
    # Fixed colours may leave no room, and what weighs nothing is not kept.
    kept = found < k and quantized.mse == 0
    few = f", fewer than k = {k}: all are kept" if kept else f" to {len(quantized.palette)}"
    n = quantized.n_iter
    passes = f"; {n} pass{'es' * (n > 1)}" if n else ""
    return f"{counted(found, 'colour')}{few}{passes}"
