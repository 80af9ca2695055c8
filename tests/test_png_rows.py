"""Large PNG files are read by rows, from anywhere, as in one piece."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import kpalette
from conftest import chunk, noise, raw_png
from kpalette import _core, cli, distributed, files
from kpalette.cli import tiled
from kpalette.distributed import mosaics, pngs, sources
from kpalette.files import ImageReadError, plain_png, png_rows
from kpalette.files.png_rows import PngRows
from test_plain_png import KINDS, keys, palette, png, random_rows

WIDTH, HEIGHT = 21, 50


def picture(color: int, depth: int, *, clear: bool = False, **options: Any) -> bytes:
    rows = random_rows(WIDTH, HEIGHT, color, depth, color + depth)
    before = [palette(1 << depth)] if color == 3 else []
    if clear and (found := keys(color, depth, WIDTH, HEIGHT, rows)):
        before.append(chunk(b"tRNS", found[0]))
    return png(WIDTH, HEIGHT, color, depth, rows, *before, **options)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat small files as large ones."""
    monkeypatch.setattr(png_rows, "PIECE", 100)
    monkeypatch.setattr(png_rows, "BATCH", 150)
    monkeypatch.setattr(mosaics, "TILE_PIXELS", 60)
    monkeypatch.setattr(pngs, "LEAST_APART", 60)


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(("color", "depth"), KINDS)
def test_rows_are_those_of_the_whole(color: int, depth: int, clear: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(color, depth, clear=clear, parts=3))
    expected = files.as_pixels(path)
    for every in (1, 7, 50, 99):
        found = PngRows(str(path), every)
        assert (found.height, found.width) == (HEIGHT, WIDTH)
        if found.channels == 4:
            expected = files.with_alpha(expected)
        for rows in (slice(0, HEIGHT), slice(0, 1), slice(6, 8), slice(13, 14), slice(49, 50)):
            for columns in (slice(0, WIDTH), slice(3, 4)):
                pixels = found.read(rows, columns)
                np.testing.assert_array_equal(pixels, expected[rows, columns])


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (b"", "empty"),
        (b"words", "whole PNG"),
        (picture(2, 8)[:-9], "whole PNG"),
        (png(9, 9, 2, 8, random_rows(9, 9, 2, 8, 1, interlaced=1), interlaced=1), "not interlaced"),
        (png(9, 9, 2, 8, random_rows(9, 8, 2, 8, 1)), "fewer rows"),
        (png(9, 2, 2, 8, bytes(28) + b"\5" + bytes(27)), "damaged"),
        (png(9, 1, 3, 8, bytes(9) + b"\4", palette(4)), "damaged"),
    ],
)
def test_other_files(encoded: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded)
    with pytest.raises(ImageReadError, match=why):
        PngRows(str(path), 4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(changes=st.data())
def test_damage_is_told(changes: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file that is read by rows is read alike in one piece, whatever byte changes."""
    encoded = bytearray(picture(2, 8, parts=2))
    at = encoded.index(b"IDAT") + 4
    for _ in range(changes.draw(st.integers(1, 2))):
        encoded[changes.draw(st.integers(at, len(encoded) - 1))] = changes.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.png"
    path.write_bytes(encoded)
    try:
        pixels = PngRows(str(path), 9).read(slice(0, HEIGHT), slice(0, WIDTH))
    except ImageReadError:
        return
    np.testing.assert_array_equal(pixels, files.as_pixels(path))


def test_more_rows_than_announced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    rows = random_rows(9, 4, 2, 8, 1)
    path.write_bytes(png(9, 2, 2, 8, rows + bytes(1 << 24)))
    whole = slice(0, 2), slice(0, 9)
    np.testing.assert_array_equal(PngRows(str(path), 9).read(*whole), files.as_pixels(path))


def test_a_file_that_is_cut_off_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(2, 8))
    found = PngRows(str(path), 9)
    with path.open("r+b") as file:
        file.truncate(200)
    with pytest.raises(ImageReadError, match="fewer rows"):
        found.read(slice(0, HEIGHT), slice(0, WIDTH))


def test_the_core_refuses_other_rows() -> None:
    form = _core.PngFormat(2, 3, 8, 2, False, b"", b"")
    rows = _core.PngRows(form)
    assert rows.above == bytes(6)
    for call in (
        lambda: rows.read(bytearray(8)),
        lambda: _core.PngRows(form, b"12345"),
        lambda: _core.PngRows(_core.PngFormat(2, 3, 8, 2, True, b"", b"")),
        lambda: _core.PngRows(_core.PngFormat(2, 3, 3, 2, False, b"", b"")),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


@pytest.mark.parametrize(("color", "depth"), [(2, 8), (6, 8), (3, 4), (0, 16)])
def test_in_tiles_as_in_memory(color: int, depth: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(color, depth))
    found = sources.open_source(str(path), None, "error")
    assert found.array.numblocks[0] > 1
    pixels = files.as_pixels(path)
    assert distributed.histogram(path) == kpalette.ColorHistogram.from_image(pixels)
    expected = kpalette.quantize(pixels, 5)
    for chunks in (None, (9, 8), "500B"):
        made = distributed.quantize(path, 5, chunks=chunks)
        assert np.array_equal(made.indices.compute(), expected.indices)


def test_readers_travel(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(2, 8))
    reader = pngs.PngReader(str(path), 7, (1, 2))
    there = pickle.loads(pickle.dumps(reader))
    region = slice(8, 12), slice(0, 5)
    np.testing.assert_array_equal(there.read(*region), files.as_pixels(path)[region])


def test_what_is_not_read_by_rows_is_a_photo(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"words")
    assert pngs.open_path(str(path), None) is None
    path.write_bytes(picture(2, 8))
    monkeypatch.setattr(mosaics, "TILE_PIXELS", WIDTH * HEIGHT)
    assert pngs.open_path(str(path), None) is None


def test_the_command_line_reads_large_ones_in_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plain_png, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    path = tmp_path / "a.png"
    path.write_bytes(picture(2, 8))
    assert tiled.is_too_large(str(path))
    assert cli.run(["quantize", str(path), "-k", "5", "-o", str(tmp_path / "o.tif")]) == 0
    assert "a.png: 21×50, 1,020 colours to 5 in " in capfd.readouterr().err
    expected = kpalette.quantize(files.as_pixels(path), 5)
    np.testing.assert_array_equal(files.as_pixels(tmp_path / "o.tif"), expected.rgb)
    assert cli.run(["palette", str(path), "-k", "5", "--memory-limit", "1GB"]) == 0
    assert cli.run(["quantize", str(path), "-o", str(tmp_path / "o.png")]) == 2
    assert "too large for other formats" in capfd.readouterr().err
    for other in (noise(3, 3, 1).tobytes(), path.read_bytes()[:20]):
        path.write_bytes(other)
        assert not tiled.is_too_large(str(path))
    assert not tiled.is_too_large(str(tmp_path / "none.png"))


@pytest.mark.parametrize(
    "line",
    [
        "16 a.png",
        "16 a.png -o x.tif",
        "-k 16 a.png",
        "--speed 3 16 a.png",
        "quantize a.png 16",
        "quantize 16 a.png --nofs",
        "quantize a.png -k 16 --speed 3 -s 4",
        "quantize a.png -k 16 --effort balanced",
    ],
)
def test_large_ones_take_pngquants_words(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plain_png, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    Path("a.png").write_bytes(picture(2, 8))
    assert cli.run(line.split()) == 0
    dither = None if line.startswith("quantize") else "floyd-steinberg"
    expected = kpalette.quantize(files.as_pixels("a.png"), 16, dither=dither)
    if "x.tif" in line:
        np.testing.assert_array_equal(files.as_pixels("x.tif"), expected.rgb)
    else:
        group = zarr.open_group("a-16.zarr", mode="r")
        np.testing.assert_array_equal(group["palette"][:][group["indices"][:]], expected.rgb)


def test_large_ones_do_not_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plain_png, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    Path("a.png").write_bytes(picture(2, 8))
    said = fails(2, "quantize", "a.png", "16", "--speed", "2x")
    assert "--speed does not work for images in tiles" in said


LINEAR = chunk(b"gAMA", (100_000).to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (picture(2, 8)[:-30], "the PNG is cut off"),
        (raw_png(WIDTH, HEIGHT, 8, 0, bytes(22 * 50), LINEAR), "other colours than sRGB (gAMA)"),
        (picture(2, 8, interlaced=True), "the PNG is interlaced"),
        (raw_png(WIDTH, HEIGHT, 8, 0, b"", chunk(b"eXIf", b"II")), "has EXIF data"),
        (raw_png(WIDTH, HEIGHT, 8, 0, b"", chunk(b"acTL", bytes(8))), "is an animation"),
        (raw_png(WIDTH, HEIGHT, 8, 0, b"", chunk(b"ABCD", b"")), "the PNG is damaged"),
    ],
)
def test_large_ones_say_why_they_are_not_read_by_rows(
    encoded: bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    monkeypatch.setattr(plain_png, "MOST_PIXELS", 1000)
    monkeypatch.setattr(plain_png, "MOST_PER_BYTE", 10_000)
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(encoded)
    for command in (["quantize", "16", "a.png"], ["palette", "a.png", "--memory-limit=2GB"]):
        said = fails(3, *command)
        assert why in said
        assert said.count("a.png") == 1
        assert "; expected at most 1,000 pixels in one piece, got 1,050; --max-pixels" in said
    with pytest.raises(distributed.TileError, match=r"PIL\.Image\.MAX_IMAGE_PIXELS is half of"):
        distributed.quantize("a.png", 16)


def test_what_is_too_large_here_says_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any, capsys: Any
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(picture(2, 8))
    Image.fromarray(noise(2, 2)).save("b.png")
    Image.fromarray(noise(50, 50)).save("c.tif")
    for line in (
        "sweep a.png -k 2:3",
        "compare a.png b.png",
        "remap a.png --palette b.png",
        "remap b.png --palette a.png",
    ):
        said = fails(3, *line.split())
        assert said.count("a.png") == 1
        assert "PIL" not in said
        assert "distributed" not in said
        assert "given alone and by its name, a TIFF or PNG is read in tiles by palette" in said
        assert "-o x.tif or x.zarr; --max-pixels of quantize is another limit" in said
    monkeypatch.setattr(plain_png, "MOST_PIXELS", 1000)
    assert cli.run(["quantize", "a.png", "b.png", "-k", "4"]) == 3
    assert "by quantize with -o x.tif or x.zarr" in capsys.readouterr().err
    assert "by quantize with -o x.tif or x.zarr" in fails(3, "compare", "c.tif", "b.png")


def test_without_an_ending_a_file_is_told_by_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(50, 50)).save("a.tif")
    Path("a.tif").rename("a")
    assert cli.run(["quantize", "a", "-k", "5", "-o", "o.zarr"]) == 0
    assert cli.run(["quantize", "a", "-k", "5", "-o", "o.tif"]) == 0
    monkeypatch.setattr(plain_png, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    Path("b").write_bytes(picture(2, 8))
    assert cli.run(["quantize", "b", "-k", "5", "-o", "b.tif"]) == 0
    monkeypatch.undo()
    expected = kpalette.quantize(noise(50, 50), 5).rgb
    group = zarr.open_group(tmp_path / "o.zarr", mode="r")
    np.testing.assert_array_equal(group["palette"][:][group["indices"][:]], expected)
