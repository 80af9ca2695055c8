"""Animations on the command line: which formats keep them, and how they are made smaller."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from kpalette.cli.exits import UNREADABLE, USAGE, Failed
from kpalette.cli.options import MAX_K
from kpalette.cli.targets import Target, fewest

if TYPE_CHECKING:
    from kpalette import Palette, QuantizedAnimation
    from kpalette.colors import ByteArray
    from kpalette.spatial import Sampled

Progress: TypeAlias = Callable[[str, int], object]
#: From a file's bytes, a format and a function to tell progress, to the animation in few colours.
Animate: TypeAlias = "Callable[[bytes, str, Progress | None], QuantizedAnimation]"

#: What the name of an animation ends in, and so its picture's. A .png is hardly ever one.
ENDINGS = (".gif", ".webp", ".apng")


def ending_of(path: str) -> str | None:
    """Return the ending that the picture of an animation keeps; None if it is none by its name."""
    from kpalette import files

    ending = os.path.splitext(path)[1].lower()
    try:
        return ending if ending in ENDINGS and files.is_animated(path) else None
    except (OSError, files.ImageReadError):
        return None  # which reading will tell


def format_of(encoded: bytes) -> str | None:
    """Return the format of a file in memory if it is an animation."""
    from kpalette import files
    from kpalette.files.formats import PREFIX, identify

    kind = identify(encoded[:PREFIX]) if files.is_animated(io.BytesIO(encoded)) else None
    return None if kind is None else kind.name.lower()


def in_format(
    kind: str | None, saving: dict[str, float], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the library's options for stills of a format: a smaller GIF has no dither."""
    options = {**options, "smaller": saving["smaller"]}
    if not options["smaller"] or kind != "gif":
        return options
    return {**options, "dither": None, "smaller_in": "gif"}


def animator(
    k: int | None,
    most: int,
    options: dict[str, Any],
    *,
    target: Target | None = None,
    refused: Sequence[str] = (),
) -> Animate:
    """Make the function that makes few colours of an animation, smaller ones without dithering.

    Parameters
    ----------
    k : int, optional
        How many colours were asked for.
    most : int
        How many if none were.
    options : dict
        Those of :func:`kpalette.quantize_animation`.
    target : Target, optional
        How good each frame has to look. One palette for all frames then has the fewest colours
        that reach it.
    refused : sequence of str
        Options that were given, and that no animation takes.
    """
    if options["smaller"]:
        options = {**options, "dither": None}
    if options["lossy"]:
        options = {**options, "smaller": 0}

    def animate(encoded: bytes, kind: str, progress: Progress | None) -> QuantizedAnimation:
        from kpalette import ImageReadError, quantize_animation

        for name in refused:
            line = f"expected {name} or an animation, got both; see --first-frame"
            raise Failed(USAGE, line)
        asked = {**options, "smaller_in": "gif" if kind == "gif" else "png"}
        # What does not change wants an entry.
        colors = k or min(most, MAX_K - 1)

        def made(palette: Palette | None) -> QuantizedAnimation:
            how = dict(asked)
            if palette is not None:
                how |= {"fixed": palette.hex, "palette_scope": "global"}
            n = colors if palette is None else len(palette)
            return quantize_animation(io.BytesIO(encoded), n, progress=progress, **how)

        try:
            if target is None:
                return made(None)
            few, every = _few_enough(encoded, colors, asked, target)
            small = made(few)
            if every is None or not small.mse:
                return small
            exact = made(every)
            is_small = len(exact.encode(kind)) <= len(small.encode(kind))
            return exact if is_small and not exact.mse else small
        except ImageReadError as error:
            hint = "" if str(error).startswith("frame 1:") else "; --first-frame takes the first"
            raise Failed(UNREADABLE, f"{error}{hint}") from None

    return animate


def _few_enough(
    encoded: bytes, k: int, options: dict[str, Any], target: Target
) -> tuple[Palette, Palette | None]:
    """Return one palette for all frames with which the worst frame looks good enough.

    The second has all colours that there are, if k are enough for them.

    PSNR is that of all frames together, each colour shown by the nearest one.
    """
    from kpalette import extract_palette, metrics, quantize_animation
    from kpalette.quality import fit_fewest

    def fit(k: int, quality: dict[str, float] | None = None) -> Palette:
        return extract_palette(total, k, quality=quality, **fitting)

    def looks(palette: Palette) -> float:
        how = {**options, "fixed": palette.hex, "palette_scope": "global"}
        shown = quantize_animation(io.BytesIO(encoded), len(palette), **how)
        return min(
            metrics.looks(before, after, threads=options["threads"])
            for before, after in zip(
                _pictures(encoded, options["alpha"]), shown.frames, strict=True
            )
        )

    def make(quality: dict[str, float] | None) -> Palette:
        if quality is None or target.name == "psnr":
            return fit(k, quality)
        least = max(1, len(fitting["fixed"]))
        return fit_fewest(fit, least, k, (target.name, target.best), looks)

    total = _counted(encoded, options["alpha"])
    names = ("space", "effort", "seed", "fixed", "posterize", "threads")
    fitting = {name: options[name] for name in (*names, "dither", "dither_strength")}
    return fewest(make, target, k), fit(k) if len(total.histogram) <= k else None


def animator_to(palette: Palette, options: dict[str, Any]) -> Animate:
    """Make the function that shows an animation in a palette's colours, or the best of them."""

    def animate(encoded: bytes, kind: str, progress: Progress | None) -> QuantizedAnimation:
        most = MAX_K - 1 if kind == "png" else MAX_K  # as in `animator`
        colors = palette.hex
        if len(colors) > MAX_K:
            colors = _best_of(palette, most, encoded, options)
        how = {**options, "fixed": colors, "palette_scope": "global"}
        return animator(len(colors), len(colors), how)(encoded, kind, progress)

    return animate


def _best_of(palette: Palette, k: int, encoded: bytes, options: dict[str, Any]) -> list[str]:
    """Return the k colours of a palette that lose least of all frames together."""
    from kpalette import files
    from kpalette.subset import best_entries
    from kpalette.threads import make_team

    total, colors = _counted(encoded, options["alpha"]).histogram, palette.colors
    if total.channels != colors.shape[1]:
        total, colors = total.with_alpha(), files.with_alpha(colors)
    kept = best_entries(total, colors, k, options["space"], make_team(options["threads"]))
    names = palette.hex
    return [names[i] for i in kept]


def _pictures(encoded: bytes, alpha: str) -> Iterator[ByteArray]:
    """Return the pixels of each frame."""
    from kpalette import files

    for pixels, _ in files.open_frames(io.BytesIO(encoded)).walk():
        yield files.apply_alpha(pixels, alpha)


def _counted(encoded: bytes, alpha: str) -> Sampled:
    """Count the colours of all frames together, and take rows of them."""
    from kpalette.spatial import Sampled

    return Sampled.of(_pictures(encoded, alpha))
