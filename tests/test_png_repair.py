"""PNG files whose ancillary chunks are damaged are shown without these."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import noise
from kpalette import files
from kpalette.files import ImageReadError, as_pixels, png_repair
from kpalette.files.icc import profile_of
from kpalette.files.rgb_spaces import CURVES, PRIMARIES, RGBSpace

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


@pytest.mark.parametrize("kind", [b"ABCD", b"AbCD", b"CgBI"])
def test_unknown_critical_chunks_are_refused_as_browsers_do(kind: bytes, tmp_path: Path) -> None:
    path, damaged = tmp_path / "a.png", chunk(b"tEXt", b"", error=1)
    for chunks in ([chunk(kind, b"?")], [damaged, chunk(kind, b"?")]):
        path.write_bytes(png(*chunks))
        expected = f"a PNG whose critical chunks are known, got {kind.decode()}"
        for source in (path, io.BytesIO(path.read_bytes())):
            with pytest.raises(ImageReadError, match=expected):
                as_pixels(source)
        with pytest.raises(ImageReadError, match=expected):
            files.open_frames(path)
    data = png()
    path.write_bytes(data[:-12] + chunk(kind, b"?") + data[-12:])  # behind the pixels
    assert np.array_equal(as_pixels(path), PIXELS)
    path.write_bytes(png(chunk(kind.lower(), b"?")))
    assert np.array_equal(as_pixels(path), PIXELS)


def test_empty_chunks_count_for_nothing() -> None:
    kinds = [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"bKGD", b"hIST", b"sPLT", b"sBIT"]
    data = png(*(chunk(kind, b"") for kind in kinds))
    assert np.array_equal(as_pixels(io.BytesIO(data)), PIXELS)


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
@pytest.mark.parametrize("kind", [b"tRNS", b"acTL"])
def test_chunks_that_are_too_short_count_for_nothing(mode: str, kind: bytes) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(file, "PNG")
    data, expected = file.getvalue(), as_pixels(file)
    at = data.index(b"IDAT") - 4
    for size in range({"L": 2, "RGB": 6, "P": 1}[mode] if kind == b"tRNS" else 8):
        short = data[:at] + chunk(kind, bytes(size)) + data[at:]
        assert np.array_equal(as_pixels(io.BytesIO(short)), expected)


def text(kind: bytes, size: int) -> bytes:
    head = {b"zTXt": b"key\0\0", b"iTXt": b"key\0\1\0en\0Key\0", b"iCCP": b"name\0\0"}[kind]
    return chunk(kind, head + zlib.compress(bytes(size)))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
@pytest.mark.parametrize("size", [(1 << 20) + 1, 9 << 20])
def test_texts_that_inflate_too_far_count_for_nothing(kind: bytes, size: int) -> None:
    data = png(text(kind, 9), text(kind, size))
    assert np.array_equal(as_pixels(io.BytesIO(data)), PIXELS)
    after = data[:-12] + text(kind, size) + data[-12:]
    assert np.array_equal(as_pixels(io.BytesIO(after)), PIXELS)
    behind = png()[:-12] + text(kind, size) + png()[-12:]
    assert np.array_equal(as_pixels(io.BytesIO(behind)), PIXELS)


def test_texts_together_are_bounded() -> None:
    data = png(*[text(b"zTXt", 1 << 20)] * 70)
    assert np.array_equal(as_pixels(io.BytesIO(data)), PIXELS)
    assert len(files.read_metadata(io.BytesIO(png(text(b"zTXt", 9), text(b"zTXt", 2 << 20)))).text)


def test_a_large_profile_is_used() -> None:
    profile = profile_of(RGBSpace(PRIMARIES[9], CURVES[8]))
    size = len(profile) + (2 << 20)
    large = struct.pack(">I", size) + profile[4:].ljust(size - 4, b"\0")
    chunks = [chunk(b"iCCP", b"name\0\0" + zlib.compress(each)) for each in (profile, large)]
    small, big = (as_pixels(io.BytesIO(png(each))) for each in chunks)
    assert np.array_equal(small, big)
    assert not np.array_equal(small, PIXELS)
    assert png_repair.large_profile(png(chunks[1])) == large


@pytest.mark.parametrize("content", [b"name", b"name\0", b"name\0\1" + zlib.compress(bytes(9))])
def test_a_profile_that_cannot_be_inflated_counts_for_nothing(content: bytes) -> None:
    assert np.array_equal(as_pixels(io.BytesIO(png(chunk(b"iCCP", content)))), PIXELS)


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
    with pytest.raises(ImageReadError, match="is cut off"):
        as_pixels(io.BytesIO(data))
