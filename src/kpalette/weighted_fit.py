"""Palettes fitted to what matters in an image, with the error of all its pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kpalette.fit import FitOptions, Fitted, Fitter
from kpalette.record import replace

if TYPE_CHECKING:
    from kpalette import _core
    from kpalette.colors import ByteArray
    from kpalette.dither import Dithering
    from kpalette.histogram import ColorHistogram


def fitting(
    histogram: ColorHistogram,
    parts: Sequence[ByteArray],
    dithering: Dithering,
    options: FitOptions,
    team: _core.Team,
    weights: Any = None,
    saliency: bool = False,
) -> Callable[..., Fitted]:
    """Return a function of k that fits palettes to an image, or to many.

    With `mixing=True` it makes a palette for dithering, whatever `options` say.

    Parameters
    ----------
    histogram : ColorHistogram
    parts : sequence of uint8 arrays (h, w, 3 or 4)
        The image, or rows of many, by which spatial dithering moves palettes.
    dithering : Dithering
        How pixels will be mapped.
    options : FitOptions
    team : Team
        The threads to use.
    weights, saliency
        See :func:`kpalette.quantize`; of the only part.

    Raises
    ------
    TypeError, ValueError
        If the weights do not go with the image.
    """
    is_spatial = dithering.name == "spatial"
    weighted, importance, mover = histogram, None, None
    if weights is not None or saliency:
        from kpalette.importance import weigh

        (pixels,) = parts
        weighted, importance = weigh(
            pixels, histogram, weights, team, saliency=saliency, keep=is_spatial
        )
    if is_spatial:
        from kpalette.spatial import Mover, is_movable

        mover = Mover.of(dithering, parts, importance)
    fitter = Fitter(weighted, dithering.space, team)
    whole = fitter if weighted is histogram else Fitter(histogram, dithering.space, team)

    @lru_cache(maxsize=2)  # searches map one plain palette and one for mixing in many ways
    def fit(k: int, mixing: bool = options.mixing) -> Fitted:
        fitted = fitter.fit(k, replace(options, mixing=mixing))
        if mover is not None and is_movable(fitted, options):
            return mover.moved(fitted, weighted, options, whole, team)
        if whole is fitter:
            return fitted
        shown = whole.assign(fitted.palette.colors, by_frequency=True)
        return replace(shown, n_iter=fitted.n_iter)

    return fit
