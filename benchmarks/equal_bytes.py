"""A photo and a drawing in files of equal bytes, pngquant's and kpalette's, at 100 and 300 %."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import kpalette
from benchmarks import dithers, looks, pictures
from benchmarks.dithers import Box
from benchmarks.lossless import optimized
from benchmarks.markdown import Document, table
from benchmarks.rivals import Pixels
from benchmarks.rivals.rival import Missing, program
from kpalette import demo


@dataclass(frozen=True)
class Case:
    """A picture, how many colours pngquant makes of it, and the parts of it that are shown."""

    name: str
    pixels: Pixels
    k: int
    shown: Box
    enlarged: Box


def cases() -> list[Case]:
    photo = np.asarray(demo.load_photo().rgb_matrix)
    return [
        Case("photo", photo, 32, (150, 70, 318, 230), (200, 126, 256, 170)),
        Case("drawing", pictures.drawing(), 16, (66, 0, 234, 160), (124, 20, 180, 64)),
    ]


def by_pngquant(pixels: Pixels, k: int) -> tuple[Pixels, int]:
    """Return what pngquant's file shows at its best, and its bytes after oxipng -o 4."""
    program("pngquant", "--version", hint="apt install pngquant")
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/picture.png"
        Image.fromarray(pixels).save(source)
        command = ["pngquant", "--speed", "1", str(k), "-o", "-", source]
        encoded = subprocess.run(command, capture_output=True, check=True).stdout
    size = optimized(encoded)
    if size is None:
        raise Missing("pip install pyoxipng")
    with Image.open(io.BytesIO(encoded)) as image:
        return np.asarray(image.convert("RGB")), size


def make(out: Path) -> Document:
    """Write ``bytes.webp``, losslessly, and return how each picture measures."""
    panels, rows = [], []
    for case in cases():
        try:
            theirs, most = by_pngquant(case.pixels, case.k)
        except Missing as missing:
            sys.exit(f"pngquant and oxipng are needed: {missing}")
        made = kpalette.quantize(case.pixels, max_bytes=most)
        files = {"pngquant": (theirs, most), "kpalette": (made.rgb, len(made.encode()))}
        panels.append(dithers.panel(case.name, case.pixels, case.shown, case.enlarged))
        for name, (shown, size) in files.items():
            title = f"{name}, {size:,} bytes"
            panels.append(dithers.panel(title, shown, case.shown, case.enlarged))
            found = {metric: looks.measured(metric, case.pixels, shown) for metric in looks.METRICS}
            rows.append({"picture": case.name, "method": name, "bytes": size, **found})
    dithers.save(panels, len(panels) // len(cases()), out / "bytes.webp")
    return {"rows": rows}


def lines(document: Document) -> list[str]:
    """Format bytes and figures."""
    rows = (
        [f"{row['picture']}, {row['method']}", f"{row['bytes']:,}", *looks.cells(row)]
        for row in document["rows"]
    )
    return table(["", "bytes", *looks.METRICS], rows)
