"""Pictures of k colours, and what a PNG holds of them by the standard alone."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

import reference_files
from conftest import noise
from kpalette import files


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


def indexed(png: bytes) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """Read indices, colours (k, 4) and depth of an indexed PNG, by the standard alone."""
    found = dict(chunks(png))
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert kind == 3
    colors = files.with_alpha(np.frombuffer(found[b"PLTE"], np.uint8).reshape(-1, 3)).copy()
    alphas = np.frombuffer(found.get(b"tRNS", b""), np.uint8)
    colors[: len(alphas), 3] = alphas
    stride = 1 + -(-width * depth // 8)
    rows = reference_files.unfiltered(zlib.decompress(found[b"IDAT"]), stride)
    return reference_files.unpacked(rows, depth)[:height, :width], colors, depth
