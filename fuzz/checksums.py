"""Corrected checksums: mutations with wrong ones would not reach a parser."""

from __future__ import annotations

import zlib

PNG = b"\x89PNG\r\n\x1a\n"


def mended_png(data: bytes) -> bytes:
    """Return a PNG with corrected checksums in each complete chunk."""
    if not data.startswith(PNG):
        return data
    parts, at = [PNG], len(PNG)
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        parts += [data[at:end], zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")]
        at = end + 4
    return b"".join(parts) + data[at:]
