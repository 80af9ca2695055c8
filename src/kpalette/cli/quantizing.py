"""What kpalette quantize does, once its command line is read."""

from __future__ import annotations

import os

from kpalette.cli import clips, pngquant, streams, tiled
from kpalette.cli.batch import Batch
from kpalette.cli.clips import Clip
from kpalette.cli.exits import UsageError, all_kept
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
from kpalette.cli.options import exclusive
from kpalette.cli.targets import target_of
from kpalette.cli.way import Way
from kpalette.record import Record, replace
from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

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
    streams.check_instruction_set()
    asked, photos = _asked(photos, number, words)
    frames = None if words.as_pngquant else clips.sequence(photos, output)
    clip = clip.settled([] if words.as_pngquant else photos, is_one=frames is not None)
    if clip.pngquant_speed is not None:
        words = replace(words, pngquant_speed=clip.pngquant_speed)
    if words.pngquant_speed is not None:
        fit = replace(fit, effort=pngquant.effort(words.pngquant_speed))
    way = Way(
        asked,
        pixels,
        kept,
        fit,
        *_dithering(dither, words),
        dither.saving,
        target_of(targets),
        words.posterize or 0,
    )
    if tiled.is_asked_for(photos, output.out, large, clip.max_pixels):
        from kpalette.cli import large as large_images

        if way.saving["smaller"]:
            name = "--lossy" if dither.lossy else "--smaller"
            raise UsageError(f"{name} does not work for images in tiles")
        return large_images.quantize(
            photos,
            way.k,
            way.tiled(),
            palette_file=words.map,
            output=output,
            clip=clip,
            manners=manners,
            large=large,
        )
    suffix = f"-{way.k}" if way.target is None else way.target.suffix
    if words.as_pngquant:
        suffix = "-fs8" if way.is_dithered else "-or8"
        # Of PNG files pngquant says nothing; it takes no others, of which there is more to say.
        is_png = all(os.path.splitext(photo)[1].lower() in ("", ".png") for photo in photos)
        manners = replace(manners, quiet=not words.verbose and (manners.quiet or is_png))
    if targets.max_bytes is not None and output.strip is None:
        output = replace(output, strip=True)  # the density takes bytes, too
    batch = Batch(
        photos, suffix, output, manners, clip, frames=frames, like_pngquant=words.as_pngquant
    )
    way.check()
    if targets.max_bytes is not None:
        _check_plain_png(batch.kind, output, way)
    elif pixels.least_fps is not None:
        raise UsageError("--least-fps works with --max-bytes alone; --fps leaves out frames")
    palette = _palette(way, batch, words, shared)
    others = [name for name in (words.map, pixels.weights) if name is not None]
    return batch.run(
        way.reduce(palette, batch),
        way.animate(palette, batch),
        lambda quantized: _describe(way.k, quantized),
        others,
        plainly=None if palette is not None else way.plainly(batch),
        quick=fit.effort == "fast",
        alpha=kept.alpha,
        keep_profile=kept.keep_profile,
        economy=way.economy(output, has_map=words.map is not None, is_shared=shared.shared_palette),
        smaller=targets.max_bytes is not None or way.saving["smaller"] > 0,
    )


def _asked(photos: Sequence[str], number: Number, words: Words) -> tuple[int | None, Sequence[str]]:
    """Return how many colours are asked for, perhaps by a first word, and the photos."""
    first, rest = pngquant.split_number(photos, words.as_pngquant)
    if first is not None and number.k is not None:
        raise UsageError(f"the number of colours is given twice, {first} and -k {number.k}")
    asked = number.k or first
    if words.map is not None and asked and not words.as_pngquant:
        raise exclusive("--map", "-k")
    if not rest and first is not None and words.as_pngquant:
        rest = ["-"]
    if not rest:
        raise UsageError("expected a photo, got none")
    return asked, rest


def _dithering(dither: Dither, words: Words) -> tuple[Any, float]:
    """Settle the ways to ask for dithering: its name and its strength."""
    given = {"dither": dither.dither, "nofs": words.nofs, "floyd": words.floyd}
    asked = [name for name, value in given.items() if value not in (None, False)]
    if len(asked) > 1:
        raise exclusive(*(f"--{name}" for name in asked))
    strength = dither.dither_strength
    if words.nofs and strength is not None:
        raise exclusive("--nofs", "--dither-strength")
    if words.floyd is not None:
        return "floyd-steinberg", words.floyd if strength is None else strength
    usual = "floyd-steinberg" if words.as_pngquant and not words.nofs else None
    if words.pngquant_speed == 11 or dither.smaller or dither.lossy:
        usual = "none" if words.nofs else None
    return replace(dither, dither=dither.dither or usual).settled()


def _check_plain_png(kind: str | None, output: Output, way: Way) -> None:
    """Refuse what would make a file larger than the one that was measured.

    Of formats that animations have, only stills are refused, once they are read.
    """
    from kpalette import files

    moves = kind in files.ENCODERS and not output.first_frame
    for name in way.against_max_bytes(None if moves else kind, output):
        raise exclusive("--max-bytes", name)


def _palette(way: Way, batch: Batch, words: Words, shared: Shared) -> Palette | None:
    """Return the palette that there is before any photo is done, if there is one."""
    if words.map is not None:
        way.refuse(
            "--map",
            fixed=way.pixels.fixed,
            shared_palette=shared.shared_palette,
            posterize=way.posterize,
        )
        from kpalette.cli.remap import load

        return load(words.map, "--map")
    if shared.shared_palette:
        way.refuse("--shared-palette")
        return _shared(way, batch)
    return None


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


def _describe(k: int, quantized: Quantized | Still) -> str:
    found = quantized.n_distinct
    # Fixed colours may leave no room, and what weighs nothing is not kept.
    kept = found < k and quantized.mse == 0
    few = f", {all_kept(found, k)}" if kept else f" to {len(quantized.palette)}"
    n = quantized.n_iter
    passes = f"; {n} pass{'es' * (n > 1)}" if n else ""
    return f"{counted(found, 'colour')}{few}{passes}"
