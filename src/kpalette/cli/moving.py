"""Animations on the command line: which formats keep them, and how they are made smaller."""

from __future__ import annotations

import os

from kpalette.cli.exits import USAGE, Failed
from kpalette.cli.options import MAX_K
from kpalette.cli.targets import MAX_BYTES, Target, fewest, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeAlias

    from kpalette import Palette, QuantizedAnimation
    from kpalette.colors import ByteArray
    from kpalette.files import Frames
    from kpalette.spatial import Sampled

    Progress: TypeAlias = Callable[[str, int], object]
    #: From frames, a format and a function to tell progress, to the animation in few colours.
    Animate: TypeAlias = Callable[[Frames, str, Progress | None], QuantizedAnimation]

#: What the name of an animation ends in, and so its picture's. A .png is hardly ever one.
ENDINGS = (".gif", ".webp", ".apng")
#: What stills mostly end in.
PLAIN = (".png", ".jpg", ".jpeg")


def ending_of(path: str) -> str | None:
    """Return the ending that the picture of an animation keeps; None if it is none by its name.

    A film becomes a GIF.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in PLAIN:
        return None
    from kpalette import files
    from kpalette.files.formats import ENDINGS as STILL

    try:
        if ending not in STILL and files.is_film(path):
            return ".gif"
        return ending if ending in ENDINGS and files.is_animated(path) else None
    except (OSError, files.ImageReadError):
        return None  # which reading will tell


def format_of(encoded: bytes) -> str | None:
    """Return the format of a file in memory if it is an animation."""
    import io

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
    least_fps: float | None = None,
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
        How good each frame has to look, which undithered GIFs reach with as few bytes as a search
        finds, others with the fewest colours; or how many bytes there may be.
    least_fps : float, optional
        How many frames of a second have to remain if bytes are limited; all, if it is not given.
    refused : sequence of str
        Options that were given, and that no animation takes.
    """
    if options["smaller"]:
        options = {**options, "dither": None}
    if options["lossy"]:
        options = {**options, "smaller": 0}

    def animate(frames: Frames, kind: str, progress: Progress | None) -> QuantizedAnimation:
        from kpalette import quantize_animation
        from kpalette.animation_targets import SPECKLED

        for name in refused:
            line = f"{name} does not work for animations; --first-frame takes the first frame"
            raise Failed(USAGE, line)
        # What does not change wants an entry.
        colors = k or min(most, MAX_K - 1)

        is_free = kind == "gif" and not any(
            options[name] for name in ("dither", "smaller", "lossy")
        )

        def made(**target: Any) -> QuantizedAnimation:
            how = {**options, "smaller_in": kind}
            if is_free and "looks" in (target.get("quality") or ()):
                how["lossy"] = SPECKLED
            return quantize_animation(frames, colors, progress=progress, **how, **target)

        if target is None:
            return made()
        if target.name == MAX_BYTES:
            limit = {"max_bytes": int(target.best), "least_fps": least_fps}
            return within(lambda: made(**limit), "; --width and --fps save more")
        return fewest(lambda quality: made(quality=quality), target, colors)

    return animate


def animator_to(palette: Palette, options: dict[str, Any]) -> Animate:
    """Make the function that shows an animation in a palette's colours, or the best of them."""

    def animate(frames: Frames, kind: str, progress: Progress | None) -> QuantizedAnimation:
        most = MAX_K - 1 if kind == "png" else MAX_K  # as in `animator`
        colors = palette.hex
        if len(colors) > MAX_K:
            colors = _best_of(palette, most, frames, options)
        how = {**options, "fixed": colors, "palette_scope": "global"}
        return animator(len(colors), len(colors), how)(frames, kind, progress)

    return animate


def _best_of(palette: Palette, k: int, frames: Frames, options: dict[str, Any]) -> list[str]:
    """Return the k colours of a palette that lose least of all frames together."""
    from kpalette import files
    from kpalette.subset import best_entries
    from kpalette.threads import make_team

    total, colors = _counted(frames, options["alpha"]).histogram, palette.colors
    if total.channels != colors.shape[1]:
        total, colors = total.with_alpha(), files.with_alpha(colors)
    kept = best_entries(total, colors, k, options["space"], make_team(options["threads"]))
    names = palette.hex
    return [names[i] for i in kept]


def _pictures(frames: Frames, alpha: str) -> Iterator[ByteArray]:
    """Return the pixels of each frame."""
    from kpalette import files

    for pixels, _ in frames:
        yield files.apply_alpha(pixels, alpha)


def _counted(frames: Frames, alpha: str) -> Sampled:
    """Count the colours of all frames together, and take rows of them."""
    from kpalette.spatial import Sampled

    return Sampled.of(_pictures(frames, alpha))
