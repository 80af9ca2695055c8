"""Large TIFF and OME-TIFF files as mosaics, with tifffile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from kpalette.distributed.axes import Axes
from kpalette.distributed.mosaics import Mosaic, of_reader
from kpalette.files.arrays import to_levels
from kpalette.files.claims import TIFF
from kpalette.files.errors import is_of_system

ENDINGS = (".tif", ".tiff", ".btf", ".tf8")
PHOTOMETRICS = ("MINISBLACK", "MINISWHITE", "RGB", "PALETTE")
#: What keeps tifffile from the other files that a TIFF of some kinds names.
ALONE = {"_multifile": False, "is_mmstack": False, "is_ndtiff": False}
PREMULTIPLIED, STRAIGHT = 1, 2  # kinds of alpha


def is_tiff(path: str) -> bool:
    """Return whether a path has a TIFF's suffix; or none, and the file begins like a TIFF."""
    if os.path.splitext(path)[1] or not os.path.isfile(path):  # raw photos begin so, too
        return path.lower().endswith(ENDINGS)
    with open(path, "rb") as file:
        return file.read(4) in TIFF


@contextmanager
def _opened(path: str) -> Iterator[tuple[Any, Any]]:
    """Open the first series of a TIFF, and an array that reads regions of it."""
    import tifffile
    import zarr

    with tifffile.TiffFile(path, **ALONE) as file:
        series = file.series[0]
        if series.dataoffset is not None:  # one piece, uncompressed
            yield series, tifffile.memmap(path, series=0, mode="r", **ALONE)
            return
        store = series.aszarr(level=0)
        try:
            yield series, zarr.open_array(store, mode="r")
        finally:
            store.close()


@dataclass(frozen=True)
class TiffReader:
    """Reads regions of a TIFF, which it opens each time: that takes a millisecond."""

    path: str
    axes: Axes
    photometric: str
    alpha: int | None

    def read(self, rows: slice, columns: slice) -> np.ndarray[Any, Any]:
        """Read rows and columns as grey, RGB or RGBA, with straight alpha."""
        with _opened(self.path) as (series, array):
            pixels = self.axes.take(array, rows, columns)
            if self.photometric == "MINISWHITE":
                return 255 - to_levels(pixels)
            if self.photometric == "PALETTE":
                table = np.moveaxis(series.keyframe.colormap, 0, 1)
                return np.take(table, pixels, axis=0)
        if pixels.ndim == 3 and pixels.shape[2] == 4:
            if self.alpha is None:
                return pixels[..., :3]
            if self.alpha == PREMULTIPLIED:
                image = Image.frombytes("RGBa", pixels.shape[1::-1], to_levels(pixels).tobytes())
                return np.asarray(image.convert("RGBA"))
        return np.array(pixels)


def open_path(path: str, chunks: Any, missing: str) -> Mosaic:
    """Open the first image of a TIFF, in full resolution.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If the file holds no grey, RGB or RGBA image, or tiles are missing.
    """
    import tifffile

    status = os.stat(path)
    try:
        with _opened(path) as (series, array):
            axes = Axes.of(series.axes, series.shape, path)
            page = series.keyframe
            photometric = page.photometric.name
            if photometric == "YCBCR" and page.compression.name == "JPEG":
                photometric = "RGB"  # the decoder converts
            if photometric not in PHOTOMETRICS:
                raise ValueError(
                    f"source: expected a TIFF of grey, RGB or a palette, got {photometric} "
                    f"in {path}"
                )
            _check_codec(page, path)
            if missing == "error":
                _check_complete(series, path)
            shape = axes.image_shape(series.shape)
            dtype = series.dtype
            unit = _unit(array, axes)
            reader = TiffReader(path, axes, photometric, _alpha(page, axes))
            if photometric == "PALETTE":
                shape, dtype = (*shape, 3), np.dtype(np.uint16)
            elif photometric == "MINISWHITE" or reader.alpha == PREMULTIPLIED:
                dtype = np.dtype(np.uint8)
            elif len(shape) == 3 and shape[2] == 4 and reader.alpha is None:
                shape = (*shape[:2], 3)
    except Exception as error:  # of tifffile's parsers, any of a dozen
        if is_of_system(error) or str(error).startswith("source: "):
            raise
        why = f": {error}" if isinstance(error, tifffile.TiffFileError) else ""
        raise ValueError(f"source: expected a TIFF with an image in {path}{why}") from error
    fingerprint = {"tiff": path, "size": status.st_size, "mtime": status.st_mtime_ns}
    return of_reader(reader.read, shape, dtype, chunks, unit, path, fingerprint)


def _unit(array: Any, axes: Axes) -> tuple[int, int]:
    """Return the rows and columns of a tile or strip; of one row, if the file has neither."""
    sizes = getattr(array, "chunks", None)
    if sizes is None:
        return 1, int(array.shape[axes.columns])
    return int(sizes[axes.rows]), int(sizes[axes.columns])


def _alpha(page: Any, axes: Axes) -> int | None:
    """Return the kind of alpha; straight if channels are separate pages, which do not say."""
    if page.photometric.name not in ("RGB", "YCBCR"):
        return STRAIGHT
    kinds = [int(kind) for kind in page.extrasamples]
    return kinds[0] if kinds and kinds[0] in (PREMULTIPLIED, STRAIGHT) else None


def _check_codec(page: Any, path: str) -> None:
    """Raise ValueError if tifffile cannot decompress the file."""
    import tifffile

    try:
        tifffile.TIFF.DECOMPRESSORS[page.compression]
    except KeyError:
        kind = getattr(page.compression, "name", page.compression)
        raise ValueError(
            "source: expected a TIFF that tifffile and imagecodecs decompress, "
            f"got {kind} in {path}"
        ) from None


def _check_complete(series: Any, path: str) -> None:
    """Raise ValueError if tiles or strips are missing, as in sparse files."""
    absent = total = 0
    for page in series.pages:
        counts = page.databytecounts if page is not None else (0,)
        total += len(counts)
        absent += sum(count == 0 for count in counts)
    if absent:
        raise ValueError(
            f"source: expected all {total} tiles or strips of {path}, but {absent} are missing; "
            "missing='fill' uses the file's fill value for them, mostly black"
        )
