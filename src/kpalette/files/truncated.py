"""Files that are cut off: which are, and the part that is there of a JPEG or PNG, completed."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any, BinaryIO

import deflate
from PIL import Image

from kpalette.files.claims import check_size
from kpalette.files.errors import ImageReadError, TruncatedError
from kpalette.files.formats import PREFIX, identify
from kpalette.files.plain_png import SIGNATURE

#: Those whose end can be told, by Pillow's names.
FORMATS = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG"}
REMARK = "the file is cut off; the part that is there is read"
#: The command line has an option of this name.
ADVICE = "allow_truncated=True reads the part that is there"

STARTS = (SIGNATURE, b"\xff\xd8\xff")
END = b"\0\0\0\0IEND\xaeB`\x82"

#: A marker, which within compressed data neither 0xff00 nor a restart is (ITU-T T.81, B.1.1).
MARKER = re.compile(rb"\xff+([^\0\xff\xd0-\xd7])")
SCAN, EOI = 0xDA, b"\xff\xd9"

#: First column and row, and steps, of the passes of an interlaced PNG (third edition, 8.2).
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
ADAM7 += [(0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def check_end(image: Any) -> None:
    """Raise TruncatedError, and close the image, if the file that it is read from is cut off.

    Of an animated PNG the first frame may do.
    """
    kind = FORMATS.get(image.format)
    if kind is None or (kind == "PNG" and image.is_animated) or is_whole(image.fp):
        return
    image.fp.seek(0)
    data = image.fp.read()
    image.close()
    raise broken_off(data) or TruncatedError(f"the {kind} is cut off")


def broken_off(data: bytes) -> ImageReadError | None:
    """Return the error for a file that is cut off; None if it is whole, or that is not known."""
    if data.startswith(STARTS):
        name = "PNG" if data.startswith(SIGNATURE) else "JPEG"
        if is_whole(io.BytesIO(data)):
            return None
        if completed(data) is None:
            return ImageReadError(f"the {name} is cut off before its first row of pixels")
        return TruncatedError(f"the {name} is cut off; {ADVICE}")
    kind = identify(data[:PREFIX])
    is_webp, is_boxes = data.startswith(b"RIFF"), data[4:8] in (b"ftyp", b"jP  ")
    if kind is None or not (is_webp or is_boxes):
        return None
    ends = len(data) >= (8 + int.from_bytes(data[4:8], "little") if is_webp else _boxes_size(data))
    return None if ends else ImageReadError(f"the {kind.title} is cut off")


def _boxes_size(data: bytes) -> int:
    """Return the size that the boxes of ISO/IEC 14496-12 say that they have together."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # the last, up to the end, or damage
            return len(data)
        at += size
    return max(at, len(data))


def may_lack_rows(image: Any) -> bool:
    """Return whether a PNG that was loaded may have fewer rows than its header announces.

    Pillow leaves them at zero, and takes it for nothing. To count them, all is inflated once more:
    so that is done only where the last row is zero, or rows come in another order.
    """
    if image.format != "PNG" or image.tile or image.is_animated:
        return False
    last = image.crop((0, image.height - 1, image.width, image.height))
    return bool(image.info.get("interlace")) or not last.tobytes().strip(b"\0")


def is_whole(file: BinaryIO) -> bool:
    """Return whether a JPEG or a PNG has its end. The file's position stays what it was."""
    position = file.tell()
    try:
        file.seek(0)
        is_png = file.read(len(SIGNATURE)) == SIGNATURE
        end = END if is_png else EOI
        file.seek(0, 2)
        file.seek(max(0, file.tell() - len(end)))
        if file.read() == end:
            return True
        file.seek(0)  # there may be more behind the end
        return _png_has_end(file) if is_png else _jpeg_end(file.read())[1]
    finally:
        file.seek(position)


def completed(data: bytes) -> bytes | None:
    """Return a JPEG or a PNG that is cut off with an end; None if nothing is missing.

    What is missing is grey in a JPEG; in a PNG it is transparent, black where there is no alpha,
    or the first colour of the palette. Of an interlaced PNG, that is between the pixels that are
    there. None, too, if no row of pixels is there, or the file is of another format, or damaged in
    another way.
    """
    if data.startswith(SIGNATURE):
        return _completed_png(data)
    end, whole, has_pixels = _jpeg_end(data) if data.startswith(STARTS) else (0, True, False)
    return data[:end] + EOI if has_pixels and not whole else None


def _jpeg_end(data: bytes) -> tuple[int, bool, bool]:
    """Return where the whole segments of a JPEG end, and whether its end and pixels are there."""
    position = 2
    has_pixels = False
    while found := MARKER.search(data, position):
        kind = found[1][0]
        if kind == EOI[1]:
            return found.end(), True, has_pixels
        if kind == 1:  # stands alone
            position = found.end()
            continue
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        position = found.end() + max(2, length)
        if position > len(data):
            return found.start(), False, has_pixels
        if kind == SCAN:
            has_pixels = has_pixels or position < len(data)
            following = MARKER.search(data, position)
            if following is None:
                return len(data), False, has_pixels
            position = following.start()
    return len(data), False, has_pixels


def _png_has_end(file: BinaryIO) -> bool:
    file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        if head[4:] == END[4:8]:
            return len(file.read(4)) == 4
        file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    return False


def _completed_png(data: bytes) -> bytes | None:
    kept: list[bytes] = []
    parts: list[bytes] = []
    ended = animated = False
    position = len(SIGNATURE)
    while len(data) - position >= 8 and not ended:
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        whole = data[position : position + 12 + length]
        is_cut = len(whole) < 12 + length
        if kind == b"IDAT":
            parts.append(body)
        elif kind == b"IEND":
            ended = not is_cut
        elif kind == b"acTL":
            animated = True  # of which the first frame alone is kept
        elif not is_cut and not parts and kind != b"fcTL":
            kept.append(whole)
        position += 12 + length
    if not kept or kept[0][4:8] != b"IHDR" or len(kept[0]) != 25:
        return None
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", kept[0][8:21])
    limit = Image.MAX_IMAGE_PIXELS
    if color not in CHANNELS or (limit and width * height > 2 * limit):
        return None  # which decoding tells
    try:
        check_size(io.BytesIO(data), data[:33])
    except ImageReadError:
        return None  # likewise
    sizes = _row_sizes(width, height, depth * CHANNELS[color], bool(interlaced))
    expected = sum(rows * size for rows, size in sizes)
    compressed = b"".join(parts)
    try:
        # In a tenth of zlib's time, but only where nothing is missing.
        levels = bytes(deflate.zlib_decompress(compressed, expected))
    except deflate.DeflateError:
        try:
            levels = zlib.decompressobj().decompress(compressed, max(1, expected))
        except zlib.error:
            return None
    if len(levels) == expected and (ended or animated):
        return None
    if not interlaced and sizes:  # a row of which the rest is missing goes as well
        levels = levels[: len(levels) // sizes[0][1] * sizes[0][1]]
    if not levels:
        return None
    filled = zlib.compress(levels + bytes(expected - len(levels)), 1)
    idat = struct.pack(">I", len(filled)) + b"IDAT" + filled
    return b"".join([SIGNATURE, *kept, idat, struct.pack(">I", zlib.crc32(idat[4:])), END])


def _row_sizes(width: int, height: int, bits: int, interlaced: bool) -> list[tuple[int, int]]:
    """Return the number of rows and the bytes of each, with its filter's, pass by pass."""
    found = []
    for left, top, across, down in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            found.append((rows, 1 + (columns * bits + 7) // 8))
    return found
