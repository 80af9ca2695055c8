"""Which command lines are for Dask: images in tiles."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpalette.cli.groups import Large

ENDINGS = (".zarr", ".tif", ".tiff")


def is_asked_for(photos: Sequence[str], out: str | None, large: Large) -> bool:
    """Return whether a command line is for Dask: by its options, or by what it reads or writes."""
    return (
        large.scheduler is not None
        or large.memory_limit is not None
        or is_zarr(out or "")
        or any(is_zarr(photo) or "://" in photo for photo in photos)
        or (len(photos) == 1 and is_too_large(photos[0]))
    )


def is_zarr(name: str) -> bool:
    """Return whether a name is that of a Zarr group."""
    return name.rstrip("/").lower().endswith(".zarr")


def is_too_large(name: str) -> bool:
    """Return whether a file is a TIFF or PNG with more pixels than are decoded at once."""
    if name.lower().endswith(".png"):
        return _is_large_png(name)
    if not name.lower().endswith(ENDINGS[1:]) or not os.path.isfile(name):
        return False
    from kpalette.files.errors import ImageReadError, TooLargeError
    from kpalette.files.formats import open_image

    try:
        with open_image(name):
            return False
    except TooLargeError:
        return True
    except (OSError, ImageReadError):
        return False  # which reading tells


def _is_large_png(name: str) -> bool:
    from kpalette.files.plain_png import MOST_PER_BYTE, MOST_PIXELS, SIGNATURE

    try:
        if os.path.getsize(name) < MOST_PIXELS // (8 * MOST_PER_BYTE):
            return False
        with open(name, "rb") as file:
            header = file.read(24)
    except OSError:
        return False
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    return header.startswith(SIGNATURE) and width * height > MOST_PIXELS
