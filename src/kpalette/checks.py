"""Checks of arguments that several functions take: what was expected, and what came."""

from __future__ import annotations

from kpalette import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

MAX_COLORS = 65_536

#: Indexed files hold no more.
MAX_INDEXED = 256


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number, of Python or of NumPy."""
    if type(value) is int:
        return True
    from numbers import Integral

    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether a value is a real number, of Python or of NumPy."""
    if type(value) in (int, float):
        return True
    from numbers import Real

    return isinstance(value, Real) and not isinstance(value, bool)


def check_flag(name: str, value: object) -> None:
    """Raise TypeError for values other than True and False."""
    if isinstance(value, bool):
        return
    import numpy as np

    if not isinstance(value, np.bool_):
        raise TypeError(f"{name}: expected True or False, got {value!r}")


def checked_whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return `value` as an int, if it is a whole number from `least` to `most`.

    Raises
    ------
    TypeError
        If the value is not an integer.
    ValueError
        If the value is out of range.
    """
    if not is_whole(value):
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    if value < least or (most is not None and value > most):
        expected = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name}: expected {expected}, got {value}")
    return int(value)


def checked_k(k: object) -> int:
    """Return a number of colours as an int; anything else is a TypeError or ValueError."""
    return checked_whole("k", k, 1, MAX_COLORS)


def check_options(space: object, effort: object) -> None:
    """Raise TypeError or ValueError for options that no fit can be made with."""
    check_choice("space", space, _core.SPACES)
    check_choice("effort", effort, _core.EFFORTS)


def checked_seed(seed: Any) -> int:
    """Return a seed as an int; anything else is a TypeError or ValueError."""
    if not is_whole(seed):
        raise TypeError(f"seed: expected an integer, got {seed!r}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed: expected 0 to 2**64 - 1, got {seed}")
    return int(seed)


def check_choice(name: str, value: object, known: Collection[str]) -> None:
    """Raise TypeError or ValueError for anything but one of the known names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a string, got {value!r}")
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
