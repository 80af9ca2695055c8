"""JPEG and PNG files that are cut off: refused, or taken as far as they go. And orientation."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

import kpalette
from conftest import chunk, gradient, noise, raw_png, saved
from kpalette import Palette, cli, files
from kpalette.files import ImageReadError, as_pixels
from kpalette.files.errors import TruncatedError
from kpalette.files.truncated import completed

JPEGS = {
    "baseline": {"quality": 90},
    "progressive": {"quality": 90, "progressive": True},
    "restarts": {"quality": 90, "restart_marker_rows": 1},
    "thumbnail": {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\xff\xd8\xff\xd9"},
}
PNGS = ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"]


def jpeg(**options: Any) -> bytes:
    return saved(Image.fromarray(noise(64, 48)), "JPEG", **options).getvalue()


def png(mode: str = "RGB", **options: Any) -> bytes:
    image = Image.fromarray(noise(40, 48, 4))
    if mode == "I;16":
        image = Image.fromarray(noise(40, 48, 1) * np.uint16(257))
    elif mode == "P":
        image = image.convert("RGB").quantize(200)
    else:
        image = image.convert(mode)
    return saved(image, "PNG", **options).getvalue()


def partly(data: bytes) -> np.ndarray[Any, Any]:
    with pytest.warns(UserWarning, match=r"^the file is cut off; the part"):
        return as_pixels(io.BytesIO(data), allow_truncated=True)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("missing", [1, 2, 12, 500])
def test_a_jpeg_that_breaks_off(kind: str, missing: int) -> None:
    data = jpeg(**JPEGS[kind])
    whole = as_pixels(io.BytesIO(data))
    with pytest.raises(TruncatedError, match=r"^the JPEG is cut off; allow_truncated=True"):
        as_pixels(io.BytesIO(data[:-missing]))
    pixels = partly(data[:-missing])
    assert pixels.shape == whole.shape
    if missing <= 2:  # all but the end is there
        assert np.array_equal(pixels, whole)
    if kind != "progressive":
        assert np.array_equal(pixels[:16], whole[:16])


@pytest.mark.parametrize("mode", PNGS)
@pytest.mark.parametrize("missing", [1, 4, 12, 16, 300])
def test_a_png_that_breaks_off(mode: str, missing: int) -> None:
    data = png(mode)
    missing = min(missing, len(data) // 2)
    whole = as_pixels(io.BytesIO(data))
    with pytest.raises(ImageReadError, match=r"^the PNG is cut off; allow_truncated=True"):
        as_pixels(io.BytesIO(data[:-missing]))
    pixels = partly(data[:-missing])
    assert pixels.shape[:2] == whole.shape[:2]
    if missing <= 12:
        assert np.array_equal(pixels, whole)
    assert np.array_equal(files.with_alpha(pixels)[:4], files.with_alpha(whole)[:4])


@pytest.mark.parametrize("rows", [1, 7])
def test_rows_that_are_missing_are_black_or_transparent(rows: int) -> None:
    for channels, color in ((3, 2), (4, 6)):
        levels = noise(7, 5, channels)
        raw = b"".join(b"\0" + row.tobytes() for row in levels)
        cut = raw[: rows * (1 + 5 * channels) + (rows < 7) * 4]  # and some of a row
        pixels = partly(raw_png(5, 7, 8, color, cut)[:-12])
        assert np.array_equal(pixels[:rows], levels[:rows])
        assert not pixels[rows:].any()


@pytest.mark.parametrize("color", [0, 2, 3, 6])
def test_without_a_row_of_pixels_nothing_is_there(color: int) -> None:
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[color]
    table = [chunk(b"PLTE", bytes(range(30)))] if color == 3 else []
    none = raw_png(5, 7, 8, color, bytes(1 + 5 * channels - 1), *table)[:-12]
    header = none.index(b"IDAT") - 4
    ends = [33, header, header + 4, header + 8, len(none)] + [header - 8] * (color == 3)
    for data in (none[:end] for end in ends):
        assert completed(data) is None
        for allowed in (False, True):
            with pytest.raises(ImageReadError, match="the PNG is cut off before its first row"):
                as_pixels(io.BytesIO(data), allow_truncated=allowed)


def test_a_jpeg_without_pixels() -> None:
    data = jpeg()
    for end in (10, data.index(b"\xff\xda"), data.index(b"\xff\xda") + 14):
        for allowed in (False, True):
            with pytest.raises(ImageReadError, match="the JPEG is cut off before its first row"):
                as_pixels(io.BytesIO(data[:end]), allow_truncated=allowed)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "JPEG2000"])
def test_other_formats_say_that_they_break_off(kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow lacks it")
    data = saved(Image.fromarray(noise(64, 48)), kind).getvalue()
    title = {"WEBP": "WebP", "AVIF": "AVIF", "JPEG2000": "JPEG 2000"}[kind]
    ends = [len(data) // 2, len(data) // 3] + [len(data) - 12] * (kind == "WEBP")
    for end in ends:
        with pytest.raises(ImageReadError, match=f"^the {title} is cut off$"):
            as_pixels(io.BytesIO(data[:end]))


def test_a_png_of_too_few_rows_with_an_end() -> None:
    levels = noise(7, 5)
    raw = b"".join(b"\0" + row.tobytes() for row in levels[:3])
    data = raw_png(5, 7, 8, 2, raw)
    with pytest.raises(ImageReadError, match="fewer rows than its header says"):
        as_pixels(io.BytesIO(data))
    assert np.array_equal(partly(data)[:3], levels[:3])
    levels[3:] = 0  # which alone is no reason to refuse it
    black = raw_png(5, 7, 8, 2, b"".join(b"\0" + row.tobytes() for row in levels))
    assert np.array_equal(as_pixels(io.BytesIO(black)), levels)


def test_an_interlaced_png_that_breaks_off() -> None:
    """Of the first pass, an eighth of the columns and rows is there."""
    levels = noise(16, 16, 1)
    first = b"".join(b"\0" + row.tobytes() for row in levels[::8, ::8])
    header = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 1)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(first))
    pixels = partly(data)
    assert np.array_equal(pixels[::8, ::8, 0], levels[::8, ::8])
    assert np.count_nonzero(pixels[..., 0]) <= 4


def test_whole_files_are_taken_as_they_are() -> None:
    moving = saved(
        Image.fromarray(noise(9, 9)), "PNG", save_all=True, append_images=[Image.new("RGB", (9, 9))]
    ).getvalue()
    whole = [jpeg(**options) for options in JPEGS.values()] + [png(mode) for mode in PNGS]
    for data in (*whole, moving, moving[:-20], saved(Image.new("L", (3, 3)), "GIF").getvalue()):
        for file in (data, data + b"\0\0"):  # some cameras write more
            assert completed(file) is None
            expected = as_pixels(io.BytesIO(file))
            assert np.array_equal(as_pixels(io.BytesIO(file), allow_truncated=True), expected)


def test_a_jpeg_whose_second_picture_breaks_off() -> None:
    first, second = Image.fromarray(noise(32, 32)), Image.fromarray(noise(32, 32, seed=1))
    data = saved(first, "MPO", save_all=True, append_images=[second]).getvalue()
    assert np.array_equal(as_pixels(io.BytesIO(data[:-99])), as_pixels(io.BytesIO(data)))
    with pytest.raises(TruncatedError):
        as_pixels(io.BytesIO(data[: len(data) // 3]))


@pytest.mark.parametrize("data", [png()[:30], jpeg()[:30], b"\xff\xd8\xff", png()[:12], png()[:0]])
def test_without_a_header_nothing_is_there(data: bytes) -> None:
    for allowed in (False, True):
        ignored = warnings.catch_warnings(action="ignore")
        with ignored, pytest.raises(ImageReadError, match=r"damaged|empty|is cut off"):
            as_pixels(io.BytesIO(data), allow_truncated=allowed)


def test_a_bomb_that_breaks_off_is_not_unfolded() -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))
    with pytest.raises(ImageReadError, match="pixels"):
        as_pixels(io.BytesIO(data), allow_truncated=True)


def test_any_cut_is_refused_or_read() -> None:
    rng = np.random.default_rng(0)
    for data in (*(jpeg(**options) for options in JPEGS.values()), *(png(mode) for mode in PNGS)):
        for end in rng.integers(0, len(data) - 1, 25):
            with pytest.raises(ImageReadError):
                as_pixels(io.BytesIO(data[:end]))
            ignored = warnings.catch_warnings(action="ignore")
            in_header = [ImageReadError] if end < 700 else []  # quantization tables and all
            with ignored, contextlib.suppress(*in_header):
                as_pixels(io.BytesIO(data[:end]), allow_truncated=True)


def test_every_function_that_has_the_option(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png()[:-300])
    palette = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
    calls = [
        as_pixels, files.read_metadata, kpalette.quantize, kpalette.extract_palette, palette.remap,
        kpalette.ColorHistogram.from_image,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ImageReadError, match=r"photo\.png: the PNG is cut off"):
            call(path)
        with pytest.warns(UserWarning, match=r"photo\.png: the file is cut off"):
            call(path, allow_truncated=True)
    with pytest.raises(TypeError, match="allow_truncated: expected True or False, got 1"):
        as_pixels(path, allow_truncated=1)  # type: ignore[arg-type]
    with warnings.catch_warnings(action="error"), pytest.raises(UserWarning, match="is cut off"):
        as_pixels(path, allow_truncated=True)  # and not as damage


@pytest.mark.parametrize("command", ["quantize", "remap", "palette", "sweep", "compare"])
def test_commands(command: str, tmp_path: Path, brand: Path, fails: Any, capsys: Any) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg()[:-12])
    more = {
        "remap": ["--palette", brand, "-o", tmp_path / "a.png"],
        "quantize": ["--keep-metadata", "-k", "4", "-o", tmp_path / "b.png"],
        "compare": [path],
        "sweep": ["-k", "2", "--no-png"],
    }
    args = [command, path, *more.get(command, [])]
    if command != "compare":  # which names both
        said = fails(3, *args)
        assert f"{path}: the JPEG is cut off; --allow-truncated reads" in said
    assert cli.run([*map(str, args), "--allow-truncated"]) == 0
    lines = capsys.readouterr().err.splitlines()
    remark = f"kpalette: {path}: the file is cut off; the part that is there is read"
    assert lines.count(remark) == 1
    assert cli.run([*map(str, args), "--allow-truncated", "-q", "-f"]) == 0
    assert capsys.readouterr().err == ""


def test_a_folder_of_which_some_break_off(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(png()[:-300])
    (folder / "b.png").write_bytes(png())
    args = ["quantize", "-r", str(folder), "--out-dir", str(tmp_path / "out"), "-k", "4"]
    assert cli.run(args) == 3
    assert not (tmp_path / "out" / "a.png").exists()
    capsys.readouterr()
    assert cli.run([*args, "--allow-truncated", "--shared-palette", "-f"]) == 0
    said = capsys.readouterr().err
    assert said.count("a.png: the file is cut off") == 1
    assert "b.png: the file is cut off" not in said


# Orientation


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_xmp_alone_turns_nothing(kind: str) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    image = Image.fromarray(gradient(8, 16))
    options: dict[str, Any] = {"xmp": xmp}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": info}
    if kind == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    file = saved(image, kind, **options)
    with Image.open(file) as found:
        assert found.getexif().get(274) == 6  # which is what would turn it
    assert as_pixels(file).shape == (8, 16, 3)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x08\0\0\0\0\0\0"
    if kind == "TIFF":
        options["tiffinfo"][274] = 8
    both = saved(image, kind, exif=exif, **options)
    upright = as_pixels(saved(image, kind, exif=exif))
    assert upright.shape == (16, 8, 3)
    assert np.array_equal(as_pixels(both), upright)


def test_a_shared_case_of_xmp(data: Path) -> None:
    pixels = as_pixels(data.parent / "cases" / "xmp-orientation.png")
    with Image.open(data.parent / "cases" / "xmp-orientation.png") as image:
        assert np.array_equal(pixels, image.convert("RGB"))


def test_an_orientation_that_was_set_by_hand_turns() -> None:
    image = Image.fromarray(gradient(8, 16))
    image.getexif()[274] = 6
    assert as_pixels(image).shape == (16, 8, 3)
    assert image.size == (16, 8)
