"""Writing finished indices as a tiled TIFF, with tifffile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kpalette import files
from kpalette.distributed.errors import OutputError, writing
from kpalette.palette import Palette

#: The side of tiles, in pixels.
TILE = 512
#: Indices to read at a time: as many rows of tiles as fit, but at least one.
BAND = 1 << 27


def check_palette(palette: Palette) -> None:
    """Raise ValueError if a TIFF's palette cannot hold the colours."""
    if len(palette) > 256:
        raise ValueError(f"path: expected at most 256 colours for a TIFF, got {len(palette)}")
    if palette.colors.shape[1] == 4:
        raise ValueError(
            "path: expected opaque colours for a TIFF with a palette, got a palette with alpha; "
            "alpha='flatten:#ffffff' lays the image over white, and .zarr keeps alpha"
        )


def write(group: Path, palette: Palette, path: Path, overwrite: bool) -> None:
    """Write the indices of a group as a TIFF.

    Raises
    ------
    FileExistsError
        If the file exists by now and `overwrite` is false.
    OutputError
        If the file cannot be written.
    """
    import tifffile
    import zarr

    indices = zarr.open_group(group, mode="r")["indices"]
    table = np.zeros((3, 256), np.uint16)
    table[:, : len(palette)] = palette.colors.T.astype(np.uint16) * 257
    try:
        with (
            writing(str(path)),
            files.replacing(path, overwrite=overwrite) as file,
            tifffile.TiffWriter(file, bigtiff=True) as tiff,
        ):
            tiff.write(
                _tiles(indices),
                shape=indices.shape,
                dtype=np.uint8,
                photometric="palette",
                colormap=table,
                tile=(TILE, TILE),
                compression="adobe_deflate",
                metadata=None,
                software="kpalette",
            )
    except OutputError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise error.__cause__ from None
        raise


def _tiles(indices: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield full tiles row by row; `BAND` keeps few blocks from being decoded twice."""
    height, width = indices.shape
    rows = min(height, TILE * max(1, BAND // width // TILE))
    for top in range(0, height, rows):
        band = indices[top : top + rows]
        for row in range(0, len(band), TILE):
            for column in range(0, width, TILE):
                tile = band[row : row + TILE, column : column + TILE]
                missing = [(0, TILE - side) for side in tile.shape]
                yield np.pad(tile, missing)
