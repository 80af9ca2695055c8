"""PNG: indexed and grey files by our own hand, true colour by Pillow's."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kpalette.colors import ByteArray, repeated
from kpalette.extras import required
from kpalette.files.indexed_png import LARGE, chunk, density, join, pack
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import check_sums, to_true_color
from kpalette.files.plain_png import SIGNATURE

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

    from kpalette.files.indexed_png import Packed

#: How often zopfli goes over the rows. Files of photos and graphics become 0.3 to 4 % smaller, in
#: 0.5 to 10 s; by 5 times, photos become larger more often than not.
ITERATIONS = 15


#: What was compressed, by all that decides it.
Kept: TypeAlias = "dict[tuple[object, ...], Packed]"


def write(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    optimize: bool,
    metadata: Metadata,
    *,
    quick: bool = False,
    keep_order: bool = False,
    profile: bytes | None = None,
    threads: int = 2,
    kept: Kept | None = None,
) -> bytes:
    """Encode as PNG: see :func:`kpalette.files.encode`."""
    if len(colors) > 256:
        data = _true_color(indices, colors, metadata, profile)
    else:
        pixels = np.ascontiguousarray(indices, np.uint8)
        may_be_grey = profile is None  # an RGB profile does not fit grey
        sums = check_sums(pixels, colors)
        key = (*sums, optimize, quick, keep_order, may_be_grey)
        packed = None if kept is None else kept.get(key)
        if packed is None:
            packed = pack(
                pixels,
                np.ascontiguousarray(colors, np.uint8),
                optimize=optimize,
                quick=quick,
                keep_order=keep_order,
                may_be_grey=may_be_grey,
                threads=threads,
            )
            if kept is not None:
                for old in [old for old in kept if old[:2] != sums]:
                    del kept[old]
                kept[key] = packed
        data = _file(packed, metadata, profile)
    return _optimized(data, indices, colors, keep_order) if optimize else data


def _file(packed: Packed, metadata: Metadata, profile: bytes | None) -> bytes:
    chunks = []
    if profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(profile, 9)))
    chunks += [(kind, data) for kind, data, *_ in _texts(metadata).chunks]
    before = b"".join(chunk(kind, data) for kind, data in chunks)
    after = density(metadata.dpi) if metadata.dpi else b""
    if metadata.exif:
        after += chunk(b"eXIf", metadata.exif)
    return join(packed, before, after)


def _true_color(
    indices: np.ndarray[Any, Any], colors: ByteArray, metadata: Metadata, profile: bytes | None
) -> bytes:
    file = io.BytesIO()
    options: dict[str, Any] = {"pnginfo": _texts(metadata)}
    if profile:
        options["icc_profile"] = profile
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.exif:
        options["exif"] = metadata.exif
    to_true_color(indices, colors).save(file, "PNG", **options)
    return file.getvalue()


def _texts(metadata: Metadata) -> PngInfo:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in metadata.text.items():
        info.add_text(key, value)
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    return info


def _optimized(
    data: bytes, indices: np.ndarray[Any, Any], colors: ByteArray, keep_order: bool
) -> bytes:
    """Recompress by oxipng, which tries more filters and orders of the palette, then by zopfli.

    It would drop colours that no pixel has, so it is left to order palettes without such alone.
    """
    oxipng = required("oxipng", "optimize")
    used = np.bincount(indices.ravel(), minlength=len(colors))
    smaller: bytes = oxipng.optimize_from_memory(
        data,
        level=4,
        strip=oxipng.StripChunks.none(),
        interlace=None,
        color_type_reduction=False,
        grayscale_reduction=False,
        palette_reduction=not keep_order and bool(used.all()) and repeated(colors) is None,
    )
    best = min(data, smaller, key=len)
    return min(best, _by_zopfli(best), key=len)


def _by_zopfli(data: bytes) -> bytes:
    """Compress a file's rows, filtered as they are, by zopfli; large ones stay as they are."""
    zopfli = required("zopfli.zlib", "optimize")
    chunks: list[tuple[bytes, bytes]] = []
    packed, at = b"", len(SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind, held = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if kind == b"IDAT":
            packed += held
        if kind != b"IDAT" or chunks[-1][0] != kind:
            chunks.append((kind, held))
        at = end
    rows = zlib.decompress(packed)
    if len(rows) >= LARGE:
        return data
    smaller = zopfli.compress(rows, numiterations=ITERATIONS)
    return SIGNATURE + b"".join(
        chunk(kind, smaller if kind == b"IDAT" else held) for kind, held in chunks
    )
