"""What each kind of file looks like once it is read, and what happens to bad ones."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import DAMAGED, NOT_ROOT, PHOTO, chunk, gradient, noise, raw_png, saved
from kpalette.files import ImageReadError, as_pixels
from profiles import D50_FROM_SRGB, icc_profile, srgb_from_linear

# Modes


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (77, 128), (77, 77, 77, 128)),
        ("LA", (77, 255), (77, 77, 77)),
        ("La", (50, 128), (99, 99, 99, 128)),
        ("P", 3, (3, 3, 3)),
        ("PA", (3, 128), (3, 3, 3, 128)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 40), (10, 20, 30, 40)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBa", (64, 32, 16, 128), (127, 63, 31, 128)),
        ("RGBX", (10, 20, 30, 0), (10, 20, 30)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (76, 85, 255), (254, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("I", 32768, (128, 128, 128)),
        ("I;16", 32768, (128, 128, 128)),
        ("I;16B", 65535, (255, 255, 255)),
    ],
)
def test_every_pillow_mode(mode: str, color: Any, expected: tuple[int, ...]) -> None:
    image = Image.new(mode, (3, 2), color)
    if mode in ("P", "PA"):
        image.putpalette(bytes(v for grey in range(256) for v in [grey] * 3))
    before = image.copy()
    pixels = as_pixels(image)
    assert pixels.shape == (2, 3, len(expected))
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    # Lab, and undoing premultiplication, are good to a level.
    near = 1 if mode in ("La", "RGBa", "LAB") else 0
    assert np.abs(pixels.astype(int) - expected).max() <= near
    assert image == before


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "BMP", "WEBP"])
def test_lossless_files_come_back_as_they_were(kind: str) -> None:
    pixels = noise(7, 12) if kind != "GIF" else np.repeat(noise(7, 12, 1)[..., None], 3, axis=2)
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(as_pixels(saved(Image.fromarray(pixels), kind, **options)), pixels)


def test_palette_with_one_transparent_colour() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette(bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    assert as_pixels(saved(image)).tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    pixels = as_pixels(saved(image, transparency=1))
    assert pixels.tolist() == [[[255, 0, 0, 255], [0, 255, 0, 0], [0, 0, 255, 255]]]


def test_palette_with_soft_transparency() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette(bytes(range(9)))
    pixels = as_pixels(saved(image, transparency=bytes([0, 128])))
    assert pixels[..., 3].tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("depth", "rows", "colour"),
    [(1, b"\0\x40", 1), (8, b"\0\0\x09\0", 9), (16, struct.pack(">xHHH", 7, 700, 7), 700)],
)
def test_grey_png_with_a_transparent_level(depth: int, rows: bytes, colour: int) -> None:
    png = raw_png(3, 1, depth, 0, rows, chunk(b"tRNS", struct.pack(">H", colour)))
    assert as_pixels(io.BytesIO(png))[..., 3].tolist() == [[255, 0, 255]]


def test_rgb_png_with_a_transparent_colour() -> None:
    png = raw_png(2, 1, 8, 2, b"\0" + bytes(range(6)), chunk(b"tRNS", bytes([0, 3, 0, 4, 0, 5])))
    assert as_pixels(io.BytesIO(png)).tolist() == [[[0, 1, 2, 255], [3, 4, 5, 0]]]


def test_colours_under_full_transparency_are_kept() -> None:
    pixels = noise(4, 4, 4)
    pixels[0, 0, 3] = 0
    assert np.array_equal(as_pixels(saved(Image.fromarray(pixels))), pixels)


# Sixteen bits, floats


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    levels = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], np.uint16)
    expected = (levels / 257).round().astype(int).tolist()
    png = raw_png(8, 1, 16, 0, b"\0" + levels.astype(">u2").tobytes())
    tiff = saved(Image.fromarray(levels), "TIFF")
    for source in (io.BytesIO(png), tiff, levels, levels.astype(">u2")):
        pixels = as_pixels(source)
        assert pixels[..., 0].tolist() == expected
        assert np.array_equal(pixels, np.repeat(pixels[..., :1], 3, axis=2))


def test_sixteen_bit_rgb_loses_its_lower_eight() -> None:
    levels = np.array([0, 257 * 4, 255, 256, 65535, 65279], ">u2")
    png = raw_png(2, 1, 16, 2, b"\0" + levels.tobytes())
    assert as_pixels(io.BytesIO(png)).reshape(-1).tolist() == [0, 4, 0, 1, 255, 254]


def tiff(levels: np.ndarray[Any, Any], **options: Any) -> io.BytesIO:
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, levels, metadata=None, **options)
    return file


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("planar", [False, True])
def test_sixteen_bit_tiff(channels: int, planar: bool, compression: Any, byteorder: str) -> None:
    """Whatever was 8 bits before is as it was, whether Pillow reads it or tifffile."""
    eight = noise(9, 11, 4)[..., :channels]
    levels = eight.astype(np.uint16) * 257
    options: dict[str, Any] = {"compression": compression, "byteorder": byteorder}
    options["photometric"] = "rgb" if channels > 2 else "minisblack"
    if channels in (2, 4):
        options["extrasamples"] = ["unassalpha"]
    if channels == 1:
        levels = levels[..., 0]
    else:
        options["planarconfig"] = "separate" if planar else "contig"
        levels = np.moveaxis(levels, 2, 0) if planar else levels
    pixels = as_pixels(tiff(levels, **options))
    n_colors = 3 if channels > 2 else 1
    assert np.array_equal(pixels[..., :3], np.broadcast_to(eight[..., :n_colors], (9, 11, 3)))
    if channels in (2, 4):
        assert np.array_equal(pixels[..., 3], eight[..., -1])


def test_sixteen_bit_tiff_of_premultiplied_grey() -> None:
    levels = np.array([[[64, 128], [200, 255]]], np.uint16) * np.uint16(257)
    pixels = as_pixels(tiff(levels, photometric="minisblack", extrasamples=["assocalpha"]))
    assert np.abs(pixels.astype(int) - [[[127] * 3 + [128], [200] * 3 + [255]]]).max() <= 1


def test_tiff_by_tifffile_is_upright_and_srgb() -> None:
    levels = noise(6, 9, 4)[..., :2] * np.uint16(257)
    profile = icc_profile(b"GRAY", 1.0, D50_FROM_SRGB)
    file = tiff(
        levels,
        photometric="minisblack",
        extrasamples=["unassalpha"],
        iccprofile=profile,
        extratags=[(274, 3, 1, 6, True)],
    )
    pixels = as_pixels(file)
    assert pixels.shape == (9, 6, 4)
    upright = np.rot90(levels // 257, -1)
    assert np.array_equal(pixels[..., 3], upright[..., 1])
    assert np.abs(pixels[..., 0] - srgb_from_linear(upright[..., 0] / 255)).max() <= 2


def test_rgb_tiff_of_other_numbers_is_refused() -> None:
    floats = noise(5, 6) / np.float32(255)
    for levels, what in (
        (floats, "floating-point numbers of 32"),
        (floats.astype(np.float16), "floating-point numbers of 16"),
        (noise(5, 6).astype(np.uint32), "whole numbers of 32"),
        (noise(5, 6).astype(np.int16), "signed numbers of 16"),
    ):
        with pytest.raises(ImageReadError, match=f"whole numbers of 8 or 16 bits, got {what}"):
            as_pixels(tiff(levels, photometric="rgb"))


def test_what_tifffile_remarks_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "remarked.tif"
    levels = np.zeros((4, 4, 2), np.uint16)
    data = bytearray(tiff(levels, photometric=1, extrasamples=[2]).getvalue())
    software = data.rindex(struct.pack("<HH", 305, 2))
    struct.pack_into("<H", data, software + 2, 99)  # of a type that there is not
    path.write_bytes(data)
    read = f"from kpalette import files; print(files.as_pixels({str(path)!r}).shape)"
    done = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("(4, 4, 4)\n", "")


def test_what_tifffile_does_not_read_either() -> None:
    file = tiff(noise(9, 9, 4)[..., :2] * np.uint16(257), photometric="minisblack",
                extrasamples=["unassalpha"], compression="zlib")  # fmt: skip
    data = bytearray(file.getvalue())
    where = data.index(struct.pack("<HHI", 259, 3, 1))  # its compression becomes LERC
    data[where + 8 : where + 10] = struct.pack("<H", 34887)
    with pytest.raises(ImageReadError, match="neither Pillow nor tifffile reads: "):
        as_pixels(io.BytesIO(data))


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_bmp_of_black_and_white_in_any_bits(bits: int) -> None:
    indices = noise(5, 19, 1) % 2
    places = 8 // bits
    rows = np.zeros((5, -(-19 * bits // 32) * 4), np.uint8)
    for x in range(19):
        rows[::-1, x // places] |= indices[:, x] << (8 - bits * (x % places + 1))
    palette = bytes([0, 0, 0, 0, 255, 255, 255, 0])
    header = struct.pack("<IiiHHIIiiII", 40, 19, 5, 1, bits, 0, 0, 0, 0, 2, 0)
    data = struct.pack("<2sIII", b"BM", 62 + rows.size, 0, 62) + header + palette + rows.tobytes()
    pixels = as_pixels(io.BytesIO(data))
    assert np.array_equal(pixels, np.repeat(indices[..., None] * 255, 3, axis=2))


def test_tiff_without_tifffile(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = tiff(noise(9, 9, 4)[..., :2] * np.uint16(257), photometric="minisblack",
                extrasamples=["unassalpha"])  # fmt: skip
    planes = tiff(noise(3, 9, 9) * np.uint16(257), photometric="rgb", planarconfig="separate")
    monkeypatch.setitem(sys.modules, "tifffile", None)
    for file in (grey, planes):
        with pytest.raises(ImageReadError, match=r"pip install 'kpalette\[tiff\]'"):
            as_pixels(file)


def test_sixteen_bit_grey_png_with_alpha() -> None:
    levels = np.array([[0, 65535], [257 * 99, 257 * 7], [65535, 0]], ">u2")
    png = raw_png(3, 1, 16, 4, b"\0" + levels.tobytes())
    expected = [[0, 0, 0, 255], [99, 99, 99, 7], [255, 255, 255, 0]]
    assert as_pixels(io.BytesIO(png)).tolist() == [expected]


def test_integer_modes_out_of_range() -> None:
    for value in (-1, 65536):
        with pytest.raises(ImageReadError, match="grey values from 0 to 65535, got"):
            as_pixels(Image.new("I", (2, 2), value))


def test_float_files_are_refused() -> None:
    with pytest.raises(ImageReadError, match="floating-point"):
        as_pixels(saved(Image.new("F", (2, 2), 0.5), "TIFF"))


# JPEG, LAB, orientation


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg(mode: str) -> None:
    """Pillow writes CMYK as Adobe does, inverted and marked so."""
    pixels = gradient(32, 48)
    image = Image.fromarray(pixels).convert(mode)
    # What sets the CMYK test apart is that inverted ink would be far off.
    read = as_pixels(saved(image, "JPEG", quality=95)).astype(int)
    assert np.abs(read - np.asarray(image.convert("RGB"))).max() <= 12


def test_cmyk_jpeg_without_adobe_marker() -> None:
    jpeg = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95).getvalue()
    marker = jpeg.index(b"\xff\xee")
    length = int.from_bytes(jpeg[marker + 2 : marker + 4], "big")
    assert jpeg[marker + 4 : marker + 9] == b"Adobe"
    plain = jpeg[:marker] + jpeg[marker + 2 + length :]
    # Pillow takes ink for inverted either way.
    for data in (jpeg, plain):
        assert as_pixels(io.BytesIO(data))[0, 0].tolist() == [255, 0, 0]


def test_lab_tiff() -> None:
    lab = Image.new("LAB", (2, 2), (138, 209, 198))  # sRGB red under D50
    pixels = as_pixels(saved(lab, "TIFF")).astype(int)
    assert np.abs(pixels - (255, 0, 0)).max() <= 6  # a step of 8-bit Lab is large there


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_orientation_is_applied_once(orientation: int, kind: str) -> None:
    """All eight files show the same picture: dark at the upper left, light at the lower right."""
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[8:] = 90
    upright[:, 16:] += 100
    undo: dict[int, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a.swapaxes(0, 1)[::-1],
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: a.swapaxes(0, 1)[:, ::-1],
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    file = saved(stored, kind, exif=exif)
    pixels = as_pixels(file).astype(int)
    assert pixels.shape == upright.shape
    assert np.abs(pixels - upright).max() <= 24  # JPEG and WebP ring at the edges
    with Image.open(file) as image:
        assert np.array_equal(as_pixels(image), pixels)


def test_broken_exif_is_ignored() -> None:
    file = saved(Image.fromarray(gradient(8, 8)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f??")
    assert as_pixels(file).shape == (8, 8, 3)
    file = saved(Image.fromarray(gradient(8, 8)), "JPEG", exif=b"Exif\0\0neither II nor MM")
    assert as_pixels(file).shape == (8, 8, 3)


# Animations


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (6, 4), color) for color in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    file = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with Image.open(file) as image:
        assert image.n_frames == 3
    assert np.array_equal(as_pixels(file), np.broadcast_to((255, 0, 0), (4, 6, 3)))


# Files, good and bad


def test_paths_and_file_objects(tmp_path: Path) -> None:
    pixels = noise(5, 5)
    path = tmp_path / "a b.png"
    Image.fromarray(pixels).save(path)
    assert np.array_equal(as_pixels(path), pixels)
    assert np.array_equal(as_pixels(str(path)), pixels)
    with open(path, "rb") as file:
        assert np.array_equal(as_pixels(file), pixels)
        assert not file.closed
    with open(path) as text, pytest.raises(TypeError, match="binary mode, got one in text mode"):
        as_pixels(text)  # type: ignore[arg-type]


def test_a_pipe_can_be_read() -> None:
    pixels = noise(5, 5)
    reading, writing = os.pipe()
    with open(reading, "rb") as source:
        with open(writing, "wb") as file:
            file.write(saved(Image.fromarray(pixels)).getvalue())
        assert np.array_equal(as_pixels(source), pixels)


@pytest.mark.parametrize("content", [saved(PHOTO).getvalue(), b"just words", b""])
def test_a_named_pipe_is_read_once(tmp_path: Path, content: bytes) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    if content == saved(PHOTO).getvalue():
        assert np.array_equal(as_pixels(fifo), PHOTO)
    else:
        with pytest.raises(ImageReadError, match=r"empty|expected an image"):
            as_pixels(fifo)
    writer.join()


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        as_pixels(tmp_path / "missing.png")
    with pytest.raises(IsADirectoryError):
        as_pixels(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        as_pixels(tmp_path / "file" / "below.png")


@NOT_ROOT
def test_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "secret.png").touch(mode=0)
    with pytest.raises(PermissionError):
        as_pixels(tmp_path / "secret.png")


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    content, message = DAMAGED[name]
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    told = []
    for source in (path, str(path), io.BytesIO(content)):
        with pytest.raises(ImageReadError, match=message) as caught:
            as_pixels(source)
        told.append(str(caught.value))
    assert told[:2] == [f"{path}: {told[2]}"] * 2


def test_damage_is_told_without_words_of_programmers() -> None:
    whole = saved(Image.fromarray(noise(40, 40))).getvalue()
    header = bytearray(whole)
    header[20] ^= 1
    rows = raw_png(8, 8, 8, 2, b"\0" + bytes(24))
    told = []
    for data in (
        header,
        rows,
        *(data for data, _ in DAMAGED.values()),
        *_flipped("JPEG", "GIF", "WEBP"),
    ):
        try:
            as_pixels(io.BytesIO(bytes(data)))
        except ImageReadError as error:
            told.append(str(error))
    assert told[0] == "the PNG's header is damaged: the checksum of IHDR is wrong"
    assert len(told) > len(DAMAGED)
    for line in told:
        assert not re.search(
            r"b'|Errno|not processed|broken|when reading|data stream|failed", line
        ), line


def _flipped(*kinds: str) -> Iterator[bytes]:
    """Make files of which a few bytes in the middle are others."""
    for kind in kinds:
        whole = saved(Image.fromarray(noise(40, 40)).convert("L"), kind).getvalue()
        for at in range(len(whole) // 8, len(whole) - 8, 37):
            yield whole[:at] + bytes(byte ^ 0xA5 for byte in whole[at : at + 6]) + whole[at + 6 :]


def test_what_came_instead_of_an_image_is_told() -> None:
    with pytest.raises(ImageReadError, match=r"reads, got a file that starts with import o"):
        as_pixels(io.BytesIO(b"import os\n"))


def test_damage_raises_nothing_else() -> None:
    """Flip bytes anywhere: it reads, or it is an ImageReadError."""
    rng = np.random.default_rng(0)
    outcomes = set()
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "TGA", "PCX", "ICO", "PPM"):
        good = saved(PHOTO.convert("P") if kind == "GIF" else PHOTO, kind).getvalue()
        for _ in range(40):
            bad = np.frombuffer(good, np.uint8).copy()
            bad[rng.integers(0, min(len(bad), 200), 3)] = rng.integers(0, 256, 3)
            try:
                as_pixels(io.BytesIO(bad.tobytes()))
                outcomes.add("read")
            except ImageReadError:
                outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_large_image_below_pillows_bound_gives_no_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert as_pixels(saved(PHOTO)).shape == (40, 40, 3)  # 1600: Pillow warns, and raises at 2000
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.raises(ImageReadError, match="1,600"):
        as_pixels(saved(PHOTO))


def test_pillow_images_without_pixels() -> None:
    for mode in ("RGB", "I;16", "P"):
        with pytest.raises(ImageReadError, match="at least one pixel, got an image of 0×5"):
            as_pixels(Image.new(mode, (0, 5)))


def test_a_lazy_pillow_image_that_turns_out_damaged() -> None:
    data = saved(PHOTO).getvalue()
    with Image.open(io.BytesIO(data[:2000])) as image, pytest.raises(ImageReadError):
        as_pixels(image)


def test_paths_with_null_characters() -> None:
    with pytest.raises(ValueError, match="without null characters"):
        as_pixels("a\0b")
