"""Adobe's .act colour table (Photoshop): R, G and B of 256 entries, and optionally 4 bytes more.

Those are two big-endian numbers: how many entries are used (without them, all 256), and which one
is transparent, if any. So one colour can have an alpha of 0; all others are opaque. The format
holds no names and no counts of pixels.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from kpalette.palette_files.reading import Entries, PaletteReadError, shown

if TYPE_CHECKING:
    from kpalette.palette import Palette

TABLE = 3 * 256
NONE = 0xFFFF


def read(data: bytes) -> Entries:
    """Read the used entries."""
    if len(data) not in (TABLE, TABLE + 4):
        raise PaletteReadError(f"expected {TABLE} or {TABLE + 4} bytes, got {len(data)}")
    count, clear = struct.unpack_from(">HH", data, TABLE) if len(data) > TABLE else (256, NONE)
    if not 1 <= count <= 256:
        raise PaletteReadError(f"expected a header of 1 to 256 colours, got {count}")
    colors = np.frombuffer(data, np.uint8, 3 * count).reshape(-1, 3)
    if clear >= count:  # none, or an unused entry
        return Entries(colors)
    alphas = np.full((count, 1), 255, np.uint8)
    alphas[clear] = 0
    return Entries(np.hstack([colors, alphas]))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours, and black in the unused entries."""
    clear = NONE
    if palette.colors.shape[1] == 4:
        (translucent,) = np.nonzero(palette.colors[:, 3] < 255)
        alphas = palette.colors[translucent, 3].tolist()
        if alphas not in ([], [0]):
            raise ValueError(
                f"a .act file holds opaque colours and one with alpha 0, got alphas {shown(alphas)}"
            )
        clear = int(translucent[0]) if alphas else NONE
    table = palette.colors[:, :3].tobytes().ljust(TABLE, b"\0")
    return table + struct.pack(">HH", len(palette), clear)
