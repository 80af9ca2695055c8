"""Which command lines are for Dask: images in tiles."""

from __future__ import annotations

import os

from kpalette.urls import is_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpalette.cli.groups import Large

ENDINGS = (".zarr", ".tif", ".tiff")


def is_asked_for(
    photos: Sequence[str], out: str | None, large: Large, most_pixels: int | None = None
) -> bool:
    """Return whether a command line is for Dask: by its options, or by what it reads or writes.

    Files of no more than `most_pixels` are not, if that is given.
    """
    return (
        large.scheduler is not None
        or large.memory_limit is not None
        or is_zarr(out or "")
        or any(is_zarr(photo) or is_url(photo) for photo in photos)
        or (len(photos) == 1 and is_too_large(photos[0], most_pixels))
    )


def is_zarr(name: str) -> bool:
    """Return whether a name is that of a Zarr group."""
    return without_end(name).lower().endswith(".zarr")


def without_end(name: str) -> str:
    """Return the name of a folder without what tells that it is one."""
    return name.rstrip("/" + os.sep)


def is_too_large(name: str, most_pixels: int | None = None) -> bool:
    """Return whether a file is a TIFF or PNG with more pixels than are decoded at once.

    It is one by its name's ending or, where there is none, by how it begins.
    """
    ending = os.path.splitext(name)[1].lower()
    if ending in ("", ".png") and _is_large_png(name, most_pixels):
        return True
    if ending not in ("", *ENDINGS[1:]) or not os.path.isfile(name):
        return False
    from kpalette.files.claims import TIFF

    if not ending and _start(name, 4) not in TIFF:
        return False
    from kpalette.cli.memory import more_pixels
    from kpalette.files.errors import ImageReadError, TooLargeError
    from kpalette.files.formats import open_image

    try:
        with more_pixels(most_pixels), open_image(name):
            return False
    except TooLargeError:
        return True
    except (OSError, ImageReadError):
        return False  # which reading tells


def _is_large_png(name: str, most_pixels: int | None) -> bool:
    from kpalette.files.plain_png import MOST_PIXELS, SIGNATURE

    if not os.path.isfile(name):  # nor a pipe, whose first bytes would be lost
        return False
    header = _start(name, 33)
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    if not header.startswith(SIGNATURE) or width * height <= max(most_pixels or 0, MOST_PIXELS):
        return False
    from kpalette.files.claims import check_size
    from kpalette.files.errors import ImageReadError

    try:
        check_size(name, header)
    except (OSError, ImageReadError):
        return False  # which reading tells
    return True


def _start(name: str, size: int) -> bytes:
    """Return the first bytes of a file; of what cannot be read, none."""
    try:
        with open(name, "rb") as file:
            return file.read(size)
    except OSError:
        return b""
