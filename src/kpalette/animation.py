"""An animation's way to k colours: count its frames one by one, fit palettes, map, encode."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core, files
from kpalette import dither as dithering
from kpalette.colors import ByteArray, Color, checked_fixed, checked_whole
from kpalette.fit import Fitted, Fitter, psnr
from kpalette.histogram import ColorHistogram, make_team
from kpalette.palette import Palette
from kpalette.pipeline import check_options, checked_seed, remap
from kpalette.quantized import Quantized
from kpalette.scopes import Plan, scopes_to_try, worth_trying

if TYPE_CHECKING:
    from kpalette.files import AnimationSource

#: How much a percent of bytes is worth, in percent of error. Twice as many colours, from 32 up,
#: lower the error by 2.1 to 2.5 % for each percent of bytes in a pan over a photo, and by 4.9 to
#: 5.9 % where shapes move over a still one.
BYTES_TO_ERROR = 4

MAX_COLORS = 256
SUFFIXES = {".gif": "gif", ".png": "png", ".apng": "png", ".webp": "webp"}


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedAnimation:
    """An animation in few colours.

    Attributes
    ----------
    frames : tuple of Quantized
        As they are shown, one for each of the source. Their ``indices`` are uint8 (h, w).
    durations : tuple of int
        Milliseconds for which each is shown.
    loop : int
        How many times all are shown; 0 for ever.
    palettes : tuple of Palette
        For all frames, one for each scene, or one for each frame, in the order in which they come.
        Their counts are those of the frames together.
    palette_scope : {"global", "scene", "frame"}
        Which of these it is.

    Examples
    --------
    See :func:`quantize_animation`.
    """

    frames: tuple[Quantized, ...]
    durations: tuple[int, ...]
    loop: int
    palettes: tuple[Palette, ...]
    palette_scope: str

    @property
    def mse(self) -> float:
        """Mean over frames of :attr:`kpalette.Quantized.mse`."""
        return math.fsum(frame.mse for frame in self.frames) / len(self.frames)

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of that in decibels; infinite where nothing was lost."""
        return psnr(self.mse)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.frames[0].indices.shape
        return width, height

    def encode(self, kind: str, *, optimize: bool = False) -> bytes:
        """Give an animated file that shows exactly these colours.

        Only what changes from frame to frame is written. Frames that look the same as the one
        before are written once, for as long as all of them.

        Parameters
        ----------
        kind : {"gif", "png", "webp"}
            ``"gif"`` rounds times to hundredths of a second, in such a way that they do not drift;
            a frame of any time above 0 gets at least two hundredths. ``"png"`` is APNG: indexed, if
            the frames have up to 256 colours together; otherwise in true colour, which takes more
            bytes. ``"webp"`` is lossless.
        optimize : bool, default False
            Whether to take longer for fewer bytes. No difference for ``"gif"``.

        Raises
        ------
        ValueError
            If the kind is another, or has no room for the picture: GIF has no half-transparent
            colours and at most 65,535 pixels a side, WebP at most 16,383.
        """
        file = io.BytesIO()
        self._write(file, kind, optimize)
        return file.getvalue()

    def save(self, path: str | os.PathLike[str], *, optimize: bool = False) -> None:
        """Write an animated file: ``.gif``, ``.png`` or ``.apng``, or ``.webp``.

        The file appears whole or not at all; one that exists is replaced.

        Parameters
        ----------
        path : path
            The format goes by the suffix.
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

    def _write(self, file: Any, kind: str, optimize: bool) -> None:
        if kind not in files.ENCODERS:
            raise ValueError(f"kind: expected one of {', '.join(files.ENCODERS)}, got {kind!r}")
        # What most frames have comes first, since a format may write that once for all of them.
        colors = [frame.palette.colors for frame in self.frames]
        uses: dict[bytes, int] = {}
        for some in colors:
            uses[some.tobytes()] = uses.get(some.tobytes(), 0) + 1
        palettes = sorted(
            (palette.colors for palette in self.palettes),
            key=lambda some: -uses.get(some.tobytes(), 0),
        )
        indexed = ((frame.indices, frame.palette.colors) for frame in self.frames)
        files.ENCODERS[kind](
            file, indexed, self.durations, self.loop, self.size, palettes, optimize=optimize
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
    palette_scope: str = "auto",
    space: str = "oklab",
    effort: str = "balanced",
    dither: str | None = None,
    dither_strength: float = 1.0,
    alpha: str = "keep",
    fixed: Sequence[Color] | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> QuantizedAnimation:
    """Reduce an animation to its k best colours, or each scene or frame to its own.

    Frames are decoded one at a time, first to count their colours and then to map them, so that
    what is held in memory is a byte for each pixel of the result.

    Parameters
    ----------
    source : path, binary file object, Pillow image or iterable of pairs
        A GIF, APNG or animated WebP; or pairs of an image in any form and the milliseconds for
        which it is shown, all of one size. Durations of 0, which viewers take for a tenth of a
        second, are kept.
    k : int, default 255
        How many colours a palette has, 1 to 256. With 255, an entry is left to stand for what does
        not change: an indexed APNG of 256 opaque colours has none and can be many times larger,
        while GIF finds one in most frames, and WebP needs none.
    palette_scope : {"auto", "global", "scene", "frame"}
        ``"global"``: one palette for all frames. ``"scene"``: one for each scene, as long as
        consecutive frames have most of their colours in common. ``"frame"``: one for each frame.
        ``"auto"`` tries all three and takes the one for which (1 + MSE) · bytes⁴ is the least: the
        error with the nearest colours, and the bytes as GIF, or as APNG where colours are
        half-transparent. So a percent of bytes is worth four
        percent of error, about as much as more colours of one palette cost. It takes
        several times longer than ``"global"``.
    dither : {"floyd-steinberg", "blue-noise", "bayer"}, optional
        ``"blue-noise"`` and ``"bayer"`` go by a pixel's colour and place alone, so that nothing
        crawls that does not move. ``"floyd-steinberg"`` does crawl, near what moves; but a pixel
        whose colour is the same as in the frame before stays as it was shown, if the palette is the
        same as well.
    space, effort, dither_strength, alpha, fixed, seed, threads
        See :func:`quantize`.
    progress : function, optional
        Called with ``"count"`` or ``"map"`` and the number of frames that are done. With
        ``"auto"``, all may be mapped up to three times.

    Returns
    -------
    QuantizedAnimation

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no image that can be read, or is damaged: it says at which frame. A
        ``ValueError``.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, there are no frames, or they differ in size.

    Notes
    -----
    Where all pixels are opaque or wholly transparent, so are the colours, and one of them is kept
    for what is transparent: such animations can be written as GIF.

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
    dithering.check_options(dither, dither_strength)
    team = make_team(threads)
    fixed_colors = checked_fixed(fixed, k, alpha)
    frames = files.open_frames(source)

    def walk(step: str) -> Iterator[tuple[ByteArray, int]]:
        for done, (pixels, duration) in enumerate(frames.walk(), 1):
            yield files.apply_alpha(pixels, alpha), duration
            if progress is not None:
                progress(step, done)

    def fit_to(histogram: ColorHistogram) -> Fitted:
        wanted = fixed_colors
        if wanted.shape[1] == 4 or histogram.channels == 4:
            histogram, wanted = histogram.with_alpha(), files.with_alpha(wanted)
            wanted = _with_clear(wanted, histogram, k)
        return Fitter(histogram, space, team).fit(k, effort, seed, wanted)

    plans = [Plan(scope, fit_to) for scope in scopes]
    durations = []
    for pixels, duration in walk("count"):
        durations.append(duration)
        histogram = ColorHistogram.from_pixels(pixels, team)
        for plan in plans:
            plan.add(histogram)
    if not durations:
        raise ValueError("source: expected at least one frame, got none")
    for plan in plans:
        plan.close()
    plans = worth_trying(plans)
    kind = "png" if any(_is_soft(palette) for plan in plans for palette in plan.palettes) else "gif"
    best, least = None, math.inf
    for plan in plans:
        shown = _map(walk("map"), plan, space, dither, dither_strength, team)
        result = QuantizedAnimation(
            shown, tuple(durations), frames.loop, _recounted(plan, shown), plan.scope
        )
        if len(plans) == 1:
            return result
        cost = (1 + plan.mse) * len(result.encode(kind)) ** BYTES_TO_ERROR
        if cost < least:
            best, least = result, cost
    assert best is not None
    return best


def _is_soft(palette: Palette) -> bool:
    """Tell whether there are colours that GIF has not."""
    return not np.isin(palette.colors[:, 3:], (0, 255)).all()


def _with_clear(fixed: ByteArray, histogram: ColorHistogram, k: int) -> ByteArray:
    """Fix the transparent colour too, if pixels are opaque or wholly transparent, so it stays so.

    Otherwise what is transparent might get a colour with what is almost.
    """
    alphas = histogram.colors[:, 3]
    if not (alphas == 0).any() or not np.isin(alphas, (0, 255)).all():
        return fixed
    if len(fixed) >= k or k == 1 or (fixed[:, 3] == 0).any():
        return fixed
    return np.concatenate([fixed, np.zeros((1, 4), np.uint8)])


def _map(
    frames: Iterator[tuple[ByteArray, int]],
    plan: Plan,
    space: str,
    dither: str | None,
    strength: float,
    team: _core.Team,
) -> tuple[Quantized, ...]:
    """Map each frame to its palette. What is as in the frame before stays as it is shown there."""
    shown: list[Quantized] = []
    before: tuple[ByteArray, int] | None = None
    for (pixels, _), which in zip(frames, plan.which, strict=True):
        same = None
        if before is not None and before[1] == which:
            same = (files.with_alpha(pixels) == files.with_alpha(before[0])).all(axis=2)
        before = pixels, which
        if same is not None and same.all():
            shown.append(shown[-1])
            continue
        result = remap(
            pixels,
            plan.palettes[which],
            space=space,
            dither=dither,
            dither_strength=strength,
            team=team,
        )
        if dither == "floyd-steinberg" and same is not None and same.any():
            result = _keep(result, shown[-1], same, pixels, team)
        shown.append(replace(result, _origin=None))  # no histogram of each frame is kept
    return tuple(shown)


def _keep(
    now: Quantized,
    before: Quantized,
    same: np.ndarray[Any, np.dtype[np.bool_]],
    pixels: ByteArray,
    team: _core.Team,
) -> Quantized:
    """Show pixels as before where they are the same. Errors of others would move them too."""
    indices = np.where(same, before.indices, now.indices)
    colors = now.palette.colors
    if colors.shape[1] != pixels.shape[2]:
        colors, pixels = files.with_alpha(colors), files.with_alpha(pixels)
    flat = pixels.reshape(-1, pixels.shape[2])
    counts, error = _core.tally(flat, indices.reshape(-1), colors, team)
    palette = Palette(now.palette.colors, counts)
    return replace(now, indices=indices, palette=palette, mse=error / len(flat))


def _recounted(plan: Plan, shown: tuple[Quantized, ...]) -> tuple[Palette, ...]:
    """Give the palettes with the counts of all frames that have them."""
    counts = [np.zeros(len(palette), np.int64) for palette in plan.palettes]
    for frame, which in zip(shown, plan.which, strict=True):
        counts[which] += frame.palette.counts
    return tuple(
        Palette(palette.colors, total) for palette, total in zip(plan.palettes, counts, strict=True)
    )
