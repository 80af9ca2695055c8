"""Encoding indices and a palette as an image file, losslessly."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from kpalette.colors import ByteArray, checked_colors
from kpalette.files import by_pillow, gif, png
from kpalette.files.atomic import checked_path
from kpalette.files.metadata import Metadata
from kpalette.files.names import FORMATS

#: The formats that hold a profile.
PROFILED = ("png", "webp", "tiff")

_WRITERS: dict[str, Callable[..., bytes]] = {
    "png": png.write,
    "gif": gif.write_still,
    "webp": by_pillow.write_webp,
    "tiff": by_pillow.write_tiff,
    "bmp": by_pillow.write_bmp,
}


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return the format for a file's suffix, in any case.

    Raises
    ------
    TypeError
        If `path` is not a path.
    ValueError
        If no format has the suffix.
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
    profile: bytes | None = None,
    threads: int = 2,
    kept: dict[Any, Any] | None = None,
) -> bytes:
    """Return the bytes of an image file with exactly these pixels.

    ======== ==================================== =====================================
    kind     up to 256 colours                    more
    ======== ==================================== =====================================
    ``png``  indexed or grey, 1, 2, 4 or 8 bits   true colour
    ``gif``  indexed; ValueError for soft alpha   ValueError
    ``webp`` lossless                             lossless
    ``tiff`` indexed, with alpha true colour;     true colour
             compressed by deflate
    ``bmp``  indexed; ValueError for alpha        ValueError
    ======== ==================================== =====================================

    Colours are sRGB, unless a profile says otherwise. A file without a profile means sRGB: WebP by
    its definition, PNG as browsers read it, and the other formats by convention.

    A PNG lists colours so that neighbours in the picture have close indices, which compresses
    better: colours that are not opaque first, and unused colours kept. If all colours are grey and
    opaque, and there is no profile, it may hold levels of grey instead, and no palette.

    Parameters
    ----------
    indices : integer array (h, w), at least one pixel
        From 0 to k - 1.
    colors : uint8 array (k, 3) or (k, 4)
    kind : {"png", "gif", "webp", "tiff", "bmp"}
    optimize : bool
        Take longer for a smaller file: PNG with oxipng and zopfli, which the extra
        ``kpalette[optimize]`` installs; GIF without unused colours; WebP at its highest effort.
        TIFF and BMP do not change.
    quick : bool
        Compress an indexed PNG much more quickly, with the palette in the order of `colors`:
        photos are then larger. Other formats do not change.
    keep_order : bool
        Write an indexed PNG with the palette in the order of `colors`, so that its indices are
        `indices`. Photos of many colours are then larger. Other formats do not change.
    metadata : Metadata, optional
        Metadata to write, as far as the format holds it; see :class:`Metadata`.
    profile : bytes, optional
        An ICC profile of RGB, if the colours are not sRGB. PNG, WebP and TIFF hold it; for GIF and
        BMP it is a ValueError.
    threads : int
        To compress an indexed PNG with; 2 are enough. The file does not depend on it. oxipng and
        the other formats have their own ways.
    kept : dict, optional
        What the last call with the same dict has compressed, and this one then writes anew: to
        write an indexed PNG whose size was asked for before, with other metadata or not, takes no
        time.

    Raises
    ------
    ImportError
        If oxipng or zopfli is needed and not installed.
    TypeError
        If the colours' dtype is not uint8, or `metadata` is not a Metadata.
    ValueError
        If the format cannot hold so many colours, their alpha, their profile or so large an image,
        an argument is out of range, or both `optimize` and `quick` are true.

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
        raise ValueError("optimize and quick exclude each other; give one")
    options: dict[str, Any] = {}
    if kind == "png":
        options = {"quick": quick, "keep_order": keep_order, "threads": threads}
    if kind in ("png", "gif"):
        options["kept"] = kept
    if profile is not None:
        if kind not in PROFILED:
            raise ValueError(
                f"{kind}: expected colours in sRGB, got a colour profile, which only the formats "
                f"{', '.join(PROFILED)} hold"
            )
        options["profile"] = profile
    return _WRITERS[kind](indices, colors, optimize, metadata or Metadata(), **options)
