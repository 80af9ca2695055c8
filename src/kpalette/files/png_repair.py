"""PNG files with damaged ancillary chunks, without which browsers show them."""

from __future__ import annotations

import struct
import zlib

from kpalette.files.truncated import SIGNATURE

#: The bytes that ancillary chunks hold whose size does not depend on the image.
SIZES = {b"cHRM": 32, b"cICP": 4, b"gAMA": 4, b"pHYs": 9, b"sRGB": 1, b"tIME": 7}


def without_damaged_chunks(data: bytes) -> bytes | None:
    """Return a PNG without those ancillary chunks whose check sum or size is wrong.

    Returns
    -------
    bytes or None
        None if it is no PNG, or has no such chunk.
    """
    if not data.startswith(SIGNATURE):
        return None
    parts = [SIGNATURE]
    at, end = len(SIGNATURE), len(data)
    while at + 12 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        after = at + 12 + length
        if after > end:
            break
        is_ancillary = kind[0] & 0x20
        if not is_ancillary or _is_whole(kind, data[at + 8 : after - 4], data[after - 4 : after]):
            parts.append(data[at:after])
        at = after
    parts.append(data[at:])
    kept = b"".join(parts)
    return None if len(kept) == end else kept


def _is_whole(kind: bytes, content: bytes, check_sum: bytes) -> bool:
    size_fits = SIZES.get(kind, len(content)) == len(content) > 0
    return size_fits and zlib.crc32(kind + content) == int.from_bytes(check_sum, "big")
