"""How many pixels a file has, by its first bytes, before anything is decoded."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

#: JPEG's markers that a frame's size follows: all SOF, which are C0 to CF but for DHT, JPG and DAC.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: JPEG's markers without a length.
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))


def n_pixels(path: str) -> int:
    """Return how many pixels a picture has, of an animation one frame; 0 where no one can tell.

    Examples
    --------
    >>> import os, tempfile
    >>> import PIL.Image
    >>> from kpalette.files.header import n_pixels
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.jpg")
    ...     PIL.Image.new("RGB", (30, 20)).save(path)
    ...     n_pixels(path)
    600
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return 0
        with open(path, "rb") as file:
            width, height = _size(file, file.read(32)) or _size_by_pillow(path)
    except OSError:  # which reading tells
        return 0
    return width * height


def _size(file: BinaryIO, start: bytes) -> tuple[int, int] | None:
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return _big(start[16:20]), _big(start[20:24])
    if start.startswith((b"GIF87a", b"GIF89a")):
        return _little(start[6:8]), _little(start[8:10])
    if start.startswith(b"\xff\xd8\xff"):
        return _jpeg(file)
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return _webp(start)
    return None


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    file.seek(2)
    while (byte := file.read(1)) == b"\xff":
        while (byte := file.read(1)) == b"\xff":
            pass
        if not byte:
            break
        if byte[0] in _BARE:
            continue
        length = _big(file.read(2))
        if byte[0] in _SOF:
            header = file.read(5)
            return _big(header[3:5]), _big(header[1:3])
        file.seek(max(length - 2, 0), os.SEEK_CUR)
    return 0, 0


def _webp(start: bytes) -> tuple[int, int]:
    kind = start[12:16]
    if kind == b"VP8X":
        return 1 + _little(start[24:27]), 1 + _little(start[27:30])
    if kind == b"VP8L":
        bits = _little(start[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return _little(start[26:28]) & 0x3FFF, _little(start[28:30]) & 0x3FFF


def _size_by_pillow(path: str) -> tuple[int, int]:
    from kpalette.files.formats import ENDINGS, open_image

    if os.path.splitext(path)[1].lower() not in ENDINGS:
        return 0, 0
    try:
        with open_image(path) as image:
            return image.size
    except Exception:  # any of a dozen; reading tells
        return 0, 0


def _big(number: bytes) -> int:
    return int.from_bytes(number, "big")


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")
