"""Checks of colours, counts and whole numbers, and their conversion to arrays."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from kpalette import _core

#: A colour: its hex, ``"#rrggbb"``, ``"#rrggbbaa"``, ``"#rgb"`` or ``"#rgba"``, its name, or three
#: or four levels.
Color: TypeAlias = "str | Sequence[int] | np.ndarray[Any, Any]"
#: One colour, or several, in a sequence or as rows of an integer array (n, 3) or (n, 4).
Colors: TypeAlias = "Color | Sequence[Color]"
ByteArray: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
#: Pixels that are looked up at a time.
BAND = 1 << 16
CountArray: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


def as_array(name: str, value: Any) -> np.ndarray[Any, Any]:
    """Return what a caller gave as an array, as NumPy does.

    Raises
    ------
    kpalette.ImageReadError
        If it is, or lists, a Pillow image that is not loaded yet, of a format that is not read:
        NumPy would have it loaded, and an EPS file would be run by Ghostscript.
    """
    check_no_lazy_image(name, value)
    return np.asarray(value)


def check_no_lazy_image(name: str, value: Any) -> None:
    """Raise ImageReadError for what :func:`as_array` refuses."""
    if "PIL.Image" not in sys.modules:  # then there are no such images
        return
    from PIL.Image import Image

    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, Image):
            from kpalette.files.errors import ImageReadError
            from kpalette.files.formats import check_lazy

            try:
                check_lazy(item)
            except ImageReadError as error:
                raise ImageReadError(f"{name}: {error}") from None


def look_up(colors: ByteArray, indices: np.ndarray[Any, Any]) -> ByteArray:
    """Return the colours (h, w, c) that indices (h, w) name, of uint8 colours (k, c).

    As a whole, NumPy would first make indices of 8 bytes each.
    """
    height, width = indices.shape
    found = np.empty((height, width, colors.shape[1]), np.uint8)
    rows = max(1, BAND // max(1, width))
    for top in range(0, height, rows):
        found[top : top + rows] = np.take(colors, indices[top : top + rows], axis=0)
    return found


def checked_colors(colors: Any) -> ByteArray:
    """Return `colors` as a C-ordered uint8 array (n, 3) or (n, 4).

    Raises
    ------
    TypeError
        If the dtype is not uint8.
    ValueError
        If the shape is another.
    """
    array = as_array("colors", colors)
    if array.dtype != np.uint8:
        raise TypeError(f"colors: expected dtype uint8, got {array.dtype}")
    if array.ndim != 2 or array.shape[1] not in (3, 4):
        raise ValueError(f"colors: expected shape (n, 3) or (n, 4), got {array.shape}")
    return np.ascontiguousarray(array)


def checked_counts(counts: Any, n: int) -> CountArray:
    """Return `counts` as an int64 array (n,), each at least 0, whose sum fits 63 bits.

    Raises
    ------
    TypeError
        If the dtype is not an integer.
    ValueError
        If the shape is another, or a count is negative.
    OverflowError
        If the sum of the counts is more than 2**63 - 1.
    """
    array = as_array("counts", counts)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"counts: expected an integer dtype, got {array.dtype}")
    if array.shape != (n,):
        raise ValueError(f"counts: expected shape ({n},), got {array.shape}")
    if n and (least := int(array.min())) < 0:
        raise ValueError(f"counts: expected at least 0, got {least}")
    check_total(array)
    return np.ascontiguousarray(array, dtype=np.int64)


def repeated(colors: ByteArray) -> ByteArray | None:
    """Return a colour that occurs more than once, or None."""
    ordered = colors[np.lexsort(colors.T)]  # np.unique would import numpy.ma
    again = (ordered[1:] == ordered[:-1]).all(axis=1)
    return ordered[1:][again][0] if again.any() else None


def without_repeats(colors: ByteArray) -> ByteArray:
    """Return colours (n, c), each once, where it first is."""
    first = np.unique(colors, axis=0, return_index=True)[1]
    return colors[np.sort(first)]


def hex_name(color: ByteArray) -> str:
    """Return a colour of 3 or 4 levels as #rrggbb or #rrggbbaa."""
    return f"#{color.tobytes().hex()}"


def hex_levels(text: str) -> tuple[int, ...] | None:
    """Return the levels of rrggbb, rrggbbaa, rgb or rgba, with or without #; None for others."""
    digits = text.removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}", digits):
        return None
    if len(digits) <= 4:
        digits = "".join(2 * digit for digit in digits)
    return tuple(bytes.fromhex(digits))


def levels_of(text: str) -> tuple[int, ...] | None:
    """Return the levels of a colour's hex, as `hex_levels`, or of its name; None for others."""
    levels = hex_levels(text)
    if levels is None and text.isascii() and (named := _core.color_named(text)) is not None:
        return tuple(named)
    return levels


def check_total(counts: np.ndarray[Any, Any]) -> None:
    """Raise OverflowError if the sum of the counts is more than 2**63 - 1."""
    most = np.iinfo(np.int64).max
    # A sum of floats is fast, and shows whether the exact sum is needed.
    if counts.sum(dtype=np.float64) > most / 2 and (total := sum(counts.tolist())) > most:
        raise OverflowError(f"counts: expected a sum of at most 2**63 - 1, got {total}")


def frozen(array: Any) -> Any:
    """Make the array read-only, and return it."""
    array.flags.writeable = False
    return array


def is_soft(colors: ByteArray) -> bool:
    """Return whether some of the colours (..., 3 or 4) are half-transparent."""
    if colors.shape[-1] == 3:
        return False
    alphas = colors[..., 3]
    return bool(((alphas > 0) & (alphas < 255)).any())
