"""Palette files: written and read again, those of other programs, and what is wrong with some."""

from __future__ import annotations

import io
import json
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.GimpPaletteFile import GimpPaletteFile

import kpalette
from conftest import DAMAGED, noise, saved
from kpalette import Palette, PaletteReadError, palette_files
from kpalette.palette_files import FORMATS

ALPHA = sorted(name for name, form in FORMATS.items() if form.alpha)
OPAQUE = sorted(FORMATS.keys() - ALPHA)


def palette(k: int, channels: int = 3, seed: int = 0) -> Palette:
    """Make a palette of k colours in no order, with counts, and with only one transparent one."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(2**24, k, replace=False).astype(">u4")
    colors = codes.view(np.uint8).reshape(-1, 4)[:, 1:]
    if channels == 4:
        alphas = np.full((k, 1), 255, np.uint8)
        alphas[k // 2] = 0
        colors = np.hstack([colors, alphas])
    return Palette(colors, rng.integers(0, 10**12, k))


def reread(written: Palette, kind: str, title: str = "brand") -> Palette:
    return Palette(*palette_files.decode(palette_files.encode(written, kind, title), kind))


# Round trips


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("k", [1, 2, 15, 16, 17, 48, 255, 256, 257, 65_536])
def test_colours_come_back_in_order(kind: str, k: int) -> None:
    written = palette(k)
    if k > FORMATS[kind].most:
        with pytest.raises(ValueError, match=f"a .{kind} file holds at most 256 colours, got {k}"):
            palette_files.encode(written, kind, "brand")
        return
    assert np.array_equal(reread(written, kind).colors, written.colors)


@pytest.mark.parametrize("kind", ALPHA)
@pytest.mark.parametrize("k", [1, 2, 17, 256])
def test_a_transparent_colour_comes_back(kind: str, k: int) -> None:
    written = palette(k, channels=4)
    assert np.array_equal(reread(written, kind).colors, written.colors)


@pytest.mark.parametrize("kind", ALPHA)
def test_any_alpha_comes_back_or_is_refused(kind: str) -> None:
    written = Palette(np.unique(noise(4, 20, 4).reshape(-1, 4), axis=0))
    if kind == "act":
        with pytest.raises(ValueError, match="one with alpha 0"):
            palette_files.encode(written, kind, "brand")
    else:
        assert np.array_equal(reread(written, kind).colors, written.colors)


@pytest.mark.parametrize("kind", OPAQUE)
def test_alpha_is_refused_where_there_is_no_room(kind: str) -> None:
    with pytest.raises(
        ValueError,
        match=rf"a \.{kind} file holds only opaque colours, got #\w{{6}}00; .*\.css, ",
    ):
        palette_files.encode(palette(3, channels=4), kind, "brand")
    solid = np.hstack([palette(3).colors, np.full((3, 1), 255, np.uint8)])
    assert reread(Palette(solid), kind) == Palette(solid[:, :3])


@given(
    st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=20, unique=True).flatmap(
        lambda colors: st.tuples(
            st.just(colors),
            st.lists(st.integers(0, 2**58), min_size=len(colors), max_size=len(colors)),
        )
    )
)
def test_json_gives_back_the_very_same_palette(drawn: tuple[list[bytes], list[int]]) -> None:
    colors, counts = drawn
    written = Palette(np.frombuffer(b"".join(colors), np.uint8).reshape(-1, 4), np.array(counts))
    assert reread(written, "json") == written


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("title", ["", "Name: 1 2 3", "a\nb", "*/ } ü 字", "\ud800", "#"])
def test_no_title_changes_the_colours(kind: str, title: str) -> None:
    written = palette(5)
    assert np.array_equal(reread(written, kind, title).colors, written.colors)


@pytest.mark.parametrize("kind", FORMATS)
def test_save_and_load(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"brand.{kind.upper()}"
    written = palette(9)
    path.write_bytes(b"before")
    written.save(path)
    assert np.array_equal(Palette.load(str(path)).colors, written.colors)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_palette_that_cannot_be_written_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "brand.act"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match="at most 256 colours"):
        palette(257).save(path)
    assert path.read_bytes() == b"before"
    with pytest.raises(FileNotFoundError, match="missing"):
        palette(2).save(tmp_path / "missing" / "brand.act")


@pytest.mark.parametrize("name", ["brand", "brand.txt", "gpl", ".gpl", "brand.gpl.bak"])
def test_unknown_suffixes(name: str, tmp_path: Path) -> None:
    known = r"\.act, \.ase, \.css, \.gpl, \.hex, \.json, \.pal, \.png, got "
    with pytest.raises(ValueError, match=known):
        palette(2).save(tmp_path / name)
    with pytest.raises(ValueError, match=known):
        Palette.load(tmp_path / name)


# What is written, byte by byte, and what other programs make of it

BRAND = Palette(np.array([[255, 127, 0], [0, 0, 0], [16, 32, 200]], np.uint8), np.array([2, 1, 1]))
WRITTEN = {
    "css": b":root {\n  --my-brand-1: #ff7f00;\n  --my-brand-2: #000000;\n"
    b"  --my-brand-3: #1020c8;\n}\n",
    "gpl": b"GIMP Palette\nName: My Brand\nColumns: 0\n#\n255 127   0\t#ff7f00\n"
    b"  0   0   0\t#000000\n 16  32 200\t#1020c8\n",
    "hex": b"ff7f00\n000000\n1020c8\n",
    "json": b'{"colors":["#ff7f00","#000000","#1020c8"],"counts":[2,1,1],"shares":[0.5,0.25,0.25]}',
    "pal": b"JASC-PAL\r\n0100\r\n3\r\n255 127 0\r\n0 0 0\r\n16 32 200\r\n",
    "act": bytes.fromhex("ff7f00 000000 1020c8") + bytes(759) + bytes.fromhex("0003 ffff"),
    "ase": b"ASEF"
    + bytes.fromhex("0001 0000  00000003")
    + bytes.fromhex("0001 00000024  0008 0023 0066 0066 0037 0066 0030 0030 0000")
    + bytes.fromhex("52474220  3f800000 3efefeff 00000000  0000")
    + bytes.fromhex("0001 00000024  0008 0023 0030 0030 0030 0030 0030 0030 0000")
    + bytes.fromhex("52474220  00000000 00000000 00000000  0000")
    + bytes.fromhex("0001 00000024  0008 0023 0031 0030 0032 0030 0063 0038 0000")
    + bytes.fromhex("52474220  3d808081 3e008081 3f48c8c9  0000"),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_bytes(kind: str) -> None:
    encoded = palette_files.encode(BRAND, kind, "My Brand")
    if kind == "json":  # whose spaces mean nothing
        assert json.loads(encoded) == json.loads(WRITTEN[kind])
    else:
        assert encoded == WRITTEN[kind]


@pytest.mark.parametrize("k", [1, 3, 256])
def test_pillow_reads_gpl(k: int) -> None:
    written = palette(k)
    data = palette_files.encode(written, "gpl", "brand")
    for read in (GimpPaletteFile(io.BytesIO(data)), GimpPaletteFile.frombytes(data)):
        assert read.getpalette() == (written.colors.tobytes(), "RGB")


@pytest.mark.parametrize("k", [1, 15, 16, 17, 100, 256])
def test_a_swatch_picture_shows_every_colour(k: int) -> None:
    written = palette(k)
    with Image.open(io.BytesIO(palette_files.encode(written, "png", "brand"))) as image:
        assert (image.mode, image.width) == ("P", 512)
        indices, shown = np.asarray(image), image.convert("RGB")
    sizes = np.bincount(indices.ravel(), minlength=k)
    assert sizes.min() > 0
    assert sizes.max() <= 2 * sizes.min()  # a row has at most one field more than another
    # Read by its pixels alone, the order is the same.
    found = Palette(*palette_files.decode(saved(shown).getvalue(), "png"))
    assert np.array_equal(found.colors, written.colors)


def test_a_quantized_picture_is_a_palette_too(tmp_path: Path) -> None:
    q = kpalette.quantize(noise(30, 30, 4), 40)
    q.save(tmp_path / "photo.png")
    assert np.array_equal(Palette.load(tmp_path / "photo.png").colors, q.palette.colors)


def test_large_pictures_are_read_without_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = palette_files.encode(Palette(noise(1, 9)[0]), "png", "nine")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30_000)  # of 32,768
    assert len(palette_files.decode(picture, "png").colors) == 9


def ase(*blocks: bytes, count: int | None = None) -> bytes:
    header = struct.pack(">4sHHI", b"ASEF", 1, 0, len(blocks) if count is None else count)
    return header + b"".join(blocks)


def ase_block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HI", kind, len(body)) + body


def ase_color(model: bytes, *levels: float, name: str = "a\0") -> bytes:
    text = name.encode("utf-16-be")
    body = struct.pack(f">H{len(text)}s4s{len(levels)}fH", len(text) // 2, text, model, *levels, 2)
    return ase_block(1, body)


def png_of(pixels: Any) -> bytes:
    return saved(Image.fromarray(np.array(pixels, np.uint8))).getvalue()


GROUP, GROUP_END = ase_block(0xC001, b"\0\2\0g\0\0"), ase_block(0xC002, b"")
RIFF = b"RIFF" + struct.pack("<I4s", 20, b"PAL ")

OTHERS = {
    "gpl: old, without fields": (
        "gpl",
        b"GIMP Palette\n# hi\n1 2 3\n\n 4 5 6 Six\n",
        "010203 040506",
    ),
    "gpl: names that are numbers": (
        "gpl",
        b"GIMP Palette\r\n1 2 3 4\r\n1 2 4 5\r\n",
        "010203 010204",
    ),
    "gpl: Aseprite's alpha": (
        "gpl",
        b"GIMP Palette\nChannels: RGBA\n#\n1 2 3 4 Untitled\n9 8 7 255\tx\n",
        "01020304 090807ff",
    ),
    "pal: unix line ends, alpha": (
        "pal",
        b"JASC-PAL\n0100\n2\n1 2 3 255\n4 5 6 0\n",
        "010203ff 04050600",
    ),
    "pal: RIFF": (
        "pal",
        RIFF + b"data" + struct.pack("<IHH", 12, 0x300, 2) + bytes.fromhex("01020300 04050604"),
        "010203 040506",
    ),
    "pal: RIFF with a chunk before": (
        "pal",
        RIFF + b"offl\1\0\0\0x\0data" + struct.pack("<IHH", 8, 0x300, 1) + b"\1\2\3\0",
        "010203",
    ),
    "act: 768 bytes, repeated": ("act", b"\1\2\3\4\5\6" * 128, "010203 040506"),
    "act: one is transparent": (
        "act",
        b"\1\2\3\4\5\6" + bytes(762) + b"\0\2\0\1",
        "010203ff 04050600",
    ),
    "act: what does not count is transparent": (
        "act",
        b"\1\2\3\4\5\6" + bytes(762) + b"\0\2\0\2",
        "010203 040506",
    ),
    "ase: groups, grey, other blocks": (
        "ase",
        ase(
            GROUP,
            ase_color(b"RGB ", 1, 0.5, 0),
            ase_color(b"Gray", 0.2, name=""),
            GROUP_END,
            ase_block(7, b"what"),
            ase_color(b"RGB ", 1.0000001, -0.0, 1, name="x" * 300 + "\0"),
        ),
        "ff8000 333333 ff00ff",
    ),
    "hex: with #, bom, empty lines": (
        "hex",
        b"\xef\xbb\xbf#FF7f00\r\n\r\n00000080\r\n",
        "ff7f00ff 00000080",
    ),
    "hex: short forms and names": (
        "hex",
        b"#f00\n\nwhite\r\n0f08\r\ndusty blue\n",
        "ff0000ff ffffffff 00ff0088 5a86adff",
    ),
    "hex: a short form before the last line": ("hex", b"#f00\n00ff00", "ff0000 00ff00"),
    "json: a list": ("json", b'["#010203", "040506", "#abc"]', "010203 040506 aabbcc"),
    "json: names": ("json", b'["red", "#0f0"]', "ff0000 00ff00"),
    "gpl: names in Latin-1": ("gpl", b"GIMP Palette\nName: Gr\xfcn\n1 2 3 caf\xe9\n", "010203"),
    "gpl: a mark, then Latin-1": ("gpl", b"\xef\xbb\xbfGIMP Palette\n1 2 3 \xe4", "010203"),
    "css: colours in other notations": (
        "css",
        b":root{--a: #010203; --b: rgb(1,2,3); --c: hsl(1 2% 3%); --d: red; --e: #040506}",
        "010203 040506",
    ),
    "css: as people write it": (
        "css",
        b"/* --no: #000001; */ a{--gap:4px;color:#000002}\n"
        b":root{--a:#abc;--b : #ABCD ;--c:#010203}",
        "aabbccff aabbccdd 010203ff",
    ),
    "png: pixels in order": (
        "png",
        png_of([[[9, 9, 9], [1, 2, 3]], [[9, 9, 9], [0, 0, 0]]]),
        "090909 010203 000000",
    ),
    "png: grey": ("png", png_of([[7, 3, 7]]), "070707 030303"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_other_programs_write(name: str) -> None:
    kind, data, expected = OTHERS[name]
    assert [
        color[1:] for color in Palette(*palette_files.decode(data, kind)).hex
    ] == expected.split()


def test_equal_colours_are_one_with_all_their_counts() -> None:
    data = b'{"colors": ["#000009", "#000003", "#000009", "#000001"], "counts": [1, 2, 4, 8]}'
    found = Palette(*palette_files.decode(data, "json"))
    assert found.hex == ["#000009", "#000003", "#000001"]
    assert found.counts.tolist() == [5, 2, 8]


# What is wrong

LONG = "\n".join(f"{i:06x}" for i in range(100_000))
WRONG = {
    "act": {b"GIMP Palette\n1 2 3": "expected 768 or 772 bytes, got 18",
            bytes(770): "got 770",
            bytes(768) + b"\0\0\0\0": "1 to 256 colours, got 0",
            bytes(768) + b"\1\1\0\0": "1 to 256 colours, got 257"},
    "ase": {b"GIMP Palette": "expected b'ASEF' at the start, got b'GIMP'",
            b"ASEF\0\1\0\0": "expected the number of blocks, got the end",
            ase(count=2**32 - 1): "expected 4294967295 blocks, got 0",
            ase(GROUP, GROUP_END): "at least one colour, got none",
            ase(ase_color(b"RGB ", 1, 0, 1))[:-3]: "a block of 24 bytes, got 21",
            ase(ase_block(1, b"")): "expected a colour model, got the end",
            ase(ase_block(1, b"\xff\xff\0a")): "expected a colour model, got the end",
            ase(ase_color(b"RGB ", 1)): "expected 12 bytes of levels, got 6",
            ase(ase_color(b"RGB ", 1, float("nan"), 0)): "levels from 0 to 1, got",
            ase(ase_color(b"CMYK", 1, 0, 0, 0)): "models RGB or Gray, got 'CMYK'",
            ase(ase_color(b"LAB ", 1, 0, 0)): "models RGB or Gray, got 'LAB'"},
    "css": {b"body { color: #123456 }": "at least one colour such as '--a: #ff8800;', got none",
            b":root {\n --a-1: #ff0000;\n --a-2: #00ff": "--a-2: expected ';' or '}' after",
            b"--a: #ff0000": "--a: expected ';' or '}' after its value, got the file's end",
            b"--a: #ff0000; --b:": "--b: expected ';' or '}' after its value, got the file's end",
            b"--a: #12345;": "--a: expected rrggbb or rrggbbaa, got '#12345'",
            b"--a: hsl(1 2% 3%);": "at least one colour such as '--a: #ff8800;', got none",
            b"--a: #12345g;": "--a: expected rrggbb"},
    "gpl": {b"JASC-PAL\r\n0100": "expected 'GIMP Palette' in the first line, got 'JASC-PAL'",
            b"\n\n": "in the first line, got ''",
            b"GIMP Palette\nName: none": "at least one colour, got none",
            b"GIMP Palette\n1 2": "line 2: expected three levels from 0 to 255, got '1 2'",
            b"GIMP Palette\n1 2 256": "line 2: expected three levels",
            b"GIMP Palette\n1 2 -3": "line 2: expected three levels",
            b"GIMP Palette\n1 2 " + b"3" * 5000: "line 2: expected three levels",
            "GIMP Palette\n1 2 ٨".encode(): "line 2: expected three levels",
            "GIMP Palette\n1 2 3".encode("utf-16"): "expected 'GIMP Palette' in the first line"},
    "hex": {b"ff7f0": "line 1: expected rrggbb or rrggbbaa, got 'ff7f0'",
            b"ff7f00\nff7": "line 2: expected rrggbb or rrggbbaa, got 'ff7'",
            b"#ff7f": "line 1: expected rrggbb or rrggbbaa, got '#ff7f'",
            b"#f00\nred": "line 2: expected rrggbb or rrggbbaa, got 'red' at the file's end, where",
            b"red\nreed\n": "line 2: expected rrggbb or rrggbbaa, got 'reed'",
            b"000000\n##12345": "line 2: expected rrggbb",
            b" \n ": "at least one colour, got none",
            "000000".encode("utf-16"): "expected text in UTF-8, got byte 0xff at 0",
            b"\xef\xbb\xbf000000\n\xe4": "expected text in UTF-8, got byte 0xe4 at 10",
            LONG.encode(): "expected at most 65,536 colours, got 100,000"},
    "json": {b"{": "expected JSON, got other text",
             b"[" * 100_000: "expected a list of colours, got lists that are nested too deeply",
             b"[" * 900 + b"]" * 900: "colors: expected a list of strings, got [[",
             b"1" * 5000: "expected JSON, got other text",
             b"3": "colors: expected a list of strings, got 3",
             b"{}": "colors: expected a list of strings, got None",
             b'{"colors": ["reed"]}': "colour 1: expected rrggbb or rrggbbaa, got 'reed'",
             b'{"colors": []}': "at least one colour, got none",
             b'{"colors": ["#000000"], "counts": [1, 2]}': "expected shape (1,), got (2,)",
             b'{"colors": ["#000000"], "counts": [-1]}': "expected at least 0, got -1",
             b'{"colors": ["#000000"], "counts": [1e999]}': "a list of whole numbers, got [inf]",
             b'{"colors": ["#000000"], "counts": [true]}': "a list of whole numbers, got [True]",
             b'{"colors": ["#000000"], "counts": [9223372036854775808]}': "a list of whole numbers",
             b'{"colors": ["#000000"], "counts": [-9223372036854775809]}': "whole numbers, got",
             b'{"colors": ["#000000", "#000001"], "counts": [9223372036854775807, 1]}': "2**63"},
    "pal": {b"GIMP Palette\n": "expected 'JASC-PAL' or 'RIFF' at the start, got 'GIMP Palette'",
            b"JASC-PAL": "expected version '0100', got ''",
            b"JASC-PAL\n0200\n1\n0 0 0": "expected version '0100', got '0200'",
            b"JASC-PAL\n0100\n3\n1 2 3\n": "as line 3 says, '3', got 1",
            b"JASC-PAL\n0100\n0\n": "at least one colour, got none",
            b"JASC-PAL\n0100\n999999999\n1 2 3\n": "as line 3 says, '999999999', got 1",
            b"JASC-PAL\n0100\n1\n1 2 x\n": "line 4: expected three levels",
            b"RIFF\0\0\0\0WAVE": "expected a RIFF file of kind 'PAL ', got b'WAVE'",
            RIFF: "expected a chunk 'data', got the end",
            RIFF + b"offl\xff\xff\xff\xff": "expected a chunk 'data', got the end",
            RIFF + b"data\0\0\0\0\0": "expected the number of colours, got the end",
            RIFF + b"data\0\0\0\0\0\3\xff\xff\1\2\3\0": "the 65535 colours of the header, got 1",
            RIFF + b"data\0\0\0\0\0\3\0\0\1\2\3\0": "expected the 0 colours of the header, got 1"},
    "png": {b"GIF89a": "expected a PNG, got a file that starts with GIF89a",
            saved(Image.fromarray(noise(300, 300))).getvalue(): "at most 65,536 colours, got 89,7",
            DAMAGED["half a PNG"][0]: "the PNG is cut off"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [(kind, data, message) for kind, cases in WRONG.items() for data, message in cases.items()]
    + [(kind, b"", "the file is empty") for kind in FORMATS],
)
def test_what_is_wrong_is_told(kind: str, data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / f"bad.{kind}"
    path.write_bytes(data)
    with pytest.raises(PaletteReadError) as caught:
        Palette.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_refuses_the_others(kind: str) -> None:
    for other in FORMATS.keys() - {kind}:
        data = palette_files.encode(palette(40), other, "brand")
        with pytest.raises(PaletteReadError):
            palette_files.decode(data, kind)


def test_files_without_end_are_not_read_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt" or not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero")
    monkeypatch.setattr(palette_files, "MAX_BYTES", 1000)
    (tmp_path / "endless.hex").symlink_to("/dev/zero")
    with pytest.raises(PaletteReadError, match="of at most 1,000 bytes, got more"):
        Palette.load(tmp_path / "endless.hex")


def test_a_missing_file_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Palette.load(tmp_path / "missing.gpl")
    assert not issubclass(PaletteReadError, OSError)


BEGINNINGS = {
    "act": bytes(768),
    "ase": WRITTEN["ase"][:18],
    "css": b":root{--a:",
    "gpl": b"GIMP Palette\n",
    "hex": b"#",
    "json": b'{"colors":["#000000"],"counts":',
    "pal": RIFF + b"data",
    "png": palette_files.encode(BRAND, "png", "brand")[:60],
}


@pytest.mark.parametrize("kind", FORMATS)
def test_any_bytes_are_a_palette_or_that_error(kind: str) -> None:
    whole = palette_files.encode(BRAND, kind, "brand")

    def read(data: bytes) -> None:
        with suppress(PaletteReadError):
            Palette(*palette_files.decode(data, kind))

    @given(st.binary(max_size=64))
    @example(b"")
    def nonsense(data: bytes) -> None:
        read(data)
        read(BEGINNINGS[kind] + data)

    @given(st.integers(0, len(whole)), st.integers(0, 8), st.binary(max_size=8))
    def damage(start: int, length: int, data: bytes) -> None:
        read(whole[:start] + data + whole[start + length :])

    nonsense()
    damage()


def test_a_number_is_no_path() -> None:
    q = kpalette.quantize(noise(4, 4), 2)
    a = kpalette.quantize_animation([(noise(4, 4), 40)], 2)
    h = kpalette.ColorHistogram.from_image(noise(4, 4))
    for call in (q.save, a.save, h.save, h.load, palette(2).save, Palette.load):
        for wrong in (3, None, b"a.png", io.BytesIO()):
            with pytest.raises(
                TypeError, match=f"^path: expected a path, got {type(wrong).__name__}$"
            ):
                call(wrong)  # type: ignore[arg-type]


def test_titles_are_the_files_names(tmp_path: Path) -> None:
    palette(2).save(tmp_path / "My Brand.css")
    assert "--my-brand-2: #" in (tmp_path / "My Brand.css").read_text()
    palette(2).save(tmp_path / "My Brand.gpl")
    assert "\nName: My Brand\n" in (tmp_path / "My Brand.gpl").read_text()
