"""Bytes of the same pixels: our PNG encoder against plainer and slower ones, and pngquant's files.

What is compared has the same pixels, so each file is smaller or larger, never better or worse.
"""

from __future__ import annotations

import io
import shutil
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deflate
import numpy as np
from PIL import Image

import kpalette
from kpalette import _core, files
from kpalette.files import png

Picture = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]  # indices, colours

PLAIN = "no filter, own order, level 10"
OXIPNG = "that, by oxipng -o 4"
PNGQUANT = "pngquant's own file"


def plain(indices: np.ndarray[Any, Any], colors: np.ndarray[Any, Any]) -> bytes:
    """As few bits as the palette needs, in its own order, and no row filtered."""
    header, palette, rows = _core.png(
        np.ascontiguousarray(indices, np.uint8),
        colors,
        effort="quick",
        keep_order=True,
        may_be_grey=False,
        deflate=lambda rows, level: deflate.zlib_compress(rows, 10),
        team=_core.Team(1),
    )
    return b"\x89PNG\r\n\x1a\n" + header + palette + rows + png.chunk(b"IEND", b"")


def optimized(data: bytes) -> int | None:
    try:
        import oxipng
    except ImportError:
        return None
    return len(oxipng.optimize_from_memory(data, level=4, strip=oxipng.StripChunks.none()))


def by_pngquant(path: Path, k: int, dither: bool) -> tuple[bytes, Picture] | None:
    """Return pngquant's file, and what it shows."""
    if shutil.which("pngquant") is None:
        return None
    options = [] if dither else ["--nofs"]
    ran = subprocess.run(
        ["pngquant", *options, str(k), "-o", "-", path], capture_output=True, check=True
    )
    with Image.open(io.BytesIO(ran.stdout)) as image:
        if image.mode != "P":
            return None
        colors = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        alphas = image.info.get("transparency")
        if isinstance(alphas, bytes):
            full = np.frombuffer(alphas.ljust(len(colors), b"\xff"), np.uint8)
            colors = np.column_stack([colors, full])
        return ran.stdout, (np.asarray(image), colors)


def compared(path: Path, k: int, dither: bool, slow: bool) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each other encoder, its bytes, and ours of the same pixels."""
    q = kpalette.quantize(path, k, dither="floyd-steinberg" if dither else None)
    ours, theirs = len(q.encode("png")), plain(q.indices, q.palette.colors)
    yield PLAIN, len(theirs), ours
    if slow and (size := optimized(theirs)):
        yield OXIPNG, size, ours
    if found := by_pngquant(path, k, dither):
        data, (indices, colors) = found
        yield PNGQUANT, len(data), len(files.encode(indices, colors, "png"))


def measure(paths: list[Path], ks: list[int], slow: bool) -> None:
    """Print, for each k and what is compared with, how much smaller or larger our files are."""
    print("\n| against | k | dithered | files | mean | worst | grew |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for k in ks:
        for dither in (False, True):
            ratios: dict[str, list[float]] = defaultdict(list)
            worst: dict[str, tuple[float, str]] = {}
            for path in paths:
                for name, theirs, ours in compared(path, k, dither, slow):
                    ratios[name].append(ours / theirs - 1)
                    worst[name] = max(worst.get(name, (-1.0, "")), (ours / theirs - 1, path.stem))
            for name, found in ratios.items():
                grew = sum(ratio > 0 for ratio in found)
                print(
                    f"| {name} | {k} | {'yes' if dither else 'no'} | {len(found)} "
                    f"| {statistics.mean(found):+.1%} | {worst[name][0]:+.1%} {worst[name][1]} "
                    f"| {grew} |",
                    flush=True,
                )
