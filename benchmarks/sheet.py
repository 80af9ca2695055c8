"""A contact sheet: hard cases in 16 colours, beside libimagequant's, at 100 and 300 %."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import kpalette
from benchmarks import pictures
from benchmarks.rivals import Pixels
from benchmarks.rivals.palettes import libimagequant
from kpalette import demo

K = 16
WIDTH = 240  # pixels of a panel
ZOOM = 3
GAP, LINE = 6, 20
COLUMNS = ("original", "kpalette", "libimagequant, speed 1")


@dataclass(frozen=True)
class Case:
    """A picture, and the parts of it that are shown."""

    name: str
    pixels: Pixels
    dither: str | None
    seen: tuple[int, int, int, int]  # left, top, right, bottom
    enlarged: tuple[int, int]  # left and top, within the part seen


def cases() -> list[Case]:
    photo = np.asarray(demo.load_photo().rgb_matrix)
    face, eye = (130, 90, 370, 222), (120, 56)
    shadow, between = (0, 0, 192, 96), (60, 8)
    return [
        Case("photo", photo, None, face, eye),
        Case("photo", photo, "floyd-steinberg", face, eye),
        Case("gradient", pictures.ramp(WIDTH, 120), "floyd-steinberg", (0, 0, 240, 120), (90, 40)),
        Case("radial gradient", pictures.disc(), "floyd-steinberg", (0, 0, 160, 140), (40, 10)),
        Case("drawing", pictures.drawing(), "floyd-steinberg", (0, 0, 240, 160), (75, 70)),
        Case("red spot, 0.1 %", pictures.field(), None, (70, 80, 190, 170), (24, 26)),
        Case("shadow and glow", pictures.shadow(), None, shadow, between),
        Case("shadow and glow", pictures.shadow(), "floyd-steinberg", shadow, between),
    ]


def results(case: Case) -> list[Pixels | None]:
    """Return the picture, ours, and libimagequant's, None if that is not installed."""
    made = kpalette.quantize(case.pixels, K, dither=case.dither)
    shown = [case.pixels, made.palette.colors[made.indices]]
    try:
        palette, indices = libimagequant(
            case.pixels, K, speed=1, dithering=0 if case.dither is None else 1
        )
    except ImportError as error:
        print(f"libimagequant: left out, {error}")
        return [*shown, None]
    return [*shown, palette[indices]]


def stray(pixels: Pixels, shown: Pixels) -> int:
    """Return the number of pixels in flat areas that differ from most of their area.

    A pixel is flat if it and the 24 around it have one colour.
    """
    codes, shown_codes = (
        image.astype(np.int64) @ 256 ** np.arange(image.shape[2]) for image in (pixels, shown)
    )
    windows = np.lib.stride_tricks.sliding_window_view(codes, (5, 5))
    flat = windows.min(axis=(2, 3)) == windows.max(axis=(2, 3))
    before, after = codes[2:-2, 2:-2][flat], shown_codes[2:-2, 2:-2][flat]
    pairs, counts = np.unique(np.stack([before, after]), axis=1, return_counts=True)
    return int(sum(n.sum() - n.max() for n in (counts[pairs[0] == c] for c in set(pairs[0]))))


def opaque(pixels: Pixels) -> Pixels:
    """Composite over magenta, which shows each wrong edge."""
    if pixels.shape[2] == 3:
        return pixels
    return np.rint(pictures.over(pixels, pictures.BACKGROUNDS["magenta"])).astype(np.uint8)


def panels(case: Case, shown: Pixels) -> tuple[Image.Image, Image.Image]:
    """Return the part seen, and a part of that enlarged by ZOOM."""
    image = Image.fromarray(opaque(shown)).crop(case.seen)
    left, top = case.enlarged
    width, height = WIDTH // ZOOM, image.height // ZOOM
    part = image.crop((left, top, left + width, top + height))
    return image, part.resize((ZOOM * width, ZOOM * height), Image.Resampling.NEAREST)


def make(out: Path) -> None:
    """Write ``sheet.webp``, losslessly, and print the number of stray pixels in flat areas."""
    rows = cases()
    column = WIDTH + GAP
    height = 2 * LINE + sum(LINE + case.seen[3] - case.seen[1] for case in rows)
    sheet = Image.new("RGB", (2 * len(COLUMNS) * column + GAP, height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for place, name in enumerate((*COLUMNS, *(f"{name}, {ZOOM}00 %" for name in COLUMNS))):
        draw.text((GAP + place * column, 2), name, "black", font)
    y = LINE
    for case in rows:
        title = f"{case.name}, k = {K}, {case.dither or 'not dithered'}"
        draw.text((GAP, y), title, "black", font)
        y += LINE
        for place, shown in enumerate(results(case)):
            if shown is None:
                continue
            small, large = panels(case, shown)
            sheet.paste(small, (GAP + place * column, y))
            sheet.paste(large, (GAP + (place + len(COLUMNS)) * column, y))
            if place and case.name == "drawing":
                print(f"{title}, {COLUMNS[place]}: {stray(case.pixels, shown)} stray pixels")
        y += case.seen[3] - case.seen[1]
    out.mkdir(parents=True, exist_ok=True)
    path = out / "sheet.webp"
    sheet.save(path, lossless=True, quality=100, method=6)
    print(f"{path}: {sheet.width}×{sheet.height} pixels, {path.stat().st_size:,} bytes")
