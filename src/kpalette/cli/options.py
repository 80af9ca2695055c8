"""How options are declared, as typed fields of plain values, and what reads their text."""

from __future__ import annotations

from kpalette.cli.exits import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from kpalette.record import Record

#: An indexed PNG has room for no more.
MAX_K = 256
MAX_THREADS = 256
MAX_FRAME = 1 << 28
MOST_DIGITS = 20

OPTIONS, COLORS, OUTPUT, MANY = "Options", "Colours", "Output", "Many photos"
ANIMATIONS = "Animations"
LARGE = "Large images"
PNGQUANT, GENERAL = "In pngquant's words", "General"
SECTIONS = (OPTIONS, COLORS, OUTPUT, ANIMATIONS, MANY, LARGE, PNGQUANT, GENERAL)


class Declared:
    """An option: the names that are typed, and what `help.Option` takes besides."""

    __slots__ = ("how", "names")

    def __init__(self, names: tuple[str, ...], how: dict[str, Any]) -> None:
        self.names, self.how = names, how


def option(*names: str, **how: Any) -> Any:
    """Declare a field of a group of options, which is a record.

    Parameters
    ----------
    *names : str
        As they are typed.
    **how
        Arguments of :class:`kpalette.cli.help.Option`.
    """
    return Declared(names, how)


def flag(*names: str, **how: Any) -> Any:
    """Declare a field that is true where its option is given."""
    return option(*names, is_flag=True, **how)


def declared(group: type[Record]) -> Iterator[tuple[str, Declared]]:
    """Return the fields of a group and their options."""
    return ((name, getattr(group, name)) for name in group.fields)


def exclusive(*names: str) -> UsageError:
    """Return the error for options of which at most one may be given."""
    listed = " and ".join([", ".join(names[:-1]), names[-1]])
    return UsageError(f"{listed} exclude each other; give one")


def _whole(text: str) -> int | None:
    """Read a whole number; of more digits than any option takes, Python could refuse to."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def whole(least: int, most: int, shown: str) -> Callable[[str], int]:
    """Make the check of an option that takes a whole number."""

    def check(value: str) -> int:
        number = _whole(value)
        if number is not None and least <= number <= most:
            return number
        raise ValueError(f"expected a whole number from {least} to {shown}, got {value!r}")

    return check


def hex_colors(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check an option that takes colours, and may be given again."""
    if not values:
        return ()
    from kpalette.colors import levels_of  # with NumPy, which --help does without

    found = []
    for color in (word.strip() for value in values for word in value.split(",")):
        levels = levels_of(color)
        if levels is None:
            raise ValueError(f"expected colours such as 'white' or '#ff8800', got {color!r}")
        found.append(f"#{bytes(levels).hex()}")
    return tuple(found)


def _levels(color: str) -> tuple[int, ...] | None:
    from kpalette.colors import hex_levels

    return hex_levels(color)


def alpha(value: str) -> str:
    """Check an option that says what becomes of transparency."""
    kind, _, color = value.partition(":")
    if value in ("keep", "threshold") or (kind == "flatten" and len(_levels(color) or ()) == 3):
        return value
    raise ValueError(f"expected 'keep', 'threshold' or 'flatten:#rrggbb', got {value!r}")


def _number(text: str) -> float:
    """Read a number; NaN, which is in no range, is what is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def share(value: str) -> float:
    """Check an option that takes a number from 0 to 1."""
    if 0 <= _number(value) <= 1:
        return _number(value)
    raise ValueError(f"expected a number from 0 to 1, got {value!r}")


def smaller(value: str) -> float:
    """Check an option that takes a number from 0 to 3."""
    if 0 <= _number(value) <= 3:
        return _number(value)
    raise ValueError(f"expected a number from 0 to 3, got {value!r}")


def lossy(value: str) -> float:
    """Check an option that takes a number from 0 to 100."""
    if 0 <= _number(value) <= 100:
        return _number(value)
    raise ValueError(f"expected 0 to 100, got {value!r}")


def above_zero(value: str) -> float:
    """Check an option that takes a number."""
    if 0 < _number(value) < float("inf"):
        return _number(value)
    raise ValueError(f"expected a number above 0, got {value!r}")


def score(value: str) -> float:
    """Check an option that takes a score, of which 100 is the most."""
    if 0 < _number(value) <= 100:
        return _number(value)
    raise ValueError(f"expected a number above 0 and at most 100, got {value!r}")


def use_looks(value: str) -> None:
    """Refuse a mean over pixels as a target, which an exact background dilutes."""
    raise UsageError("--delta-e is not a target; use --looks, as in --looks 75")


def sides(value: str) -> tuple[int, int]:
    """Check an option that takes a width and a height."""
    first, _, second = value.lower().partition("x")
    width, height = _whole(first), _whole(second)
    if not width or not height:
        raise ValueError(f"expected a width and a height such as 1920x1080, got {value!r}")
    if width * height > MAX_FRAME:
        raise ValueError(f"expected frames of at most {MAX_FRAME:,} pixels, got {value!r}")
    return width, height
