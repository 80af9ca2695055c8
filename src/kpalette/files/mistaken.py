"""What is often given in place of an image, and the hint that mends the call."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kpalette.urls import is_url


def check_path(source: str) -> None:
    """Raise ValueError for a string that names no file: a URL, or one with null characters."""
    if "\0" in source:
        raise ValueError(f"source: expected a path without null characters, got {source!r}")
    if is_url(source) and not os.path.exists(source):
        raise ValueError(
            f"source: expected a file on this machine, got the URL {source!r}; download it first: "
            "io.BytesIO(urllib.request.urlopen(url).read())"
        )


def check_kind(source: Any, others: str = "a NumPy array") -> None:
    """Raise TypeError for what is neither a path, nor a file, nor a Pillow image.

    `others` are what else the caller takes, and has looked for.
    """
    from PIL import Image

    if isinstance(source, (str, os.PathLike, Image.Image)) or hasattr(source, "read"):
        return
    kind, hint = _kind_and_hint(source)
    raise TypeError(
        f"source: expected a path, a binary file, a Pillow image or {others}, got {kind}"
        f"{hint and f'; {hint}'}"
    )


def _kind_and_hint(source: Any) -> tuple[str, str]:
    kind = type(source).__name__
    if source is None:
        return "None", "cv2.imread, for one, returns None where it cannot read the file"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return kind, "for the bytes of a file, io.BytesIO(source)"
    if isinstance(source, (list, tuple)) and source and isinstance(source[0], (str, os.PathLike)):
        return f"a {kind} of paths", "for several images, one at a time: source[0]"
    if isinstance(source, (list, tuple)):
        return kind, "for rows of pixels, np.array(source, np.uint8)"
    if type(source).__module__.partition(".")[0] == "torch":
        turned = ".permute(1, 2, 0)" if _is_channels_first(tuple(source.shape)) else ""
        return "a PyTorch tensor", f"source{turned}.cpu().numpy() is an array"
    if hasattr(source, "__dask_graph__"):
        return "a Dask array", "kpalette.distributed takes it, tile by tile"
    if hasattr(source, "palette") and hasattr(source, "rgb"):
        return kind, "its pixels are source.rgb"
    if hasattr(source, "__array__"):
        return kind, "np.asarray(source) is an array"
    return kind, ""


def check_shape(array: np.ndarray[Any, Any], *, is_tile: bool = False) -> None:
    """Raise ValueError for an array whose shape is not that of an image; a tile may be narrow."""
    shape = array.shape
    hint = None if is_tile and len(shape) == 2 else _shape_hint(shape)
    if hint is not None:
        raise ValueError(
            "source: expected an array of shape (h, w), (h, w, 3) or (h, w, 4), "
            f"got {shape}{hint and f'; {hint}'}"
        )
    if array.size == 0:
        raise ValueError(f"source: expected at least one pixel, got an array of {shape}")


def _shape_hint(shape: tuple[int, ...]) -> str | None:
    """Return what to do about a shape, perhaps nothing ("") ; None for that of an image."""
    if len(shape) == 2:
        # A grey picture of 3 or 4 columns that is higher than wide is hardly ever meant.
        height, width = shape
        if width not in (3, 4) or height <= width:
            return None
        return (
            f"a list of {height:,} colours has lost its rows: give the image before "
            f"reshape(-1, {width}), or source[np.newaxis] as one row of pixels; "
            f"for a grey image of {width} columns, np.stack([source] * 3, axis=-1)"
        )
    if len(shape) == 3 and shape[2] in (3, 4):
        return None
    if _is_channels_first(shape):
        return "for channels first, source.transpose(1, 2, 0)"
    if len(shape) == 3 and shape[2] == 1:
        return "for one channel, source[..., 0]"
    if len(shape) == 4:
        return "for several images, one at a time: source[0]"
    return ""


def _is_channels_first(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[0] in (3, 4) and shape[2] not in (3, 4)


def dtype_hint(array: np.ndarray[Any, Any]) -> str:
    """Return what to do about whole numbers of a dtype that does not tell which level is white."""
    if not np.issubdtype(array.dtype, np.integer) or not array.size:
        return ""
    least, most = int(array.min()), int(array.max())
    if least < 0 or most > 65_535:
        return f"; its values go from {least} to {most}"
    if most <= 255:
        return "; source.astype(np.uint8) for levels from 0 to 255"
    return "; source.astype(np.uint16) for levels from 0 to 65535"


def range_hint(array: np.ndarray[Any, Any]) -> str:
    """Return what to do about floats that are not from 0 to 1."""
    if 1 < array.max() <= 255 and array.min() >= 0:
        return "; source / 255 for levels from 0 to 255"
    return ""
