"""An image's way to k colours, in order, on one page.

decode (files) → count (histogram) → place, seed, refine, round (fit) → map (here, by the core) →
dither.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core, files, rate
from kpalette.checks import (
    MAX_INDEXED,
    check_flag,
    check_options,
    checked_k,
    checked_seed,
    checked_whole,
)
from kpalette.choices import Dither, Effort, SmallerIn, Space
from kpalette.color_lists import checked_fixed
from kpalette.colors import ByteArray, Colors
from kpalette.dither import Dithering, Kept, show
from kpalette.fit import FitOptions, Fitted, Fitter, psnr
from kpalette.histogram import ColorHistogram, Counted
from kpalette.max_bytes import checked_max_bytes, fit_within
from kpalette.no_larger import first_smaller, is_no_larger
from kpalette.palette import Palette
from kpalette.posterize import MOST_BITS
from kpalette.quality import checked_quality, fit_fewest
from kpalette.quantized import Origin, Quantized, QuicklyQuantized
from kpalette.record import replace
from kpalette.subset import best_entries
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.files import ImageSource
    from kpalette.looks import Reference
    from kpalette.spatial import Mover, Sampled


def quantize(
    source: ImageSource,
    k: int = 256,
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    fixed: Colors | None = None,
    weights: Any = None,
    saliency: bool = False,
    quality: Mapping[str, float] | None = None,
    alpha: str = "keep",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    smaller: float = 0,
    smaller_in: SmallerIn = "png",
    max_bytes: int | None = None,
    allow_truncated: bool = False,
    keep_profile: bool = False,
    posterize: int = 0,
    seed: int = 0,
    threads: int | None = None,
) -> Quantized:
    """Reduce an image to its k best colours.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        Files and Pillow images are converted to 8-bit sRGB and turned upright. An array has shape
        (h, w), (h, w, 3) or (h, w, 4), and dtype uint8, bool, uint16 (0 to 65535) or float
        (0 to 1). Its channels are red, green, blue and perhaps alpha: OpenCV's are the other way
        round, so give ``array[..., ::-1]``.
    k : int, default 256
        How many colours, 1 to 65,536. An image that has no more than k keeps exactly those it
        has, and the palette is shorter. Colours that are `fixed` and not in the image count among
        the k, so that there may not be room for all its own.
    space : {"oklab", "srgb", "linear", "lab"}
        Where distances are measured. In Oklab, the default, they are what the eye sees: pictures
        look best, and with 8 colours or more a small vivid region (from 0.05 % of the pixels on)
        keeps one of its own where that loses least, unless `effort` is ``"fast"``. In ``"srgb"``
        the mean squared error is the least. ``"linear"`` is linear RGB, ``"lab"`` CIELAB.
    effort : {"fast", "balanced", "best"}
        ``"fast"`` makes a few passes of k-means. In ``"srgb"``, without alpha, these go by the
        means of colours in 32 × 32 × 32 bins, if a photo fills many: the error is a little higher
        by that, and each pixel has its nearest entry all the same. ``"balanced"`` also leaves the
        local minima that are easily left. ``"best"`` starts eight times, goes on to search, and
        runs to convergence: it takes many times longer.
    fixed : colour or sequence of colours, optional
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
        A target, which is reached with as few colours as a search finds, up to `k`:
        ``{"looks": 75}``, of at most 100, as :func:`kpalette.metrics.looks` measures it, or
        ``{"psnr": 38}`` in decibels; dithered, if it is to be. The palette is what it would be for
        that k. One colour less does not reach the target; some still smaller k may, if not by
        much, because quality does not rise with every single k. An image that has no more than 256
        colours, nor more than k, keeps exactly those, if its PNG file is then no larger.
    alpha : str, default "keep"
        What to do with transparency: keep it; ``"threshold"``, which GIF needs, makes
        half-transparent pixels opaque or transparent; ``"flatten:#ffffff"`` lays the image over a
        colour.
    dither : {"floyd-steinberg", "blue-noise", "bayer", "spatial"}, optional
        Mix colours that the palette lacks from those that it has, side by side. With `k` up to 256
        the palette is another one than without: its colours reach further out, so that more can be
        mixed from them. ``"spatial"`` looks best and takes longest: it lowers the error that an eye
        sees at a distance, pixel by pixel, and moves the palette as well. With
        ``"floyd-steinberg"``, what is lost in one pixel is made up for in the next ones.
        ``"blue-noise"`` and ``"bayer"`` choose by a pixel's colour and place alone, so that parts
        of an image fit together and films do not flicker; Bayer's pattern is regular. A pixel keeps
        its nearest colour where the difference is not seen: with 256 colours, up to about a level
        in each of two channels. Whatever `space` is, colours mix in a space made for it.
    dither_strength : float, default 1
        0 (the same as no dithering) to 1. Less keeps files smaller. From 64 colours up, half of it
        looks as good with ``"spatial"``.
    smaller : float, 0 to 3, default 0
        How many bytes of a PNG to save where that is not seen: entries are chosen by what they cost
        in the file as well as by their error, in Oklab, of which texture hides some. With 1, one
        hardly sees a difference at twice the size; 3 saves most, and skin may look woven. What is
        lost in one pixel is made up for in the next ones, as by ``"floyd-steinberg"``, by 0.7 of
        `dither_strength`, with a palette made for it; 0 forbids that, and ordered dithers do not go
        with it. Where the file would grow by that, less is diffused, or nothing; so a higher level
        that diffuses may save less than one before that does not, and looks better. Colours of the
        palette stay exact. For at most 256 colours. With a `quality`, it is how much at most.
    smaller_in : {"png", "gif"}
        Whose bytes to save. In a GIF nothing is diffused, so that `dither` is None.
    max_bytes : int, optional
        How many bytes the PNG file that :meth:`Quantized.encode` makes may have at most. Where it
        would have more, it is made `smaller`, up to 3, and then has fewer than `k` colours.
    allow_truncated : bool, default False
        Whether to read a JPEG or PNG file that is cut off as far as it goes, with a warning,
        instead of refusing it.
    keep_profile : bool, default False
        Whether a picture of RGB in another colour space, such as Display P3 or Adobe RGB, stays in
        it: the palette's levels are those of its file then, and the profile comes along. Distances
        are those of its colours in sRGB, where what is out of it is clipped, so that vivid colours
        that are all beyond may share an entry. `fixed` colours, which are sRGB, come as near as
        the space's levels are. Grey, CMYK, Lab, PQ and HLG become sRGB all the same.
    posterize : int, default 0
        How many bits of a level the palette does without, 0 to 4, for displays and textures that
        have no more: with 4, alpha and colours are multiples of 17. `fixed` colours stay what they
        are. Not with `keep_profile`.
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

    Puzicha, J., Held, M., Ketterer, J., Buhmann, J. M. and Fellner, D. W. (2000). On spatial
    quantization of color images. doi:10.1109/83.841942

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
    >>> sorted(mixed.palette.hex), mixed.psnr < q.psnr
    (['#191919', '#606060', '#9c9c9c', '#ececec'], True)
    """
    k, seed = checked_k(k), checked_seed(seed)
    check_options(space, effort)
    smaller = rate.checked_smaller(smaller, k)
    dithering = Dithering(dither, dither_strength, space, smaller, smaller_in)
    most_bytes = checked_max_bytes(max_bytes, k, quality, keep_profile)
    team = make_team(threads)
    check_flag("saliency", saliency)
    check_flag("keep_profile", keep_profile)
    posterize = checked_whole("posterize", posterize, 0, MOST_BITS)
    if posterize and keep_profile:
        raise ValueError("posterize and keep_profile exclude each other; give one")
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
    plain_way = stored is None and not (saliency or posterize or dithering.is_on or smaller)
    if plain_way and weights is None and target is None and most_bytes is None:
        quick = _quantize_quickly(pixels, source, k, space, effort, seed, fixed_colors, team)
        if quick is not None:
            return quick
    image = Counted.of(pixels, team)
    weighted, importance = image.histogram, None
    if weights is not None or saliency:
        from kpalette.importance import weigh

        keep = dithering.name == "spatial"
        weighted, importance = weigh(
            pixels, image.histogram, weights, team, saliency=saliency, keep=keep
        )
    options = FitOptions(effort, seed, fixed_colors, posterize, mixing=dithering.mixes)
    mover = _mover(dithering, [pixels], importance)
    fit_to = _fitting(weighted, image.histogram, space, options, team, mover)
    by_looks = most_bytes is not None or (target is not None and target[0] == "looks")
    reference = _reference(pixels, team) if by_looks else None

    @lru_cache(maxsize=1)  # searches map to one palette in many ways
    def plain(fitted: Fitted) -> Quantized:
        return _mapped(image, fitted, Dithering(None, 0, space), team)

    def mapped_once(fitted: Fitted, how: Dithering) -> Quantized:
        return _mapped(image, fitted, how, team) if how.is_on else plain(fitted)

    def mapped(fitted: Fitted, how: Dithering) -> Quantized:
        if how.smaller and how.smaller_in == "png":
            mixed = partial(fit_to, len(fitted), mixing=True)
            return first_smaller(fitted, mixed, how, mapped_once, effort=effort, team=team)
        return mapped_once(fitted, how)

    def made(k: int, how: Dithering) -> Quantized:
        return mapped(fit_to(k), how)

    def saving(k: int, how: Dithering) -> Quantized:
        return _mapped(image, fit_to(k, mixing=how.strength > 0), how, team)

    def looks(quantized: Quantized) -> float:
        assert reference is not None
        return reference.index_errors(quantized.indices, quantized.palette.colors).looks

    reached: dict[tuple[Fitted, Dithering], Quantized] = {}  # the last that was good enough

    def measured(fitted: Fitted, how: Dithering) -> float:
        if not how.is_on:
            if reference is None:
                return psnr(fitted.mse)
            colors = fitted.palette.colors
            return reference.label_errors(image.histogram, fitted.labels, colors).looks
        shown = mapped(fitted, how)
        found = shown.psnr if reference is None else looks(shown)
        if target is not None and found >= target[1]:
            reached.clear()
            reached[fitted, how] = shown
        return found

    def finished(quantized: Quantized) -> Quantized:
        if stored is None:
            return quantized
        from kpalette import keeping

        return keeping.in_profile(quantized, stored, k, team)

    least = max(1, len(fixed_colors))
    if most_bytes is not None:
        return fit_within(made, saving, looks, least, k, dithering, most_bytes, team.size)
    if target is None:
        found = fit_to(k)
        if not dithering.smaller:
            del fit_to  # which holds more than the pixels, if nearly all differ
        return finished(mapped(found, dithering))
    if dithering.smaller:
        most, wanted = fit_to(k), target[1]
        dithering = rate.most_smaller(dithering, lambda how: measured(most, how) >= wanted)
    fewest = fit_fewest(fit_to, least, k, target, partial(measured, how=dithering))
    few = finished(reached.get((fewest, dithering)) or mapped(fewest, dithering))
    if few.is_exact or len(image.histogram) > min(k, MAX_INDEXED):
        return few
    exact = finished(made(k, dithering))  # unless the weights leave colours out
    return exact if exact.is_exact and is_no_larger(exact, few, effort, team) else few


def extract_palette(
    source: ImageSource
    | files.Frames
    | ColorHistogram
    | list[ImageSource]
    | tuple[ImageSource, ...]
    | Sampled,
    k: int = 8,
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    fixed: Colors | None = None,
    saliency: bool = False,
    quality: Mapping[str, float] | None = None,
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    allow_truncated: bool = False,
    posterize: int = 0,
    seed: int = 0,
    threads: int | None = None,
) -> Palette:
    """Find an image's k best colours without mapping its pixels.

    They show the whole image with the least error, as means of its shades. For the colours that a
    person would pick, vivid and distinct ones of the image itself, see :func:`kpalette.theme`.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or ColorHistogram
        Or a list or tuple of images, which are read one at a time, for one palette of all; so are
        the frames of a film, or of what :func:`kpalette.clip` returns. An animated GIF, PNG or WebP
        counts by its first frame, and by all as ``kpalette.clip(source)``. A histogram may be the
        sum of those of many images, too.
    dither : {"floyd-steinberg", "blue-noise", "bayer", "spatial"}, optional
        How images will be mapped to the palette, which is made for it; `quality` goes by what is
        not dithered. It is the same for all but ``"spatial"``, which moves it further by the
        images' pixels, and so not with a histogram. Of many images, or of large ones, it goes by
        rows here and there, of 4 megapixels in all.
    k, space, effort, fixed, saliency, quality, dither_strength
        See :func:`quantize`. A histogram does not tell what stands out, nor how an image looks:
        with one, and with many images, `saliency` and a quality of ``"looks"`` are refused. With a
        target, an image of few colours has fewer here, too: there is no file that could be smaller
        with all of them.
    allow_truncated, posterize, seed, threads
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
    posterize = checked_whole("posterize", posterize, 0, MOST_BITS)
    dithering = Dithering(dither, dither_strength, space)
    check_flag("saliency", saliency)
    team = make_team(threads)
    fixed_colors = checked_fixed(fixed, k)
    target = None if quality is None else checked_quality(quality)
    pixels: ByteArray | None = None
    parts: Sequence[ByteArray] = ()
    what = "a histogram" if isinstance(source, ColorHistogram) else "many images"
    if not isinstance(source, (ColorHistogram, np.ndarray)):
        from kpalette.spatial import Sampled

        if isinstance(source, files.Frames) or files.is_film(source):
            film: Any = source
            source = Sampled.of([film], threads=threads)
        elif isinstance(source, (list, tuple)):
            source = Sampled.of(source, allow_truncated, threads)
        if isinstance(source, Sampled):
            parts, source = source.parts, source.histogram
    if isinstance(source, ColorHistogram):
        histogram = source
        if target is not None and target[0] == "looks":
            raise ValueError(
                f"quality: expected psnr for {what}, got looks, which needs an image's pixels"
            )
        if saliency:
            raise ValueError(f"saliency: expected an image, whose pixels tell it, got {what}")
    else:
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        histogram, parts = ColorHistogram.from_pixels(pixels, team), [pixels]
    if fixed_colors.shape[1] == 4 or histogram.channels == 4:
        fixed_colors, histogram = files.with_alpha(fixed_colors), histogram.with_alpha()
        pixels = None if pixels is None else files.with_alpha(pixels)
    weighted, importance = histogram, None
    if saliency and pixels is not None:
        from kpalette.importance import weigh

        keep = dithering.name == "spatial"
        weighted, importance = weigh(pixels, histogram, None, team, saliency=True, keep=keep)
    options = FitOptions(effort, seed, fixed_colors, posterize, mixing=dithering.is_on)
    mover = _mover(dithering, parts, importance)
    fit_to = _fitting(weighted, histogram, space, options, team, mover)
    if target is None:
        return fit_to(k).palette
    reference = None if pixels is None or target[0] == "psnr" else _reference(pixels, team)

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
    mover: Mover | None = None,
) -> Callable[..., Fitted]:
    """Return a function of k that fits to a weighted histogram, and counts by an image's own.

    `mixing=True` asks it for a palette for dithering, whatever `options` say.
    """
    fitter = Fitter(weighted, space, team)
    whole = fitter if weighted is histogram else Fitter(histogram, space, team)

    @lru_cache(maxsize=2)  # searches map one plain palette and one for mixing in many ways
    def fit_to(k: int, mixing: bool = options.mixing) -> Fitted:
        fitted = fitter.fit(k, replace(options, mixing=mixing))
        if mover is not None:
            from kpalette.spatial import is_movable

            if is_movable(fitted, options):
                return mover.moved(fitted, weighted, options, whole, team)
        if whole is fitter:
            return fitted
        shown = whole.assign(fitted.palette.colors, by_frequency=True)
        return replace(shown, n_iter=fitted.n_iter)

    return fit_to


def _mover(dithering: Dithering, parts: Sequence[ByteArray], importance: Any) -> Mover | None:
    """Return what moves palettes for a dithering; None if that leaves them as they are."""
    if dithering.name != "spatial":
        return None
    from kpalette.spatial import Mover

    return Mover.of(dithering, parts, importance)


def _reference(pixels: ByteArray, team: _core.Team) -> Reference:
    """Return what pictures are compared with by their looks."""
    from kpalette.looks import Reference

    return Reference(pixels, team)


def remap(
    source: ImageSource,
    palette: Palette,
    *,
    k: int | None = None,
    space: Space = "oklab",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    smaller: float = 0,
    smaller_in: SmallerIn = "png",
    allow_truncated: bool = False,
    threads: int | None = None,
    team: _core.Team | None = None,
    kept: Kept | None = None,
) -> Quantized:
    """Map an image onto a palette: see :meth:`kpalette.Palette.remap`.

    `team` has the threads. Pixels that are `kept` stay what they are, if the dither is spatial.
    """
    most = len(palette) if k is None else min(checked_k(k), len(palette))
    smaller = rate.checked_smaller(smaller, most)
    dithering = Dithering(dither, dither_strength, space, smaller, smaller_in)
    team = team or make_team(threads)
    pixels = files.as_pixels(source, allow_truncated=allow_truncated)
    colors = palette.colors
    if pixels.shape[2] != colors.shape[1]:
        pixels, colors = files.with_alpha(pixels), files.with_alpha(colors)
    image = Counted.of(pixels, team)
    entries = palette.colors
    if len(colors) > most:
        best = best_entries(image.histogram, colors, most, space, team)
        entries, colors = entries[best], np.ascontiguousarray(colors[best])
    nearest = Fitter(image.histogram, space, team).assign(colors)
    if dithering.smaller and smaller_in == "png":

        def mapped(fitted: Fitted, how: Dithering) -> Quantized:
            return _mapped(image, fitted, how, team)

        result = first_smaller(
            nearest, lambda: nearest, dithering, mapped, effort="balanced", team=team
        )
    else:
        result = _mapped(image, nearest, dithering, team, kept)
    if entries.shape == colors.shape:
        return result
    return dataclasses.replace(result, palette=Palette(entries, result.palette.counts))


def _mapped(
    image: Counted,
    fitted: Fitted,
    dithering: Dithering,
    team: _core.Team,
    kept: Kept | None = None,
) -> Quantized:
    """Map pixels to a palette that was fitted to their histogram, and dither."""
    palette, indices = fitted.palette, _room(image.pixels, len(fitted))
    shown = show(dithering, image, fitted, indices, team, kept)
    if shown.counts is not fitted.counts:
        palette = Palette(palette.colors, np.asarray(shown.counts))
    histogram = image.histogram
    origin = Origin(image.pixels, histogram, fitted.labels, palette.colors)
    made = Quantized(indices, palette, shown.mse, fitted.n_iter, len(histogram), origin)
    if shown.data is not None:
        from kpalette.files import gif

        gif.keep(made._kept, indices, palette.colors, shown.data)
    return made


def _quantize_quickly(
    pixels: ByteArray,
    source: ImageSource,
    k: int,
    space: Space,
    effort: Effort,
    seed: int,
    fixed: ByteArray | None,
    team: _core.Team,
) -> Quantized | None:
    """Fit to bins of colours in sRGB and map, or return None where that would give another result.

    ``_mapped`` makes the same of what a fit to the histogram gives, which goes by bins as well: but
    here colours are counted when somebody asks for what only they tell.
    """
    if effort != "fast" or space != "srgb" or pixels.shape[2] != 3 or k > MAX_INDEXED:
        return None
    indices = np.empty(pixels.shape[:2], np.uint8)
    flat = pixels.reshape(-1, 3)
    made = _core.quantize_quickly(flat, k, effort, seed, fixed, indices.reshape(-1), team)
    if made is None:
        return None
    colors, counts, n_iter = made
    if isinstance(source, np.ndarray) and np.may_share_memory(pixels, source):
        pixels = pixels.copy()  # for what is asked for later
    return QuicklyQuantized.of(indices, Palette(colors, counts), n_iter, pixels)


def index_dtype(k: int) -> Any:
    """Return the dtype of the indices of k colours."""
    return np.dtype(np.uint8 if k <= MAX_INDEXED else np.uint16)


def map_pixels(
    pixels: ByteArray,
    colors: ByteArray,
    labels: np.ndarray[Any, np.dtype[np.uint16]],
    k: int,
    team: _core.Team,
) -> np.ndarray[Any, Any]:
    """Look up the label, of k, of each pixel's colour; `colors` are all that there are."""
    indices = _room(pixels, k)
    _core.remap(pixels.reshape(-1, pixels.shape[2]), colors, labels, indices, team)
    return indices


def _room(pixels: ByteArray, k: int) -> np.ndarray[Any, Any]:
    return np.empty(pixels.shape[:2], index_dtype(k))
