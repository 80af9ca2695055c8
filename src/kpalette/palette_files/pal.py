"""The two kinds of .pal: JASC's text (Paint Shop Pro) and Microsoft's RIFF file.

Both are read, recognized by their first bytes; JASC's is written. Neither holds alpha, names or
counts. Paint Shop Pro takes at most 256 colours, other programs any number.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from kpalette.palette_files.reading import (
    Entries,
    PaletteReadError,
    shown,
    to_colors,
    to_levels,
    to_lines,
    to_text,
)

if TYPE_CHECKING:
    from kpalette.palette import Palette

MAGIC, VERSION = "JASC-PAL", "0100"


def read(data: bytes) -> Entries:
    """Read a palette of either kind."""
    if data.startswith(b"RIFF"):
        return _read_riff(data)
    lines = to_lines(to_text(data))
    if lines[0] != MAGIC:
        raise PaletteReadError(f"expected {MAGIC!r} or 'RIFF' at the start, got {shown(lines[0])}")
    if lines[1:2] != [VERSION]:
        raise PaletteReadError(f"expected version {VERSION!r}, got {shown(''.join(lines[1:2]))}")
    count, entries = "".join(lines[2:3]), lines[3:]
    if not (count.isascii() and count.isdigit()) or count.lstrip("0") != str(len(entries) or ""):
        raise PaletteReadError(
            f"expected as many colours as line 3 says, {shown(count)}, got {len(entries)}"
        )
    return Entries(to_colors([to_levels(line, i) for i, line in enumerate(entries, 4)]))


def _read_riff(data: bytes) -> Entries:
    """Read the LOGPALETTE of a RIFF file: version, count, and R, G, B and a flag per entry."""
    if data[8:12] != b"PAL ":
        raise PaletteReadError(f"expected a RIFF file of kind 'PAL ', got {data[8:12]!r}")
    at = 12
    while data[at : at + 4] != b"data":
        if at + 8 > len(data):
            raise PaletteReadError("expected a chunk 'data', got the end of the file")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2  # chunks begin at even offsets
    start = at + 12
    if start > len(data):
        raise PaletteReadError("expected the number of colours, got the end of the file")
    (count,) = struct.unpack_from("<H", data, at + 10)
    present = (len(data) - start) // 4
    if not 1 <= count <= present:
        raise PaletteReadError(f"expected the {count} colours of the header, got {present}")
    entries = np.frombuffer(data, np.uint8, 4 * count, start).reshape(-1, 4)
    return Entries(entries[:, :3])


def write(palette: Palette, title: str) -> bytes:
    """Write JASC's kind, with CRLF as in Windows."""
    colors = [" ".join(map(str, color)) for color in palette.colors.tolist()]
    return "\r\n".join([MAGIC, VERSION, str(len(colors)), *colors, ""]).encode("ascii")
