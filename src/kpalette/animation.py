"""Quantizing animations: count the frames one by one, fit palettes, map, encode."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core, files, rate, rate_frames, smaller_frames
from kpalette.checks import check_choice, check_options, checked_fixed, checked_seed, checked_whole
from kpalette.choices import SMALLER_IN, Dither, Effort, Scope, SmallerIn, Space
from kpalette.colors import ByteArray, Colors
from kpalette.dither import Dithering, Kept
from kpalette.fit import FitOptions, Fitted, Fitter, psnr
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.pipeline import remap
from kpalette.posterize import MOST_BITS
from kpalette.quantized import Quantized
from kpalette.scopes import ScopeFit, scopes_to_try, worth_trying
from kpalette.spatial import Mover, Sampled, is_movable
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.files import AnimationSource

#: One percent of bytes is worth this many percent of error. Doubling the colours, from 32 up,
#: lowers the error by 2.1 to 2.5 % per percent of bytes in a pan over a photo, and by 4.9 to 5.9 %
#: if shapes move over a still photo.
BYTES_TO_ERROR = 4

#: With spatial dithering a pixel stands still while it is within so many levels of what it was when
#: its entry was chosen. With 2, noise of a level either way would take a sixth of the bytes, but a
#: fade over a photo in 64 colours would look 2.4 worse.
STILL = 1

MAX_COLORS = 256
SUFFIXES = {".gif": "gif", ".png": "png", ".apng": "png", ".webp": "webp"}


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedAnimation:
    """An animation in few colours.

    Attributes
    ----------
    frames : tuple of Quantized
        The full frames as shown, one for each of the source. Their ``indices`` are uint8 (h, w).
    durations : tuple of int
        Milliseconds for which each frame is shown.
    loop : int
        How often the animation plays; 0 for ever.
    palettes : tuple of Palette
        One for all frames, for each scene or for each frame, in order. The counts are summed over
        the palette's frames.
    palette_scope : {"global", "scene", "frame"}
        The scope of each palette.

    Examples
    --------
    See :func:`quantize_animation`.
    """

    frames: tuple[Quantized, ...]
    durations: tuple[int, ...]
    loop: int
    palettes: tuple[Palette, ...]
    palette_scope: Scope
    _images: tuple[Any, ...] | None = None  # how a GIF has the frames, if they are made for that
    _drawn: tuple[Any, ...] | None = None  # what of each an APNG or WebP draws, likewise

    @property
    def mse(self) -> float:
        """Mean over frames of :attr:`kpalette.Quantized.mse`."""
        return math.fsum(frame.mse for frame in self.frames) / len(self.frames)

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of `mse` in decibels; infinite if the result is lossless."""
        return psnr(self.mse)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.frames[0].indices.shape
        return width, height

    def encode(
        self, kind: str, *, optimize: bool = False, dpi: tuple[float, float] | None = None
    ) -> bytes:
        """Return the bytes of an animated file that shows exactly these colours.

        Only the changes from frame to frame are written. Consecutive frames that look the same
        become one, with the sum of their durations.

        Parameters
        ----------
        kind : {"gif", "png", "webp"}
            ``"gif"`` rounds durations to hundredths of a second, without drift; those above 0
            become at least two hundredths. ``"png"`` is APNG: indexed if all frames together have
            at most 256 colours, otherwise true colour, which takes more bytes. ``"webp"`` is
            lossless.
        optimize : bool, default False
            Whether to take longer for fewer bytes. No difference for ``"gif"``.
        dpi : tuple of two floats, optional
            Pixels per inch, across and down, which ``"png"`` alone holds.

        Raises
        ------
        ValueError
            If the kind is another, or cannot hold the animation: GIF has no half-transparent
            colours and at most 65,535 pixels a side, WebP at most 16,383.
        """
        file = io.BytesIO()
        self._write(file, kind, optimize, dpi)
        return file.getvalue()

    def save(self, path: str | os.PathLike[str], *, optimize: bool = False) -> None:
        """Write an animated file: ``.gif``, ``.png`` or ``.apng``, or ``.webp``.

        The file appears whole or not at all. An existing file is replaced.

        Parameters
        ----------
        path : path
            The suffix selects the format.
        optimize : bool, default False
            See :meth:`encode`.

        Raises
        ------
        ValueError
            If the suffix is another, or as :meth:`encode`.
        OSError
            If the file cannot be written.
        """
        name = files.checked_path(path)
        suffix = os.path.splitext(name)[1].lower()
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValueError(f"path: expected a name that ends in one of {known}, got {name!r}")
        with files.replacing(path) as file:
            self._write(file, SUFFIXES[suffix], optimize)

    def show(self) -> None:
        """Show the animation playing: below the cell of a notebook, otherwise in a web browser.

        The browser gets a temporary file, which stays until the system clears such files.

        Raises
        ------
        RuntimeError
            If there is no web browser; :meth:`save` writes a file.
        """
        from kpalette.showing import show

        show(self)

    def _repr_html_(self) -> str:
        """Show it playing, its figures and its palette, where it is a notebook cell's value."""
        from kpalette.showing import as_html

        return as_html(self)

    def _write(
        self, file: Any, kind: str, optimize: bool, dpi: tuple[float, float] | None = None
    ) -> None:
        if kind not in files.ENCODERS:
            raise ValueError(f"kind: expected one of {', '.join(files.ENCODERS)}, got {kind!r}")
        # The most used palette comes first: GIF writes it once for all its frames.
        colors = [frame.palette.colors for frame in self.frames]
        uses: dict[bytes, int] = {}
        for some in colors:
            uses[some.tobytes()] = uses.get(some.tobytes(), 0) + 1
        palettes = sorted(
            (palette.colors for palette in self.palettes),
            key=lambda some: -uses.get(some.tobytes(), 0),
        )
        indexed = ((frame.indices, frame.palette.colors) for frame in self.frames)
        options: dict[str, Any] = {"dpi": dpi} if kind == "png" else {}
        if kind == "gif":
            options["images"] = self._images
        else:
            options["drawn"] = self._drawn
        files.ENCODERS[kind](
            file,
            indexed,
            self.durations,
            self.loop,
            self.size,
            palettes,
            optimize=optimize,
            **options,
        )

    def __repr__(self) -> str:
        width, height = self.size
        n, m = len(self.frames), len(self.palettes)
        k = max(map(len, self.palettes))
        return (
            f"QuantizedAnimation({width}×{height}, {n} frame{'s' * (n != 1)}, "
            f"{m} palette{'s' * (m != 1)} of {k} colours, MSE {self.mse:.4g})"
        )


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
    smaller_in: SmallerIn = "gif",
    alpha: str = "keep",
    fixed: Colors | None = None,
    posterize: int = 0,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> QuantizedAnimation:
    """Reduce an animation to its k best colours, or each scene or frame to its own.

    Frames are decoded one at a time, first to count their colours and then to map them, so that
    memory holds one byte for each pixel of the result.

    Parameters
    ----------
    source : path, binary file object, Pillow image or iterable of pairs
        A GIF, APNG or animated WebP; or pairs of an image in any form and its duration in
        milliseconds, all of one size. Durations of 0, which viewers show for a tenth of a second,
        are kept.
    k : int, default 255
        The number of colours of a palette, 1 to 256. With 255, one entry is left to mark unchanged
        pixels. An indexed APNG of 256 opaque colours has no such entry and can be many times
        larger; GIF finds an unused one in most frames, and WebP needs none.
    palette_scope : {"auto", "global", "scene", "frame"}
        ``"global"``: one palette for all frames. ``"scene"``: one for each scene, consecutive
        frames with most of their colours in common. ``"frame"``: one for each frame. ``"auto"``
        tries all three and keeps the one of least (1 + MSE) · bytes⁴, with the error before
        dithering, and the bytes as GIF, or as APNG if colours are half-transparent. So one percent
        of bytes is worth four percent of error, about the price of more colours in one palette. It
        takes several times longer than ``"global"``.
    dither : {"floyd-steinberg", "blue-noise", "bayer", "spatial"}, optional
        ``"blue-noise"`` and ``"bayer"`` depend on a pixel's colour and position alone, so that
        still areas do not flicker. The others flicker near motion, but where the palette stays, so
        does the entry of a pixel whose colour stays: with ``"floyd-steinberg"`` the very same; with
        ``"spatial"`` within a level of what it was when the entry was chosen. Palettes are made for
        dithering, and for ``"spatial"`` moved by rows of their frames.
    smaller : float, 0 to 3, default 0
        How many bytes to save where that is not seen: entries, and pixels that stay as they are,
        are chosen by what they cost in the file as well as by their error. With 1, one hardly sees
        a difference; noise of still areas goes, and with it most of a film's bytes. Not with
        dithering. The frames are what is shown then.
    smaller_in : {"gif", "png"}, default "gif"
        The format whose bytes are saved; others save fewer. ``"png"`` is for APNG and WebP.
    space, effort, dither_strength, alpha, fixed, posterize, seed, threads
        See :func:`quantize`.
    progress : function, optional
        Called with ``"count"`` or ``"map"`` and the number of finished frames. With ``"auto"``,
        all frames may be mapped up to three times.

    Returns
    -------
    QuantizedAnimation

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no readable image, or is damaged: the message names the frame. A
        ``ValueError``.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, there are no frames, or they differ in size.

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
    """
    k, seed = checked_whole("k", k, 1, MAX_COLORS), checked_seed(seed)
    scopes = scopes_to_try(palette_scope)
    check_options(space, effort)
    dithering = Dithering(dither, dither_strength, space)
    smaller = rate.checked_smaller(smaller, k)
    check_choice("smaller_in", smaller_in, SMALLER_IN)
    if smaller and dithering.is_on:
        raise ValueError(f"smaller: expected no dither for an animation, got {dither!r}")
    team = make_team(threads)
    fixed_colors = checked_fixed(fixed, k, alpha)
    posterize = checked_whole("posterize", posterize, 0, MOST_BITS)
    frames = files.open_frames(source)

    def walk(step: str) -> Iterator[tuple[ByteArray, int]]:
        for done, (pixels, duration) in enumerate(frames.walk(), 1):
            yield files.apply_alpha(pixels, alpha), duration
            if progress is not None:
                progress(step, done)

    def fit_to(images: Sampled) -> Fitted:
        histogram, wanted = images.histogram, fixed_colors
        if wanted.shape[1] == 4 or histogram.channels == 4:
            histogram, wanted = histogram.with_alpha(), files.with_alpha(wanted)
            wanted = _with_clear(wanted, histogram, k)
        options = FitOptions(effort, seed, wanted, posterize, mixing=dithering.is_on)
        fitter = Fitter(histogram, space, team)
        fitted, mover = fitter.fit(k, options), Mover.of(dithering, images.parts)
        if mover is None or not is_movable(fitted, options):
            return fitted
        return mover.moved(fitted, histogram, options, fitter, team)

    plans = [ScopeFit(scope, fit_to) for scope in scopes]
    durations = []
    for pixels, duration in walk("count"):
        durations.append(duration)
        histogram = ColorHistogram.from_pixels(pixels, team)
        for plan in plans:
            plan.add(histogram, pixels)
    if not durations:
        raise ValueError("source: expected at least one frame, got none")
    for plan in plans:
        plan.close()
    plans = worth_trying(plans)
    soft = any(_is_soft(palette) for plan in plans for palette in plan.palettes)
    kind = "png" if soft or (smaller and smaller_in == "png") else "gif"
    best, least = None, math.inf
    for plan in plans:
        shown = _map(walk("map"), plan, dithering, team)
        result = QuantizedAnimation(
            shown, tuple(durations), frames.loop, _recounted(plan, shown), plan.scope
        )
        error = plan.mse
        if smaller and smaller_in == "png":
            nearest = _nearest(walk("map"), plan, result.frames)
            shown, drawn = rate_frames.choose(nearest, _core.per_bit(smaller), team)
            few = replace(result, frames=shown, palettes=_recounted(plan, shown), _drawn=drawn)
            result = min((result, few), key=lambda way: len(way.encode(kind)))
            error = result.mse
        elif smaller:
            shown, images = smaller_frames.map_frames(walk("map"), plan, smaller, space, team)
            few = replace(result, frames=shown, palettes=_recounted(plan, shown))
            # Where little but what moves is drawn, other ways may take fewer bytes.
            ways = (result, few, replace(few, _images=images))
            result = min(ways, key=lambda way: len(way.encode(kind)))
            error = result.mse
        if len(plans) == 1:
            return result
        cost = (1 + error) * len(result.encode(kind)) ** BYTES_TO_ERROR
        if cost < least:
            best, least = result, cost
    assert best is not None
    return best


def _nearest(
    frames: Iterator[tuple[ByteArray, int]], plan: ScopeFit, mapped: tuple[Quantized, ...]
) -> Iterator[tuple[ByteArray, int, Quantized]]:
    """Yield pixels (n, c) as the palette has them, the palette's number, and nearest entries."""
    for (pixels, _), which, plain in zip(frames, plan.which, mapped, strict=True):
        if plain.palette.colors.shape[1] != pixels.shape[2]:
            pixels = files.with_alpha(pixels)
        yield pixels.reshape(-1, pixels.shape[2]), which, plain


def _is_soft(palette: Palette) -> bool:
    """Return whether a colour is half-transparent, which GIF cannot hold."""
    return not np.isin(palette.colors[:, 3:], (0, 255)).all()


def _with_clear(fixed: ByteArray, histogram: ColorHistogram, k: int) -> ByteArray:
    """Fix the transparent colour too, if all pixels are opaque or wholly transparent.

    Otherwise the fit might merge transparent pixels with others into a half-transparent colour.
    """
    alphas = histogram.colors[:, 3]
    if not (alphas == 0).any() or not np.isin(alphas, (0, 255)).all():
        return fixed
    if len(fixed) >= k or k == 1 or (fixed[:, 3] == 0).any():
        return fixed
    return np.concatenate([fixed, np.zeros((1, 4), np.uint8)])


def _map(
    frames: Iterator[tuple[ByteArray, int]],
    plan: ScopeFit,
    dithering: Dithering,
    team: _core.Team,
) -> tuple[Quantized, ...]:
    """Map each frame to its palette; pixels that stand still keep the entries they have."""
    shown: list[Quantized] = []
    most = STILL if dithering.name == "spatial" and dithering.is_on else 0
    before: ByteArray | None = None
    held: ByteArray | None = None  # the pixels as they were when their entries were chosen
    last = -1
    for (frame, _), which in zip(frames, plan.which, strict=True):
        pixels = files.with_alpha(frame)
        same = None
        if held is None or before is None or which != last:
            held = pixels
        elif np.array_equal(pixels, before):
            shown.append(shown[-1])
            continue
        else:
            same = _is_near(pixels, held, most)
            held = np.where(same[..., None], held, pixels)
        before, last = pixels, which
        result = remap(
            frame,
            plan.palettes[which],
            space=dithering.space,
            dither=dithering.name,
            dither_strength=dithering.strength,
            team=team,
            kept=None if same is None else Kept(shown[-1].indices, same),
        )
        if dithering.name == "floyd-steinberg" and same is not None:
            result = _keep(result, shown[-1], same, frame, team)
        shown.append(replace(result, _origin=None))  # drops the frame's histogram
    return tuple(shown)


def _is_near(
    pixels: ByteArray, others: ByteArray, most: int
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which pixels (h, w, 4) differ by at most so many levels, and not in alpha."""
    if most == 0:
        return np.asarray((pixels == others).all(axis=2))
    levels = np.abs(pixels.astype(np.int16) - others)
    return np.asarray((levels[..., :3] <= most).all(axis=2) & (levels[..., 3] == 0))


def _keep(
    now: Quantized,
    before: Quantized,
    same: np.ndarray[Any, np.dtype[np.bool_]],
    pixels: ByteArray,
    team: _core.Team,
) -> Quantized:
    """Keep the entries of unchanged pixels, which what is next to them could change."""
    indices = np.where(same, before.indices, now.indices)
    colors = now.palette.colors
    if colors.shape[1] != pixels.shape[2]:
        colors, pixels = files.with_alpha(colors), files.with_alpha(pixels)
    flat = pixels.reshape(-1, pixels.shape[2])
    counts, error = _core.tally(flat, indices.reshape(-1), colors, team)
    palette = Palette(now.palette.colors, counts)
    return replace(now, indices=indices, palette=palette, mse=error / len(flat))


def _recounted(plan: ScopeFit, shown: tuple[Quantized, ...]) -> tuple[Palette, ...]:
    """Return the palettes with counts summed over the frames that use them."""
    counts = [np.zeros(len(palette), np.int64) for palette in plan.palettes]
    for frame, which in zip(shown, plan.which, strict=True):
        counts[which] += frame.palette.counts
    return tuple(
        Palette(palette.colors, total) for palette, total in zip(plan.palettes, counts, strict=True)
    )
