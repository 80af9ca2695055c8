"""Error diffusion in bands: to the bit what the whole image gives, and resumable."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import kpalette
from kpalette import distributed

FLOYD = "floyd-steinberg"
images = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 23), st.integers(1, 17), st.sampled_from([3, 4])),
    elements=st.sampled_from([0, 3, 60, 64, 70, 128, 200, 255]),
)


def smooth(channels: int) -> np.ndarray:
    y, x = np.mgrid[:90, :110]
    layers = [x * 2, y * 2, (x + y) % 256, np.where(x < 20, 0, np.minimum(255, 60 + 3 * y))]
    return np.stack(layers[:channels], axis=-1).astype(np.uint8)


@given(images, st.integers(1, 24), st.integers(1, 18), st.sampled_from([0.0, 0.4, 1.0]))
@settings(deadline=None)
def test_any_chunks_equal_the_whole(
    image: np.ndarray, rows: int, columns: int, strength: float
) -> None:
    options = {"dither": FLOYD, "dither_strength": strength}
    whole = kpalette.quantize(image, 3, **options)
    tiled = da.from_array(image, chunks=(rows, columns, -1))
    q = distributed.quantize(tiled, 3, **options, scheduler="synchronous")
    assert np.array_equal(q.indices.compute(scheduler="synchronous"), whole.indices)
    assert np.array_equal(q.palette.colors, whole.palette.colors)
    assert q.indices.chunks == tiled.chunks[:2]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("k", "space"), [(5, "oklab"), (300, "srgb"), (16, "lab")])
def test_saved_is_the_whole(channels: int, k: int, space: str, tmp_path: Path) -> None:
    image = smooth(channels)
    whole = kpalette.quantize(image, k, space=space, dither=FLOYD)
    assert len(np.unique(whole.indices)) > 2
    q = distributed.quantize(
        da.from_array(image, chunks=(17, 40, -1)), k, space=space, dither=FLOYD
    )
    q.save(tmp_path / "few.zarr")
    saved = zarr.open_group(tmp_path / "few.zarr", mode="r")
    assert np.array_equal(saved["indices"][:], whole.indices)
    assert np.array_equal(saved["palette"][:], whole.palette.colors)


def test_goes_on_below_the_bands_that_are_there(tmp_path: Path) -> None:
    image = smooth(3)
    log, broken = tmp_path / "log", tmp_path / "broken"

    def read(block_info=None) -> np.ndarray:
        place = block_info[None]["array-location"]
        if broken.exists() and place[0][0] >= 50:
            raise OSError(5, "Input/output error")
        with open(log, "a") as file:
            print(place[0][0], file=file)
        return image[tuple(slice(*sides) for sides in place)]

    source = da.map_blocks(
        read,
        chunks=((25, 25, 25, 15), (60, 50), (3,)),
        dtype=np.uint8,
        meta=np.empty((0, 0, 0), np.uint8),
        name="an-image-that-cannot-be-read-at-times",
    )
    q = distributed.quantize(source, 5, dither=FLOYD, scheduler="synchronous")
    log.unlink()
    broken.touch()
    with pytest.raises(distributed.TileError, match=r"2, [01], 0\)\): Input/output error"):
        q.save(tmp_path / "few.zarr")
    assert sorted(map(int, log.read_text().split())) == [0, 0, 25, 25]
    broken.unlink()
    log.unlink()
    q.save(tmp_path / "few.zarr")
    assert sorted(map(int, log.read_text().split())) == [50, 50, 75, 75]
    whole = kpalette.quantize(image, 5, dither=FLOYD)
    assert np.array_equal(zarr.open_group(tmp_path / "few.zarr")["indices"][:], whole.indices)


def test_files_are_read_in_bands(tmp_path: Path) -> None:
    image = smooth(3)
    zarr.create_array(tmp_path / "image.zarr", data=image, chunks=(8, 16, 3))
    q = distributed.quantize(tmp_path / "image.zarr", 5, dither=FLOYD)
    assert q.indices.numblocks[1] == 1
    whole = kpalette.quantize(image, 5, dither=FLOYD)
    assert np.array_equal(q.indices.compute(), whole.indices)
