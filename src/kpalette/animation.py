"""Quantizing animations: count the frames one by one, fit palettes, map, encode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kpalette import _core, files, lossy_frames, mapped_frames, rate, rate_frames
from kpalette.animation_targets import checked_max_bytes, make_good, make_within
from kpalette.animation_trials import Trials
from kpalette.checks import check_choice, check_options, checked_seed, checked_whole
from kpalette.choices import AnimationKind, Dither, Effort, Scope, Space
from kpalette.color_lists import checked_fixed
from kpalette.colors import Colors, is_soft
from kpalette.counted_animation import CountedAnimation, Frame, PaletteFit, ScopePalettes
from kpalette.dither import Dithering
from kpalette.files.edits import Edits
from kpalette.fit import FitOptions
from kpalette.palette import Palette
from kpalette.posterize import MOST_BITS
from kpalette.quality import checked_quality
from kpalette.quantized import Quantized
from kpalette.quantized_animation import QuantizedAnimation
from kpalette.rate import LOSSY
from kpalette.scope_choice import choose
from kpalette.scopes import scopes_to_try
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.files import AnimationSource

MAX_COLORS = 256


def quantize_animation(
    source: AnimationSource,
    k: int = 255,
    *,
    palette_scope: Scope = "auto",
    space: Space = "oklab",
    effort: Effort = "balanced",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    smaller: float = 0,
    lossy: float = 0,
    quality: Mapping[str, float] | None = None,
    max_bytes: int | None = None,
    smaller_in: AnimationKind = "gif",
    least_fps: float | None = None,
    alpha: str = "keep",
    fixed: Colors | None = None,
    posterize: int = 0,
    seed: int = 0,
    threads: int | None = None,
    fps: float | None = None,
    loop: int | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> QuantizedAnimation:
    """Reduce an animation to its k best colours, or each scene or frame to its own.

    Frames are decoded one at a time, first to count their colours and then to map them. Memory
    holds one byte for each pixel of the result, and up to 256 MB of what changes from frame to
    frame; if that is more, files are decoded again.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or iterable
        A GIF, APNG or animated WebP, a film, or frames of one size: pairs of an image in any form
        and its duration in milliseconds, or images alone, which need `fps`; see :func:`clip`, whose
        result is a source, too. Durations of 0, which viewers show for a tenth of a second, are
        kept.
    k : int, default 255
        The number of colours of a palette, 1 to 256. With 255, one entry is left to mark unchanged
        pixels. An indexed APNG of 256 opaque colours has no such entry and can be many times
        larger; GIF finds an unused one in most frames, and WebP needs none.
    palette_scope : {"auto", "global", "scene", "frame"}
        ``"global"``: one palette for all frames. ``"scene"``: one for each scene, consecutive
        frames with most of their colours in common. ``"frame"``: one for each frame. ``"auto"``
        tries all three on a few frames and takes the one of fewest bytes for its looks: those as
        GIF, or as APNG if colours are half-transparent, of which a point of
        :func:`kpalette.metrics.looks` is worth 6 %, up to 90.
    dither : {"floyd-steinberg", "blue-noise", "bayer", "spatial"}, optional
        ``"blue-noise"`` and ``"bayer"`` depend on a pixel's colour and position alone, so that
        still areas do not flicker. The others flicker near motion, but where the palette stays, so
        does the entry of a pixel whose colour stays: with ``"floyd-steinberg"`` the very same; with
        ``"spatial"`` within a level of what it was when the entry was chosen. Palettes are made for
        dithering, and for ``"spatial"`` moved by rows of their frames.
    lossy : float, 0 to 100, default 0
        How many bytes to save where that is not seen: entries, and pixels that stay as
        they are, are chosen by what they cost in the file as well as by their error. With 15, one
        hardly sees a difference; noise of still areas goes, and with it most of a film's bytes;
        above 50, speckles are seen. Not with dithering. The frames are what is shown then.
    smaller : float, 0 to 3, default 0
        The same on the scale of :func:`quantize`: 1, 2 and 3 are `lossy` 15, 30 and 60. One of
        both.
    quality : dict, optional
        A target, ``{"looks": 75}`` or ``{"psnr": 38}``, which is reached by the frame that looks
        worst, or of which there is as much in all frames together. It is reached with as few of up
        to `k` colours as a search finds; or, where `lossy` or `smaller` says how much of that there
        may be at most, with as few bytes. With ``palette_scope="auto"``, there is one palette for
        all frames unless more are needed. All frames are mapped about seven times.
    max_bytes : int, optional
        How many bytes a file may have at most. Where it would have more, frames become more `lossy`
        than they have to be, unless they are dithered, and get fewer than `k` colours where that
        looks better, by the mean over frames. Where one palette looks poor, more palettes and as
        much loss as there can be are tried, too. All frames are mapped two to ten times, and up
        to 25 times there. With ``optimize=True``, a file may have more.
    smaller_in : {"gif", "png", "webp"}, default "gif"
        The format whose bytes `lossy`, `smaller` and `max_bytes` are about, as
        :meth:`QuantizedAnimation.encode` makes it; ``"png"`` is APNG. Others save fewer.
    least_fps : float, optional
        Whether frames may be left out for `max_bytes`: every second one, two of three and so on,
        as long as so many a second remain. That is done before speckles would be seen.
    space, effort, dither_strength, alpha, fixed, posterize, seed, threads
        See :func:`quantize`.
    fps : float, optional
        At most so many frames a second, and the times of images that have none.
    loop : int, optional
        How many times it is shown, 0 for ever. By default as the source; frames, for ever.
    progress : function, optional
        Called with ``"count"`` or ``"map"`` and the number of finished frames.

    Returns
    -------
    QuantizedAnimation

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no readable image, its first frame is damaged, or all frames together have
        more than 2**30 pixels, which :func:`clip` can raise. A ``ValueError``. What is damaged
        farther on ends the animation, with a warning.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, there are no frames, or they differ in size.
    kpalette.QualityNotReached
        If `k` colours do not reach the `quality`; a ``ValueError``.
    kpalette.BytesNotReached
        If no file has so few as `max_bytes`; a ``ValueError``.

    Notes
    -----
    If all pixels are opaque or wholly transparent, so are the palette's colours, with one entry for
    transparent pixels: such animations can be written as GIF.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> frames = [(np.roll(ramp, shift, axis=0), 40) for shift in range(16)]
    >>> a = kpalette.quantize_animation(frames, 32)
    >>> a.palette_scope, len(a.palettes), a.durations[:3], round(a.mse, 1)
    ('global', 1, (40, 40, 40), 18.1)
    >>> a.encode("gif")[:6]
    b'GIF89a'
    >>> small = kpalette.quantize_animation(frames, 32, max_bytes=1500)
    >>> len(small.encode("gif")) <= 1500
    True
    """
    k, seed = checked_whole("k", k, 1, MAX_COLORS), checked_seed(seed)
    scopes = scopes_to_try(palette_scope)
    check_options(space, effort)
    dithering = Dithering(dither, dither_strength, space)
    per_bit = rate.checked_price(smaller, lossy, k)
    if per_bit and dithering.is_on:
        name = "lossy" if lossy else "smaller"
        raise ValueError(f"{name}: expected no dither for an animation, got {dither!r}")
    most_bytes = checked_max_bytes(max_bytes, quality, least_fps)
    wanted = None if quality is None else checked_quality(quality)
    check_choice("smaller_in", smaller_in, tuple(files.ENCODERS))
    team = make_team(threads)
    fixed_colors = checked_fixed(fixed, k, alpha)
    posterize = checked_whole("posterize", posterize, 0, MOST_BITS)
    if palette_scope == "auto" and smaller_in == "png":
        scopes = scopes[:1]  # an APNG has one palette
    options = FitOptions(effort, seed, fixed_colors, posterize)
    fit = PaletteFit(k, options, dithering, team)
    frames = files.open_frames(source, Edits(fps=fps))
    if loop is not None:
        frames = replace(frames, loop=checked_whole("loop", loop, 0, 2**31 - 1))
    counted = CountedAnimation(
        frames,
        scopes,
        team,
        alpha=alpha,
        with_rows=fit.wants_rows,
        progress=progress,
    )

    def mapped(
        frames: Iterable[Frame], palettes: ScopePalettes, per_bit: float = per_bit
    ) -> QuantizedAnimation:
        return map_animation(
            counted, frames, palettes, dithering, per_bit, team, smaller_in=smaller_in
        )

    trials = Trials(counted, fit, smaller_in, mapped, team)
    if wanted is not None:
        return make_good(trials, scopes, wanted, per_bit / LOSSY)
    palettes = choose(counted, scopes, fit, mapped, team)
    if most_bytes is not None:
        loss = per_bit / LOSSY
        return make_within(trials, scopes, palettes.scope, most_bytes, loss, least_fps)
    return mapped(counted.frames("map"), palettes)


def map_animation(
    counted: CountedAnimation,
    frames: Iterable[Frame],
    palettes: ScopePalettes,
    dithering: Dithering,
    per_bit: float,
    team: _core.Team,
    *,
    smaller_in: AnimationKind = "gif",
) -> QuantizedAnimation:
    """Map frames of a counted animation, all or some, to palettes.

    With `per_bit` above 0, what a bit of a file may cost in squared error, so that it is small.
    """
    numbers: list[int] = []

    def noted(frames: Iterable[Frame]) -> Iterable[Frame]:
        numbers.clear()
        for frame in frames:
            numbers.append(frame.number)
            yield frame

    def made(
        shown: Sequence[Quantized], coded: Any = None, drawn: Any = None
    ) -> QuantizedAnimation:
        return QuantizedAnimation(
            tuple(shown),
            tuple(counted.durations[number] for number in numbers),
            counted.loop,
            _recounted(shown, [palettes.which[number] for number in numbers]),
            palettes.scope,
            coded,
            drawn,
            team.size,
        )

    if not per_bit:
        return made(mapped_frames.map_frames(noted(frames), palettes, dithering, team))
    if smaller_in != "gif":
        nearest = (
            (flat, palettes.which[frame.number], plain)
            for frame, _, flat, plain in mapped_frames.nearest(noted(frames), palettes, team)
        )
        shown, drawn = rate_frames.choose(nearest, per_bit, team)
        return made(shown, drawn=drawn)
    lossy = made(*lossy_frames.map_frames(noted(frames), palettes, per_bit, team))
    if max(map(len, lossy.palettes)) > _core.FEW_COLORS or any(
        is_soft(palette.colors) for palette in lossy.palettes
    ):
        return lossy
    kept = {*numbers}
    again = (frame for frame in counted.frames() if frame.number in kept)
    plain = made(mapped_frames.map_frames(noted(again), palettes, dithering, team))
    return plain if len(plain.encode("gif")) <= len(lossy.encode("gif")) else lossy


def _recounted(shown: Sequence[Quantized], which: Sequence[int]) -> tuple[Palette, ...]:
    """Return the palettes of frames, each once, with counts summed over them."""
    palettes: dict[int, Palette] = {}
    for frame, number in zip(shown, which, strict=True):
        counts = frame.palette.counts
        if number in palettes:
            counts = palettes[number].counts + counts
        palettes[number] = Palette(frame.palette.colors, counts)
    return tuple(palettes.values())
