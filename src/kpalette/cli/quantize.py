"""kpalette quantize: photos in few colours."""

from __future__ import annotations

import functools
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import clips, pngquant, streams
from kpalette.cli import large as large_images
from kpalette.cli.clips import Clip
from kpalette.cli.economy import Economy
from kpalette.cli.exits import EPILOG, USAGE, Failed, counted
from kpalette.cli.groups import (
    Dither,
    Fit,
    Kept,
    Large,
    Manners,
    Output,
    Pixels,
    Targets,
    Words,
)
from kpalette.cli.help import COLORS, MANY, Option
from kpalette.cli.mistaken import PHOTO
from kpalette.cli.moving import animator, animator_to, in_format
from kpalette.cli.options import MAX_K, exclusive, takes, whole
from kpalette.cli.remap import load
from kpalette.cli.targets import MAX_BYTES, Target, fewest, target_of, within

if TYPE_CHECKING:
    from kpalette.cli.batch import Batch, Reduce
    from kpalette.cli.moving import Animate
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource
    from kpalette.palette import Palette
    from kpalette.quantized import Quantized


@click.command(cls=pngquant.Command, epilog=EPILOG)
@click.argument("photos", metavar="[K] PHOTO...", nargs=-1, type=PHOTO)
@click.option(
    "-k",
    callback=whole(1, MAX_K, str(MAX_K)),
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: {MAX_K}]",
    cls=Option,
    common=True,
    section=COLORS,
)
@takes(pixels=Pixels, kept=Kept, targets=Targets, dither=Dither, fit=Fit)
@takes(output=Output, clip=Clip, manners=Manners)
@click.option(
    "--shared-palette",
    is_flag=True,
    help="One palette for all photos together, each counting by its pixels.",
    cls=Option,
    section=MANY,
)
@takes(large=Large, words=Words)
def quantize(
    photos: tuple[str, ...],
    k: int | None,
    shared_palette: bool,
    pixels: Pixels,
    kept: Kept,
    targets: Targets,
    dither: Dither,
    fit: Fit,
    manners: Manners,
    output: Output,
    clip: Clip,
    large: Large,
    words: Words,
) -> int:
    """Write photos in their K best colours: photo.jpg to photo-16.png.

    A PHOTO is an image file (PNG, JPEG, GIF, WebP, AVIF, TIFF and others), a film (MP4, MOV, WebM,
    Matroska, AVI, MPEG), a folder with -r, a pattern such as '**/*.png', or - for stdin. If one
    fails, the others are done all the same. K may also be a number among the photos, if there is no
    file of that name.

    The picture is an indexed PNG beside the photo: photo-16.png for K = 16, photo-psnr-38.png for
    a PSNR of 38. OUT, END, DIR and --format say otherwise. stdin goes to stdout, an animation keeps
    its format, and a film becomes a GIF. If OUT ends in .gif, .webp or .apng, several photos, a
    folder or a pattern become one animation.

    A file is written whole or not at all, and replaces another only with --force. A photo itself
    is replaced only if OUT names it or END makes its own name, and only if the picture is no
    larger. In a folder or a pattern, a file that is named as another photo's picture counts as
    the result of an earlier run and is left alone. So is all of DIR.

    With --effort fast, compressing a PNG takes a tenth of the time, too, and photos are 10 to 20 %
    larger.

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
    from kpalette.cli.batch import Batch

    streams.check_instruction_set()
    number, rest = pngquant.split_number(photos, words.as_pngquant)
    if number is not None and k is not None:
        raise click.UsageError(f"the number of colours is given twice, {number} and -k {k}")
    if words.map is not None and (k or number) and not words.as_pngquant:
        raise exclusive("--map", "-k")
    if not rest and number is not None and words.as_pngquant:
        rest = ["-"]
    if not rest:
        raise click.UsageError("expected a photo, got none")
    frames = None if words.as_pngquant else clips.sequence(rest, output)
    clip = clip.settled([] if words.as_pngquant else rest, is_one=frames is not None)
    if clip.pngquant_speed is not None:
        words = replace(words, pngquant_speed=clip.pngquant_speed)
    if words.pngquant_speed is not None:
        fit = replace(fit, effort=pngquant.effort(words.pngquant_speed))
    asked = k or number
    k = asked or MAX_K
    name, strength = _dithering(dither, words)
    way = Way(
        k,
        asked,
        pixels,
        kept,
        fit,
        name,
        strength,
        dither.saving,
        target_of(targets),
        words.posterize or 0,
    )
    if large_images.is_asked_for(rest, output.out, large):
        if way.saving["smaller"]:
            name = "--lossy" if dither.lossy else "--smaller"
            raise click.UsageError(f"{name} does not work for images in tiles")
        return large_images.quantize(
            rest,
            k,
            way.tiled(),
            palette_file=words.map,
            output=output,
            manners=manners,
            large=large,
        )
    suffix = f"-{k}" if way.target is None else way.target.suffix
    if words.as_pngquant:
        suffix = "-fs8" if way.is_dithered else "-or8"
        # Of PNG files pngquant says nothing; it takes no others, of which there is more to say.
        is_png = all(os.path.splitext(photo)[1].lower() in ("", ".png") for photo in rest)
        manners = replace(manners, quiet=not words.verbose and (manners.quiet or is_png))
    if targets.max_bytes is not None and output.strip is None:
        output = replace(output, strip=True)  # the density takes bytes, too
    batch = Batch(
        rest,
        suffix,
        output,
        manners,
        clip,
        frames=frames,
        like_pngquant=words.as_pngquant,
    )
    way.check()
    if targets.max_bytes is not None:
        _check_plain_png(batch.kind, output, way)
    elif pixels.least_fps is not None:
        raise click.UsageError("--least-fps works with --max-bytes alone; --fps leaves out frames")
    palette = None
    if words.map is not None:
        way.refuse(
            "--map", fixed=pixels.fixed, shared_palette=shared_palette, posterize=way.posterize
        )
        palette = load(words.map, "--map")
    elif shared_palette:
        way.refuse("--shared-palette")
        palette = _shared(way, batch)
    others = [name for name in (words.map, pixels.weights) if name is not None]
    return batch.run(
        way.reduce(palette, batch),
        way.animate(palette, batch),
        functools.partial(_describe, k),
        others,
        quick=fit.effort == "fast",
        alpha=kept.alpha,
        keep_profile=kept.keep_profile,
        economy=way.economy(output, has_map=words.map is not None, is_shared=shared_palette),
    )


def _dithering(dither: Dither, words: Words) -> tuple[str | None, float]:
    """Settle the ways to ask for dithering: its name and its strength."""
    given = {"dither": dither.dither, "nofs": words.nofs, "floyd": words.floyd}
    asked = [name for name, value in given.items() if value not in (None, False)]
    if len(asked) > 1:
        raise exclusive(*(f"--{name}" for name in asked))
    strength = dither.dither_strength
    if words.floyd is not None:
        return "floyd-steinberg", words.floyd if strength is None else strength
    usual = "floyd-steinberg" if words.as_pngquant and not words.nofs else None
    if words.pngquant_speed == 11 or dither.smaller or dither.lossy:
        usual = "none" if words.nofs else None
    return replace(dither, dither=dither.dither or usual).settled()


@dataclass(frozen=True)
class Way:
    """What is made of each photo, and how."""

    k: int
    asked: int | None  # for how many colours, if for any number
    pixels: Pixels
    kept: Kept
    fit: Fit
    dither: str | None
    strength: float
    saving: dict[str, float]  # `smaller` and `lossy`
    target: Target | None
    posterize: int

    @property
    def is_dithered(self) -> bool:
        """Whether errors are diffused, or the dither is an ordered one."""
        return self.dither is not None or (self.saving["smaller"] > 0 and self.strength > 0)

    @property
    def fitting(self) -> dict[str, Any]:
        """The library's options for a fit."""
        return {**asdict(self.fit), "fixed": self.pixels.fixed, "posterize": self.posterize}

    def mapping(self, batch: Batch) -> dict[str, Any]:
        """Return the library's options for mapping stills."""
        return in_format(batch.kind, self.saving, self._dithering(batch))

    def _dithering(self, batch: Batch) -> dict[str, Any]:
        how = {"dither": self.dither, "dither_strength": self.strength}
        return {**how, "threads": batch.threads}

    def tiled(self) -> dict[str, Any]:
        """Return the options for what is done in tiles."""
        how = {"dither": self.dither, "dither_strength": self.strength}
        fixed = self.pixels.fixed
        return {**asdict(self.fit), **how, "fixed": fixed, "alpha": self.kept.alpha}

    def check(self) -> None:
        """Refuse options that do not go together."""
        from kpalette.checks import checked_fixed

        if self.posterize and self.kept.keep_profile:
            raise exclusive("--posterize", "--keep-profile")
        try:
            checked_fixed(self.pixels.fixed, self.k, self.kept.alpha)
        except ValueError as error:
            raise click.UsageError(f"--{error}") from None

    def refuse(self, flag: str, **others: object) -> None:
        """Refuse what a palette that is there before any photo is done does not go with."""
        asked: dict[str, object] = {
            "weights": self.pixels.weights,
            "saliency": self.pixels.saliency,
        }
        asked |= {"keep_profile": self.kept.keep_profile, **others}
        if self.target is not None:
            asked = {self.target.asked: True, **asked}
        for name, value in asked.items():
            if value:
                raise exclusive(flag, f"--{name.replace('_', '-')}")

    def against_max_bytes(self, kind: str | None, output: Output) -> list[str]:
        """Return the options that --max-bytes does not go with."""
        others = {
            f"--format {kind}": kind not in (None, "png"),
            "--keep-order": output.keep_order,
            "--keep-metadata": output.strip is False,
            "--keep-profile": self.kept.keep_profile,
            "--effort fast": self.fit.effort == "fast",
        }
        return [name for name, is_asked in others.items() if is_asked]

    def economy(self, output: Output, *, has_map: bool, is_shared: bool) -> Economy:
        """Return what would make files smaller."""
        is_open = self.target is None and not has_map
        return Economy(
            k=self.k if is_open else None,
            smaller=not self.saving["smaller"] and self.dither in (None, "floyd-steinberg"),
            max_bytes=is_open and not is_shared and not self.against_max_bytes(None, output),
        )

    def flat(self, pixels: ByteArray) -> ByteArray:
        """Lay pixels over a colour, if that is asked for."""
        from kpalette import files

        return files.apply_alpha(pixels, self.kept.alpha)

    def reduce(self, palette: Palette | None, batch: Batch) -> Reduce:
        """Return what makes pictures of pixels."""
        from kpalette import pipeline

        mapping = self.mapping(batch)
        if palette is not None:
            return lambda pixels: pipeline.remap(
                self.flat(pixels), palette, k=MAX_K, space=self.fit.space, **mapping
            )
        options = {
            **self.fitting,
            **mapping,
            "weights": _weights(self.pixels.weights, batch.manners.allow_truncated),
            "saliency": self.pixels.saliency,
            "alpha": self.kept.alpha,
            "keep_profile": self.kept.keep_profile,
        }

        def make(photo: ImageSource, quality: dict[str, float] | None) -> Quantized:
            return pipeline.quantize(photo, self.k, quality=quality, **options)

        def reduce(photo: ImageSource) -> Quantized:
            try:
                if self.target is None:
                    return make(photo, None)
                if self.target.name == MAX_BYTES:
                    if batch.kind not in (None, "png"):
                        line = f"--max-bytes and --format {batch.kind} exclude each other; give one"
                        raise Failed(USAGE, line)
                    most = int(self.target.best)
                    return within(
                        lambda: pipeline.quantize(photo, self.k, max_bytes=most, **options)
                    )
                return fewest(functools.partial(make, photo), self.target, self.k)
            except ValueError as error:  # a map of another size, or of nothing but black
                raise Failed(USAGE, str(error)) from None

        return reduce

    def animate(self, palette: Palette | None, batch: Batch) -> Animate:
        """Return what makes animations of animations."""
        options = {**self._dithering(batch), **self.saving, "alpha": self.kept.alpha}
        if palette is not None:
            return animator_to(palette, {**options, "space": self.fit.space})
        options |= {**self.fitting, "palette_scope": self.pixels.palette_scope}
        asked: dict[str, object] = {
            "--weights": self.pixels.weights,
            "--saliency": self.pixels.saliency,
            "--keep-profile": self.kept.keep_profile,
        }
        refused = [name for name, value in asked.items() if value]
        least_fps = self.pixels.least_fps
        return animator(
            self.asked, self.k, options, target=self.target, least_fps=least_fps, refused=refused
        )


def _check_plain_png(kind: str | None, output: Output, way: Way) -> None:
    """Refuse what would make a file larger than the one that was measured.

    Of formats that animations have, only stills are refused, once they are read.
    """
    from kpalette import files

    moves = kind in files.ENCODERS and not output.first_frame
    for name in way.against_max_bytes(None if moves else kind, output):
        raise exclusive("--max-bytes", name)


def _shared(way: Way, batch: Batch) -> Palette | None:
    """Fit one palette to all photos."""
    if any(job.source == "-" for job in batch.jobs):
        raise click.UsageError(
            "--shared-palette reads photos twice, which stdin (-) does not allow"
        )
    if batch.output.dry_run:
        return None  # nor is anything fitted
    from kpalette import pipeline
    from kpalette.cli import shared

    if batch.kind == "gif" and way.kept.alpha == "keep":  # as each will be
        way = replace(way, kept=replace(way.kept, alpha="threshold"))
    batch.jobs, total = shared.count(
        batch.jobs, batch.workers, batch.threads, way.flat, batch.manners.allow_truncated
    )
    if total is None:
        return None
    how = {**way.fitting, "dither": way.dither, "dither_strength": way.strength}
    return pipeline.extract_palette(total, way.k, **how)


def _weights(path: str | None, allow_truncated: bool) -> Any:
    if path is None:
        return None
    try:
        pixels = streams.read(path, allow_truncated).pixels
    except Failed as failure:
        raise Failed(failure.code, f"{path}: {failure}") from None
    grey = pixels[..., 0]
    if pixels.shape[2] != 3 or (pixels != grey[..., None]).any():
        raise click.UsageError(f"--weights: expected a grey image, got {path}, which has colours")
    return grey / 255


def _describe(k: int, quantized: Quantized) -> str:
    found = quantized.n_distinct
    # Fixed colours may leave no room, and what weighs nothing is not kept.
    kept = found < k and quantized.mse == 0
    few = f", fewer than k = {k}: all are kept" if kept else f" to {len(quantized.palette)}"
    n = quantized.n_iter
    passes = f"; {n} pass{'es' * (n > 1)}" if n else ""
    return f"{counted(found, 'colour')}{few}{passes}"
