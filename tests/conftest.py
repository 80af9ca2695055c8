"""Pictures for the tests: the shared ones, and small ones made on the spot."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from kpalette import Palette, cli

# How long an example takes says something about the machine, not about the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

#: Seconds to wait for what an idle machine does in one, before it is taken for broken.
PATIENCE = 300

# What commands print is read as UTF-8, also where Windows has another encoding.
if os.name == "nt":
    os.environ.setdefault("PYTHONUTF8", "1")

# Figures are drawn where there is no screen, and open no window where there is one.
os.environ.setdefault("MPLBACKEND", "agg")

# Programs that the tests interrupt are to hear it, also where a shell started pytest in the
# background, and told it to ignore that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

NOT_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything"
)

LINKS = pytest.mark.skipif(
    os.name == "nt", reason="on Windows links need a right that few have, and Wine makes none"
)

NOT_WINE = pytest.mark.skipif(
    os.name == "nt" and hasattr(ctypes.windll.ntdll, "wine_get_version"),
    reason="in Wine the processes of concurrent.futures do not answer",
)


@pytest.fixture(scope="session")
def everything() -> dict[str, bytes]:
    """Return a small file of every format, by its name."""
    from every_kind import registered  # which takes pictures from here

    return registered()


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the directory of shared test photos."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI is set, but there is no {path}")
        pytest.skip(f"no {path}")
    return path


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray[Any, Any]:
    """Make uint8 pixels (height, width, channels) of which hardly two are alike."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def gradient(height: int, width: int) -> np.ndarray[Any, Any]:
    """Make uint8 pixels (height, width, 3): red grows to the right, green downwards."""
    red = np.linspace(0, 255, width)[None, :, None]
    green = np.linspace(0, 255, height)[:, None, None]
    blue = np.full((1, 1, 1), 90.0)
    channels = [np.broadcast_to(c, (height, width, 1)) for c in (red, green, blue)]
    return np.concatenate(channels, axis=2).round().astype(np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width: int, height: int, depth: int, kind: int, rows: bytes, *more: bytes) -> bytes:
    """Make a PNG that Pillow does not write. `rows` starts each row with a filter byte."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(rows)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


PHOTO = Image.fromarray(noise(40, 40))
DAMAGED = {
    "empty": (b"", "the file is empty"),
    "text": (b"Just some words.\n" * 9, "expected an image of a format"),
    "signature only": (b"\x89PNG\r\n\x1a\n", "the PNG is cut off before its first row"),
    "0 x n PNG": (raw_png(0, 5, 8, 2, b""), "the PNG's header is damaged: it describes no image"),
    "0 x n PPM": (b"P6 0 5 255\n", "damaged|one pixel|format"),
    "bomb": (raw_png(100_000, 100_000, 8, 2, b""), "cannot hold the 100000×100000 pixels"),
    "huge PPM": (b"P6 100000 100000 255\n", "one piece, got 10,000,000,000"),
    **{
        f"half a {kind}": (half, "damaged|is cut off")
        for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000", "AVIF")
        for data in [saved(PHOTO.convert("P") if kind == "GIF" else PHOTO, kind).getvalue()]
        for half in [data[: len(data) // 2]]
    },
}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(gradient(48, 64)).save(path)
    return path


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command that must fail with a code, and with one clear line, which is returned."""

    def run(code: int, *args: str | Path) -> str:
        assert cli.run([str(arg) for arg in args]) == code
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1, said.err
        assert said.err.startswith("kpalette: ")
        return said.err

    return run


@pytest.fixture
def brand(tmp_path: Path) -> Path:
    """Write a palette file of four colours."""
    path = tmp_path / "brand.gpl"
    Palette(np.array([[0, 0, 0], [255, 0, 0], [0, 255, 90], [255, 255, 90]], np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of four images, one of them two folders down, with other things around them."""
    folder = tmp_path / "photos"
    for name in ("b.png", "a.JPG", "sub/c.tif", "sub/deep/d e.png", ".hidden/x.png", "sub/.x.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(gradient(9, 8 + len(name))).save(path)
    (folder / "notes.txt").write_text("just words")
    (folder / "empty").mkdir()
    if os.name != "nt":  # where links need a right that few have
        (folder / "sub" / "loop").symlink_to(folder)
        (folder / "broken.png").symlink_to("nowhere")
    (folder / "folder.png").mkdir()
    return folder


def png_header(path: Path) -> tuple[int, int, int]:
    """Return a PNG's bits per pixel, colour type (3 is indexed) and number of palette entries."""
    png = path.read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    start = png.index(b"PLTE")
    return png[24], png[25], int.from_bytes(png[start - 4 : start], "big") // 3


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
