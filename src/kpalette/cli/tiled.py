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
        or (len(photos) == 1 and is_large_tiff(photos[0]))
    )


def is_zarr(name: str) -> bool:
    """Return whether a name is that of a Zarr group."""
    return name.rstrip("/").lower().endswith(".zarr")


def is_large_tiff(name: str) -> bool:
    """Return whether a file is a TIFF with more pixels than are decoded at once."""
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
