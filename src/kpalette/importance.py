"""What matters in an image: weights for its pixels, given or found by what stands out."""

from __future__ import annotations

from typing import Any

import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray, check_no_lazy_image
from kpalette.histogram import ColorHistogram
from kpalette.threads import make_team

#: The weight of the most important pixel; others are rounded, so that sums are exact.
STEPS = 2**16


def checked_weights(weights: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return an importance map as a float64 array (h, w), scaled to a maximum of 0.5 to 1.

    The scale is a power of 2, which rounds nothing: what is multiplied by it neither overflows nor
    vanishes, and is otherwise the same.

    Raises
    ------
    TypeError
        If it does not hold numbers.
    ValueError
        If it has another shape than the image, or a value that is negative or not finite, or
        nothing but zeros.
    """
    check_no_lazy_image("weights", weights)
    try:
        array = np.asarray(weights)
    except ValueError:
        raise ValueError(
            f"weights: expected shape {tuple(shape[:2])}, got rows of several lengths"
        ) from None
    if array.dtype.kind not in "biuf":
        what = f"dtype {array.dtype}" if array.ndim else f"{type(weights).__name__}"
        raise TypeError(f"weights: expected numbers, as an array (h, w), got {what}")
    if array.shape != shape[:2]:
        raise ValueError(f"weights: expected shape {tuple(shape[:2])}, got {array.shape}")
    array = array.astype(np.float64, order="C")  # a copy, which is scaled in place
    if not np.isfinite(array).all():
        raise ValueError("weights: expected finite values, got NaN or infinity")
    if (least := array.min()) < 0:
        raise ValueError(f"weights: expected at least 0, got {least}")
    if not array.any():
        raise ValueError("weights: expected a positive value, got only zeros")
    np.ldexp(array, -np.frexp(array.max())[1], out=array)
    return array


def saliency_map(pixels: ByteArray, team: _core.Team | None = None) -> np.ndarray[Any, Any]:
    """Find what stands out: small vivid regions, and a little what is in the middle.

    A pixel is salient by the distance of its colour, smoothed, from the mean colour of the image
    (Achanta et al. 2009), in Oklab, which is large for what is vivid or small and unlike the rest.

    Parameters
    ----------
    pixels : uint8 array (h, w, 3 or 4)
    team : Team, optional
        The threads to use.

    Returns
    -------
    float64 array (h, w)
        From 0.1 to 1.

    References
    ----------
    Achanta, R., Hemami, S., Estrada, F. and Süsstrunk, S. (2009). Frequency-tuned salient region
    detection. doi:10.1109/CVPR.2009.5206596
    """
    flat = np.ascontiguousarray(pixels.reshape(-1, pixels.shape[2]))
    return _core.saliency_map(flat, pixels.shape[1], team or make_team(None))


def weigh(
    pixels: ByteArray,
    histogram: ColorHistogram,
    weights: Any,
    team: _core.Team,
    *,
    saliency: bool,
    keep: bool,
) -> tuple[ColorHistogram, np.ndarray[Any, Any] | None]:
    """Count each pixel by how much it matters, of the most important 65,536 times; of some, never.

    Parameters
    ----------
    pixels : uint8 array (h, w, 3 or 4)
    histogram : ColorHistogram
        That of the pixels.
    weights : array (h, w), optional
        See :func:`kpalette.quantize`.
    team : Team
        The threads to use.
    saliency : bool
        Whether what stands out matters more. With weights, both count.
    keep : bool
        Whether to return how much each pixel matters, too: 8 bytes for each.

    Returns
    -------
    ColorHistogram
    float64 array (h, w), or None

    Raises
    ------
    TypeError, ValueError
        As :func:`checked_weights`.
    """
    flat = pixels.reshape(-1, pixels.shape[2])
    if weights is None and not keep:
        counts = _core.weigh_salient(flat, pixels.shape[1], histogram.colors, team)
        return ColorHistogram(histogram.colors, counts), None
    if weights is None:
        importance = saliency_map(pixels, team)
    else:
        importance = checked_weights(weights, pixels.shape)
        if saliency:
            importance *= saliency_map(pixels, team)
    steps = STEPS / importance.max()
    counts = _core.weigh(flat, importance.reshape(-1), steps, histogram.colors, team)
    return ColorHistogram(histogram.colors, counts), importance if keep else None
