"""PNG files whose ancillary chunks are damaged are shown without these."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from conftest import noise
from kpalette.files import ImageReadError, as_pixels, png_repair

PIXELS = noise(5, 7)
SIZED = sorted(png_repair.SIZES)


def chunk(kind: bytes, content: bytes, error: int = 0) -> bytes:
    check_sum = zlib.crc32(kind + content) ^ error
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check_sum)


def png(*chunks: bytes) -> bytes:
    """A PNG of `PIXELS`, with chunks between IHDR and IDAT."""
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    data = file.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


@pytest.mark.parametrize("kind", SIZED)
@pytest.mark.parametrize("size", [0, 1, 3, 33])
def test_chunks_of_another_size_count_for_nothing(kind: bytes, size: int) -> None:
    if size == png_repair.SIZES[kind]:
        return
    assert np.array_equal(as_pixels(io.BytesIO(png(chunk(kind, bytes(size))))), PIXELS)


@pytest.mark.parametrize("kind", [*SIZED, b"tEXt", b"iTXt", b"iCCP", b"eXIf", b"quIt"])
def test_chunks_with_a_wrong_check_sum_count_for_nothing(kind: bytes) -> None:
    content = struct.pack(">I", 100_000) if kind == b"gAMA" else b"key\0value"
    assert np.array_equal(as_pixels(io.BytesIO(png(chunk(kind, content, error=1)))), PIXELS)


def test_empty_chunks_count_for_nothing() -> None:
    kinds = [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"bKGD", b"hIST", b"sPLT", b"sBIT"]
    data = png(*(chunk(kind, b"") for kind in kinds))
    assert np.array_equal(as_pixels(io.BytesIO(data)), PIXELS)


def test_what_is_whole_is_left_alone() -> None:
    data = png(chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"tEXt", b"key\0value"))
    assert png_repair.without_damaged_chunks(data) is None
    damaged = png(chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"tEXt", b"key\0value", error=9))
    kept = png(chunk(b"gAMA", struct.pack(">I", 45455)))
    assert png_repair.without_damaged_chunks(damaged) == kept
    assert png_repair.without_damaged_chunks(b"GIF89a") is None


def test_the_header_is_not_repaired() -> None:
    data = bytearray(png(chunk(b"gAMA", b"")))
    data[18] ^= 1  # of the width
    with pytest.raises(ImageReadError, match="the PNG's header is damaged"):
        as_pixels(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("lost", [1, 12, 40])
def test_a_repaired_file_may_still_break_off(lost: int) -> None:
    data = png(chunk(b"gAMA", b""))[:-lost]
    with pytest.raises(ImageReadError, match="breaks off"):
        as_pixels(io.BytesIO(data))
