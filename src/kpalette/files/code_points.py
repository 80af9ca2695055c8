"""The code points by which PNG and AVIF files tell their colours, and Pillow does not.

ITU-T H.273 (2021). Coding-independent code points for video signal type identification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from PIL import Image
from PIL.ImageFile import ImageFile

from kpalette.files.png_chunks import before_pixels

_KEYS = {"PNG": "cicp", "AVIF": "nclx"}
#: More than this before the pixels no file has that tells its colours: bytes, or boxes.
MOST_BYTES, MOST_PARTS = 1 << 24, 10_000


class CodePoints(NamedTuple):
    """Numbers of H.273's tables: of the primaries (8.1) and of the transfer function (8.2)."""

    primaries: int
    transfer: int


def note_code_points(image: Image.Image) -> None:
    """Put a file's code points in the info of its image, as Pillow opened it.

    They are ``"cicp"`` there for a PNG, and ``"nclx"`` for AVIF, and for HEIF, whose plug-in tells
    them. Loading closes the file, so of an image that was loaded before they are not known.
    """
    if told := image.info.get("nclx_profile"):
        image.info["nclx"] = CodePoints(told["color_primaries"], told["transfer_characteristics"])
    key = _KEYS.get(image.format or "")
    if key is None or key in image.info or not isinstance(image, ImageFile):
        return
    if image.fp is None or not image.tile:
        return
    before = image.fp.tell()
    try:
        image.info[key] = _of_png(image.fp) if key == "cicp" else _of_boxes(image.fp)
    finally:
        image.fp.seek(before)


def _of_png(file: IO[bytes]) -> CodePoints | None:
    """Find a PNG's cICP chunk; one that says anything but full-range RGB counts for nothing."""
    for kind, length in before_pixels(file):
        if kind == b"cICP":
            data = file.read(4) if length == 4 else b""
            return CodePoints(data[0], data[1]) if data[2:] == b"\0\1" else None
    return None


def _of_boxes(file: IO[bytes]) -> CodePoints | None:
    """Find the colr box, of kind nclx, of the primary item of an AVIF file.

    ISO/IEC 14496-12 and 23008-12: meta holds pitm, which names the item, and iprp, where ipma says
    which of the properties in ipco are an item's.
    """
    file.seek(0)
    data = file.read(MOST_BYTES)
    meta = _first(data, b"meta")[4:]
    item, properties = _first(meta, b"pitm"), _first(meta, b"iprp")
    if len(item) < 6:
        return None
    primary = int.from_bytes(item[4 : 8 if item[0] else 6], "big")
    owned = _owned(_first(properties, b"ipma"), primary)
    for number, (kind, body) in enumerate(_boxes(_first(properties, b"ipco")), 1):
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8 and number in owned:
            return CodePoints(*struct.unpack_from(">HH", body, 4))
    return None


def _owned(ipma: bytes, item: int) -> set[int]:
    """Return the numbers of an item's properties, of which the first is 1."""
    if len(ipma) < 8:
        return set()
    id_size, is_wide = 4 if ipma[0] else 2, ipma[3] & 1
    at = 8
    while at + id_size < len(ipma):
        owner = int.from_bytes(ipma[at : at + id_size], "big")
        at += id_size
        count, size = ipma[at], 2 if is_wide else 1
        at += 1
        if owner == item:
            numbers = (ipma[at + size * i : at + size * (i + 1)] for i in range(count))
            essential = 0x8000 if is_wide else 0x80
            return {int.from_bytes(number, "big") & ~essential for number in numbers}
        at += count * size
    return set()


def _first(data: bytes, kind: bytes) -> bytes:
    """Return what the first box of a kind holds; nothing if there is none."""
    return next((body for found, body in _boxes(data) if found == kind), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MOST_PARTS):
        if at + 8 > len(data):
            return
        size, kind, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = at + size if size else len(data)
        if end < start:
            return
        yield kind, data[start:end]
        at = end
