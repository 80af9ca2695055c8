"""PNG files of the same pixels: a plain one, and what oxipng makes of any."""

from __future__ import annotations

from typing import Any

import deflate
import numpy as np

from kpalette import _core
from kpalette.files import png


def plain(indices: np.ndarray[Any, Any], colors: np.ndarray[Any, Any]) -> bytes:
    """As few bits as the palette needs, in its own order, and no row filtered."""
    header, palette, rows = _core.png(
        np.ascontiguousarray(indices, np.uint8),
        colors,
        effort="quick",
        keep_order=True,
        may_be_grey=False,
        deflate=lambda rows, level: deflate.zlib_compress(rows, 10),
        team=_core.Team(1),
    )
    return b"\x89PNG\r\n\x1a\n" + header + palette + rows + png.chunk(b"IEND", b"")


def optimized(data: bytes) -> int | None:
    try:
        import oxipng
    except ImportError:
        return None
    return len(oxipng.optimize_from_memory(data, level=4, strip=oxipng.StripChunks.none()))
