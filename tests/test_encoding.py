"""Every format gives back exactly the pixels that went in, or says what it has no room for."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import files_in, gradient, noise
from kpalette import files

SRGB_CHUNK = 13  # bytes
KINDS = list(dict.fromkeys(files.FORMATS.values()))
TRUE_COLOR = ["png", "webp", "tiff"]


def palette(k: int, channels: int = 3) -> np.ndarray[Any, Any]:
    """Make k distinct colours; with alpha, some are clear and some nearly so."""
    colors = np.unique(noise(4 * k + 9, 4, 1), axis=0)[::3][:k]
    np.random.default_rng(k).shuffle(colors)
    assert len(np.unique(colors[:, :3], axis=0)) == k
    if channels == 4:
        colors[::5, 3] = 0
        colors[::7, 3] = 128
    return np.ascontiguousarray(colors[:, :channels])


def picture(k: int, height: int = 23, width: int = 37) -> np.ndarray[Any, Any]:
    """Make indices that use all of k colours, as far as there are pixels."""
    indices = np.arange(height * width, dtype=np.uint16) % k
    np.random.default_rng(k).shuffle(indices)
    return indices.reshape(height, width)


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    """Decode by Pillow alone, as RGBA."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Split a PNG, and check the sums of its chunks."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    found, start = [], 8
    while start < len(png):
        (length,) = struct.unpack_from(">I", png, start)
        body = png[start + 4 : start + 8 + length]
        assert struct.unpack_from(">I", png, start + 8 + length) == (zlib.crc32(body),)
        found.append((body[:4], body[4:]))
        start += 12 + length
    return found


# Pixels


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("kind", "k"),
    [
        *((kind, k) for kind in KINDS for k in (1, 2, 3, 4, 16, 17, 255, 256)),
        *((kind, k) for kind in TRUE_COLOR for k in (257, 700)),
    ],
)
def test_pixels_come_back(kind: str, channels: int, k: int, optimize: bool) -> None:
    if kind == "png" and optimize:
        pytest.importorskip("oxipng")
    colors, indices = palette(k, channels), picture(k)
    if channels == 4 and kind == "gif":
        colors[:, 3] = np.where(colors[:, 3] < 128, 0, 255)
    if channels == 4 and kind == "bmp":
        colors[:, 3] = 255
    expected = files.with_alpha(colors)[indices]
    found = decoded(files.encode(indices, colors, kind, optimize=optimize))
    assert np.array_equal(found[..., 3], expected[..., 3])
    seen = expected[..., 3] > 0 if kind == "gif" else np.full(indices.shape, True)
    assert np.array_equal(found[seen], expected[seen])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 9)])
def test_any_shape(kind: str, shape: tuple[int, int]) -> None:
    indices, colors = picture(3, *shape), palette(3)
    found = decoded(files.encode(indices, colors, kind))
    assert np.array_equal(found[..., :3], colors[indices])


@pytest.mark.parametrize("kind", ["png", "gif", "tiff", "bmp"])
@pytest.mark.parametrize("k", [1, 3, 16, 200, 256])
def test_the_palette_of_an_indexed_file_is_as_it_was(kind: str, k: int) -> None:
    """Colours that no pixel has included, and each with its index."""
    colors, indices = palette(k), picture(k) // 2
    with Image.open(io.BytesIO(files.encode(indices, colors, kind))) as image:
        assert image.mode == "P"
        assert np.array_equal(image, indices)
        held = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    assert np.array_equal(held[:k], colors)


@pytest.mark.parametrize("kind", KINDS)
def test_black_and_white(kind: str) -> None:
    """Which programs take for a mode of its own."""
    for levels in ([0, 255], [255, 0], [0, 1], [0], [255]):
        colors = np.array(levels, np.uint8)[:, None].repeat(3, axis=1)
        indices = picture(len(levels), 5, 19)
        found = decoded(files.encode(indices, colors, kind))
        assert np.array_equal(found[..., :3], colors[indices])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("k", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (17, 8), (256, 8)]
)
def test_indexed_png(k: int, depth: int, channels: int) -> None:
    colors, indices = palette(k, channels), picture(k)
    found = chunks(files.encode(indices, colors, "png"))
    header = struct.pack(">IIBBBBB", *indices.shape[::-1], depth, 3, 0, 0, 0)
    assert found[:3] == [
        (b"IHDR", header),
        (b"sRGB", b"\0"),
        (b"PLTE", colors[:, :3].tobytes()),
    ]
    assert [kind for kind, _ in found[3:]] == [b"tRNS"] * (channels == 4) + [b"IDAT", b"IEND"]
    rows = zlib.decompress(found[-2][1])
    assert set(rows[:: len(rows) // len(indices)]) == {0}  # no filter


def test_png_of_more_colours_says_srgb_as_well() -> None:
    found = chunks(files.encode(picture(300), palette(300), "png"))
    assert found[0][1][8:10] == b"\x08\x02"  # 8 bits, RGB
    assert found[1] == (b"sRGB", b"\0")


def test_colours_under_full_transparency_are_kept() -> None:
    colors = np.array([[200, 100, 50, 0], [10, 20, 30, 0], [1, 2, 3, 77]], np.uint8)
    indices = picture(3)
    for kind in TRUE_COLOR:
        assert np.array_equal(decoded(files.encode(indices, colors, kind)), colors[indices])


def test_quick_png() -> None:
    q = kpalette.quantize(gradient(90, 120), 64, dither="floyd-steinberg")
    plain, quick = q.encode("png"), q.encode("png", quick=True)
    assert len(plain) < len(quick) < 1.5 * len(plain)
    np.testing.assert_array_equal(decoded(quick), q.rgba)
    assert q.encode("webp", quick=True) == q.encode("webp")
    with pytest.raises(ValueError, match="expected optimize or quick, got both"):
        q.encode("png", optimize=True, quick=True)


@pytest.mark.parametrize("alpha", [1, 128, 254])
def test_soft_alpha_in_a_gif_is_refused(alpha: int) -> None:
    colors = np.array([[9, 9, 9, 0], [50, 0, 0, alpha], [90, 0, 0, 255]], np.uint8)
    with pytest.raises(ValueError, match=r"GIF: expected colours .* got half-transparent ones; al"):
        files.encode(picture(3), colors, "gif")


def test_an_indexed_tiff_has_a_full_white() -> None:
    """65,535 and not 65,280, which programs that divide by 257 take for 254."""
    colors = palette(200)
    with Image.open(io.BytesIO(files.encode(picture(200), colors, "tiff"))) as image:
        levels = np.array(image.tag_v2[320]).reshape(3, 256)  # type: ignore[attr-defined]
    assert np.array_equal(levels[:, :200], colors.T.astype(int) * 257)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes_again(kind: str) -> None:
    first, second = (files.encode(picture(40), palette(40), kind) for _ in range(2))
    assert first == second


# What a format has no room for, and what is no format


@pytest.mark.parametrize(
    ("kind", "k", "channels", "shape", "message"),
    [
        ("gif", 257, 3, (9, 40), "GIF: expected at most 256 colours, got 257; PNG, WebP and TIFF"),
        ("bmp", 1000, 3, (40, 40), "BMP: expected at most 256 colours, got 1,000; PNG, WebP"),
        ("bmp", 9, 4, (9, 9), r'BMP: expected opaque colours, got an alpha of 0; alpha="flatten:#'),
        ("webp", 2, 3, (1, 16384), r"WebP: expected sides of at most 16,383 pixels, got 16384×1"),
        ("gif", 2, 3, (65536, 1), r"GIF: expected sides of at most 65,535 pixels, got 1×65536"),
        ("jpeg", 2, 3, (1, 1), "kind: expected one of png, gif, webp, tiff, bmp, got 'jpeg'"),
        ("PNG", 2, 3, (1, 1), "kind: expected one of"),
        ("png", 2, 3, (0, 5), r"indices: expected shape \(h, w\), at least one pixel, got \(0, 5"),
        ("png", 2, 3, (5,), r"indices: expected shape \(h, w\), at least one pixel, got \(5,\)"),
    ],
)
def test_refused(kind: str, k: int, channels: int, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        files.encode(np.zeros(shape, np.uint8), palette(k, channels), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_indices_out_of_range_are_refused(kind: str) -> None:
    for value in (3, -1):
        with pytest.raises(ValueError, match=f"expected 0 to 2 for 3 colours, got {min(value, 0)}"):
            files.encode(np.array([[0, value]]), palette(3), kind)


@pytest.mark.parametrize(("ending", "kind"), files.FORMATS.items())
def test_save_goes_by_the_ending(tmp_path: Path, ending: str, kind: str) -> None:
    q = kpalette.quantize(gradient(20, 30), 9)
    for name in (f"a{ending}", f"b.png{ending.upper()}"):
        q.save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == q.encode(kind)
        with Image.open(tmp_path / name) as image:
            assert image.format == kind.upper()
            assert np.array_equal(image.convert("RGB"), q.rgb)


@pytest.mark.parametrize("name", ["a.jpg", "a", ".png", "a.png.txt", "png"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    q = kpalette.quantize(gradient(20, 30), 9)
    with pytest.raises(ValueError, match=r"ends in one of \.png, .*\.bmp, got '.*" + name):
        q.save(tmp_path / name)
    assert files_in(tmp_path) == set()


def test_a_file_stays_whole_where_encoding_fails(tmp_path: Path) -> None:
    q = kpalette.quantize(noise(40, 40), 300)
    path = tmp_path / "a.gif"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="at most 256"):
        q.save(path)
    assert path.read_bytes() == b"old"
    assert files_in(tmp_path) == {"a.gif"}


# Size


@pytest.mark.parametrize("name", ["girl", "shopping_bags", "color_checker"])
@pytest.mark.parametrize("k", [4, 16, 256])
def test_png_is_no_larger_than_zlib_would_make_it(data: Path, name: str, k: int) -> None:
    q = kpalette.quantize(data / "cq100" / f"{name}.png", k)
    idat = dict(chunks(q.encode("png")))[b"IDAT"]
    assert len(idat) <= len(zlib.compress(zlib.decompress(idat), 9))


@pytest.mark.skipif(shutil.which("pngquant") is None, reason="pngquant is not installed")
@pytest.mark.parametrize("name", ["girl", "shopping_bags", "color_checker"])
@pytest.mark.parametrize("k", ["4", "16", "256"])
def test_png_is_no_larger_than_pngquants_of_the_same_pixels(data: Path, name: str, k: str) -> None:
    photo = data / "cq100" / f"{name}.png"
    done = subprocess.run(
        ["pngquant", "--nofs", k, "-o", "-", photo], capture_output=True, check=True
    )
    with Image.open(io.BytesIO(done.stdout)) as image:
        colors = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        ours = files.encode(np.asarray(image), colors, "png")
    # Among files of a few thousand bytes chance decides about a few.
    assert len(ours) - SRGB_CHUNK <= 1.002 * len(done.stdout)


@pytest.mark.parametrize("k", [4, 16, 100, 300])
def test_optimized_png(k: int) -> None:
    pytest.importorskip("oxipng")
    q = kpalette.quantize(gradient(90, 120), k, dither="blue-noise")
    plain, small = q.encode("png"), q.encode("png", optimize=True)
    assert len(small) < len(plain)
    before, after = dict(chunks(plain)), dict(chunks(small))
    assert after[b"sRGB"] == b"\0"
    if k <= 256:  # the same colours, perhaps in another order
        as_set = [{c.tobytes() for c in _entries(png[b"PLTE"])} for png in (before, after)]
        assert as_set[0] == as_set[1]


def _entries(plte: bytes) -> np.ndarray[Any, Any]:
    return np.frombuffer(plte, np.uint8).reshape(-1, 3)


def test_optimizing_keeps_colours_that_no_pixel_has() -> None:
    pytest.importorskip("oxipng")
    colors = palette(90, 4)
    found = dict(chunks(files.encode(picture(5), colors, "png", optimize=True)))
    assert found[b"PLTE"] == colors[:, :3].tobytes()


def test_optimizing_without_oxipng(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "oxipng", None)
    with pytest.raises(ImportError, match=r"pip install 'kpalette\[optimize\]'"):
        files.encode(picture(5), palette(5), "png", optimize=True)
    assert files.encode(picture(5), palette(5), "webp", optimize=True)


@pytest.mark.parametrize("dither", [None, "bayer", "floyd-steinberg"])
def test_optimized_webp_is_never_larger(dither: str | None) -> None:
    """By the slowest method alone, the dithered ones are."""
    q = kpalette.quantize(gradient(120, 160), 256, dither=dither)
    plain, small = q.encode("webp"), q.encode("webp", optimize=True)
    assert len(small) <= len(plain)
    assert np.array_equal(decoded(small), decoded(plain))
