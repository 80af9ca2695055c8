"""Large PNG and TIFF files that claim more pixels than their bytes can hold."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import chunk, raw_png, saved
from kpalette import cli
from kpalette.cli import tiled
from kpalette.files import as_pixels, plain_png
from kpalette.files.claims import check_size
from kpalette.files.errors import TruncatedError

SIZE = 1500, 2000
#: Those whose growth is known; and others.
LIMITED = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]
UNLIMITED = ["group4", "zstd"]


def tiff(compression: str, **more: Any) -> bytes:
    """Return what compresses best, as a TIFF."""
    mode = "1" if compression == "group4" else "L"
    return saved(Image.new(mode, SIZE, 255), "TIFF", compression=compression, **more).getvalue()


def claiming(data: bytes, height: int) -> bytes:
    """Return a TIFF of little-endian tags with another height."""
    entry = struct.pack("<HHI", 257, 4, 1)
    short = struct.pack("<HHI", 257, 3, 1)
    at = data.find(entry) if entry in data else data.index(short)
    return data[:at] + entry + struct.pack("<I", height) + data[at + 12 :]


def huge_tiff(size: int, compression: int = 1) -> bytes:
    """Return a TIFF of one strip that has 40 bytes."""
    tags = [(256, size), (257, size), (258, 8), (259, compression), (262, 1), (273, 130)]
    tags += [(277, 1), (278, size), (279, 40)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries).ljust(170, b"\0")


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_png, "MOST_PIXELS", 0)


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("compression", LIMITED + UNLIMITED)
def test_what_compresses_best_is_no_claim(compression: str, tmp_path: Path) -> None:
    data = tiff(compression)
    check_size(io.BytesIO(data), data[:256])
    many = claiming(data, 10_000_000)
    (tmp_path / "a.tif").write_bytes(many)
    for source in (io.BytesIO(many), tmp_path / "a.tif", str(tmp_path / "a.tif")):
        if compression in UNLIMITED:
            check_size(source, many[:256])
        else:
            with pytest.raises(TruncatedError, match=r"^the TIFF is damaged or cut off: "):
                check_size(source, many[:256])


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB", "RGBA"])
def test_a_png_of_one_colour_is_no_claim(mode: str) -> None:
    data = saved(Image.new(mode, SIZE), "PNG", compress_level=9).getvalue()
    check_size(io.BytesIO(data), data[:256])
    assert as_pixels(io.BytesIO(data)).shape[:2] == SIZE[::-1]


@pytest.mark.usefixtures("all_are_large")
def test_what_is_no_whole_header_claims_nothing() -> None:
    for data in (tiff("raw"), raw_png(9, 9, 8, 2, b""), b"GIF89a" + bytes(99)):
        for end in (0, 4, 8, 12, 20, 24, 25, 30):
            check_size(io.BytesIO(data[:end]), data[:end])
    check_size(io.BytesIO(b""), b"MM\0*" + bytes(9))


@pytest.mark.parametrize("size", [60_000, 2**31 - 1])
@pytest.mark.parametrize("kind", ["png", "exif.png", "tif", "zip.tif"])
@pytest.mark.parametrize("dask", ["with Dask", "without"])
def test_a_few_bytes_that_claim_gigapixels_are_damaged(
    kind: str, size: int, dask: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any
) -> None:
    if dask == "without":
        monkeypatch.setitem(sys.modules, "dask", None)
    data = {
        "png": raw_png(size, size, 8, 2, bytes(1000)),
        "exif.png": raw_png(size, size, 1, 0, b"", chunk(b"eXIf", b"II")),
        "tif": huge_tiff(size),
        "zip.tif": huge_tiff(size, 8),
    }[kind]
    assert len(data) < 200
    monkeypatch.chdir(tmp_path)
    name = f"a.{kind}"
    Path(name).write_bytes(data)
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("b.png")
    assert not tiled.is_too_large(name)
    title = "PNG" if "png" in kind else "TIFF"
    why = f"the {title} is damaged or cut off: {len(data)} bytes cannot hold the {size}×{size} pi"
    most = ["--max-pixels", str(9 * 10**18)]
    for line in (
        ["quantize", name, "-k", "8"],
        ["quantize", name, "-k", "8", "-o", "o.tif"],
        ["quantize", name, "-k", "8", *most],
        ["quantize", name, "-k", "8", *most, "--allow-truncated"],
        ["quantize", name, "b.png", "-k", "8", "-q"],
        ["palette", name],
        ["sweep", name],
        ["theme", name],
        ["remap", name, "--palette", "b.png"],
        ["compare", name, "b.png"],
    ):
        Path("b-8.png").unlink(missing_ok=True)
        assert f"{name}: {why}" in fails(3, *line), line
    with pytest.raises(TruncatedError, match=why):
        kpalette.quantize(name, 8)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_damage_is_told_before_memory_is_counted(name: str, tmp_path: Path, fails: Any) -> None:
    path = tmp_path / name
    path.write_bytes(raw_png(60_000, 60_000, 8, 2, b"") if "png" in name else huge_tiff(60_000))
    for line in (["palette", path, "--memory-limit", "1GB"], ["palette", path, "--scheduler=sync"]):
        assert "bytes cannot hold the 60000×60000 pixels" in fails(3, *line)


def test_a_large_size_in_a_damaged_header_is_no_size(tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "a.png"
    data = bytearray(raw_png(40, 40, 8, 2, bytes(40 * 121)))
    data[20] ^= 1
    path.write_bytes(data)
    assert not tiled.is_too_large(str(path))
    for line in (["palette", path], ["quantize", path, "--max-pixels", "1000M"]):
        assert "the PNG's header is damaged: the checksum of IHDR" in fails(3, *line)


def test_what_is_cut_off_but_large_enough_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = saved(Image.effect_noise((300, 300), 90), "PNG").getvalue()
    Path("a.png").write_bytes(data[: len(data) // 2])
    monkeypatch.setattr(plain_png, "MOST_PIXELS", 80_000)
    assert cli.run(["quantize", "a.png", "-k", "8", "--allow-truncated", "--max-pixels=1M"]) == 0
