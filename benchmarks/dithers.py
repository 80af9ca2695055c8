"""A photo in eight colours, dithered by kpalette and by other programs, at 100 and 300 %."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import kpalette
from benchmarks import looks
from benchmarks.markdown import Document, table
from benchmarks.rivals import ALL, Pixels, Result
from benchmarks.rivals.rival import Missing
from benchmarks.workers import exact
from kpalette import demo

K = 8
ZOOM = 3
Box = tuple[int, int, int, int]  # left, top, right, bottom
SEEN = 150, 60, 318, 252  # the part shown
ENLARGED = 200, 126, 256, 170  # what is shown ZOOM times as large, as wide as SEEN
IN_A_ROW = 4  # so few that a page shows pixels as they are
GAP, LINE = 6, 20


def ours(pixels: Pixels, dither: str | None) -> Result:
    made = kpalette.quantize(pixels, K, dither=dither)
    return made.palette.colors, made.indices


def pillow(pixels: Pixels) -> Result:
    """Make a palette by Pillow's default, and dither with it in a second call, as it has to be."""
    image = Image.fromarray(pixels)
    return exact(image.quantize(palette=image.quantize(K), dither=Image.Dither.FLOYDSTEINBERG))


def program(pixels: Pixels, name: str) -> Result:
    """Run a program from PNG to PNG, by the options with which it takes part in the benchmark."""
    rival = ALL[name]
    rival.version()
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/photo.png", f"{folder}/few.png"
        Image.fromarray(pixels).save(source)
        subprocess.run(rival.run(source, target, K), check=True, capture_output=True)
        with Image.open(target) as image:
            return exact(image)


#: What makes each panel after the original.
METHODS: dict[str, Callable[[Pixels], Result]] = {
    "kpalette, not dithered": partial(ours, dither=None),
    "kpalette, floyd-steinberg": partial(ours, dither="floyd-steinberg"),
    "kpalette, spatial": partial(ours, dither="spatial"),
    "pngquant": partial(program, name="pngquant, speed 1, dithered"),
    "GraphicsMagick": partial(program, name="GraphicsMagick, dithered"),
    "ffmpeg": partial(program, name="ffmpeg, dithered"),
    "Pillow": pillow,
}


def panel(title: str, pixels: Pixels, shown: Box = SEEN, enlarged: Box = ENLARGED) -> Image.Image:
    """Return a part of a picture as it is, and below it a part of that enlarged."""
    image = Image.fromarray(pixels)
    seen, part = image.crop(shown), image.crop(enlarged)
    large = part.resize((ZOOM * part.width, ZOOM * part.height), Image.Resampling.NEAREST)
    both = Image.new("RGB", (seen.width, LINE + seen.height + GAP + large.height), "white")
    ImageDraw.Draw(both).text((0, 1), title, "black", ImageFont.load_default(13))
    both.paste(seen, (0, LINE))
    both.paste(large, (0, LINE + seen.height + GAP))
    return both


def make(out: Path) -> Document:
    """Write ``dithers.webp``, losslessly, and return how each picture measures."""
    photo = np.asarray(demo.load_photo().rgb_matrix)
    panels = [panel("original", photo)]
    rows = []
    for name, method in METHODS.items():
        try:
            palette, indices = method(photo)
        except Missing as missing:
            print(f"{name}: left out, {missing}")
            continue
        shown = palette[indices]
        panels.append(panel(name, shown))
        found = looks.figures(photo, shown)
        rows.append({"method": name, **found, "bytes": looks.png_size(palette, indices)})
    save(panels, IN_A_ROW, out / "dithers.webp")
    return {"rows": rows}


def lines(document: Document) -> list[str]:
    """Format each method's figures."""
    rows = (
        [row["method"], *looks.cells(row), f"{row['bytes'] / 1e3:.1f}"] for row in document["rows"]
    )
    return table(["method", *looks.METRICS, "PNG, kB"], rows)


def save(panels: list[Image.Image], in_a_row: int, path: Path) -> None:
    """Write panels of equal size, losslessly."""
    width, height = panels[0].width + GAP, panels[0].height + GAP
    rows = -(-len(panels) // in_a_row)
    sheet = Image.new("RGB", (in_a_row * width - GAP, rows * height - GAP), "white")
    for place, each in enumerate(panels):
        sheet.paste(each, (place % in_a_row * width, place // in_a_row * height))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, lossless=True, quality=100, method=6)
    print(f"{path}: {sheet.width}×{sheet.height} pixels, {path.stat().st_size:,} bytes")
