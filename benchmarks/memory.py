"""Peak memory of whole processes: bytes a pixel, by kinds of files."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.markdown import Document, table
from benchmarks.rivals import Pixels
from benchmarks.workers import KILOBYTE, LAUNCHER

#: The picture, the ending of its file, that of the result, and options.
CASES = [
    *[("photo", kind, "png", "") for kind in ("png", "jpg", "tif", "bmp", "gif", "webp", "avif")],
    *[("alpha", kind, "png", "") for kind in ("png", "tif", "webp")],
    *[("noise", kind, "png", "") for kind in ("png", "tif")],
    *[("photo", "png", kind, "") for kind in ("gif", "webp", "tif", "bmp")],
    *[
        ("photo", "png", "png", options)
        for options in (
            "--effort fast",
            "--dither floyd-steinberg",
            "--dither blue-noise",
            "--dither spatial",
            "--saliency",
            "--smaller 1",
        )
    ],
]
NAMES = {
    **{kind: kind.upper() for kind in ("png", "gif", "bmp", "avif")},
    **{"jpg": "JPEG", "tif": "TIFF", "webp": "WebP"},
}
#: A picture so small that a process's peak is that of the program; besides, what is measured.
SMALL = 1500


def picture(kind: str, side: int) -> Pixels:
    """Return a square picture: a smooth one with some grain, the same with alpha, or noise."""
    rng = np.random.default_rng(side)
    if kind == "noise":
        return rng.integers(0, 256, (side, side, 3), np.uint8)
    pixels = np.empty((side, side, 4 if kind == "alpha" else 3), np.uint8)
    across = np.linspace(0, 1, side)
    for y in range(side):
        down = y / side
        levels = (
            20 + 200 * across * down,
            30 + 180 * (1 - across) * down,
            20 + 150 * np.sin(6 * across + 3 * down) ** 2,
        )
        pixels[y, :, :3] = np.stack(levels, axis=1) + rng.integers(0, 20, (side, 3))
    if kind == "alpha":
        pixels[..., 3] = pixels[..., 0] | 1
    return pixels


def measure(side: int, only: str) -> Document:
    """Return by case the peak in bytes, and how many more bytes each further pixel takes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            kind, source, target, options = case
            if not re.search(only, " ".join(case)):
                continue
            peaks, sizes = [], []
            for length in (SMALL, side):
                photo = Path(folder, f"{kind}-{length}.{source}")
                if not photo.exists():
                    lossless = {"lossless": True, "method": 0} if kind == "alpha" else {}
                    ways = {"webp": lossless, "png": {"compress_level": 1}}
                    Image.fromarray(picture(kind, length)).save(photo, **ways.get(source, {}))
                peaks.append(peak(photo, Path(folder, f"few.{target}"), options))
                sizes.append(photo.stat().st_size)
            more = (peaks[1] - peaks[0]) - (sizes[1] - sizes[0])
            named = {"picture": kind, "from": source, "to": target, "options": options}
            each = more / (side**2 - SMALL**2)
            rows.append({**named, "peak": peaks[1], "a pixel": each})
            print(" ".join(case), file=sys.stderr)
    return {"side": side, "small": SMALL, "rows": rows}


def lines(document: Document) -> list[str]:
    """Format bytes a pixel of all that is read and of all that is written, side by side."""
    read, written = [], []
    for row in document["rows"]:
        ways = row["from"], row["to"], row["options"]
        each = f"{row['a pixel']:.1f}"
        if ways[1:] == ("png", ""):
            with_what = "" if row["picture"] == "photo" else f", {row['picture']}"
            read.append([f"{NAMES[row['from']]}{with_what}", each])
        else:
            options = f", `{row['options']}`" if row["options"] else ""
            written.append([f"{NAMES[row['to']]}{options}", each])
    pairs = itertools.zip_longest(read, written, fillvalue=["", ""])
    head = ["read", "bytes a pixel", "written from PNG", "bytes a pixel"]
    found = table(head, ([*left, *right] for left, right in pairs))
    return [found[0], "|---|--:|---|--:|", *found[2:]]


def peak(photo: Path, target: Path, options: str) -> int:
    """Return the peak memory, in bytes, of a process that quantizes a photo."""
    command = [sys.executable, "-m", "kpalette", "quantize", str(photo), "-q", "-f"]
    command += ["-o", str(target), *options.split()]
    launch = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launch, check=True, capture_output=True)
    return int(done.stdout) * KILOBYTE
