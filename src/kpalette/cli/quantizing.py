"""What kpalette quantize does, once its command line is read."""

from __future__ import annotations

import os

from kpalette.cli import clips, pngquant, streams, tiled
from kpalette.cli.batch import Batch
from kpalette.cli.clips import Clip
from kpalette.cli.economy import Economy
from kpalette.cli.exits import USAGE, Failed, UsageError, counted
from kpalette.cli.groups import (
    Dither,
    Fit,
    Kept,
    Large,
    Manners,
    Number,
    Output,
    Pixels,
    Shared,
    Targets,
    Words,
)
from kpalette.cli.moving import animator, animator_to, in_format
from kpalette.cli.options import MAX_K, exclusive
from kpalette.cli.targets import MAX_BYTES, Target, fewest, target_of, within
from kpalette.record import Record, replace
from kpalette.threads import make_team

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from kpalette.choices import Dither as DitherName
    from kpalette.cli.batch import Reduce
    from kpalette.cli.moving import Animate
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource
    from kpalette.files.plain import Photo
    from kpalette.palette import Palette
    from kpalette.quantized import Quantized
    from kpalette.still import Still

#: What is asked for, in the order in which --help-all lists it.
GROUPS: dict[str, type[Record]] = {
    "number": Number,
    "pixels": Pixels,
    "kept": Kept,
    "targets": Targets,
    "dither": Dither,
    "fit": Fit,
    "output": Output,
    "clip": Clip,
    "manners": Manners,
    "shared": Shared,
    "large": Large,
    "words": Words,
}


def quantize(
    photos: Sequence[str],
    *,
    number: Number,
    pixels: Pixels,
    kept: Kept,
    targets: Targets,
    dither: Dither,
    fit: Fit,
    output: Output,
    clip: Clip,
    manners: Manners,
    shared: Shared,
    large: Large,
    words: Words,
) -> int:
    """Write photos in their K best colours; return the exit code."""
    from kpalette.cli.batch import Batch

    streams.check_instruction_set()
    k, shared_palette = number.k, shared.shared_palette
    first, rest = pngquant.split_number(photos, words.as_pngquant)
    if first is not None and k is not None:
        raise UsageError(f"the number of colours is given twice, {first} and -k {k}")
    if words.map is not None and (k or first) and not words.as_pngquant:
        raise exclusive("--map", "-k")
    if not rest and first is not None and words.as_pngquant:
        rest = ["-"]
    if not rest:
        raise UsageError("expected a photo, got none")
    frames = None if words.as_pngquant else clips.sequence(rest, output)
    clip = clip.settled([] if words.as_pngquant else rest, is_one=frames is not None)
    if clip.pngquant_speed is not None:
        words = replace(words, pngquant_speed=clip.pngquant_speed)
    if words.pngquant_speed is not None:
        fit = replace(fit, effort=pngquant.effort(words.pngquant_speed))
    asked = k or first
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
    if tiled.is_asked_for(rest, output.out, large, clip.max_pixels):
        from kpalette.cli import large as large_images

        if way.saving["smaller"]:
            name = "--lossy" if dither.lossy else "--smaller"
            raise UsageError(f"{name} does not work for images in tiles")
        return large_images.quantize(
            rest,
            k,
            way.tiled(),
            palette_file=words.map,
            output=output,
            clip=clip,
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
        raise UsageError("--least-fps works with --max-bytes alone; --fps leaves out frames")
    palette = None
    if words.map is not None:
        way.refuse(
            "--map", fixed=pixels.fixed, shared_palette=shared_palette, posterize=way.posterize
        )
        from kpalette.cli.remap import load

        palette = load(words.map, "--map")
    elif shared_palette:
        way.refuse("--shared-palette")
        palette = _shared(way, batch)
    others = [name for name in (words.map, pixels.weights) if name is not None]
    return batch.run(
        way.reduce(palette, batch),
        way.animate(palette, batch),
        lambda quantized: _describe(k, quantized),
        others,
        plainly=None if palette is not None else way.plainly(batch),
        quick=fit.effort == "fast",
        alpha=kept.alpha,
        keep_profile=kept.keep_profile,
        economy=way.economy(output, has_map=words.map is not None, is_shared=shared_palette),
        smaller=targets.max_bytes is not None or way.saving["smaller"] > 0,
    )


def _dithering(dither: Dither, words: Words) -> tuple[Any, float]:
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


class Way(Record):
    """What is made of each photo, and how."""

    k: int
    asked: int | None  # for how many colours, if for any number
    pixels: Pixels
    kept: Kept
    fit: Fit
    dither: DitherName | None
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
        return {**self.fit.as_dict(), "fixed": self.pixels.fixed, "posterize": self.posterize}

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
        return {**self.fit.as_dict(), **how, "fixed": fixed, "alpha": self.kept.alpha}

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.posterize and self.kept.keep_profile:
            raise exclusive("--posterize", "--keep-profile")
        if not self.pixels.fixed:
            return
        from kpalette.color_lists import checked_fixed

        try:
            checked_fixed(self.pixels.fixed, self.k, self.kept.alpha)
        except ValueError as error:
            raise UsageError(f"--{error}") from None

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

    def plainly(self, batch: Batch) -> Callable[[Photo], Still] | None:
        """Return what makes pictures of plain photos without NumPy, if nothing rare is asked for.

        They are those of `reduce`.
        """
        from kpalette import still
        from kpalette.dither import Dithering

        pixels, kept = self.pixels, self.kept
        rare = pixels.weights or pixels.saliency or pixels.fixed or kept.keep_profile
        if (
            rare
            or kept.alpha != "keep"
            or self.target
            or self.posterize
            or self.dither == "spatial"
        ):
            return None
        smaller = self.saving["smaller"]
        how = Dithering(self.dither, self.strength, self.fit.space, smaller)

        def reduce(photo: Photo) -> Still:
            team = make_team(batch.threads)
            size = photo.height, photo.width, photo.channels
            image = still.CountedStill.of(photo.pixels, *size, team)
            return still.quantize(image, self.k, how, self.fit.effort, self.fit.seed, team)

        return reduce

    def reduce(self, palette: Palette | None, batch: Batch) -> Reduce:
        """Return what makes pictures of pixels."""
        mapping = self.mapping(batch)
        if palette is not None:
            return lambda pixels: palette.remap(
                self.flat(pixels), k=MAX_K, space=self.fit.space, **mapping
            )
        options = {
            **self.fitting,
            **mapping,
            "weights": _weights(self.pixels.weights, batch.manners.allow_truncated),
            "saliency": self.pixels.saliency,
            "alpha": self.kept.alpha,
            "keep_profile": self.kept.keep_profile,
        }

        def make(photo: ImageSource, **target: Any) -> Quantized:
            from kpalette import pipeline

            return pipeline.quantize(photo, self.k, **options, **target)

        def reduce(photo: ImageSource) -> Quantized:
            try:
                if self.target is None:
                    return make(photo)
                if self.target.name == MAX_BYTES:
                    if batch.kind not in (None, "png"):
                        line = f"--max-bytes and --format {batch.kind} exclude each other; give one"
                        raise Failed(USAGE, line)
                    most = int(self.target.best)
                    return within(lambda: make(photo, max_bytes=most))
                return fewest(lambda quality: make(photo, quality=quality), self.target, self.k)
            except (ValueError, OverflowError) as error:
                # A map of another size, or of nothing but black; weights that no sum can hold.
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
        raise UsageError("--shared-palette reads photos twice, which stdin (-) does not allow")
    if batch.output.dry_run:
        return None  # nor is anything fitted
    from kpalette import extract_palette
    from kpalette.cli import shared

    if batch.kind == "gif" and way.kept.alpha == "keep":  # as each will be
        way = replace(way, kept=replace(way.kept, alpha="threshold"))
    batch.jobs, total = shared.count(
        batch.jobs, batch.workers, batch.threads, way.flat, batch.manners.allow_truncated
    )
    if total is None:
        return None
    how = {**way.fitting, "dither": way.dither, "dither_strength": way.strength}
    return extract_palette(total, way.k, **how)


def _weights(path: str | None, allow_truncated: bool) -> Any:
    if path is None:
        return None
    try:
        pixels = streams.read(path, allow_truncated).pixels
    except Failed as failure:
        raise Failed(failure.code, f"{path}: {failure}") from None
    grey = pixels[..., 0]
    if pixels.shape[2] != 3 or (pixels != grey[..., None]).any():
        raise UsageError(f"--weights: expected a grey image, got {path}, which has colours")
    return grey / 255


def _describe(k: int, quantized: Quantized | Still) -> str:
    found = quantized.n_distinct
    # Fixed colours may leave no room, and what weighs nothing is not kept.
    kept = found < k and quantized.mse == 0
    few = f", fewer than k = {k}: all are kept" if kept else f" to {len(quantized.palette)}"
    n = quantized.n_iter
    passes = f"; {n} pass{'es' * (n > 1)}" if n else ""
    return f"{counted(found, 'colour')}{few}{passes}"
