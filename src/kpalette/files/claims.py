"""Whether a large PNG or TIFF can hold the pixels that its header claims."""

from __future__ import annotations

import io
import os

from deflate import crc32

from kpalette.files import plain_png
from kpalette.files.errors import HeaderError, TruncatedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What TIFF files begin with.
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: Tags of TIFF, by their numbers.
WIDTH, HEIGHT, BITS, COMPRESSION, STRIP_BYTES, TILE_BYTES = 256, 257, 258, 259, 279, 325
#: To how many bytes one can grow: uncompressed; by LZW, whose longest string, of 3,838 bytes, is a
#: code of 12 bits; by PackBits. Others have no limit, or one that depends on more.
GROWTH = {1: 1, 5: 2560, 32773: 64}
DEFLATE = (8, 32946)


def check_size(source: Any, prefix: bytes) -> None:
    """Raise an error for a PNG or TIFF that is too small for the pixels that it claims.

    Only files that claim more pixels than are decoded at once are looked at: of others, it is told
    more exactly what is missing.

    Parameters
    ----------
    source : path or seekable binary file object
    prefix : bytes
        The file's first 33 bytes, or more.

    Raises
    ------
    HeaderError
        If the header of a PNG is damaged.
    TruncatedError
        If there are too few bytes.
    """
    if prefix.startswith(plain_png.SIGNATURE + b"\0\0\0\x0dIHDR") and len(prefix) >= 33:
        title, tags = "PNG", None
        width, height = (int.from_bytes(prefix[at : at + 4], "big") for at in (16, 20))
    elif prefix.startswith(TIFF):
        from kpalette.files import tiff

        title, tags = "TIFF", tiff.tags_of(source)
        if tags is None:
            return
        width, height = (_number(tags.get(tag)) for tag in (WIDTH, HEIGHT))
    else:
        return
    if width * height <= plain_png.MOST_PIXELS:
        return
    bytes_ = _size_of(source)
    bits = prefix[24]
    most: int | None = plain_png.MOST_PER_BYTE * bytes_
    if tags is not None:
        bits, most = _number(tags.get(BITS, 1)), _most_of_tiff(tags, bytes_)
    elif crc32(prefix[12:29]).to_bytes(4, "big") != prefix[29:33]:
        raise HeaderError("the PNG's header is damaged: the checksum of IHDR is wrong")
    # Of each pixel there is at least one sample.
    if most is not None and width * height * bits > 8 * most:
        raise TruncatedError(
            f"the {title} is damaged or cut off: {bytes_:,} bytes cannot hold the "
            f"{width}×{height} pixels that its header claims"
        )


def _most_of_tiff(tags: Any, bytes_: int) -> int | None:
    """Return how many bytes the strips or tiles can become; None if that is not known."""
    compression = _number(tags.get(COMPRESSION, 1))
    growth = plain_png.MOST_PER_BYTE if compression in DEFLATE else GROWTH.get(compression)
    counts = tags.get(TILE_BYTES, tags.get(STRIP_BYTES, bytes_))
    counts = counts if isinstance(counts, tuple) else (counts,)
    if growth is None or 0 in counts:  # tiles that are left out may be any number of pixels
        return None
    return growth * sum(min(int(count), bytes_) for count in counts)


def _number(value: Any) -> int:
    """Return a tag's first number; 0 if it is none."""
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else 0


def _size_of(source: Any) -> int:
    if isinstance(source, (str, os.PathLike)):
        return os.stat(source).st_size
    source.seek(0, io.SEEK_END)
    size: int = source.tell()
    return size
