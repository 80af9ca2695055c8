"""Opening the kinds of sources that hold an image or a collection."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import dask.array as da
import numpy as np

from kpalette import files
from kpalette.checks import check_choice
from kpalette.distributed import mosaics, photos, pngs, tiffs, zarrs
from kpalette.distributed.mosaics import Mosaic
from kpalette.distributed.photos import Photos
from kpalette.urls import is_url

EXPECTED = (
    "source: expected a Dask, NumPy or Zarr array, a Zarr group, or the path of a Zarr group, a "
    "TIFF or an image"
)


def open_source(source: Any, chunks: Any, missing: str) -> Mosaic | Photos | Any:
    """Open a source of any kind, without reading pixels.

    Returns
    -------
    Mosaic, Photos or dask.bag.Bag

    Raises
    ------
    OSError
        If the file does not exist.
    TypeError
        If the source or its dtype is of another kind.
    ValueError
        If the source holds no image, or `chunks` or `missing` is out of range.
    """
    found = _find(source, chunks, missing)
    if chunks is not None and not isinstance(found, Mosaic):
        raise ValueError(f"chunks: expected None for photos, which are read whole, got {chunks!r}")
    return found


def open_image(source: Any, chunks: Any, missing: str) -> Mosaic:
    """Open a source that is one image. Files other than TIFF and large PNG are read, as one tile.

    Raises
    ------
    OSError, TypeError, ValueError
        As `open_source`; a ValueError also if the source is a collection.
    TileError
        If an image file cannot be read.
    """
    found = _find(source, chunks, missing)
    if isinstance(found, Mosaic):
        return found
    if isinstance(found, Photos) and found.single:
        (path,) = found.paths
        pixels = photos.read(path)
        return _of_numpy(pixels, pixels.shape if chunks is None else chunks, path)
    raise ValueError(
        f"{EXPECTED}, got a collection: count it with `histogram`, make a palette with "
        "`kpalette.extract_palette`, and map each image with `Palette.remap`"
    )


def _find(source: Any, chunks: Any, missing: str) -> Mosaic | Photos | Any:
    check_choice("missing", missing, ("error", "fill"))
    if isinstance(source, (str, os.PathLike)):
        return _by_path(files.checked_path(source), chunks, missing)
    if isinstance(source, np.ndarray):
        return _of_numpy(source, chunks)
    if isinstance(source, da.Array):
        return mosaics.of_array(source, chunks)
    if _is("zarr", "Array", source):
        return zarrs.open_array(source, chunks, missing)
    if _is("zarr", "Group", source):
        return zarrs.open_group(source, chunks, missing)
    if _is("dask.bag", "Bag", source):
        return source
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        return photos.listed(source)
    raise TypeError(f"{EXPECTED}, or a collection of paths, got {type(source).__name__}")


def _by_path(path: str, chunks: Any, missing: str) -> Mosaic | Photos:
    if zarrs.is_zarr(path):
        return zarrs.open_path(path, chunks, missing)
    found = photos.named(path)
    if found.single and not is_url(path):
        with open(path, "rb"):  # raises now if the file is missing
            pass
        if tiffs.is_tiff(path):
            return tiffs.open_path(path, chunks, missing)
        return pngs.open_path(path, chunks) or found
    return found


def _of_numpy(array: Any, chunks: Any, name: str = "array") -> Mosaic:
    mosaics.check_shape(array.shape, array.dtype)
    sizes = mosaics.stored(array.shape, array.dtype, (1, 1), chunks)
    blocks = mosaics.cut(array.shape, sizes)
    return mosaics.of_array(da.from_array(array, chunks=blocks), None, name)


def _is(module: str, name: str, value: Any) -> bool:
    """Return whether a value is of a class, without importing the class's module."""
    found = sys.modules.get(module)
    return found is not None and isinstance(value, getattr(found, name))
