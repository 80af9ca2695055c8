"""An image's way to k colours, in order, on one page.

decode (files) → count (histogram) → place, seed, refine, round (fit) → map (here, by the core) →
dither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from kpalette import _core, files, rate
from kpalette.checks import (
    check_flag,
    check_options,
    checked_fixed,
    checked_k,
    checked_seed,
)
from kpalette.choices import Dither, Effort, Space
from kpalette.colors import ByteArray, Color
from kpalette.dither import Dithering, apply, tally
from kpalette.files import ImageSource
from kpalette.fit import FitOptions, Fitted, Fitter, psnr
from kpalette.histogram import ColorHistogram, Counted
from kpalette.importance import checked_weights, saliency_map, weigh
from kpalette.looks import Reference
from kpalette.max_bytes import checked_max_bytes, fit_within
from kpalette.palette import Palette
from kpalette.quality import checked_quality, fit_fewest
from kpalette.quantized import Origin, Quantized
from kpalette.threads import make_team


def quantize(
    source: ImageSource,
    k: int = 256,
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    fixed: Sequence[Color] | None = None,
    weights: Any = None,
    saliency: bool = False,
    quality: Mapping[str, float] | None = None,
    alpha: str = "keep",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    smaller: float = 0,
    max_bytes: int | None = None,
    allow_truncated: bool = False,
    keep_profile: bool = False,
    seed: int = 0,
    threads: int | None = None,
) -> Quantized:
    """Reduce an image to its k best colours.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        Files and Pillow images are converted to 8-bit sRGB and turned upright. An array has shape
        (h, w), (h, w, 3) or (h, w, 4), and dtype uint8, bool, uint16 (0 to 65535) or float
        (0 to 1).
    k : int, default 256
        How many colours, 1 to 65,536. An image that has no more than k keeps exactly those it
        has, and the palette is shorter. Colours that are `fixed` and not in the image count among
        the k, so that there may not be room for all its own.
    space : {"oklab", "srgb", "linear", "lab"}
        Where distances are measured. In Oklab, the default, they are what the eye sees: pictures
        look best, and with 8 colours or more a small vivid region (0.05 % of the pixels) keeps one
        of its own, unless noise all but hides it or `effort` is ``"fast"``. In ``"srgb"`` the mean
        squared error is the least. ``"linear"`` is linear RGB,
        ``"lab"`` CIELAB.
    effort : {"fast", "balanced", "best"}
        ``"fast"`` makes a few passes of k-means. ``"balanced"`` also leaves the local minima that
        are easily left. ``"best"`` starts eight times, goes on to search, and runs to convergence:
        it takes some twenty times longer.
    fixed : sequence of colours, optional
        Distinct colours that the palette must have, such as ``"#ff8800"``, ``"#f80"`` or
        ``(255, 136, 0)``, perhaps with alpha unless `alpha` takes that away; at most `k`. They
        stay what they are, and the others are chosen to go with them.
    weights : array (h, w), optional
        How much each pixel matters: at least 0 each, and not all 0. They are rounded to 65,536
        steps. A colour all of whose pixels have 0 is as if it were not in the image, and shown by
        the nearest that there is, even where `k` has room for it.
    saliency : bool, default False
        Whether what stands out matters more: vivid regions, small ones above all, and a little what
        is in the middle. With `weights`, both count.
    quality : dict, optional
        A target, which is reached with as few colours as bisection finds, up to `k`:
        ``{"looks": 75}``, of at most 100, as :func:`kpalette.metrics.looks` measures it, or
        ``{"psnr": 38}`` in decibels; dithered, if it is to be. The palette is what it would be for
        that k. One colour less does not reach the target; some still smaller k may, if not by
        much, because quality does not rise with every single k.
    alpha : str, default "keep"
        What to do with transparency: keep it, or lay the image over a colour,
        ``"flatten:#ffffff"``.
    dither : {"floyd-steinberg", "blue-noise", "bayer"}, optional
        Mix colours that the palette lacks from those that it has, side by side. The palette stays
        the same. ``"floyd-steinberg"`` looks best: what is lost in one pixel is made up for in the
        next ones. ``"blue-noise"`` and ``"bayer"`` choose by a pixel's colour and place alone, so
        that parts of an image fit together and films do not flicker; Bayer's pattern is regular.
        All work in `space`. A pixel whose colour is in the palette, or almost, keeps it.
    dither_strength : float, default 1
        0 (the same as no dithering) to 1. Less keeps files smaller.
    smaller : float, 0 to 3, default 0
        How many bytes of a PNG to save where that is not seen: entries are chosen by what they cost
        in the file as well as by their error, in Oklab, of which texture hides some. With 1, one
        hardly sees a difference at twice the size; 3 saves most, and skin may look woven. What is
        lost in one pixel is made up for in the next ones, as by ``"floyd-steinberg"``, by 0.7 of
        `dither_strength`; 0 forbids that, and ordered dithers do not go with it. Colours of the
        palette stay exact. For at most 256 colours. With a `quality`, it is how much at most.
    max_bytes : int, optional
        How many bytes the file that :meth:`Quantized.encode` makes may have at most. Where it would
        have more, it is made `smaller`, up to 3, and then has less than `k` colours.
    allow_truncated : bool, default False
        Whether to take what is there of a JPEG or PNG file that breaks off, with a warning, instead
        of refusing it.
    keep_profile : bool, default False
        Whether a picture of RGB in another colour space, such as Display P3 or Adobe RGB, stays in
        it: the palette's levels are those of its file then, and the profile comes along. Distances
        are those of its colours in sRGB, where what is out of it is clipped, so that vivid colours
        that are all beyond may share an entry. `fixed` colours, which are sRGB, come as near as
        the space's levels are. Grey, CMYK, Lab, PQ and HLG become sRGB all the same.
    seed : int, default 0
        Where the effort draws at random, what it starts from. The same arguments give the same
        bytes on any machine.
    threads : int, optional
        All cores by default. The result does not depend on it.

    Returns
    -------
    Quantized

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no image that can be read; a ``ValueError``.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range.
    kpalette.QualityNotReached
        If `k` colours do not reach the `quality`; a ``ValueError``.
    kpalette.BytesNotReached
        If no file has so few as `max_bytes`; a ``ValueError``.

    References
    ----------
    Lloyd, S. P. (1982). Least squares quantization in PCM. doi:10.1109/TIT.1982.1056489

    Floyd, R. W. and Steinberg, L. (1976). An adaptive algorithm for spatial greyscale. Proceedings
    of the Society for Information Display 17(2), 75–77.

    Ulichney, R. (1993). Void-and-cluster method for dither array generation. doi:10.1117/12.152707

    Bayer, B. E. (1973). An optimum method for two-level rendition of continuous-tone pictures. IEEE
    International Conference on Communications, 11–15.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> photo = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> q = kpalette.quantize(photo, 4)
    >>> sorted(q.palette.hex)
    ['#1a1a1a', '#565656', '#979797', '#dcdcdc']
    >>> q.indices.shape, round(q.psnr, 1)
    ((16, 16), 22.7)
    >>> mixed = kpalette.quantize(photo, 4, dither="blue-noise")
    >>> mixed.palette.hex == q.palette.hex, mixed.psnr < q.psnr
    (True, True)
    """
    k, seed = checked_k(k), checked_seed(seed)
    check_options(space, effort)
    dithering = Dithering(dither, dither_strength, space, rate.checked_smaller(smaller, k))
    most_bytes = checked_max_bytes(max_bytes, k, quality, keep_profile)
    team = make_team(threads)
    check_flag("saliency", saliency)
    check_flag("keep_profile", keep_profile)
    fixed_colors = checked_fixed(fixed, k, alpha)
    target = None if quality is None else checked_quality(quality)
    stored = None
    if keep_profile:
        pixels, stored = files.read_stored(source, allow_truncated=allow_truncated)
    else:
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
    if stored is None:
        pixels = files.apply_alpha(pixels, alpha)
    else:
        stored = stored.apply_alpha(alpha)
        pixels = stored.to_srgb(stored.pixels)
    if fixed_colors.shape[1] == 4:
        pixels = files.with_alpha(pixels)
    elif pixels.shape[2] == 4:
        fixed_colors = files.with_alpha(fixed_colors)
    image = Counted.of(pixels, team)
    weighted = image.histogram
    if weights is not None or saliency:
        importance = checked_weights(weights, pixels.shape)
        if saliency:
            importance = importance * saliency_map(pixels)
        weighted = weigh(pixels, image.histogram, importance, team)
    options = FitOptions(effort, seed, fixed_colors)
    fit_to = _fitting(weighted, image.histogram, space, options, team)
    by_looks = max_bytes is not None or (target is not None and target[0] == "looks")
    reference = Reference(pixels, team) if by_looks else None

    def mapped(fitted: Fitted, how: Dithering) -> Quantized:
        return _mapped(image, fitted, how, team)

    def measured(fitted: Fitted, how: Dithering) -> float:
        if reference is None:
            return mapped(fitted, how).psnr if how.is_on else psnr(fitted.mse)
        colors = fitted.palette.colors
        if how.is_on:
            return looks(mapped(fitted, how))
        return reference.label_errors(image.histogram, fitted.labels, colors).looks

    def looks(made: Quantized) -> float:
        assert reference is not None
        return reference.index_errors(made.indices, made.palette.colors).looks

    def make(k: int, how: Dithering) -> Quantized:
        return mapped(fit_to(k), how)

    least = max(1, len(fixed_colors))
    if target is not None:
        if dithering.smaller:
            most, wanted = fit_to(k), target[1]
            dithering = rate.most_smaller(dithering, lambda how: measured(most, how) >= wanted)
        enough = fit_fewest(fit_to, least, k, target, partial(measured, how=dithering))
        quantized = mapped(enough, dithering)
    elif most_bytes is not None:
        quantized = fit_within(make, looks, least, k, dithering, most_bytes, team.size)
    else:
        quantized = make(k, dithering)
    if stored is None:
        return quantized
    from kpalette import keeping

    return keeping.in_profile(quantized, stored, k, team)


def extract_palette(
    source: ImageSource | ColorHistogram,
    k: int = 8,
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    fixed: Sequence[Color] | None = None,
    quality: Mapping[str, float] | None = None,
    allow_truncated: bool = False,
    seed: int = 0,
    threads: int | None = None,
) -> Palette:
    """Find an image's k best colours without mapping its pixels.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or ColorHistogram
        A histogram may be the sum of those of many images.
    k, space, effort, fixed, quality, allow_truncated, seed, threads
        See :func:`quantize`.

    Returns
    -------
    Palette
        Most frequent colour first.

    Raises
    ------
    OSError, TypeError, ValueError
        As :func:`quantize`.
    OverflowError
        If a histogram's counts add up to more than a fit can sum exactly.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> tiles = np.zeros((2, 8, 8, 3), np.uint8)
    >>> tiles[1] = 200, 100, 0
    >>> both = sum(kpalette.ColorHistogram.from_image(tile) for tile in tiles)
    >>> kpalette.extract_palette(both, 2).hex
    ['#000000', '#c86400']
    """
    k, seed = checked_k(k), checked_seed(seed)
    check_options(space, effort)
    team = make_team(threads)
    fixed_colors = checked_fixed(fixed, k)
    target = None if quality is None else checked_quality(quality)
    pixels: ByteArray | None = None
    if isinstance(source, ColorHistogram):
        histogram = source
        if target is not None and target[0] == "looks":
            raise ValueError(
                "quality: expected psnr for a histogram, got looks, which needs an image's pixels"
            )
    else:
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        histogram = ColorHistogram.from_pixels(pixels, team)
    if fixed_colors.shape[1] == 4 or histogram.channels == 4:
        fixed_colors, histogram = files.with_alpha(fixed_colors), histogram.with_alpha()
        pixels = None if pixels is None else files.with_alpha(pixels)
    options = FitOptions(effort, seed, fixed_colors)
    fit_to = _fitting(histogram, histogram, space, options, team)
    if target is None:
        return fit_to(k).palette
    reference = None if pixels is None or target[0] == "psnr" else Reference(pixels, team)

    def measured(fitted: Fitted) -> float:
        if reference is None:
            return psnr(fitted.mse)
        colors = fitted.palette.colors
        return reference.label_errors(histogram, fitted.labels, colors).looks

    return fit_fewest(fit_to, max(1, len(fixed_colors)), k, target, measured).palette


def _fitting(
    weighted: ColorHistogram,
    histogram: ColorHistogram,
    space: Space,
    options: FitOptions,
    team: _core.Team,
) -> Callable[[int], Fitted]:
    """Return a function of k that fits to a weighted histogram, and counts by an image's own."""
    fitter = Fitter(weighted, space, team)
    whole = fitter if weighted is histogram else Fitter(histogram, space, team)

    def fit_to(k: int) -> Fitted:
        fitted = fitter.fit(k, options)
        if whole is fitter:
            return fitted
        shown = whole.assign(fitted.palette.colors, by_frequency=True)
        return replace(shown, n_iter=fitted.n_iter)

    return fit_to


def remap(
    source: ImageSource,
    palette: Palette,
    *,
    space: Space = "oklab",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    smaller: float = 0,
    allow_truncated: bool = False,
    threads: int | None = None,
    team: _core.Team | None = None,
) -> Quantized:
    """Map an image onto a palette: see :meth:`kpalette.Palette.remap`; `team` has the threads."""
    smaller = rate.checked_smaller(smaller, len(palette))
    dithering = Dithering(dither, dither_strength, space, smaller)
    team = team or make_team(threads)
    pixels = files.as_pixels(source, allow_truncated=allow_truncated)
    colors = palette.colors
    if pixels.shape[2] != colors.shape[1]:
        pixels, colors = files.with_alpha(pixels), files.with_alpha(colors)
    image = Counted.of(pixels, team)
    nearest = Fitter(image.histogram, space, team).assign(colors)
    result = _mapped(image, nearest, dithering, team)
    return replace(result, palette=Palette(palette.colors, result.palette.counts))


def _mapped(image: Counted, fitted: Fitted, dithering: Dithering, team: _core.Team) -> Quantized:
    """Map pixels to a palette that was fitted to their histogram, and dither."""
    histogram, labels, palette = image.histogram, fitted.labels, fitted.palette
    colors, mse = palette.colors, fitted.mse
    indices = map_pixels(image.pixels, histogram.colors, labels, len(colors), team)
    if dithering.smaller and mse > 0:

        def size(indices: Any) -> int:
            return len(files.encode(indices, colors, "png", threads=team.size))

        indices = rate.choose(dithering, image.pixels, colors, indices, size, team)
        counts, mse = tally(image, colors, indices, team)
        palette = Palette(colors, counts)
    elif dithering.is_on and mse > 0:
        counts, mse = apply(dithering, image, labels, colors, indices, team)
        palette = Palette(colors, counts)
    origin = Origin(image.pixels, histogram, labels, colors)
    return Quantized(indices, palette, mse, fitted.n_iter, len(histogram), origin)


def index_dtype(k: int) -> Any:
    """Return the dtype of the indices of k colours."""
    return np.dtype(np.uint8 if k <= 256 else np.uint16)


def map_pixels(
    pixels: ByteArray,
    colors: ByteArray,
    labels: np.ndarray[Any, np.dtype[np.uint16]],
    k: int,
    team: _core.Team,
) -> np.ndarray[Any, Any]:
    """Look up the label, of k, of each pixel's colour; `colors` are all that there are."""
    indices = np.empty(pixels.shape[:2], index_dtype(k))
    flat = pixels.reshape(-1, pixels.shape[2])
    _core.remap(flat, colors, labels, indices.reshape(-1), team)
    return indices
