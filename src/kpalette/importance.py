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
        array = np.full(shape[:2], 1.0) if weights is None else np.asarray(weights)
    except ValueError:
        raise ValueError(
            f"weights: expected shape {tuple(shape[:2])}, got rows of several lengths"
        ) from None
    if array.dtype.kind not in "biuf":
        what = f"dtype {array.dtype}" if array.ndim else f"{type(weights).__name__}"
        raise TypeError(f"weights: expected numbers, as an array (h, w), got {what}")
    if array.shape != shape[:2]:
        raise ValueError(f"weights: expected shape {tuple(shape[:2])}, got {array.shape}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("weights: expected finite values, got NaN or infinity")
    if (least := array.min()) < 0:
        raise ValueError(f"weights: expected at least 0, got {least}")
    if not array.any():
        raise ValueError("weights: expected a positive value, got only zeros")
    scaled: np.ndarray[Any, Any] = np.ldexp(array, -np.frexp(array.max())[1])
    return scaled


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
    weights: np.ndarray[Any, Any],
    team: _core.Team,
) -> ColorHistogram:
    """Return a histogram that counts each pixel by its weight, 0 to 65,536; of the least, none."""
    which = histogram.find(pixels.reshape(-1, pixels.shape[2]), team)
    steps = np.rint(weights.ravel() * (STEPS / weights.max()))
    counts = np.bincount(which, steps, minlength=len(histogram)).astype(np.int64)
    return ColorHistogram(histogram.colors, counts)
