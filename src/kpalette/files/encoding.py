"""Encoding: indices and a palette become a file of some format, without a pixel changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from kpalette.colors import ByteArray, checked_colors
from kpalette.files import by_pillow, png
from kpalette.files.atomic import checked_path
from kpalette.files.metadata import Metadata

#: The format that each ending of a name stands for.
FORMATS = {
    ".png": "png",
    ".apng": "png",
    ".gif": "gif",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
}

_WRITERS: dict[str, Callable[..., bytes]] = {
    "png": png.write,
    "gif": by_pillow.write_gif,
    "webp": by_pillow.write_webp,
    "tiff": by_pillow.write_tiff,
    "bmp": by_pillow.write_bmp,
}


def kind_of(path: str | os.PathLike[str]) -> str:
    """Give the format that a name's ending stands for, in whatever case.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it stands for none.
    """
    name = checked_path(path)
    ending = os.path.splitext(name)[1].lower()
    if ending not in FORMATS:
        raise ValueError(
            f"path: expected a name that ends in one of {', '.join(FORMATS)}, got {name!r}"
        )
    return FORMATS[ending]


def encode(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    kind: str,
    *,
    optimize: bool = False,
    quick: bool = False,
    keep_order: bool = False,
    metadata: Metadata | None = None,
) -> bytes:
    """Give the bytes of an image file with exactly these pixels.

    ======== ==================================== =====================================
    kind     up to 256 colours                    more
    ======== ==================================== =====================================
    ``png``  indexed or grey, 1, 2, 4 or 8 bits   true colour
    ``gif``  indexed; soft alpha is refused       refused
    ``webp`` lossless                             lossless
    ``tiff`` indexed, with alpha true colour;     true colour
             compressed by deflate
    ``bmp``  indexed; alpha is refused            refused
    ======== ==================================== =====================================

    Colours are sRGB. No file holds a profile, which means sRGB by the definition of WebP, to
    browsers, and by custom for the rest.

    A PNG lists colours so that neighbours in the picture have indices that are near, which
    compresses better: with those first that are not opaque, and those that no pixel has kept.
    If all are grey and opaque, it may hold levels of grey instead, and no palette.

    Parameters
    ----------
    indices : integer array (h, w), at least one pixel
        From 0 to k - 1.
    colors : uint8 array (k, 3) or (k, 4)
    kind : {"png", "gif", "webp", "tiff", "bmp"}
    optimize : bool
        Take longer for a smaller file: PNG by oxipng, which the extra ``kpalette[optimize]``
        installs; GIF without the colours that no pixel has; WebP at its hardest. GIF
        may then hold the palette in another order. TIFF and BMP stay as they are.
    quick : bool
        Compress an indexed PNG in a tenth of the time, with the palette in the order of `colors`:
        photos are then 10 to 20 % larger. The other formats stay as they are.
    keep_order : bool
        Write an indexed PNG, with the palette in the order of `colors`, so that its indices are
        `indices`. Photos of 256 colours are then 10 % larger. The other formats stay as they are.
    metadata : Metadata, optional
        What else to write, as far as the format holds it; see :class:`Metadata`.

    Raises
    ------
    ImportError
        If oxipng is needed and not installed.
    TypeError
        If the colours' dtype is not uint8, or the metadata something else.
    ValueError
        If the format has no room for so many colours, their alpha or so large an image, an argument
        is out of range, or it is to be both optimized and quick.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from kpalette import files
    >>> colors = np.array([[255, 0, 0], [255, 255, 255]], np.uint8)
    >>> data = files.encode(np.array([[0, 1, 0]]), colors, "webp")
    >>> files.as_pixels(io.BytesIO(data)).tolist()
    [[[255, 0, 0], [255, 255, 255], [255, 0, 0]]]
    """
    if kind not in _WRITERS:
        raise ValueError(f"kind: expected one of {', '.join(_WRITERS)}, got {kind!r}")
    if not isinstance(metadata, (Metadata, type(None))):
        raise TypeError(f"metadata: expected a Metadata, got {type(metadata).__name__}")
    colors = checked_colors(colors)
    if indices.ndim != 2 or indices.size == 0:
        raise ValueError(f"indices: expected shape (h, w), at least one pixel, got {indices.shape}")
    least, most = int(indices.min()), int(indices.max())
    if least < 0 or most >= len(colors):
        raise ValueError(
            f"indices: expected 0 to {len(colors) - 1} for {len(colors)} colours, "
            f"got {least} to {most}"
        )
    if optimize and quick:
        raise ValueError("expected optimize or quick, got both")
    options = {"quick": quick, "keep_order": keep_order} if kind == "png" else {}
    return _WRITERS[kind](indices, colors, optimize, metadata or Metadata(), **options)
