"""The chunks of a PNG before its pixels, which say what these mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from kpalette.files.errors import ImageReadError
from kpalette.files.plain_png import SIGNATURE

#: More than these before the pixels no file has.
MOST_CHUNKS = 10_000

#: The critical chunks of the standard that may come before the pixels.
CRITICAL = (b"IHDR", b"PLTE")


def before_pixels(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield the kind and the length of each chunk; what it holds can be read from the file then."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return
    at = 8
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[4:] in (b"IDAT", b"IEND"):
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        at += 12 + length


def check_critical(image: Any) -> None:
    """Raise ImageReadError, and close a PNG, if it cannot be understood: as browsers do.

    By the standard (5.4) that is so if a critical chunk is unknown. Pillow passes over those.
    """
    place = image.fp.tell()
    for kind, _ in before_pixels(image.fp):
        if kind[:1].isupper() and kind not in CRITICAL:
            image.close()
            name = kind.decode("ascii", "replace")
            raise ImageReadError(f"expected a PNG whose critical chunks are known, got {name}")
    image.fp.seek(place)
