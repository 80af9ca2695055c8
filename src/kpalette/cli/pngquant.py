"""pngquant's words: its options and scales in terms of ours, and its ways where they differ."""

from __future__ import annotations

import os

from kpalette.cli.exits import UNREADABLE, USAGE, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpalette.choices import Effort

#: The hidden option that says that a command line is one of pngquant's.
AS_PNGQUANT = "--as-pngquant"

#: The key of the context's `meta` that says whether a command line is one of pngquant's.
LIKE_PNGQUANT = "kpalette.like_pngquant"

#: What the help of such a command line shows.
COMMON = {"quality", "pngquant_speed", "nofs", "ext", "out", "force", "help_all"}

#: What the names of films mostly end in.
FILMS = (
    ".mp4", ".m4v", ".mov", ".3gp", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".mts",
    ".m2ts", ".m2v", ".vob",
)  # fmt: skip

#: Its exit codes where ours are others: what cannot be read, and a wrong command line.
CODES = {UNREADABLE: 2, USAGE: 4}


def quality_range(value: str) -> tuple[int, int]:
    """Read MIN-MAX, MIN-, -MAX, or N, which pngquant takes for nine tenths of N to N."""
    import re

    match = re.fullmatch(r"(\d{1,3})?(-)?(\d{1,3})?", value, re.ASCII)
    low, dash, high = match.groups() if match else (None, None, None)
    if low or high:
        most = int(high or (100 if dash else low or 0))
        least = int(low or 0) if dash else most * 9 // 10
        if least <= most <= 100:
            return least, most
        if most < least <= 100:
            raise ValueError(f"expected MIN-MAX with MIN at most MAX, got {value!r}")
    raise ValueError(f"expected MIN-MAX with numbers from 0 to 100, got {value!r}")


def speed(value: str) -> int:
    """Read a speed, 1 to 11."""
    number = value.lstrip("0") if value.isascii() and value.isdigit() else ""
    if number not in [str(n) for n in range(1, 12)]:
        hint = "; 1.5x plays animations faster" if "." in value else ""
        raise UsageError(
            f"Invalid value for --speed: expected a whole number from 1 to 11, got {value!r}{hint}"
        )
    return int(number)


def effort(speed: int) -> Effort:
    """Return the effort for a speed: 1 and 2 are best, 3 to 9 balanced, 10 and 11 fast."""
    return "best" if speed <= 2 else "balanced" if speed <= 9 else "fast"


def split_number(photos: Sequence[str], strict: bool) -> tuple[int | None, Sequence[str]]:
    """Take the number of colours from among the photos.

    It is the first argument of nothing but digits that is no file's name; if `strict`, as for
    pngquant, the very first argument may be a file's name as well.
    """
    for i, photo in enumerate(photos):
        is_number = photo.isascii() and photo.isdigit()
        if is_number and ((strict and i == 0) or not os.path.lexists(photo)):
            if len(photo) > 3 or not 2 <= int(photo) <= 256:
                raise UsageError(f"number of colours: expected 2 to 256, got {photo}")
            return int(photo), [*photos[:i], *photos[i + 1 :]]
    return None, photos


def is_call(args: Sequence[str], commands: Sequence[str]) -> bool:
    """Return whether a command line without a command is one of pngquant's.

    It starts with an option, a number, or what looks like a file; not with a word, which is more
    likely a command that was mistyped.
    """
    if not args or args[0] in (*commands, "-h", "--help", "--help-all", "-V", "--version"):
        return False
    first = args[0]
    named = first.startswith("-") or first.isdecimal() or "." in first or "/" in first
    return named or os.sep in first or os.path.exists(first)


def is_film(name: str) -> bool:
    """Return whether a name is that of a film, of which pngquant knows nothing."""
    return name.lower().endswith(FILMS)


def rewrite(args: Sequence[str]) -> list[str]:
    """Insert the value of --floyd, which may follow only an equals sign."""
    end = args.index("--") if "--" in args else len(args)
    return [*("--floyd=1" if arg == "--floyd" else arg for arg in args[:end]), *args[end:]]
