"""Adobe's .ase swatch exchange (Illustrator, InDesign, Photoshop): blocks of big-endian values.

Colours are floats in one of four models. RGB and Gray are read as sRGB; CMYK and LAB would need a
profile, and raise an error. Groups are ignored, their colours are read. Colours are written as
global process colours in RGB, named by their hex, or a theme's by their common names. The format
holds no alpha and no counts.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from kpalette.palette_files.reading import Entries, PaletteReadError, to_colors

if TYPE_CHECKING:
    from kpalette.palette import Palette

MAGIC = b"ASEF"
COLOR = 0x0001  # a block's type
GLOBAL = 0  # a colour's type
CHANNELS = {b"RGB ": 3, b"Gray": 1}


def read(data: bytes) -> Entries:
    """Read the colours of all groups, in order."""
    if not data.startswith(MAGIC):
        raise PaletteReadError(f"expected {MAGIC!r} at the start, got {data[:4]!r}")
    if len(data) < 12:
        raise PaletteReadError("expected the number of blocks, got the end of the file")
    (blocks,) = struct.unpack_from(">I", data, 8)
    entries, at = [], 12
    for i in range(blocks):
        if at + 6 > len(data):
            raise PaletteReadError(f"expected {blocks} blocks, got {i}")
        kind, size = struct.unpack_from(">HI", data, at)
        at += 6
        if at + size > len(data):
            raise PaletteReadError(f"expected a block of {size} bytes, got {len(data) - at}")
        if kind == COLOR:
            entries.append(_read_color(data[at : at + size]))
        at += size
    return Entries(to_colors(entries))


def _read_color(block: bytes) -> tuple[int, ...]:
    """Read a colour block: length of the name, name in UTF-16, model, values."""
    at = 2 + 2 * int.from_bytes(block[:2], "big")
    model, values = block[at : at + 4], block[at + 4 :]
    if len(model) < 4:
        raise PaletteReadError("expected a colour model, got the end of its block")
    if model not in CHANNELS:
        name = model.decode("latin-1").strip()
        raise PaletteReadError(f"expected colours of the models RGB or Gray, got {name!r}")
    n = CHANNELS[model]
    if len(values) < 4 * n:
        raise PaletteReadError(f"expected {4 * n} bytes of levels, got {len(values)}")
    levels = struct.unpack_from(f">{n}f", values)
    if not all(map(math.isfinite, levels)):
        raise PaletteReadError(f"expected levels from 0 to 1, got {levels}")
    # Programs round: white may be 1.0000001.
    return tuple(round(255 * min(max(level, 0), 1)) for level in levels) * (3 // n)


def write(palette: Palette, title: str) -> bytes:
    """Write a block per colour."""
    blocks = []
    for color, name in zip(palette.colors, palette._labels(), strict=True):
        text = f"{name}\0".encode("utf-16-be")
        body = struct.pack(">H", len(text) // 2) + text
        body += struct.pack(">4s3fH", b"RGB ", *(color / 255).tolist(), GLOBAL)
        blocks.append(struct.pack(">HI", COLOR, len(body)) + body)
    return struct.pack(">4sHHI", MAGIC, 1, 0, len(blocks)) + b"".join(blocks)
