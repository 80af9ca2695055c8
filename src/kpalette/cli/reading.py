"""Reading command lines that ask for nothing rare, in a hundredth of the time that click takes.

Whatever is not known here is left to click, before anything is done: help, other commands, options
that are short for others, and every mistake, of which click tells.
"""

from __future__ import annotations

import os

from kpalette.cli import pngquant, tiled
from kpalette.cli.exits import UsageError
from kpalette.cli.options import declared
from kpalette.cli.quantizing import GROUPS
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kpalette.cli.options import Declared

#: Where click completes for a shell, instead of running a command.
COMPLETING = "_KPALETTE_COMPLETE"


class Asked(Record):
    """What a command line of quantize asks for: photos, and a value of each group of options."""

    photos: list[str]
    groups: dict[str, Any]


class _Unknown(Exception):
    """Something that is left to click."""


def read(args: Sequence[str]) -> Asked | None:
    """Read a command line, without the program's name; None for one that is left to click."""
    if not args or args[0] != "quantize" or COMPLETING in os.environ:
        return None
    try:
        photos, given = _sort(pngquant.rewrite(args[1:]))
        groups: dict[str, Any] = {
            name: kind(
                **{field: _value(option, given.get(field)) for field, option in declared(kind)}
            )
            for name, kind in GROUPS.items()
        }
        _, named = pngquant.split_number(photos, groups["words"].as_pngquant)
    except (_Unknown, UsageError, ValueError):
        return None
    if any(name.lower().endswith(tiled.ENDINGS) for name in named):
        return None
    if os.name == "nt" and not all(map(_can_be, named)):
        return None
    is_tiled = tiled.is_asked_for(named, groups["output"].out, groups["large"])
    return None if is_tiled else Asked(photos, groups)


def _can_be(name: str) -> bool:
    """Return whether Windows may have a file of that name, or several by a pattern."""
    from kpalette.cli.inputs import is_pattern
    from kpalette.files.windows_names import why_refused

    return is_pattern(name) or not why_refused(name)


def _sort(args: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Return the photos, and the text of each option that was given, by its field's name."""
    known = {
        name: (field, option, i == 0)
        for kind in GROUPS.values()
        for field, option in declared(kind)
        for names in option.names
        for i, name in enumerate(names.split("/"))
    }
    photos: list[str] = []
    given: dict[str, Any] = {}
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            return [*photos, *rest], given
        if arg == "-" or not arg.startswith("-"):
            photos.append(arg)
            continue
        name, equals, value = arg.partition("=") if arg.startswith("--") else (arg, "", "")
        if name not in known:
            name, equals, value = arg[:2], arg[2:], arg[2:]  # -k16
        if name not in known:
            raise _Unknown
        field, option, is_first = known[name]
        if _is_flag(option):
            if equals:
                raise _Unknown
            given[field] = is_first
            continue
        if not equals:
            following = next(rest, None)
            if following is None:
                raise _Unknown
            value = following
        given[field] = (*given.get(field, ()), value) if option.how.get("multiple") else value
    return photos, given


def _is_flag(option: Declared) -> bool:
    return "is_flag" in option.how or "/" in option.names[0]


def _value(option: Declared, given: Any) -> Any:
    """Return what an option is worth, as click does."""
    how = option.how
    if _is_flag(option):
        return how.get("default", False) if given is None else given
    if given is None:
        given = () if how.get("multiple") else how.get("default")
    if given is None:
        return None
    if "choices" in how and given not in how["choices"]:
        raise _Unknown
    return how["check"](given) if "check" in how else given
