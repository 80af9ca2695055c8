"""PNG files with ancillary chunks that are damaged or too large, which browsers do without."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL.PngImagePlugin import MAX_TEXT_CHUNK, MAX_TEXT_MEMORY

from kpalette.files.plain_png import SIGNATURE

#: The bytes that ancillary chunks hold whose size does not depend on the image.
SIZES = {b"cHRM": 32, b"cICP": 4, b"gAMA": 4, b"pHYs": 9, b"sRGB": 1, b"tIME": 7}
#: The least that tRNS holds, by the kind of colour: grey, RGB, a palette.
LEAST_TRANSPARENCY = {0: 2, 2: 6, 3: 1}


class _Chunk(NamedTuple):
    kind: bytes
    content: bytes
    whole: bytes

    def has_its_sum(self) -> bool:
        return zlib.crc32(self.kind + self.content) == int.from_bytes(self.whole[-4:], "big")


def without_damaged_chunks(data: bytes) -> bytes | None:
    """Return a PNG without those ancillary chunks whose check sum or size is wrong.

    Texts that inflate to more than Pillow takes, each or together, are left out as well, and so is
    a profile, which :func:`large_profile` gives.

    Returns
    -------
    bytes or None
        None if it is no PNG, or has no such chunk.
    """
    if not data.startswith(SIGNATURE):
        return None
    parts = [SIGNATURE]
    room = MAX_TEXT_MEMORY
    color = -1
    for chunk in _chunks(data):
        if chunk.kind == b"IHDR":
            color = (chunk.content[9:10] or b"\0")[0]
        packed = _packed(chunk)
        if packed is not None:
            size = len(_inflated(packed, MAX_TEXT_CHUNK + 1)) if room > 0 else MAX_TEXT_CHUNK + 1
            room -= size
            if size > MAX_TEXT_CHUNK or room < 0:
                continue
        if not chunk.kind[0] & 0x20 or (_size_fits(chunk, color) and chunk.has_its_sum()):
            parts.append(chunk.whole)
    parts.append(data[sum(len(chunk.whole) for chunk in _chunks(data)) + len(SIGNATURE) :])
    kept = b"".join(parts)
    return None if len(kept) == len(data) else kept


def large_profile(data: bytes) -> bytes | None:
    """Return a PNG's ICC profile, if it is one that Pillow takes for too large, up to 64 MB."""
    for chunk in _chunks(data):
        packed = _packed(chunk) if chunk.kind == b"iCCP" and chunk.has_its_sum() else None
        if packed is not None:
            profile = _inflated(packed, MAX_TEXT_MEMORY + 1)
            return profile if MAX_TEXT_CHUNK < len(profile) <= MAX_TEXT_MEMORY else None
    return None


def forgive_what_follows(image: Any) -> None:
    """Let chunks behind the pixels, which Pillow reads at last, count for nothing if they are bad.

    The picture is there by then.
    """
    call = image.png.call

    def read(*chunk: Any) -> Any:
        try:
            return call(*chunk)
        except (ValueError, IndexError, SyntaxError, struct.error):
            return b""

    image.png.call = read


def _chunks(data: bytes) -> Iterator[_Chunk]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        after = at + 12 + length
        if after > len(data):
            return
        yield _Chunk(kind, data[at + 8 : after - 4], data[at:after])
        at = after


def _size_fits(chunk: _Chunk, color: int) -> bool:
    size = len(chunk.content)
    if chunk.kind == b"acTL":
        return size >= 8
    if chunk.kind == b"tRNS":
        return size >= LEAST_TRANSPARENCY.get(color, 0)
    if chunk.kind == b"iCCP":
        return chunk.content.partition(b"\0")[2][:1] == b"\0"  # how it is compressed
    return SIZES.get(chunk.kind, size) == size > 0


def _packed(chunk: _Chunk) -> bytes | None:
    """Return what is deflated of a text or a profile; None of other chunks."""
    _, _, rest = chunk.content.partition(b"\0")
    if chunk.kind in (b"zTXt", b"iCCP"):
        return rest[1:]
    if chunk.kind == b"iTXt" and rest[:1] == b"\1":
        return b"".join(rest[2:].split(b"\0", 2)[2:])  # behind the language and a translated name
    return None


def _inflated(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""
