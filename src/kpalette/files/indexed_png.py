"""Indexed and grey PNG files, as the core packs them, without NumPy.

No chunk says that colours are sRGB: browsers take what says nothing for just that (CSS Color
Module Level 4, "Untagged Colors"), as they do the colours of a page, which icons are to match; and
13 bytes are a tenth of a tiny icon.
"""

from __future__ import annotations

from deflate import crc32, zlib_compress

from kpalette import _core
from kpalette.files.plain_png import SIGNATURE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    #: The chunks that hold pixels: IHDR; PLTE and tRNS, if there are any; and IDAT.
    Packed: TypeAlias = tuple[bytes, bytes, bytes]

#: Bytes of rows from which on they are compressed in strips, and nobody waits for zopfli.
LARGE = 4_000_000


def pack(
    indices: Any,
    colors: Any,
    *,
    optimize: bool = False,
    quick: bool = False,
    keep_order: bool = False,
    may_be_grey: bool = True,
    threads: int = 2,
) -> Packed:
    """Return the chunks of a picture: buffers of uint8 indices (h, w) and colours (k, 3 or 4)."""
    return _core.png(
        indices,
        colors,
        effort="quick" if quick else "thorough" if optimize else "usual",
        keep_order=keep_order,
        may_be_grey=may_be_grey,
        deflate=zlib_compress,
        team=_core.Team(_team_size(memoryview(indices).nbytes, quick, threads)),
    )


def _team_size(pixels: int, quick: bool, threads: int) -> int:
    """Return how many threads have enough to do."""
    if pixels >= LARGE:
        return threads
    return 1 if quick else min(threads, 2)


def join(packed: Packed, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return a file; chunks may come before the palette, and after it."""
    header, palette, rows = packed
    return SIGNATURE + header + before + palette + after + rows + chunk(b"IEND", b"")


def density(dpi: tuple[float, float]) -> bytes:
    """Return the chunk that says how many pixels an inch has; PNG counts them per metre."""
    per_metre = [round(value / 0.0254).to_bytes(4, "big") for value in dpi]
    return chunk(b"pHYs", b"".join([*per_metre, b"\x01"]))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Wrap what a chunk holds in its length, kind and check sum."""
    check = crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check
