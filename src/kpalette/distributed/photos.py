"""Collections of photos: lists, patterns and folders, local or on any file system of fsspec."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from kpalette import files
from kpalette.colors import ByteArray
from kpalette.distributed.errors import naming_package, reading
from kpalette.files import png_rows
from kpalette.files.errors import TooLargeError
from kpalette.files.formats import ENDINGS, IN_TILES
from kpalette.urls import is_url

#: Concurrent requests for the metadata of files.
QUESTIONS = 16
#: Metadata that changes with a file, by the names that file systems use.
FACTS = ("size", "mtime", "LastModified", "ETag", "updated", "md5Hash")


@dataclass(frozen=True)
class Photos:
    """Paths and URLs of images, in the given order.

    Attributes
    ----------
    paths : list of str
    single : bool
        Whether the source was the path of one image rather than a collection.
    """

    paths: list[str]
    single: bool = False

    def fingerprint(self) -> dict[str, Any]:
        """Return values that identify these photos and their present versions."""
        with ThreadPoolExecutor(QUESTIONS) as pool:
            return {"photos": list(pool.map(_facts, self.paths))}


def listed(paths: Iterable[Any]) -> Photos:
    """Make a collection of an iterable of paths.

    Raises
    ------
    TypeError
        If an item is not a path.
    ValueError
        If there are none.
    """
    found = []
    for path in paths:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"source: expected paths or URLs, got {type(path).__name__}")
        found.append(os.fspath(path))
    if not found:
        raise ValueError("source: expected at least one image, got an empty collection")
    return Photos(found)


def named(path: str) -> Photos:
    """Find the photo at a path, the photos that match a pattern, or those below a folder.

    In folders, and if the pattern ends in a bare ``*``, images are recognized by their suffixes.
    Hidden files and folders are skipped.

    Raises
    ------
    ValueError
        If there are none.
    """
    import fsspec

    remote = is_url(path)
    is_pattern = _magic(path) < len(path)
    if remote and not is_pattern and os.path.splitext(path)[1].lower() in ENDINGS:
        return Photos([path], single=True)  # asking whether it exists can mean to read it
    with naming_package(path):
        system, inner = fsspec.url_to_fs(path)
    if is_pattern and not system.exists(inner):
        found = system.glob(inner)
        below = inner[: _magic(inner)].rpartition("/")[0]
        by_ending = inner.rpartition("/")[2] in ("*", "**")
        what = "no file matches"
    elif system.isdir(inner):
        found, below = system.find(inner), inner.rstrip("/")
        by_ending = True
        what = "no image is below"
    else:
        return Photos([path], single=True)
    if by_ending:
        found = [each for each in found if os.path.splitext(each)[1].lower() in ENDINGS]
    found = sorted(each for each in found if "/." not in each.removeprefix(below))
    if not by_ending:
        found = [each for each in found if not system.isdir(each)]
    if not found:
        raise ValueError(f"source: expected at least one image, but {what} {path!r}")
    return Photos([system.unstrip_protocol(each) for each in found] if remote else found)


def read(photo: Any) -> ByteArray:
    """Read an image from a path or URL, or convert an array.

    Raises
    ------
    TileError
        If the image cannot be read; it names the photo.
    """
    if isinstance(photo, np.ndarray):
        with reading(f"array of shape {photo.shape}"):
            return files.as_pixels(photo)
    name = os.fspath(photo) if isinstance(photo, (str, os.PathLike)) else None
    with reading(name or type(photo).__name__):
        if name is None or not is_url(name):
            return _read_local(photo)
        import fsspec

        with naming_package(name), fsspec.open(name, "rb") as file:
            return files.as_pixels(io.BytesIO(file.read()))


def _read_local(photo: Any) -> ByteArray:
    """Read an image from a path; say of a PNG that is too large why it is not read in tiles."""
    try:
        return files.as_pixels(photo)
    except TooLargeError as error:
        why = png_rows.why_not(photo) if isinstance(photo, (str, os.PathLike)) else None
        if why is None:
            raise
        text = str(error).replace(f"; {IN_TILES}", "").removeprefix(f"{os.fspath(photo)}: ")
        raise TooLargeError(f"{why}, so it is not read in tiles; {text}") from None


def _magic(path: str) -> int:
    """Return the index of a path's first wildcard; its length, if it has none."""
    found = re.search(r"[*?[]", path)
    return found.start() if found else len(path)


def _facts(path: str) -> list[str]:
    """Return a path and the metadata in `FACTS`, without reading the file."""
    import fsspec

    try:
        with naming_package(path):
            system, inner = fsspec.url_to_fs(path)
        facts = system.info(inner)
    except OSError:
        facts = {}
    return [path, *(f"{name} {facts[name]}" for name in FACTS if name in facts)]
