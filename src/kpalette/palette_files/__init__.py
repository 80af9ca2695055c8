"""Reading and writing palettes in the formats of other programs, chosen by the file's suffix.

A format that cannot hold counts or names omits them. A format that cannot hold the colours raises
an error: :data:`FORMATS` says how many each format holds, and whether it holds alpha.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kpalette import files
from kpalette.checks import MAX_COLORS
from kpalette.palette_files import act, ase, css, gpl, hexadecimal, json, pal, swatches
from kpalette.palette_files.reading import Entries, PaletteReadError, distinct

if TYPE_CHECKING:
    from kpalette.palette import Palette

__all__ = ["FORMATS", "Format", "PaletteReadError", "decode", "encode", "format_of", "load", "save"]

#: The largest file that is read. No palette needs more.
MAX_BYTES = 1 << 26


@dataclass(frozen=True)
class Format:
    """The functions that read and write a format, and how many colours it holds.

    `write` takes the palette, without alpha if `alpha` is false, and its title, which is not empty.
    """

    what: str
    read: Callable[[bytes], Entries]
    write: Callable[[Palette, str], bytes]
    alpha: bool = False
    most: int = MAX_COLORS


FORMATS = {
    "act": Format("Adobe colour table", act.read, act.write, alpha=True, most=256),
    "ase": Format("Adobe swatch exchange", ase.read, ase.write),
    "css": Format("CSS custom properties", css.read, css.write, alpha=True),
    "gpl": Format("GIMP palette", gpl.read, gpl.write),
    "hex": Format("a colour per line", hexadecimal.read, hexadecimal.write, alpha=True),
    "json": Format("all that a palette holds", json.read, json.write, alpha=True),
    "pal": Format("JASC palette; RIFF is read as well", pal.read, pal.write),
    "png": Format("swatches", swatches.read, swatches.write, alpha=True, most=256),
}


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the name of the format for a file's suffix.

    Raises
    ------
    TypeError
        If `path` is not a path.
    ValueError
        If no format has the suffix.
    """
    suffix = os.path.splitext(files.checked_path(path))[1].lower()
    if suffix[1:] not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ValueError(f"path: expected a name that ends in one of {known}, got {str(path)!r}")
    return suffix[1:]


def encode(palette: Palette, kind: str, title: str) -> bytes:
    """Return the bytes of a palette file.

    Parameters
    ----------
    palette : Palette
    kind : str
        One of :data:`FORMATS`.
    title : str
        The palette's name, in formats that hold one; only printable characters are kept.

    Raises
    ------
    ValueError
        If the format cannot hold that many colours, or their alpha.
    """
    form = FORMATS[kind]
    if len(palette) > form.most:
        raise ValueError(f"a .{kind} file holds at most {form.most} colours, got {len(palette)}")
    if palette.colors.shape[1] == 4 and not form.alpha:
        if (palette.colors[:, 3] < 255).any():
            able = ", ".join(f".{name}" for name, other in FORMATS.items() if other.alpha)
            (first, *_) = (name for name in palette.hex if not name.endswith("ff"))
            raise ValueError(
                f"a .{kind} file holds only opaque colours, got {first}; {able} hold alpha"
            )
        palette = replace(palette, colors=palette.colors[:, :3])
    return form.write(palette, "".join(filter(str.isprintable, title)).strip() or "Palette")


def save(palette: Palette, path: str | os.PathLike[str]) -> None:
    """Write a palette: see :meth:`kpalette.Palette.save`."""
    kind = format_of(path)
    data = encode(palette, kind, Path(os.fspath(path)).stem)
    with files.replacing(path) as file:
        file.write(data)


def load(path: str | os.PathLike[str]) -> Entries:
    """Read the distinct colours of a palette file: see :meth:`kpalette.Palette.load`."""
    kind = format_of(path)
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        return decode(data, kind)
    except PaletteReadError as error:
        raise PaletteReadError(f"{os.fspath(path)}: {error}") from None


def decode(data: bytes, kind: str) -> Entries:
    """Read the distinct colours from the bytes of a palette file.

    Raises
    ------
    PaletteReadError
        If the bytes are of another format or damaged, or hold no colour or too many.
    """
    if not data:
        raise PaletteReadError("the file is empty")
    if len(data) > MAX_BYTES:
        raise PaletteReadError(f"expected a palette of at most {MAX_BYTES:,} bytes, got more")
    return distinct(FORMATS[kind].read(data))
