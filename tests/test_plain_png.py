"""The core's PNG reader gives what Pillow does, or leaves the file to it."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz.checksums import mended_png
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from conftest import chunk, saved
from kpalette import _core, files
from kpalette.files import plain_png
from kpalette.files.decoding import opened
from kpalette.files.icc import profile_of
from kpalette.files.levels import read_levels
from kpalette.files.rgb_spaces import PRIMARIES as PRIMARIES_OF
from kpalette.files.rgb_spaces import SRGB_CURVE, RGBSpace
from kpalette.files.truncated import ADAM7

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    (color, depth)
    for color, depths in {
        0: (1, 2, 4, 8, 16),
        2: (8, 16),
        3: (1, 2, 4, 8),
        4: (8, 16),
        6: (8, 16),
    }.items()
    for depth in depths
]
SIZES = [(1, 1), (2, 1), (1, 3), (7, 5), (8, 8), (9, 17), (33, 2), (64, 3)]


def of_pillow(encoded: bytes) -> np.ndarray[Any, Any]:
    with opened(io.BytesIO(encoded)) as image:
        return read_levels(image).pixels()


def of_core(encoded: bytes) -> np.ndarray[Any, Any] | None:
    found = plain_png.read(encoded)
    if found is None:
        return None
    assert isinstance(found.pixels, bytearray)
    shape = found.height, found.width, found.channels
    return np.frombuffer(found.pixels, np.uint8).reshape(shape)


def png(
    width: int,
    height: int,
    color: int,
    depth: int,
    rows: bytes,
    *before: bytes,
    interlaced: int = 0,
    parts: int = 1,
    behind: tuple[bytes, ...] = (),
    level: int = 6,
) -> bytes:
    """Make a file of rows that begin with their filter; `parts` chunks hold them."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    packed = zlib.compress(rows, level)
    cuts = [len(packed) * i // parts for i in range(parts + 1)]
    split = [chunk(b"IDAT", packed[a:b]) for a, b in itertools.pairwise(cuts)]
    chunks = [chunk(b"IHDR", header), *before, *split, *behind, chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(chunks)


def random_rows(
    width: int, height: int, color: int, depth: int, seed: int, *, interlaced: int = 0
) -> bytes:
    """Make rows of any bytes, each filtered in any way: rows of all passes, if interlaced."""
    random = np.random.default_rng(seed)
    rows = b""
    for left, top, across, down in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        columns, count = -(-(width - left) // across), -(-(height - top) // down)
        for _ in range(count if columns > 0 else 0):
            size = (columns * SAMPLES[color] * depth + 7) // 8
            # Levels near 0 and 255 as well, whose sums overflow.
            levels = (
                random.integers(0, 256, size)
                if random.random() < 0.5
                else random.choice([0, 1, 127, 128, 254, 255], size)
            )
            rows += bytes([random.integers(0, 5)]) + levels.astype(np.uint8).tobytes()
    return rows


def palette(entries: int, seed: int = 0) -> bytes:
    return chunk(b"PLTE", np.random.default_rng(seed).bytes(3 * entries))


def keys(color: int, depth: int, width: int, height: int, rows: bytes) -> list[bytes]:
    """Return what tRNS may hold: colours that some pixel may have, and such that none has."""
    if color == 3:
        n = min(256, 1 << depth)
        return [
            b"",
            b"\0",
            b"\xff" * n,
            bytes(range(n)),
            b"\xff\0",
            b"\x80",
            b"\xff" * (n - 1) + b"\0",
        ]
    if color == 0:
        most = (1 << depth) - 1
        first = rows[1] >> max(0, 8 - depth) if depth < 16 else int.from_bytes(rows[1:3], "big")
        return [
            struct.pack(">H", level)
            for level in {0, most, first, most // 2, 0x1234, 0xFF00 | first & 255}
        ]
    if color == 2:
        first = rows[1:4] if depth == 8 else rows[1:7]
        as_wide = b"".join(bytes([0, level]) for level in first) if depth == 8 else first
        high = b"".join(bytes([3, level]) for level in first) if depth == 8 else first[::-1]
        return [as_wide, bytes(6), b"\0\xff" * 3, b"\xff" * 6, high]
    return []


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(("color", "depth"), KINDS)
def test_all_kinds(color: int, depth: int, interlaced: int) -> None:
    """Of every colour type, depth, filter, width, and transparency."""
    for number, (width, height) in enumerate(SIZES):
        rows = random_rows(width, height, color, depth, number, interlaced=interlaced)
        before = (palette(1 << depth),) if color == 3 else ()
        for key in [None, *keys(color, depth, width, height, rows)]:
            more = () if key is None else (chunk(b"tRNS", key),)
            for parts in (1, 3):
                encoded = png(
                    width,
                    height,
                    color,
                    depth,
                    rows,
                    *before,
                    *more,
                    interlaced=interlaced,
                    parts=parts,
                )
                found = of_core(encoded)
                assert found is not None, (width, height, key)
                np.testing.assert_array_equal(found, of_pillow(encoded), str((width, height, key)))


TEXT = chunk(b"tEXt", b"Title\0words")
SRGB = chunk(b"sRGB", b"\0")
GAMMA = chunk(b"gAMA", struct.pack(">I", 45455))
PRIMARIES = chunk(
    b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
)
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
OTHER_ICC = profile_of(RGBSpace(PRIMARIES_OF[12], SRGB_CURVE))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


OTHER_GAMMA = chunk(b"gAMA", struct.pack(">I", 100_000))
OTHER_PRIMARIES = chunk(
    b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
)
DENSITY = chunk(b"pHYs", struct.pack(">IIB", 3937, 11811, 1))
ZTXT = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"words"))
ITXT = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")
TIME = chunk(b"tIME", struct.pack(">HBBBBB", 2026, 1, 2, 3, 4, 5))
KEY = chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
OTHER = chunk(b"prVt", b"of one's own")
ROWS = random_rows(5, 4, 2, 8, 3)


def rgb(*before: bytes, **options: Any) -> bytes:
    return png(5, 4, 2, 8, ROWS, *before, **options)


@pytest.mark.parametrize(
    "encoded",
    [
        rgb(TEXT, ZTXT, ITXT, TIME, OTHER, chunk(b"bKGD", bytes(6)), chunk(b"sBIT", b"\5\6\5")),
        rgb(behind=(TEXT, ZTXT, ITXT, TIME, OTHER)),
        rgb(behind=(OTHER[:-4] + b"sums",)),
        rgb(SRGB, OTHER_GAMMA, OTHER_PRIMARIES),
        rgb(iccp(ICC), OTHER_GAMMA),
        rgb(GAMMA),
        rgb(GAMMA, PRIMARIES),
        rgb(OTHER_PRIMARIES),
        rgb(palette(4)),
        rgb() + b"what follows",
        rgb(DENSITY, KEY, parts=40),
        rgb(level=0),
        rgb(parts=2, behind=(chunk(b"tEXt", b""), chunk(b"tEXt", b"\0nameless"))),
    ],
)
def test_what_is_plain(encoded: bytes) -> None:
    found = of_core(encoded)
    assert found is not None
    np.testing.assert_array_equal(found, of_pillow(encoded))


def _without_sum(part: bytes) -> bytes:
    return part[:-4] + b"\0\0\0\0"


def _header(at: int, value: int) -> bytes:
    fields = [5, 4, 8, 2, 0, 0, 0]
    fields[at] = value
    start = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", *fields))
    return start + rgb()[len(start) :]


@pytest.mark.parametrize(
    "encoded",
    {
        "nothing": b"",
        "signature": SIGNATURE,
        "JPEG": saved(Image.new("RGB", (5, 4)), "JPEG").getvalue(),
        "no pixels": SIGNATURE + rgb()[33:],
        "header twice": rgb(rgb()[8:33]),
        "not first": SIGNATURE + TEXT + rgb()[8:],
        "gamma": rgb(OTHER_GAMMA),
        "gamma of other primaries": rgb(GAMMA, OTHER_PRIMARIES),
        "code points": rgb(SRGB, chunk(b"cICP", b"\x0c\x0d\0\1")),
        "other profile": rgb(iccp(OTHER_ICC)),
        "profile packed otherwise": rgb(chunk(b"iCCP", b"name\0\1" + zlib.compress(ICC))),
        "profile behind the pixels": rgb(behind=(iccp(ICC),)),
        "profiles": rgb(iccp(ICC), iccp(ICC)),
        "cut profile": rgb(chunk(b"iCCP", b"name\0\0" + zlib.compress(ICC)[:-9])),
        "no profile": rgb(chunk(b"iCCP", b"name")),
        "long profile": rgb(iccp(ICC + bytes(1 << 16))),
        "profile": rgb(chunk(b"iCCP", b"name\0\0" + zlib.compress(b"damaged"))),
        "profile behind": rgb(behind=(chunk(b"iCCP", b"name\0\0" + zlib.compress(b"?")),)),
        "space behind": rgb(behind=(OTHER_GAMMA,)),
        "EXIF": rgb(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0")),
        "EXIF behind": rgb(behind=(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0"),)),
        "EXIF as a text": rgb(chunk(b"tEXt", b"Raw profile type exif\0words")),
        "gamma as a text": rgb(chunk(b"tEXt", b"gamma\x002.2")),
        "animation": rgb(chunk(b"acTL", struct.pack(">II", 1, 0))),
        "critical": rgb(chunk(b"WhAt", b"")),
        "no name": rgb(chunk(b"no_e", b"")),
        "key behind": rgb(behind=(KEY,)),
        "key twice": rgb(KEY, KEY),
        "key too short": rgb(chunk(b"tRNS", bytes(5))),
        "key of an alpha": png(5, 1, 6, 8, bytes(21), chunk(b"tRNS", bytes(6))),
        "damaged key": rgb(_without_sum(KEY)),
        "damaged text": rgb(_without_sum(TEXT)),
        "damaged header": rgb()[:29] + bytes(4) + rgb()[33:],
        "text packed otherwise": rgb(chunk(b"zTXt", b"Comment\0\1words")),
        "long texts": rgb(*[chunk(b"tEXt", b"Title\0" + bytes(1 << 19))] * 3),
        "parts apart": rgb(TEXT, behind=(TEXT, chunk(b"IDAT", b""))),
        "no end": rgb()[:-12],
        "cut end": rgb()[:-1],
        "cut": rgb()[:60],
        "wide end": rgb()[:-12] + chunk(b"IEND", b"!"),
        "damaged rows": rgb(parts=3).replace(zlib.compress(ROWS)[-4:], b"adle"),
        "filter 5": png(1, 1, 2, 8, b"\5\0\0\0"),
        "interlaced filter": png(1, 1, 2, 8, b"\5\0\0\0", interlaced=1),
        "fewer rows": png(5, 5, 2, 8, ROWS),
        "more rows": png(5, 3, 2, 8, ROWS),
        "no palette": png(1, 1, 3, 8, b"\0\0"),
        "empty palette": png(1, 1, 3, 8, b"\0\0", chunk(b"PLTE", b"")),
        "half a palette": png(1, 1, 3, 8, b"\0\0", chunk(b"PLTE", b"1234")),
        "entries missing": png(2, 1, 3, 8, b"\0\0\4", palette(4)),
        "entries missing in bits": png(2, 1, 3, 2, b"\0\x30", palette(3)),
        "alphas of no entries": png(1, 1, 3, 8, b"\0\0", palette(2), chunk(b"tRNS", b"\0\1\2")),
        "no width": _header(0, 0),
        "no height": _header(1, 0),
        "wide": _header(0, (1 << 31) + 5),
        "depth": _header(2, 3),
        "depth of RGB": _header(2, 4),
        "colour": _header(3, 5),
        "compression": _header(4, 1),
        "filters": _header(5, 1),
        "interlacing": _header(6, 2),
    }.items(),
    ids=lambda pair: pair[0],
)  # fmt: skip
def test_what_is_left_to_pillow(encoded: tuple[str, bytes]) -> None:
    """It is rare, damaged, or to be understood in more than one way."""
    assert plain_png.read(encoded[1]) is None


@given(st.data())
def test_damaged_files_are_left_to_pillow(data: st.DataObject) -> None:
    """Whatever byte changes, sums right or wrong, the core reads what Pillow does, or nothing."""
    color, depth = data.draw(st.sampled_from(KINDS))
    width, height = data.draw(st.sampled_from(SIZES))
    interlaced = data.draw(st.integers(0, 1))
    rows = random_rows(width, height, color, depth, 5, interlaced=interlaced)
    around = [TEXT, ZTXT, ITXT, SRGB, GAMMA, iccp(ICC), DENSITY, TIME, OTHER]
    before = data.draw(st.lists(st.sampled_from(around), max_size=3))
    behind = data.draw(st.lists(st.sampled_from(around), max_size=2))
    if color == 3:
        before.append(palette(1 << depth))
    if found := keys(color, depth, width, height, rows):
        before += [
            chunk(b"tRNS", key) for key in data.draw(st.sampled_from([[], found[:1], found]))
        ]
    encoded = bytearray(
        png(
            width, height, color, depth, rows, *before,
            interlaced=interlaced, behind=tuple(behind), parts=data.draw(st.integers(1, 3)),
        )
    )  # fmt: skip
    for _ in range(data.draw(st.integers(0, 3))):
        encoded[data.draw(st.integers(8, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    whole = bytes(encoded)
    if data.draw(st.booleans()):
        whole = mended_png(whole)
    pixels = of_core(whole)
    if pixels is not None:
        np.testing.assert_array_equal(pixels, of_pillow(whole))
        np.testing.assert_array_equal(pixels, files.as_pixels(io.BytesIO(whole)))


@pytest.mark.parametrize(
    "density",
    [
        b"",
        *(struct.pack(">IIB", *numbers) for numbers in [
            (2835, 2835, 1), (3937, 11811, 1), (1, 1, 1), (0, 2835, 1), (4, 3, 0), (4, 3, 2),
            (39_370_078, 39_370_078, 1), (39_370_079, 39_370_079, 1), (1 << 31, 9, 1),
        ]),
    ],
)  # fmt: skip
def test_density(density: bytes) -> None:
    encoded = rgb(chunk(b"pHYs", density)) if density else rgb()
    found = plain_png.read(encoded)
    assert found is not None
    with Image.open(io.BytesIO(encoded)) as image:
        assert found.dpi == files.read_dpi(image)


def test_photos_and_graphics(data: Path) -> None:
    paths = [*data.glob("cq100/*.png"), *data.glob("graphics/*.png")]
    assert paths
    for path in paths:
        found = of_core(path.read_bytes())
        assert found is not None, path
        np.testing.assert_array_equal(found, of_pillow(path.read_bytes()), str(path))


def test_sources(tmp_path: Path) -> None:
    """Paths and files in any place of them are read; other limits of Pillow's hold."""
    path = tmp_path / "a.png"
    path.write_bytes(rgb())
    expected = of_core(rgb())
    file = io.BytesIO(rgb())
    file.seek(20)
    with path.open("rb") as reader:
        reader.seek(7)
        for source in (path, str(path), file, reader):
            np.testing.assert_array_equal(files.as_pixels(source), expected)


def test_pillows_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2 * Image.MAX_IMAGE_PIXELS == plain_png.MOST_PIXELS
    assert plain_png.read(rgb(), 20) is not None
    assert plain_png.read(rgb(), 19) is None
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9)
    with pytest.raises(files.ImageReadError, match="expected at most 18 pixels"):
        files.as_pixels(io.BytesIO(rgb()))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert files.as_pixels(io.BytesIO(rgb())).shape == (4, 5, 3)


def test_headers_take_no_memory() -> None:
    """A file too small for what its header says takes next to nothing."""
    for kind, more in ((2, ()), (3, (palette(2),)), (6, ())):
        encoded = png(12_000, 12_000, kind, 8, bytes(1000), *more)
        tracemalloc.start()
        try:
            assert plain_png.read(encoded) is None
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


def test_wrong_calls_of_the_core() -> None:
    form = _core.PngFormat(2, 1, 8, 2, False, b"", b"")
    with pytest.raises(ValueError, match="bytes of rows"):
        _core.read_png(form, bytearray(form.size + 1))
    huge = _core.PngFormat(1 << 31, 1 << 31, 16, 6, False, b"", b"")
    assert not huge.is_valid
    with pytest.raises(ValueError, match="valid"):
        _core.read_png(huge, bytearray(1))
