"""Animated WebP files that are cut off: the frames that are whole.

Google (2024). WebP Image Format. RFC 9649. https://doi.org/10.17487/RFC9649
"""

from __future__ import annotations

import struct


def without_broken_end(data: bytes) -> tuple[bytes, int] | None:
    """Return a file of the frames that are whole, and how many.

    None for a file that is not cut off within a frame, or within the first.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    at, n_frames = 12, 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        end = at + 8 + size + size % 2
        if end > len(data):
            break
        n_frames += kind == b"ANMF"
        at = end
    if not n_frames or at >= len(data):
        return None
    return data[:4] + struct.pack("<I", at - 8) + data[8:at], n_frames
