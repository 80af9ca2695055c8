"""Adobe's .act colour table (Photoshop): 256 times R, G and B, and perhaps 4 bytes more.

Those say, big-endian, how many colours count, and which is transparent, if any. So of alpha there
is room for one colour with 0 beside opaque ones. Holds no names and no counts of pixels. Without
the last 4 bytes all 256 colours count.
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
    """Read the colours that count."""
    if len(data) not in (TABLE, TABLE + 4):
        raise PaletteReadError(f"expected {TABLE} or {TABLE + 4} bytes, got {len(data)}")
    count, clear = struct.unpack_from(">HH", data, TABLE) if len(data) > TABLE else (256, NONE)
    if not 1 <= count <= 256:
        raise PaletteReadError(f"expected a header of 1 to 256 colours, got {count}")
    colors = np.frombuffer(data, np.uint8, 3 * count).reshape(-1, 3)
    if clear >= count:  # none, or one that does not count
        return Entries(colors)
    alphas = np.full((count, 1), 255, np.uint8)
    alphas[clear] = 0
    return Entries(np.hstack([colors, alphas]))


def write(palette: Palette, title: str) -> bytes:
    """Write the colours, then black as far as there is room."""
    clear = NONE
    if palette.colors.shape[1] == 4:
        (translucent,) = np.nonzero(palette.colors[:, 3] < 255)
        alphas = palette.colors[translucent, 3].tolist()
        if alphas not in ([], [0]):
            raise ValueError(
                "a .act file holds one colour with alpha 0 and no other alpha but 255, got "
                f"{shown(alphas)}"
            )
        clear = int(translucent[0]) if alphas else NONE
    table = palette.colors[:, :3].tobytes().ljust(TABLE, b"\0")
    return table + struct.pack(">HH", len(palette), clear)
