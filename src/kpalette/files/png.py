"""PNG: indexed files by our own hand, true colour by Pillow's."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import deflate
import numpy as np

from kpalette.colors import ByteArray, repeated
from kpalette.extras import required
from kpalette.files.metadata import Metadata
from kpalette.files.pictures import to_true_color, trimmed_alphas
from kpalette.files.truncated import SIGNATURE

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

#: Bytes from which on an image is large.
LARGE = 4_000_000


def write(
    indices: np.ndarray[Any, Any],
    colors: ByteArray,
    optimize: bool,
    metadata: Metadata,
    *,
    quick: bool = False,
    profile: bytes | None = None,
) -> bytes:
    """Encode as PNG: see :func:`kpalette.files.encode`."""
    if len(colors) <= 256:
        data = _indexed(indices.astype(np.uint8, copy=False), colors, metadata, profile, quick)
    else:
        data = _true_color(indices, colors, metadata, profile)
    return _optimized(data, indices, colors) if optimize else data


def _indexed(
    indices: ByteArray, colors: ByteArray, metadata: Metadata, profile: bytes | None, quick: bool
) -> bytes:
    """Encode with as few bits per pixel as the palette needs, and no filter on any row.

    Pillow filters rows of less than 8 bits as if they were a photo's, which makes files larger: by
    12 % for 16 colours and 4 % for 4 or 2, and takes longer.
    """
    height, width = indices.shape
    k = len(colors)
    bits = next(bits for bits in (1, 2, 4, 8) if k <= 1 << bits)
    per_byte = 8 // bits
    rows = np.zeros((height, 1 + -(-width // per_byte)), np.uint8)  # with the filter's number, 0
    for place in range(per_byte):
        part = indices[:, place::per_byte] << np.uint8(8 - bits * (place + 1))
        rows[:, 1 : 1 + part.shape[1]] |= part
    named = [(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile, 9))] if profile else []
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)),
        *named,
        *((kind, data) for kind, data, *_ in _info(metadata, profile is None).chunks),
        (b"PLTE", np.ascontiguousarray(colors[:, :3]).tobytes()),
    ]
    if colors.shape[1] == 4:
        chunks.append((b"tRNS", trimmed_alphas(colors)))
    if metadata.dpi:
        per_meter = (round(value / 0.0254) for value in metadata.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    if metadata.exif:
        chunks.append((b"eXIf", metadata.exif))
    chunks += [(b"IDAT", _deflate(rows, quick)), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Wrap what a chunk holds in its length, kind and check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _deflate(rows: ByteArray, quick: bool) -> bytes:
    """Compress as a zlib stream.

    On photos of 4 to 256 colours libdeflate's level 10, the first that looks for the cheapest way
    to write what it found, gives 5 to 7 % less than zlib's 6, in two to three times as long. Its
    level 12 gives half a percent less again in twice that; zlib's 9 takes longer than either is
    worth, and gives at most 3 % less than its 6. Only where most is flat, and every eighth row
    tells, are both at level 9 much quicker than that, and one of them smaller. Of a large image
    nobody waits for the last 4 %: level 8 takes a third of the time of level 10. Who is in a hurry
    gets level 7: a sixth of that time, for 5 to 7 % more.
    """
    if quick:
        return bytes(deflate.zlib_compress(rows.tobytes(), 7))
    sample, whole = rows[::8].tobytes(), rows.tobytes()
    if 16 * len(deflate.zlib_compress(sample, 1)) < len(sample):
        return min(zlib.compress(whole, 9), bytes(deflate.zlib_compress(whole, 9)), key=len)
    return bytes(deflate.zlib_compress(whole, 10 if len(whole) < LARGE else 8))


def _true_color(
    indices: np.ndarray[Any, Any], colors: ByteArray, metadata: Metadata, profile: bytes | None
) -> bytes:
    file = io.BytesIO()
    options: dict[str, Any] = {"pnginfo": _info(metadata, profile is None)}
    if profile:
        options["icc_profile"] = profile
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.exif:
        options["exif"] = metadata.exif
    to_true_color(indices, colors).save(file, "PNG", **options)
    return file.getvalue()


def _info(metadata: Metadata, is_srgb: bool) -> PngInfo:
    """Give the texts, and before them what says that colours are sRGB (perceptual intent)."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if is_srgb:
        info.add(b"sRGB", b"\0")
    for key, value in metadata.text.items():
        info.add_text(key, value)
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    return info


def _optimized(data: bytes, indices: np.ndarray[Any, Any], colors: ByteArray) -> bytes:
    """Recompress by oxipng, which tries filters and orders of the palette.

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
        palette_reduction=bool(used.all()) and repeated(colors) is None,
    )
    return min(data, smaller, key=len)
