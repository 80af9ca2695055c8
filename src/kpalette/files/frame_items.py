"""Frames from a program: pairs of an image and its milliseconds, or images alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files import times
from kpalette.files.arrays import as_pixels


def checked(items: Iterable[Any], fps: Fraction | None) -> Iterator[tuple[ByteArray, int]]:
    """Yield frames of one size; those without times are so many a second."""
    size: tuple[int, ...] = ()
    for number, item in enumerate(items, 1):
        image, duration = item, None
        if isinstance(item, tuple) and len(item) == 2:
            image, duration = item[0], _checked_duration(number, item[1])
        elif fps is None or isinstance(item, tuple):
            raise TypeError(
                f"frame {number}: expected a pair of an image and its milliseconds, got "
                f"{type(item).__name__}; fps gives times to images alone"
            )
        else:
            duration = times.at(number, fps) - times.at(number - 1, fps)
        if hasattr(image, "to_ndarray"):  # as PyAV's frames have
            image = image.to_ndarray(format="rgb24")
        try:
            pixels = as_pixels(image)
        except (TypeError, ValueError) as error:
            raise type(error)(f"frame {number}: {error}") from error
        size = size or pixels.shape[:2]
        if pixels.shape[:2] != size:
            (height, width), (wanted_height, wanted_width) = pixels.shape[:2], size
            name = f" ({os.fspath(image)})" if isinstance(image, (str, os.PathLike)) else ""
            raise ValueError(
                f"frame {number}{name}: expected {wanted_width}×{wanted_height} pixels as before, "
                f"got {width}×{height}"
            )
        yield pixels, duration


def _checked_duration(number: int, duration: Any) -> int:
    if isinstance(duration, bool) or not isinstance(
        duration, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"frame {number}: expected milliseconds, got {duration!r}")
    if not 0 <= duration < 2**31:
        raise ValueError(f"frame {number}: expected 0 to 2**31 milliseconds, got {duration}")
    return round(duration)
