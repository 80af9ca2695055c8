"""PNG: indexed and grey files by our own hand, true colour by Pillow's.

No chunk says that colours are sRGB: browsers take what says nothing for just that (CSS Color
Module Level 4, "Untagged Colors"), as they do the colours of a page, which icons are to match; and
13 bytes are a tenth of a tiny icon.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import deflate
import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray, repeated
from kpalette.extras import required
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import check_sums, to_true_color
from kpalette.files.plain_png import SIGNATURE

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

#: Bytes of rows from which on nobody waits for zopfli.
LARGE = 4_000_000
#: How often zopfli goes over the rows. Files of photos and graphics become 0.3 to 4 % smaller, in
#: 0.5 to 10 s; by 5 times, photos become larger more often than not.
ITERATIONS = 15


#: The chunks that hold pixels: IHDR; PLTE and tRNS, if there are any; and IDAT.
Packed: TypeAlias = tuple[bytes, bytes, bytes]
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
            usual = _core.PngEffort.THOROUGH if optimize else _core.PngEffort.USUAL
            packed = _core.png(
                pixels,
                np.ascontiguousarray(colors, np.uint8),
                effort=_core.PngEffort.QUICK if quick else usual,
                keep_order=keep_order,
                may_be_grey=may_be_grey,
                deflate=deflate.zlib_compress,
                team=_core.Team(_team_size(pixels.size, quick, threads)),
            )
            if kept is not None:
                for old in [old for old in kept if old[:2] != sums]:
                    del kept[old]
                kept[key] = packed
        data = _file(packed, metadata, profile)
    return _optimized(data, indices, colors, keep_order) if optimize else data


def _team_size(pixels: int, quick: bool, threads: int) -> int:
    """Return how many threads have enough to do."""
    if pixels >= LARGE:
        return threads
    return 1 if quick else min(threads, 2)


def _file(packed: Packed, metadata: Metadata, profile: bytes | None) -> bytes:
    header, palette, rows = packed
    chunks = []
    if profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(profile, 9)))
    chunks += [(kind, data) for kind, data, *_ in _texts(metadata).chunks]
    written = b"".join(chunk(kind, data) for kind, data in chunks) + palette
    if metadata.dpi:
        written += density(metadata.dpi)
    if metadata.exif:
        written += chunk(b"eXIf", metadata.exif)
    return SIGNATURE + header + written + rows + chunk(b"IEND", b"")


def density(dpi: tuple[float, float]) -> bytes:
    """Return the chunk that says how many pixels an inch has; PNG counts them per metre."""
    across, down = (round(value / 0.0254) for value in dpi)
    return chunk(b"pHYs", struct.pack(">IIB", across, down, 1))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Wrap what a chunk holds in its length, kind and check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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
