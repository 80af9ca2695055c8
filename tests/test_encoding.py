"""Every format gives back exactly the pixels that went in, or says what it has no room for."""

from __future__ import annotations

import contextlib
import io
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import deflate
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kpalette
import reference
from conftest import files_in, gradient, noise
from kpalette import _core, files
from kpalette.files import png

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


def indexed(png: bytes) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """Read indices, colours (k, 4) and depth of an indexed PNG, by the standard alone."""
    found = dict(chunks(png))
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert kind == 3
    colors = files.with_alpha(np.frombuffer(found[b"PLTE"], np.uint8).reshape(-1, 3)).copy()
    alphas = np.frombuffer(found.get(b"tRNS", b""), np.uint8)
    colors[: len(alphas), 3] = alphas
    stride = 1 + -(-width * depth // 8)
    rows = reference.unfiltered(zlib.decompress(found[b"IDAT"]), stride)
    return reference.unpacked(rows, depth)[:height, :width], colors, depth


#: Palettes of k colours, and as few bits as hold them.
DEPTHS = [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)]


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("k", "depth"), DEPTHS)
def test_indexed_png(k: int, depth: int, channels: int, quick: bool) -> None:
    """With keep_order, or quick, indices and palette are those that went in."""
    colors, indices = palette(k, channels), picture(k)
    png = files.encode(indices, colors, "png", quick=quick, keep_order=not quick)
    held, entries, bits = indexed(png)
    assert bits in ((depth,) if quick else (depth, 8))
    np.testing.assert_array_equal(held, indices)
    np.testing.assert_array_equal(entries, files.with_alpha(colors))
    kinds = [kind for kind, _ in chunks(png)]
    assert kinds == [b"IHDR", b"PLTE", *[b"tRNS"] * (channels == 4), b"IDAT", b"IEND"]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("k", [k for k, _ in DEPTHS])
def test_the_encoders_order(k: int, channels: int) -> None:
    """All colours are there, each pixel has its own, and what is opaque comes last, but for one."""
    colors, indices = palette(k, channels), picture(k, 40, 50) // 2
    held, entries, _ = indexed(files.encode(indices, colors, "png"))
    np.testing.assert_array_equal(entries[held], files.with_alpha(colors)[indices])
    as_sets = [{c.tobytes() for c in rows} for rows in (entries, files.with_alpha(colors))]
    assert as_sets[0] == as_sets[1]
    soft = entries[:, 3] < 255
    assert not soft[1 + soft.sum() :].any()


def test_no_chunk_says_nothing() -> None:
    """No tRNS of opaque colours alone, and none of colour: untagged files are sRGB."""
    opaque = np.column_stack([palette(20), np.full(20, 255, np.uint8)])
    for options in ({}, {"quick": True}, {"keep_order": True}):
        kinds = [kind for kind, _ in chunks(files.encode(picture(20), opaque, "png", **options))]
        assert kinds == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert [kind for kind, _ in chunks(files.encode(picture(300), palette(300), "png"))] == [
        b"IHDR", b"IDAT", b"IEND",
    ]  # fmt: skip


# Grey


@pytest.mark.parametrize(
    ("levels", "depths"),
    [
        ([0, 255], (1,)),
        ([255], (1,)),
        ([85, 170, 0], (2,)),
        ([17, 238, 51, 0, 255], (4,)),
        (list(range(0, 256, 3)), (8,)),
        (list(range(256)), (8,)),
    ],
)
def test_grey_in_grey_out(levels: list[int], depths: tuple[int, ...]) -> None:
    colors = np.array(levels, np.uint8)[:, None].repeat(3, axis=1)
    indices = picture(len(levels), 60, 70)
    for alpha in (False, True):
        given = files.with_alpha(colors) if alpha else colors
        png = files.encode(indices, given, "png")
        found = dict(chunks(png))
        assert found[b"IHDR"][8] in (*depths, 8)
        assert found[b"IHDR"][9] == 0
        assert b"PLTE" not in found
        assert b"tRNS" not in found
        with Image.open(io.BytesIO(png)) as image:
            assert image.mode in ("1", "L")
            np.testing.assert_array_equal(image.convert("RGB"), colors[indices])


def test_grey_is_indexed_where_that_is_smaller() -> None:
    """Two levels that one bit does not hold: a palette of 6 bytes saves 7 of 8 bits of noise."""
    colors = np.array([[90] * 3, [200] * 3], np.uint8)
    png = files.encode(picture(2, 200, 200), colors, "png")
    assert dict(chunks(png))[b"IHDR"][8:10] == b"\x01\x03"
    np.testing.assert_array_equal(decoded(png)[..., :3], colors[picture(2, 200, 200)])


def test_grey_is_indexed_where_its_order_is_kept() -> None:
    colors = np.arange(0, 250, 5, dtype=np.uint8)[:, None].repeat(3, axis=1)
    held, entries, _ = indexed(files.encode(picture(50), colors, "png", keep_order=True))
    np.testing.assert_array_equal(held, picture(50))
    np.testing.assert_array_equal(entries[:, :3], colors)


def test_half_transparent_grey_is_indexed() -> None:
    colors = np.array([[9, 9, 9, 255], [80, 80, 80, 128], [0, 0, 0, 0]], np.uint8)
    held, entries, _ = indexed(files.encode(picture(3), colors, "png"))
    np.testing.assert_array_equal(entries[held], colors[picture(3)])


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


@pytest.mark.parametrize("choice", ["model", "least sum"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (50, 1), (40, 31), (600, 7)])
def test_rows_are_filtered_as_specified(shape: tuple[int, int], choice: str) -> None:
    ramp = np.add.outer(np.arange(shape[0]), np.arange(shape[1])).astype(np.uint8)
    for rows in (noise(*shape, channels=1), ramp, ramp + noise(*shape, channels=1) % 9, ramp * 0):
        filtered = _core.filter_rows(rows, choice, _core.Team(1))
        again = _core.filter_rows(rows, choice, _core.Team(3))
        np.testing.assert_array_equal(filtered, again)
        np.testing.assert_array_equal(filtered, reference.filtered(rows, choice))
        np.testing.assert_array_equal(
            reference.unfiltered(filtered.tobytes(), filtered.shape[1]), rows
        )


def _strips() -> dict[str, bytes]:
    random = np.random.default_rng(4)
    skewed = (random.geometric(0.02, 90_000) % 256).astype(np.uint8)
    repeated = np.tile(random.integers(0, 9, 700), 130)
    far = np.concatenate([skewed[:300], np.zeros(32_000), skewed[:300]])
    arrays = [noise(300, 300), skewed, repeated, far, np.zeros(70_000)]
    names = ["noise", "skewed", "repeated", "far", "zeros"]
    found = {
        name: array.astype(np.uint8).tobytes() for name, array in zip(names, arrays, strict=True)
    }
    return found | {"one": b"x", "text": b"to be or not to be " * 9}


STRIPS = _strips()


def _packers() -> dict[str, Callable[[bytes], bytes]]:
    def by_zlib(level: int, strategy: int) -> Callable[[bytes], bytes]:
        def pack(data: bytes) -> bytes:
            packer = zlib.compressobj(level, strategy=strategy)
            return packer.compress(data) + packer.flush()

        return pack

    found: dict[str, Callable[[bytes], bytes]] = {
        f"libdeflate {level}": partial(deflate.zlib_compress, compresslevel=level)
        for level in range(13)
    }
    strategies = {"fixed": zlib.Z_FIXED, "Huffman": zlib.Z_HUFFMAN_ONLY, "runs": zlib.Z_RLE}
    found |= {name: by_zlib(6, strategy) for name, strategy in strategies.items()}
    return found | {f"zlib {level}": by_zlib(level, zlib.Z_DEFAULT_STRATEGY) for level in (0, 1, 9)}


@pytest.mark.parametrize("packer", _packers())
def test_strips_are_joined(packer: str) -> None:
    """What is compressed in strips inflates to the same, whatever blocks the strips have."""
    pack = _packers()[packer]
    whole = list(STRIPS.values())
    for parts in (whole, whole[::-1], whole[:1], *([part] * 3 for part in whole)):
        joined = _core.join_zlib([bytes(pack(part)) for part in parts], list(map(len, parts)))
        assert zlib.decompress(joined) == b"".join(parts)  # which checks the sum as well


def test_what_is_no_stream_is_not_joined() -> None:
    data = STRIPS["text"]
    good = bytes(deflate.zlib_compress(data, 8))
    assert zlib.decompress(_core.join_zlib([good, good], [len(data)] * 2)) == 2 * data
    damaged = [b"", good[:7], good[:-9] + good[-4:], good + b"more", good[:2] + b"\7" + good[3:]]
    for stream in damaged:
        with pytest.raises(ValueError, match="expected a zlib stream"):
            _core.join_zlib([stream, good], [len(data)] * 2)
    for size in (0, len(data) - 1, len(data) + 1):
        with pytest.raises(ValueError, match="expected a zlib stream"):
            _core.join_zlib([good, good], [size, len(data)])
    for streams in ([good], []):
        with pytest.raises(ValueError, match=r"expected .* stream"):
            _core.join_zlib(streams, [])
    random = np.random.default_rng(0)
    for _ in range(2000):  # whatever comes of it, it ends
        stream = bytearray(good)
        for at in random.integers(2, len(good), 3):
            stream[at] = random.integers(256)
        with contextlib.suppress(ValueError):
            _core.join_zlib([bytes(stream), good], [len(data)] * 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_large_files_are_compressed_in_strips(threads: int) -> None:
    indices = (noise(2100, 2300, channels=1) % 7 + np.arange(2300) // 9 % 200).astype(np.uint8)
    for quick in (False, True):
        encoded = files.encode(indices, palette(256), "png", quick=quick, threads=threads)
        assert np.array_equal(decoded(encoded)[..., :3], palette(256)[indices])
        assert encoded == files.encode(indices, palette(256), "png", quick=quick, threads=2)


@pytest.mark.parametrize("k", [1, 2, 3, 17, 60])
def test_palettes_are_ordered_as_specified(k: int) -> None:
    indices = (gradient(40, 50)[..., 0] // 3 + noise(40, 50, channels=1) % 5) % k
    soft = (np.arange(k) % 4 == 1).astype(np.uint8)
    for passes in (0, 1, 3):
        order = _core.order_palette(indices, soft, passes)
        expected = reference.palette_order(indices, soft.astype(bool), passes)
        np.testing.assert_array_equal(order, expected)


def test_an_order_of_neighbours_is_a_ramp() -> None:
    names = np.random.default_rng(3).permutation(80).astype(np.uint8)
    ramp = np.repeat(names, 5)[None].repeat(4, axis=0)
    order = _core.order_palette(ramp, np.zeros(80, np.uint8), 9)
    assert order.tolist() in (names.tolist(), names[::-1].tolist())


def test_the_core_refuses_what_it_cannot_hold() -> None:
    index = np.array([[3]], np.uint8)
    for call in (
        lambda: _core.order_palette(index, np.zeros(3, np.uint8), 3),
        lambda: _core.order_palette(index, np.zeros(257, np.uint8), 3),
        lambda: _core.order_palette(index, np.zeros(0, np.uint8), 3),
        lambda: _core.order_palette(index[:0], np.zeros(9, np.uint8), 3),
        lambda: _core.filter_rows(index[:0], "model", _core.Team(1)),
        lambda: _core.filter_rows(index, "best", _core.Team(1)),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


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
    assert len(ours) <= len(done.stdout)


@pytest.mark.parametrize("name", ["cq100/girl", "cq100/pencils", "graphics/logo", "graphics/icon"])
@pytest.mark.parametrize("k", [2, 16, 256])
def test_png_is_no_larger_than_without_order_and_filters(data: Path, name: str, k: int) -> None:
    q = kpalette.quantize(data / f"{name}.png", k)
    rows = zlib.decompress(dict(chunks(q.encode("png", quick=True)))[b"IDAT"])
    idat = dict(chunks(q.encode("png")))[b"IDAT"]
    assert len(idat) <= len(deflate.zlib_compress(rows, 10))


def test_a_photos_rows_are_filtered(data: Path) -> None:
    q = kpalette.quantize(data / "cq100" / "daisy_bouquet.png", 256)
    assert len(q.encode("png")) < 0.93 * len(q.encode("png", keep_order=True))


@pytest.mark.parametrize("k", [4, 16, 100, 300])
def test_optimized_png(k: int) -> None:
    pytest.importorskip("oxipng")
    q = kpalette.quantize(gradient(90, 120), k, dither="blue-noise")
    plain, small = q.encode("png"), q.encode("png", optimize=True)
    assert len(small) <= len(plain)
    before, after = dict(chunks(plain)), dict(chunks(small))
    if k <= 256:  # the same colours, perhaps in another order
        as_set = [{c.tobytes() for c in _entries(png[b"PLTE"])} for png in (before, after)]
        assert as_set[0] == as_set[1]


def _entries(plte: bytes) -> np.ndarray[Any, Any]:
    return np.frombuffer(plte, np.uint8).reshape(-1, 3)


def test_optimizing_keeps_colours_that_no_pixel_has() -> None:
    pytest.importorskip("oxipng")
    colors = palette(90, 4)
    kept = files.encode(picture(5), colors, "png", optimize=True, keep_order=True)
    assert dict(chunks(kept))[b"PLTE"] == colors[:, :3].tobytes()
    _, entries, _ = indexed(files.encode(picture(5), colors, "png", optimize=True))
    assert {c.tobytes() for c in entries} == {c.tobytes() for c in colors}


@pytest.mark.parametrize("k", [12, 40, 300])  # Pillow splits the rows of true colour
def test_zopfli_comes_last(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("oxipng")
    q = kpalette.quantize(gradient(90, 120), k)
    small = q.encode("png", optimize=True, keep_order=True)
    with Image.open(io.BytesIO(small)) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), q.rgb)
        if k <= 256:
            assert np.array_equal(np.asarray(image), q.indices)
    monkeypatch.setattr(png, "_by_zopfli", lambda data: data)
    assert len(small) < len(q.encode("png", optimize=True, keep_order=True))


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
