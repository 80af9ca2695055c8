"""From colours as people write them to arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kpalette.checks import checked_whole
from kpalette.colors import ByteArray, check_no_lazy_image, hex_name, levels_of, repeated


def checked_fixed(fixed: Any, k: int, alpha: str = "keep") -> ByteArray:
    """Return a palette's fixed colours as a uint8 array (m, 3), or (m, 4) with alpha.

    `alpha` says how the image's transparency is treated: see :func:`kpalette.quantize`.

    Raises
    ------
    TypeError
        If `fixed` is neither a colour, nor a sequence of colours, nor None.
    ValueError
        If an item is not a colour, a colour is repeated, there are more than k, or one is not
        opaque although the image is flattened.
    """
    colors = checked_color_list("fixed", () if fixed is None else fixed)
    if len(colors) > k:
        raise ValueError(f"fixed: expected at most k = {k} colours, got {len(colors)}")
    if repeated(colors) is not None:
        raise ValueError(f"fixed: expected distinct colours, got {list(fixed)!r}")
    if colors.shape[1] == 4 and isinstance(alpha, str) and alpha.startswith("flatten:"):
        for color in colors:
            if color[3] < 255:
                raise ValueError(
                    f"fixed: expected opaque colours with alpha={alpha!r}, got {hex_name(color)}"
                )
        return np.ascontiguousarray(colors[:, :3])
    return colors


def checked_color_list(name: str, value: Any) -> ByteArray:
    """Return colours, in any form that people write them, as a uint8 array (n, 3) or (n, 4).

    Parameters
    ----------
    name : str
        What errors call the value.
    value : colour, sequence of colours or integer array (n, 3) or (n, 4)
        A colour is ``"#rrggbb"``, ``"#rgb"``, one of these with alpha, a name such as ``"white"``
        or ``"dusty blue"``, or 3 or 4 levels from 0 to 255. If one has alpha, the others become
        opaque.

    Raises
    ------
    TypeError
        If it is of another kind, or its levels are not whole numbers.
    ValueError
        If an item is not a colour.

    Examples
    --------
    >>> checked_color_list("colors", ["red", (0, 128, 255)]).tolist()
    [[255, 0, 0], [0, 128, 255]]
    >>> checked_color_list("colors", "#ff880080").tolist()
    [[255, 136, 0, 128]]
    """
    check_no_lazy_image(name, value)
    if isinstance(value, str) or _is_levels(value):
        value = [value]
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] in (3, 4):
        return _checked_levels(name, value)
    is_array = isinstance(value, np.ndarray) and value.ndim > 0
    if isinstance(value, bytes) or not (is_array or isinstance(value, Sequence)):
        raise TypeError(f"{name}: expected a sequence of colours, got {value!r}")
    colors = [_levels(name, color) for color in value]
    channels = max(map(len, colors), default=3)
    opaque = [(*color, 255)[:channels] for color in colors]
    return np.array(opaque, np.uint8).reshape(-1, channels)


def _is_levels(value: Any) -> bool:
    """Return whether a value is one colour's levels, rather than several colours."""
    return (
        (isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1))
        and len(value) in (3, 4)
        and all(isinstance(level, (int, np.integer)) for level in value)
    )


def _checked_levels(name: str, array: np.ndarray[Any, Any]) -> ByteArray:
    least, most = (array.min(), array.max()) if array.size else (0, 0)
    if not np.issubdtype(array.dtype, np.integer):
        is_unit = array.dtype.kind == "f" and least >= 0 and most <= 1
        hint = "; for levels from 0 to 1, (255 * array).round().astype(np.uint8)" if is_unit else ""
        raise TypeError(
            f"{name}: expected whole numbers from 0 to 255, got dtype {array.dtype}{hint}"
        )
    if least < 0 or most > 255:
        raise ValueError(f"{name}: expected levels from 0 to 255, got {least} to {most}")
    return np.ascontiguousarray(array, np.uint8)


def _levels(name: str, color: Any) -> tuple[int, ...]:
    if isinstance(color, str):
        levels = levels_of(color)
        if levels is None:
            raise ValueError(
                f"{name}: expected colours such as 'white' or '#ff8800', got {color!r}"
            )
        return levels
    if not isinstance(color, (Sequence, np.ndarray)):
        raise TypeError(f"{name}: expected colours such as '#ff8800', got {color!r}")
    if len(color) not in (3, 4):
        raise ValueError(f"{name}: expected colours of 3 or 4 levels, got {color!r}")
    return tuple(checked_whole(name, level, 0, 255) for level in color)
