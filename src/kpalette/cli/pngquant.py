"""pngquant's words: its options and scales in terms of ours, and its ways where they differ."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import click

from kpalette.choices import Effort
from kpalette.cli.exits import UNREADABLE, USAGE

#: The mean CIEDE2000 at which libimagequant ends for a quality, undithered: the median over parts
#: of photos for which it needed less than 256 colours, by tools/quality_scale.py. Between these it
#: is on a line. At 100 nothing may differ.
QUALITY = {
    0: 18.5,
    1: 6.0,
    5: 3.4,
    10: 2.85,
    20: 2.4,
    30: 2.2,
    40: 2.0,
    50: 1.8,
    60: 1.6,
    70: 1.35,
    80: 1.05,
    90: 0.7,
    95: 0.5,
    100: 0.0,
}

#: How much more may be lost for the least that is asked for than for the most, because photos
#: differ in what a quality looks like. With this and 256 colours, at least 40, 60, 65 and 80 refuse
#: 0, 5, 5 and 7 of twelve photos, of which pngquant refuses 1, 4, 6 and 7.
LENIENCE = 1.5

#: Its exit codes where ours are others: what cannot be read, and a wrong command line.
CODES = {UNREADABLE: 2, USAGE: 4}


def delta_e(quality: int) -> float:
    """Give the mean CIEDE2000 that a quality from 0 to 100 stands for."""
    above = next(q for q in QUALITY if q >= quality)
    if above == quality:
        return QUALITY[above]
    below = max(q for q in QUALITY if q < quality)
    share = (quality - below) / (above - below)
    return QUALITY[below] + share * (QUALITY[above] - QUALITY[below])


def quality_range(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Read MIN-MAX, MIN-, -MAX, or N, which pngquant takes for nine tenths of N to N."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,3})?(-)?(\d{1,3})?", value, re.ASCII)
    low, dash, high = match.groups() if match else (None, None, None)
    if low or high:
        most = int(high or (100 if dash else low or 0))
        least = int(low or 0) if dash else most * 9 // 10
        if least <= most <= 100:
            return least, most
    raise click.BadParameter(f"expected MIN-MAX with numbers from 0 to 100, got {value!r}")


def effort(speed: int) -> Effort:
    """Give the effort for a speed: 1 and 2 are best, 3 to 9 balanced, 10 and 11 fast."""
    return "best" if speed <= 2 else "balanced" if speed <= 9 else "fast"


def split_number(photos: Sequence[str], strict: bool) -> tuple[int | None, Sequence[str]]:
    """Take the number of colours from among the photos.

    It is the first argument of nothing but digits that is no file's name; if `strict`, as for
    pngquant, the very first argument, be there such a file or not.
    """
    for i, photo in enumerate(photos[:1] if strict else photos):
        if photo.isascii() and photo.isdigit() and (strict or not os.path.lexists(photo)):
            if len(photo) > 3 or not 2 <= int(photo) <= 256:
                raise click.UsageError(f"number of colours: expected 2 to 256, got {photo}")
            return int(photo), [*photos[:i], *photos[i + 1 :]]
    return None, photos


def is_call(args: Sequence[str], commands: Sequence[str]) -> bool:
    """Tell whether a command line without a command is one of pngquant's.

    It starts with an option, a number, or what looks like a file; not with a word, which is more
    likely a command that was mistyped.
    """
    if not args or args[0] in commands or args[0] in ("-h", "--help", "-V", "--version"):
        return False
    first = args[0]
    return bool(first.startswith("-") or re.search(r"^\d+$|[./]", first) or os.path.exists(first))


def rewrite(args: Sequence[str]) -> list[str]:
    """Give --floyd its value, which it may have only after an equals sign."""
    end = args.index("--") if "--" in args else len(args)
    return [*("--floyd=1" if arg == "--floyd" else arg for arg in args[:end]), *args[end:]]
