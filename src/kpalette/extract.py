"""The palette of an image, or of many, without their pixels mapped to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import files
from kpalette.checks import check_flag, check_options, checked_k, checked_seed, checked_whole
from kpalette.choices import Dither, Effort, Space
from kpalette.color_lists import checked_fixed
from kpalette.colors import ByteArray, Colors
from kpalette.dither import Dithering
from kpalette.fit import FitOptions, Fitted, psnr
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.posterize import MOST_BITS
from kpalette.quality import checked_quality, fit_fewest
from kpalette.threads import make_team
from kpalette.weighted_fit import fitting

if TYPE_CHECKING:
    from kpalette.files import ImageSource
    from kpalette.spatial import Sampled


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
    by_looks = target is not None and target[0] == "looks"

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
        if by_looks:
            raise ValueError(
                f"quality: expected psnr for {what}, got looks, which needs an image's pixels"
            )
        if saliency:
            raise ValueError(f"saliency: expected an image, whose pixels tell it, got {what}")
    else:
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        histogram = ColorHistogram.from_pixels(pixels, team)
    if fixed_colors.shape[1] == 4 or histogram.channels == 4:
        fixed_colors, histogram = files.with_alpha(fixed_colors), histogram.with_alpha()
        pixels = None if pixels is None else files.with_alpha(pixels)

    if pixels is not None:
        parts = [pixels]
    options = FitOptions(effort, seed, fixed_colors, posterize, mixing=dithering.mixes)
    fit = fitting(histogram, parts, dithering, options, team, saliency=saliency)
    if target is None:
        return fit(k).palette
    reference = None
    if by_looks and pixels is not None:
        from kpalette.looks import Reference

        reference = Reference(pixels, team)

    def measured(fitted: Fitted) -> float:
        if reference is None:
            return psnr(fitted.mse)
        colors = fitted.palette.colors
        return reference.label_errors(histogram, fitted.labels, colors).looks

    return fit_fewest(fit, max(1, len(fixed_colors)), k, target, measured).palette
