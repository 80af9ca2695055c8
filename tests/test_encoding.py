"""Every format gives back exactly the pixels that went in, or says what it has no room for."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kpalette
from conftest import files_in, gradient, noise
from indexed_pictures import decoded, indexed, palette, picture
from kpalette import files

KINDS = list(dict.fromkeys(files.FORMATS.values()))
TRUE_COLOR = ["png", "webp", "tiff"]


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
    """Colours that no pixel has included, and each with its index; of a PNG where one says so."""
    colors, indices = palette(k), picture(k) // 2
    with Image.open(io.BytesIO(files.encode(indices, colors, kind, keep_order=True))) as image:
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


# The rows


@given(st.data())
@settings(max_examples=60)
def test_any_indices_and_palette_come_back(data: st.DataObject) -> None:
    k = data.draw(st.integers(1, 256))
    channels = data.draw(st.sampled_from([3, 4]))
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    most = data.draw(st.integers(1, k))
    colors = random.integers(0, 256, (k, channels), np.uint8)
    if data.draw(st.booleans()):
        colors[:, :3] = colors[:, :1]
    indices = random.integers(0, most, (height, width))
    if data.draw(st.booleans()):
        indices = np.sort(indices)
    expected = files.with_alpha(colors)[indices]
    np.testing.assert_array_equal(decoded(files.encode(indices, colors, "png")), expected)
    held, entries, _ = indexed(files.encode(indices, colors, "png", keep_order=True))
    np.testing.assert_array_equal(held, indices)
    np.testing.assert_array_equal(entries, files.with_alpha(colors))


@pytest.mark.parametrize("shape", [(1, 1), (100_000, 1), (1, 100_000), (1, 300), (300, 1)])
@pytest.mark.parametrize("k", [1, 2, 16, 256])
def test_extreme_shapes(shape: tuple[int, int], k: int) -> None:
    for indices in (picture(k, *shape), np.zeros(shape, np.uint8)):
        found = decoded(files.encode(indices, palette(k), "png"))
        assert np.array_equal(found[..., :3], palette(k)[indices])


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
    with pytest.raises(ValueError, match="optimize and quick exclude each other"):
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


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_no_byte(kind: str) -> None:
    q = kpalette.quantize(gradient(40, 50), 40)
    assert q.encode(kind, threads=1) == q.encode(kind, threads=2) == q.encode(kind)
    with pytest.raises(ValueError, match="threads: expected 1 to 256, got 0"):
        q.encode(kind, threads=0)
    with pytest.raises(TypeError, match="threads: expected an integer or None, got True"):
        q.encode(kind, threads=True)


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


@pytest.mark.parametrize("missing", ["oxipng", "zopfli.zlib"])
def test_optimizing_without(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("oxipng")
    monkeypatch.setitem(sys.modules, missing, None)
    package = missing.partition(".")[0]
    with pytest.raises(
        ImportError, match=rf"{package} is not installed; pip install 'kpalette\[optimize\]'"
    ):
        files.encode(picture(5), palette(5), "png", optimize=True)
    assert files.encode(picture(5), palette(5), "webp", optimize=True)


@pytest.mark.parametrize("dither", [None, "bayer", "floyd-steinberg"])
def test_optimized_webp_is_never_larger(dither: str | None) -> None:
    """By the slowest method alone, the dithered ones are."""
    q = kpalette.quantize(gradient(120, 160), 256, dither=dither)
    plain, small = q.encode("webp"), q.encode("webp", optimize=True)
    assert len(small) <= len(plain)
    assert np.array_equal(decoded(small), decoded(plain))


def test_what_was_compressed_is_forgotten_where_arrays_change() -> None:
    q = kpalette.quantize(noise(9, 12), 8)
    before = q.encode()
    assert q.encode() == before
    q.indices[0, 0] = (q.indices[0, 0] + 1) % 8
    assert np.array_equal(decoded(q.encode()), q.rgba)
    kept: dict[Any, Any] = {}
    for options in ({}, {"quick": True}, {"keep_order": True}, {"profile": b"any"}):
        for shown in (q.indices, 7 - q.indices):
            data = files.encode(shown, q.palette.colors, "png", kept=kept, **options)
            assert data == files.encode(shown, q.palette.colors, "png", **options)
