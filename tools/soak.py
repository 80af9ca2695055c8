"""Check for memory leaks: reduce thousands of images in one process, and measure its memory.

python -m tools.soak [--images 10000]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import kpalette
from kpalette import Palette, files
from kpalette.choices import DITHERS, SPACES
from kpalette.cli import run

BATCH = 50  #: The most files of a command.
KINDS = ("PNG", "GIF", "JPEG", "WEBP", "TIFF", "BMP")
DITHERED = (None, *DITHERS)


def resident() -> int:
    """Return the resident memory of the process in bytes."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    shown = subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())])
    return int(shown) * 1024


def picture(number: int) -> tuple[bytes, str]:
    """Draw an image of any size and mode, still or animated; return its file and format."""
    rng = np.random.default_rng(number)
    height, width = rng.integers(1, 257, 2)
    kind = KINDS[number % len(KINDS)]
    ramp = np.add.outer(np.linspace(0, 160, height), np.linspace(0, 80, width))
    pixels = (ramp[..., None] * rng.random(4) + rng.integers(0, 16, (height, width, 4))) % 256
    image = Image.fromarray(pixels.astype(np.uint8))
    modes = ["RGB", "L"] if kind == "JPEG" else ["RGB", "RGBA", "L", "1", "P"]
    image = image.convert(modes[number // len(KINDS) % len(modes)])
    moving = number % 7 == 0 and kind in ("PNG", "GIF", "WEBP")
    frames = {"save_all": True, "append_images": [image.rotate(180)], "duration": 40}
    file = io.BytesIO()
    image.save(file, kind, **(frames if moving else {}))
    return file.getvalue(), kind.lower()


def by_library(numbers: Sequence[int]) -> None:
    """Reduce and map images and animations with varied options, and fail to read cut-off files."""
    for number in numbers:
        _by_library(number)


def _by_library(number: int) -> None:
    data, kind = picture(number)
    k = 1 + number % 200
    options = {"dither": DITHERED[number % 4], "space": SPACES[number // 4 % 4]}
    if files.is_animated(io.BytesIO(data)):
        kpalette.quantize_animation(io.BytesIO(data), k, effort="fast", **options).encode("png")
        return
    quantized = kpalette.quantize(io.BytesIO(data), k, saliency=number % 3 == 0, **options)
    quantized.encode("png" if kind == "jpeg" else "tiff")
    Palette(quantized.palette.colors).remap(io.BytesIO(data), **options)
    with contextlib.suppress(kpalette.ImageReadError):
        kpalette.quantize(io.BytesIO(data[: len(data) // 2]))


def by_command(numbers: Sequence[int]) -> None:
    """Reduce a folder of images with the command line."""
    with tempfile.TemporaryDirectory() as folder:
        for i, number in enumerate(numbers):
            data, kind = picture(number)
            Path(folder, f"{i}.{kind}").write_bytes(data)
        code = run(["quantize", "-r", folder, "-k", "32", "--out-dir", f"{folder}/few", "-q"])
        few = sum(path.is_file() for path in Path(folder, "few").rglob("*"))
        if code != 0 or few != len(numbers):
            raise AssertionError(f"expected {len(numbers)} pictures and 0, got {few} and {code}")


def curve(images: int, way: Callable[[Sequence[int]], None], batch: int) -> Iterator[int]:
    """Yield the resident memory after each batch; all fifths of a run see the same images."""
    numbers = [number % -(-images // 5) for number in range(images)]
    for first in range(0, images, batch):
        way(numbers[first : first + batch])
        gc.collect()
        yield resident()


def fifths(memory: Sequence[int]) -> list[float]:
    """Return the median of each fifth of a curve."""
    cuts = [len(memory) * part // 5 for part in range(6)]
    return [statistics.median(memory[a:b]) for a, b in itertools.pairwise(cuts)]


def growth(medians: Sequence[float]) -> float:
    """Return by how many percent memory grows from the second fifth to the last.

    After the first fifth, which has seen all images, everything is loaded.
    """
    return 100 * (medians[4] / medians[1] - 1)


def main() -> int:
    """Run both ways and print their curves; return 1 if one of them grows."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="at least 100 [10000]")
    parser.add_argument("--growth", type=float, default=5, help="percent that may be [5]")
    given = parser.parse_args()
    images = given.images
    if images < 100:
        parser.error(f"--images: expected at least 100, got {images}")
    half = images // 2
    ways = {
        "library": curve(half, by_library, 1),
        "command": curve(half, by_command, min(BATCH, half // 20)),
    }
    code = 0
    for name, way in ways.items():
        start = time.perf_counter()
        medians = fifths(list(way))
        shown = "  ".join(f"{value / 2**20:.1f}" for value in medians)
        change = growth(medians)
        print(
            f"{name}: {half} images in {time.perf_counter() - start:.0f} s; "
            f"MiB by fifths {shown}; {change:+.1f} % from the second to the last",
            flush=True,
        )
        if change > given.growth:
            print(f"{name}: expected at most {given.growth:+g} %", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
