"""A contact sheet: twenty pictures, and the colours that six methods pick from each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import pictures, themes
from benchmarks.logos import LOGOS
from benchmarks.rivals import Pixels
from kpalette import demo

# In the public domain or under CC0, as the docstrings of skimage.data say.
PHOTOS = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina")
DRAWN = ("fox", "shop", "arrow", "letters on red", "cup", "bird on black", "stripes", "ring")
METHODS = (
    "kpalette.theme",
    "kpalette.extract_palette",
    "node-vibrant 4",
    "colorthief 3.5",
    "Material, Celebi and Score",
    "Pylette",
)
WIDTH, HEIGHT, LINE, GAP, COLUMNS = 200, 140, 18, 10, 5


def shown() -> Iterator[tuple[str, Pixels]]:
    """Yield names and pixels."""
    import skimage

    yield "hopper", np.asarray(demo.load_photo().rgb_matrix)
    folder = Path(skimage.__file__).parent / "data"
    for name in PHOTOS:
        (path,) = folder.glob(f"{name}.*")
        yield name, themes.load(path)
    yield "drawing", pictures.drawing()
    yield "disc", pictures.disc()
    yield "ramp", pictures.ramp()
    yield "field", pictures.field()
    yield "shadow", np.rint(pictures.over(pictures.shadow(), (255, 255, 255))).astype(np.uint8)
    for name in DRAWN:
        yield name, LOGOS[name][0]


def make(out: Path) -> None:
    """Write ``themes.webp``."""
    with tempfile.TemporaryDirectory() as made:
        paths = []
        for name, pixels in shown():
            small = Image.fromarray(pixels)
            small.thumbnail((640, 640))
            paths.append(Path(made, f"{name}.png"))
            small.save(paths[-1])
        found = themes.find(paths, 1)
        sheet = drawn(paths, found)
    path = out / "themes.webp"
    sheet.save(path, quality=84, method=6)
    print(f"{path}: {sheet.width}×{sheet.height} pixels, {path.stat().st_size:,} bytes")


def drawn(paths: list[Path], found: dict[str, themes.Found]) -> Image.Image:
    names = [name for name in METHODS if name in found]
    tall = HEIGHT + LINE * len(names) + GAP
    rows = -(-len(paths) // COLUMNS)
    size = COLUMNS * (WIDTH + GAP) + GAP, rows * tall + GAP + LINE * len(names)
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for line, name in enumerate(names):
        draw.text((GAP, line * LINE), f"{line + 1}. {name}", "black", font)
    for place, path in enumerate(paths):
        row, column = divmod(place, COLUMNS)
        left, top = GAP + column * (WIDTH + GAP), GAP + LINE * len(names) + row * tall
        with Image.open(path) as picture:
            picture.thumbnail((WIDTH, HEIGHT - 4))
            sheet.paste(picture, (left + (WIDTH - picture.width) // 2, top))
        for line, name in enumerate(names):
            y = top + HEIGHT + line * LINE
            for entry, color in enumerate(found[name][path][0]):
                x = left + entry * WIDTH // themes.K
                box = (x, y, left + (entry + 1) * WIDTH // themes.K - 2, y + LINE - 3)
                draw.rectangle(box, tuple(int(level) for level in color), "#c0c0c0")
    return sheet
