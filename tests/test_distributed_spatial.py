"""Spatial dithering in tiles: to the bit what the whole image gives, palette included."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr

import kpalette
from kpalette import distributed
from kpalette.distributed import around
from kpalette.distributed.mapping import Mapper
from kpalette.distributed.sources import open_image
from kpalette.dither import Dithering

SPATIAL = "spatial"


def hills(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Make something smooth with grain, so that there is much to dither; alpha of all kinds."""
    y, x = np.mgrid[:height, :width]
    layers = np.stack([x * 2 + y, y * 2, np.hypot(x, y)], axis=-1) % 236
    pixels = layers + np.random.default_rng(1).integers(0, 20, layers.shape)
    alpha = np.where(x < 30, 0, np.where(y < 90, 255, 2 * y % 256))
    return np.dstack([pixels, alpha])[..., :channels].astype(np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "chunks",
    [
        (32, 32),
        (43, 64),
        (64, 50),
        (1, 190),  # thinner than what reaches into them: cut anew
        (150, 7),
        (150, 190),
        ((70, 1, 79), (45, 100, 45)),
    ],
)
def test_any_chunks_equal_the_whole(channels: int, chunks: tuple) -> None:
    image = hills(150, 190, channels)
    how = {"dither": SPATIAL, "dither_strength": 0.8, "fixed": ["#ff0080"]}
    whole = kpalette.quantize(image, 9, **how)
    tiles = da.from_array(image, chunks=(*chunks, -1))
    for scheduler in ("synchronous", "threads"):
        q = distributed.quantize(tiles, 9, **how, scheduler=scheduler)
        assert np.array_equal(q.palette.colors, whole.palette.colors)
        assert np.array_equal(q.indices.compute(scheduler=scheduler), whole.indices)
        assert q.indices.chunks == tiles.chunks[:2]
        assert (q.n_iter, q.n_distinct) == (whole.n_iter, whole.n_distinct)
    assert "#ff0080" in {name[:7] for name in q.palette.hex}
    mixed = distributed.quantize(tiles, 9, dither="bayer", fixed=["#ff0080"])
    assert sorted(mixed.palette.hex) != sorted(q.palette.hex)


def test_less_around_a_block_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail."""
    image = hills(150, 190)
    whole = kpalette.quantize(image, 5, dither=SPATIAL)
    monkeypatch.setattr(around, "REACH", 11)
    q = distributed.quantize(image, 5, dither=SPATIAL, chunks=50)
    assert np.array_equal(q.palette.colors, whole.palette.colors)
    assert not np.array_equal(q.indices.compute(), whole.indices)


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (40, 2)])
def test_thin_images(shape: tuple[int, int]) -> None:
    image = hills(*shape)
    whole = kpalette.quantize(image, 4, dither=SPATIAL)
    q = distributed.quantize(image, 4, dither=SPATIAL, chunks=17)
    assert np.array_equal(q.palette.colors, whole.palette.colors)
    assert np.array_equal(q.indices.compute(), whole.indices)


@pytest.mark.parametrize("shape", [(9000, 500), (40, 140_000)])
def test_a_palette_is_moved_by_the_same_rows(shape: tuple[int, int]) -> None:
    """Of more than 4 megapixels some are taken; of more than 131,072 columns as well."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, shape, np.uint8)
    mosaic = open_image(image, (33, 9999), "error")
    mapper = Mapper("keep", Dithering(SPATIAL, 1.0, "oklab"), False)
    rows = around.palette_rows(mosaic, mapper, 3, "threads", False)
    places = kpalette._core.palette_places(*shape)
    assert np.array_equal(rows, np.repeat(image[np.ix_(*places)][..., None], 3, axis=2))
    assert 2**21 < rows[..., 0].size <= 2**22


def test_the_palette_of_a_large_image_is_that_of_the_whole() -> None:
    image = np.tile(hills(500, 300), (30, 1, 1))
    assert image[..., 0].size > 2**22
    whole = kpalette.extract_palette(image, 3, dither=SPATIAL, effort="fast")
    q = distributed.quantize(image, 3, dither=SPATIAL, effort="fast", chunks=1500)
    assert np.array_equal(q.palette.colors, whole.colors)


def test_saved_is_the_whole(tmp_path: Path) -> None:
    image = hills(150, 190)
    zarr.create_array(tmp_path / "image.zarr", data=image, chunks=(40, 60, 3))
    whole = kpalette.quantize(image, 6, dither=SPATIAL)
    q = distributed.quantize(tmp_path / "image.zarr", 6, dither=SPATIAL, chunks=(80, 60))
    q.save(tmp_path / "few.zarr")
    saved = zarr.open_group(tmp_path / "few.zarr", mode="r")
    assert np.array_equal(saved["indices"][:], whole.indices)
    assert np.array_equal(saved["counts"][:], whole.palette.counts)
    assert q.tile_errors().looks == kpalette.metrics.looks(image, whole)


def test_goes_on_where_it_stopped_and_names_the_tile(tmp_path: Path) -> None:
    image = hills(200, 120)
    broken = tmp_path / "broken"

    def read(block_info=None) -> np.ndarray:
        place = block_info[None]["array-location"]
        if broken.exists() and place[0][0] >= 100:
            raise OSError(5, "Input/output error")
        return image[tuple(slice(*sides) for sides in place)]

    source = da.map_blocks(
        read,
        chunks=((50,) * 4, (60, 60), (3,)),
        dtype=np.uint8,
        meta=np.empty((0, 0, 0), np.uint8),
        name="an-image-that-cannot-be-read-at-times",
    )
    q = distributed.quantize(source, 5, dither=SPATIAL, scheduler="synchronous")
    broken.touch()
    with pytest.raises(distributed.TileError, match="Input/output error"):
        q.save(tmp_path / "few.zarr")
    with pytest.raises(distributed.TileError, match="Input/output error"):
        distributed.quantize(source, 5, dither=SPATIAL, scheduler="synchronous")
    broken.unlink()
    q.save(tmp_path / "few.zarr")
    whole = kpalette.quantize(image, 5, dither=SPATIAL)
    assert np.array_equal(zarr.open_group(tmp_path / "few.zarr")["indices"][:], whole.indices)


def test_levels_out_of_range_name_the_tile() -> None:
    image = np.linspace(0, 1, 200 * 200).reshape(200, 200)
    q = distributed.quantize(
        image,
        4,
        dither=SPATIAL,
        chunks=100,
        palette=kpalette.Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8)),
    )
    assert q.indices.compute().max() == 1
    image[150, 150] = 2
    with pytest.raises(distributed.TileError, match=r"tile \(1, 1\), rows 100 to 199"):
        distributed.quantize(image, 4, dither=SPATIAL, chunks=100)
