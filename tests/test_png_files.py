"""PNG files have the palettes, rows and strips that are specified, and are smaller by them."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import deflate
import numpy as np
import pytest
from PIL import Image

import kpalette
import reference_files
from conftest import gradient, noise
from indexed_pictures import chunks, decoded, indexed, palette, picture
from kpalette import _core, files
from kpalette.files import png

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


@pytest.mark.parametrize("choice", ["model", "least sum"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (50, 1), (40, 31), (600, 7)])
def test_rows_are_filtered_as_specified(shape: tuple[int, int], choice: str) -> None:
    ramp = np.add.outer(np.arange(shape[0]), np.arange(shape[1])).astype(np.uint8)
    for rows in (noise(*shape, channels=1), ramp, ramp + noise(*shape, channels=1) % 9, ramp * 0):
        filtered = _core.filter_rows(rows, choice, _core.Team(1))
        again = _core.filter_rows(rows, choice, _core.Team(3))
        np.testing.assert_array_equal(filtered, again)
        np.testing.assert_array_equal(filtered, reference_files.filtered(rows, choice))
        np.testing.assert_array_equal(
            reference_files.unfiltered(filtered.tobytes(), filtered.shape[1]), rows
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
        expected = reference_files.palette_order(indices, soft.astype(bool), passes)
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
