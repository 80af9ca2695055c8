"""An image's way to k colours, in order, on one page.

decode (files) → count (histogram) → weigh, fit (weighted_fit) → map, dither (remap). Searches for
a quality or a size (trials) take the last two steps again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kpalette import files, rate
from kpalette.checks import check_flag, check_options, checked_k, checked_seed, checked_whole
from kpalette.choices import Dither, Effort, SmallerIn, Space
from kpalette.color_lists import checked_fixed
from kpalette.colors import Colors
from kpalette.dither import Dithering
from kpalette.fit import FitOptions
from kpalette.histogram import Counted
from kpalette.max_bytes import checked_max_bytes, fit_within
from kpalette.posterize import MOST_BITS
from kpalette.quality import checked_quality
from kpalette.quantized import Quantized
from kpalette.quick import quantize_quickly
from kpalette.remap import mapped
from kpalette.threads import make_team
from kpalette.weighted_fit import fitting

if TYPE_CHECKING:
    from kpalette.files import ImageSource


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
    if pixels.shape[2] != fixed_colors.shape[1]:
        pixels, fixed_colors = files.with_alpha(pixels), files.with_alpha(fixed_colors)

    is_plain = target is None and most_bytes is None and not smaller
    is_weighted = weights is not None or saliency
    if is_plain and stored is None and not (is_weighted or posterize or dithering.is_on):
        quick = quantize_quickly(pixels, source, k, space, effort, seed, fixed_colors, team)
        if quick is not None:
            return quick

    image = Counted.of(pixels, team)
    options = FitOptions(effort, seed, fixed_colors, posterize, mixing=dithering.mixes)
    fit = fitting(image.histogram, [pixels], dithering, options, team, weights, saliency)

    def finished(quantized: Quantized) -> Quantized:
        if stored is None:
            return quantized
        from kpalette import keeping

        return keeping.in_profile(quantized, stored, k, team)

    if is_plain:
        fitted = fit(k)
        del fit  # which holds more than the pixels, if nearly all differ
        return finished(mapped(image, fitted, dithering, team))
    from kpalette.trials import Trials

    trials = Trials(image, fit, effort, team)
    least = max(1, len(fixed_colors))
    if most_bytes is not None:
        return fit_within(trials, least, k, dithering, most_bytes)
    if target is not None:
        return trials.fewest(least, k, dithering, target, finished)
    return finished(trials.made(k, dithering))
