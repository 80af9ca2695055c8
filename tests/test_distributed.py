"""Tiles give, bit for bit, what the whole gives: histograms, palettes and indices."""

import pickle
import subprocess
import sys
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpalette
from conftest import NOT_WINE, gradient, noise
from kpalette import ColorHistogram, Palette, distributed
from kpalette.choices import SPACES
from kpalette.distributed import TileError, mosaics
from kpalette.distributed.comparing import aligned

DITHERS = (None, "blue-noise", "bayer", "spatial")


def few_or_many(channels: int, height: int, width: int, seed: int) -> np.ndarray[Any, Any]:
    """Make something between noise and a few colours, with all kinds of alpha if that is asked."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (int(rng.integers(1, 40)), channels))
    spread = rng.normal(0, rng.choice([0, 3, 40]), (height, width, channels))
    pixels = np.clip(base[rng.integers(0, len(base), (height, width))] + spread, 0, 255)
    if channels == 4:
        pixels[..., 3][rng.random((height, width)) < 0.7] = 255
        pixels[..., 3][rng.random((height, width)) < 0.1] = rng.integers(0, 4)
        pixels[: height // 2, :, 3] = 255  # some tiles have none
    return pixels.astype(np.uint8)


images = st.builds(
    few_or_many,
    st.sampled_from([3, 4]),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
)


@st.composite
def cuts(draw: st.DrawFn, side: int) -> tuple[int, ...]:
    """Cut a side into up to five pieces."""
    edges = draw(st.sets(st.integers(1, max(1, side - 1)), max_size=4))
    where = [0, *sorted(edge for edge in edges if edge < side), side]
    return tuple(np.diff(where).tolist())


@st.composite
def mosaic(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], Any]:
    """Make an image, and the same as a Dask array."""
    pixels = draw(images)
    chunks = (draw(cuts(pixels.shape[0])), draw(cuts(pixels.shape[1])), pixels.shape[2:])
    return pixels, da.from_array(pixels, chunks=chunks)


class TestLaws:
    @given(mosaic())
    @settings(max_examples=30)
    def test_histogram_is_that_of_the_whole(self, pair) -> None:
        pixels, tiles = pair
        found = distributed.histogram(tiles, scheduler="synchronous")
        assert found == ColorHistogram.from_image(pixels)

    @given(
        mosaic(),
        st.sampled_from([1, 2, 7, 30, 300]),
        st.sampled_from(SPACES),
        st.sampled_from(DITHERS),
        st.sampled_from([0.0, 0.6, 1.0]),
        st.sampled_from(["keep", "flatten:#3af"]),
        st.sampled_from([None, ["#102030"], ["#f00", "#00ff0080"]]),
    )
    @settings(max_examples=60)
    def test_quantize_is_that_of_the_whole(
        self, pair, k, space, dither, strength, alpha, fixed
    ) -> None:
        pixels, tiles = pair
        if fixed is not None and (k < len(fixed) or (len(fixed) > 1 and alpha != "keep")):
            fixed = None
        how = {"space": space, "alpha": alpha, "fixed": fixed, "effort": "fast"}
        q = distributed.quantize(
            tiles, k, **how, dither=dither, dither_strength=strength, scheduler="synchronous"
        )
        whole = kpalette.quantize(pixels, k, **how, dither=dither, dither_strength=strength)
        nearest = kpalette.quantize(pixels, k, **how)
        indices = q.indices.compute(scheduler="synchronous")
        assert indices.dtype == whole.indices.dtype
        assert np.array_equal(indices, whole.indices)
        assert np.array_equal(q.palette.colors, whole.palette.colors)
        assert q.indices.chunks == tiles.chunks[:2]
        if dither is None or strength == 0:  # else the palette is another one
            assert q.palette == nearest.palette
            assert (q.mse, q.psnr) == (nearest.mse, nearest.psnr)
        assert (q.n_iter, q.n_distinct) == (whole.n_iter, whole.n_distinct)
        assert np.array_equal(q.rgb.compute(scheduler="synchronous"), whole.rgb)
        assert np.array_equal(q.rgba.compute(scheduler="synchronous"), whole.rgba)

    @given(mosaic(), images, st.sampled_from(DITHERS))
    @settings(max_examples=30)
    def test_given_palette_is_taken_as_by_remap(self, pair, other, dither) -> None:
        pixels, tiles = pair
        palette = kpalette.extract_palette(other, 9, effort="fast")
        q = distributed.quantize(tiles, palette=palette, dither=dither)
        assert (q.palette, q.mse, q.psnr, q.n_iter, q.n_distinct) == (palette, None, None, 0, None)
        if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
            return  # what has an alpha channel is mapped as what has alpha
        whole = palette.remap(pixels, dither=dither)
        assert np.array_equal(q.indices.compute(scheduler="synchronous"), whole.indices)

    @pytest.mark.parametrize("dither", DITHERS)
    def test_more_than_256_colours(self, dither) -> None:
        pixels = noise(90, 70)
        q = distributed.quantize(pixels, 700, chunks=(40, 33), dither=dither)
        assert q.indices.dtype == np.uint16
        assert q.indices.numblocks == (3, 3)
        whole = kpalette.quantize(pixels, 700, dither=dither)
        assert np.array_equal(q.indices.compute(), whole.indices)

    def test_almost_transparent_colours_are_told_apart_if_all_are_kept(self) -> None:
        """Those with an alpha of 1 can lie on one point of a space."""
        colors = np.stack([*np.mgrid[:256:16, :256:64, :256:64], np.ones((16, 4, 4))], axis=-1)
        pixels = colors.astype(np.uint8).reshape(16, 16, 4)
        for space in SPACES:
            q = distributed.quantize(pixels, 256, chunks=7, space=space)
            whole = kpalette.quantize(pixels, 256, space=space)
            assert np.array_equal(q.indices.compute(), whole.indices)

    @pytest.mark.parametrize(
        "scheduler", [None, "threads", pytest.param("processes", marks=NOT_WINE), "synchronous"]
    )
    def test_schedulers_agree(self, scheduler, tmp_path) -> None:
        pixels = gradient(60, 80)
        tiles = da.from_array(pixels, chunks=(25, 30, 3))
        q = distributed.quantize(tiles, 9, scheduler=scheduler)
        q.save(tmp_path / "few.zarr")
        whole = kpalette.quantize(pixels, 9)
        assert q.palette == whole.palette
        saved = da.from_zarr(tmp_path / "few.zarr", component="indices")
        assert np.array_equal(saved.compute(), whole.indices)

    @pytest.mark.parametrize(
        "dtype", ["uint8", "bool", "uint16", ">u2", "float16", "float32", "float64", ">f4"]
    )
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_dtypes_mean_the_same(self, dtype, channels) -> None:
        most = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
        levels = (noise(20, 30, channels) / 255 * most).astype(dtype)
        found = distributed.histogram(levels, chunks=9)
        assert found == ColorHistogram.from_image(levels)


def test_reading_and_counting_a_tile_is_one_task() -> None:
    """And none merges more than eight results."""
    from kpalette.distributed import counting, tasks

    lazy = da.zeros((100, 100, 3), chunks=(10, 10, 3), dtype=np.uint8) + np.uint8(1)
    found = mosaics.of_array(lazy, None)
    (counted,) = counting._counting(found, counting.Counter("keep", None))
    assert set(counted.graph) == set(counted.names)
    graph = tasks.merged(counted, counting._add).dask
    merges = [node for key, node in graph.items() if key not in counted.names]
    assert max(len(node.dependencies) for node in merges) == 8
    assert len(merges) == 13 + 2 + 1


def test_blocks_without_pixels_are_left_out() -> None:
    pixels = noise(30, 40)
    chosen = np.arange(30) >= 10
    tiles = da.from_array(pixels, chunks=(10, 20, 3))[da.from_array(chosen, chunks=10)]
    tiles = tiles.compute_chunk_sizes()
    assert tiles.chunks[0] == (0, 10, 10)
    whole = kpalette.quantize(pixels[10:], 5)
    assert np.array_equal(distributed.quantize(tiles, 5).indices.compute(), whole.indices)


@pytest.mark.parametrize(
    ("chunks", "blocks"),
    [
        (10, (5, 6)),
        ((10, -1), (5, 1)),
        ([10, (20, 40), 3], (5, 2)),
        ({0: 10}, (5, 1)),
        ({1: 20, 2: -1}, (1, 3)),
        ("1MB", (1, 1)),
        (((25, 25), (60,)), (2, 1)),
    ],
)
def test_chunks_are_those_of_dask(chunks, blocks) -> None:
    pixels = noise(50, 60)
    palette = Palette(pixels[0, :3])
    for source in (pixels, da.from_array(pixels, chunks=(7, 60, 1))):
        q = distributed.quantize(source, palette=palette, chunks=chunks)
        assert q.indices.numblocks == blocks


def test_tile_that_cannot_be_read_is_named_wherever_it_is_read() -> None:
    def read(block_info: Any = None) -> np.ndarray[Any, Any]:
        if block_info[None]["chunk-location"][:2] == (1, 2):
            raise OSError("the tape is torn")
        return np.zeros((10, 10, 3), np.uint8)

    tiles = da.map_blocks(read, chunks=((10,) * 3, (10,) * 3, (3,)), dtype=np.uint8)
    plus = tiles + np.uint8(1)
    where = r"array, tile \(1, 2\), rows 10 to 19, columns 20 to 29"
    # By the tile's own task, by one before it, and by one that several tiles need.
    for lazy in (tiles, plus, da.concatenate([plus[:10], plus[10:]])):
        with pytest.raises(TileError, match=f"^{where}: the tape is torn$"):
            distributed.histogram(lazy)
    with pytest.raises(TileError, match=r"several tiles .*: the tape is torn"):
        distributed.histogram(tiles.rechunk((7, 7, 3)))


def test_error_in_a_tile_has_words_and_survives_pickling() -> None:
    floats = np.linspace(0, 1, 30 * 40).reshape(30, 40)
    floats[25, 33] = np.nan
    where = r"array, tile \(2, 3\), rows 20 to 29, columns 30 to 39"
    with pytest.raises(TileError, match=f"{where}: expected finite values, got NaN") as caught:
        distributed.histogram(floats, chunks=10)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.where) == (str(caught.value), caught.value.where)
    palette = Palette(np.eye(3, dtype=np.uint8))
    q = distributed.quantize(floats, palette=palette, chunks=10)
    with pytest.raises(TileError, match=where):
        q.indices.compute()


def test_importing_kpalette_leaves_dask_alone() -> None:
    code = """
import sys
import kpalette
assert not hasattr(kpalette, "distributed")
kpalette.quantize
from kpalette import cli
assert not {"dask", "distributed", "zarr", "fsspec"} & set(sys.modules), sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_says_what_to_install() -> None:
    code = """
import sys
sys.modules["dask"] = sys.modules["zarr"] = None
from kpalette import distributed
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "PackageError: kpalette.distributed needs dask, zarr: pip install 'kpalette[distributed]'\n"
    )


def test_tiles_of_so_many_bytes() -> None:
    shape = (100_000, 100_000, 3)
    assert mosaics.stored(shape, np.uint8, (1, 1), "3MB") == (1000, 1000)
    assert mosaics.stored(shape, np.uint16, (256, 256), "6MB") == (1280, 768)
    assert mosaics.stored(shape, np.uint8, (512, 512), "1kB") == (512, 512)
    assert mosaics.stored(shape, np.uint8, (512, 512), 7) == 7


@pytest.mark.parametrize(
    ("sides", "unit", "tile"),
    [
        ((100, 200), (1, 1), (100, 200)),
        ((100_000, 100_000), (1, 1), (4096, 4096)),
        ((100_000, 100_000), (512, 512), (4096, 4096)),
        ((100_000, 100_000), (300, 300), (4200, 3900)),
        ((100_000, 100_000), (64, 100_000), (128, 100_000)),  # strips
        ((100_000, 100_000), (30_000, 30_000), (30_000, 30_000)),
        ((1000, 100_000_000), (1, 100_000_000), (1, 100_000_000)),
    ],
)
def test_tiles_are_aligned_with_what_is_stored(sides, unit, tile) -> None:
    assert mosaics.stored((*sides, 3), np.uint8, unit, None) == tile


@given(
    images,
    st.integers(1, 20),
    st.sampled_from([None, "blue-noise", "floyd-steinberg"]),
    st.tuples(st.integers(3, 40), st.integers(3, 40)),
)
@settings(max_examples=25)
def test_tiles_look_as_the_whole(pixels, k, dither, chunks) -> None:
    pixels = np.tile(pixels, (3, 2, 1))
    q = distributed.quantize(pixels, k, dither=dither, chunks=chunks, scheduler="synchronous")
    whole = kpalette.quantize(pixels, k, dither=dither)
    found, report = q.tile_errors(), whole.report(0)
    assert found.looks == report.comparison.looks
    assert found.worst == report.comparison.worst


def test_a_tile_that_cannot_be_compared_is_named() -> None:
    q = distributed.quantize(noise(40, 40), 4, chunks=20)
    broken = replace(q, _source=replace(q._source, array=q._source.array.map_blocks(fail_on_last)))
    with pytest.raises(TileError, match=r"array, tile \(1, 1\), rows 16 to 39, columns 16 to 39"):
        broken.tile_errors()


def fail_on_last(block, block_info=None):
    if block_info and block_info[0].get("chunk-location", ())[:2] == (1, 1):
        raise OSError("gone")
    return block


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((5, 5, 6), (16,)), ((20, 20), (16, 24)), ((16, 16), (16, 16)), ((7,), (7,)),
     ((30, 1, 33), (32, 32)), ((9, 8), (16, 1)), ((40, 40, 2), (32, 48, 2))],
)  # fmt: skip
def test_blocks_are_cut_between_tiles_of_the_measure(sizes, expected) -> None:
    assert sum(expected) == sum(sizes)
    assert aligned(sizes) == expected
