"""Options that take a number of bytes; and how much memory a run in tiles needs."""

from __future__ import annotations

import sys

#: Bytes that a run needs besides its tiles, and for each byte of a tile at work. Measured with all
#: 2^24 colours, the most with spatial dithering: see docs/scale.md.
BASE = 720_000_000
PER_BYTE = 12
#: And for each colour with alpha, of which there may be more.
PER_COLOR = 48
#: And the program itself.
PYTHON = 100_000_000
#: And for each pixel of a file that is not read in tiles: 5.4 for a JPEG of 157 megapixels.
PER_WHOLE_PIXEL = 6
#: Tiles of less than a megapixel take longer to hand round than to count.
LEAST = 3 << 20
MOST = 3 << 24
#: Of glibc's malloc.h: from so many bytes on, a block is the system's.
MMAP_THRESHOLD = -3
LEAST_LIMIT = (BASE + LEAST * PER_BYTE) // 10**7 * 10**7


def most_colors(limit: int) -> int:
    """Return how many colours with alpha there is room for; without, BASE has room for all."""
    return min((limit - PYTHON) // PER_COLOR, 1 << 25)


def give_back() -> None:
    """Return large blocks of memory to the system as soon as they are free.

    glibc keeps those of up to 32 MB for each thread: 590 MB after the tiles of noise were counted.
    """
    if sys.platform == "linux":
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # which musl lacks
        if mallopt is not None:
            mallopt(MMAP_THRESHOLD, 1 << 20)


class most_pixels:  # noqa: N801 - it is used as a function
    """Decode pictures of so many pixels within the block, and no larger ones; None is as ever."""

    def __init__(self, number: int | None) -> None:
        self._number = number

    def __enter__(self) -> None:
        if self._number is not None:
            from PIL import Image

            self._before = Image.MAX_IMAGE_PIXELS
            Image.MAX_IMAGE_PIXELS = -(-self._number // 2)  # half of what it refuses

    def __exit__(self, *_: object) -> None:
        if self._number is not None:
            from PIL import Image

            Image.MAX_IMAGE_PIXELS = self._before


def more_pixels(number: int | None) -> most_pixels:
    """Decode pictures of so many pixels within the block, if others of so many are not as ever."""
    if number is None:
        return most_pixels(None)
    from PIL import Image

    return most_pixels(max(number, 2 * (Image.MAX_IMAGE_PIXELS or number)))


UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
UNITS |= {f"{name}i": 2 ** (10 * n) for n, name in enumerate("kmgt", 1)}


def size(value: str, example: str) -> int:
    """Return the number of bytes that an option says, such as 50k or 4GB."""
    import re

    pattern = r"(\d{1,20}(?:\.\d{1,20})?)\s*([kmgt]?i?)b?"
    found = re.fullmatch(pattern, value.strip().lower(), re.ASCII)
    if found is None or found[2] not in UNITS:
        raise ValueError(f"expected a size such as {example}, got {value!r}")
    return int(float(found[1]) * UNITS[found[2]])


def file_size(value: str) -> int:
    """Check an option that takes the size of a file."""
    bytes_ = size(value, "50k or 1.5MB")
    if bytes_ < 1:
        raise ValueError(f"expected at least 1 byte, got {value!r}")
    return bytes_


def limit(value: str) -> int:
    """Check an option that takes how much memory there is for a run in tiles."""
    bytes_ = size(value, "4GB or 500MiB")
    if bytes_ < LEAST_LIMIT:
        raise ValueError(f"expected at least {LEAST_LIMIT // 10**6}MB, got {value}")
    return bytes_
