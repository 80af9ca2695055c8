"""Indexed PNG files."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import noise
from kpalette import files
from kpalette.files import as_pixels


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("k", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (17, 8), (256, 8)]
)
def test_write_png(k: int, depth: int, channels: int, tmp_path: Path) -> None:
    colors = np.unique(noise(400, channels, 1), axis=0)[:k]
    indices = (np.arange(60) % k).astype(np.uint16).reshape(6, 10)
    path = tmp_path / "out.png"
    files.write_png(path, files.to_pillow(indices, colors))
    png = path.read_bytes()
    assert (png[24], png[25]) == (depth, 3)  # bits per pixel, and a palette
    start = png.index(b"PLTE")
    assert int.from_bytes(png[start - 4 : start], "big") == 3 * k
    assert np.array_equal(as_pixels(path), colors[indices])


def test_write_png_of_too_many_colours(tmp_path: Path) -> None:
    image = files.to_pillow(np.zeros((2, 2), np.uint16), noise(257, 3, 1))
    with pytest.raises(ValueError, match="at most 256"):
        files.write_png(tmp_path / "out.png", image)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 16, 17, 256])
@pytest.mark.parametrize("width", [1, 7, 8, 9])
def test_rows_of_an_indexed_png_are_not_filtered(k: int, width: int) -> None:
    indices = np.random.default_rng(k).integers(0, k, (5, width), dtype=np.uint8)
    colors = np.column_stack([np.arange(k)] * 3 + [np.full(k, 255)]).astype(np.uint8)
    colors[k // 2, 3] = 100
    encoded = io.BytesIO()
    files.write_png(encoded, files.to_pillow(indices, colors))
    with Image.open(encoded) as image:
        assert np.array_equal(image, indices)
        assert np.array_equal(image.convert("RGBA"), colors[indices])
    data = encoded.getvalue()
    start, end = data.index(b"IDAT") + 4, data.index(b"IEND") - 8
    rows = zlib.decompress(data[start:end])
    assert set(rows[:: len(rows) // 5]) == {0}
