"""One picture to look at: hard cases in 16 colours, beside libimagequant's, at 100 and 300 %."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import kpalette
from benchmarks import pictures, rivals
from benchmarks.rivals import Pixels
from kpalette import demo

K = 16
WIDTH, HEIGHT = 240, 160  # of what is shown at 100 %
ZOOM = 3
GAP, LINE = 6, 20
COLUMNS = ("original", "kpalette", "libimagequant, speed 1")


@dataclass(frozen=True)
class Case:
    """A picture, what is seen of it, and where the eye is led to: left and top of the crop."""

    name: str
    pixels: Pixels
    dither: str | None
    crop: tuple[int, int]


def cases() -> list[Case]:
    photo = np.asarray(demo.load_photo().rgb_matrix)[70 : 70 + HEIGHT, 130 : 130 + WIDTH]
    return [
        Case("photo", photo, None, (120, 70)),
        Case("photo", photo, "floyd-steinberg", (120, 70)),
        Case("gradient", pictures.ramp(WIDTH, HEIGHT), "floyd-steinberg", (90, 40)),
        Case("radial gradient", pictures.disc(WIDTH)[40:200], "floyd-steinberg", (80, 20)),
        Case("drawing", pictures.drawing(), "floyd-steinberg", (75, 70)),
        Case("red spot, 0.1 %", pictures.field()[80:160, 60:180], None, (20, 14)),
        Case("shadow and glow", pictures.shadow(), None, (60, 8)),
        Case("shadow and glow", pictures.shadow(), "floyd-steinberg", (60, 8)),
    ]


def results(case: Case) -> list[Pixels | None]:
    """The picture, ours, and libimagequant's, None where it is not installed."""
    made = kpalette.quantize(case.pixels, K, dither=case.dither)
    shown = [case.pixels, made.palette.colors[made.indices]]
    try:
        palette, indices = rivals.libimagequant(
            case.pixels, K, speed=1, dithering=0 if case.dither is None else 1
        )
    except ImportError as error:
        print(f"libimagequant: left out, {error}")
        return [*shown, None]
    return [*shown, palette[indices]]


def stray(pixels: Pixels, shown: Pixels) -> int:
    """How many pixels of flat areas are not in the colour that most of their area got.

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
    """As it is seen over magenta, which shows each wrong edge."""
    if pixels.shape[2] == 3:
        return pixels
    return np.rint(pictures.over(pixels, pictures.BACKGROUNDS["magenta"])).astype(np.uint8)


def panels(shown: Pixels, crop: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """All of a picture, and a part that is ZOOM times as large."""
    image = Image.fromarray(opaque(shown))
    left, top = crop
    part = image.crop((left, top, left + WIDTH // ZOOM, top + HEIGHT // ZOOM))
    return image, part.resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)


def make(out: Path) -> None:
    """Write ``sheet.webp``, without loss, and print how many pixels stray in flat areas."""
    rows = cases()
    size = 2 * len(COLUMNS) * (WIDTH + GAP) + GAP, LINE + len(rows) * (HEIGHT + LINE + GAP)
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, name in enumerate(COLUMNS):
        for zoomed in (0, 1):
            x = GAP + (column + zoomed * len(COLUMNS)) * (WIDTH + GAP)
            draw.text((x, 2), f"{name}, 300 %" if zoomed else name, "black", font)
    for row, case in enumerate(rows):
        y = LINE + row * (HEIGHT + LINE + GAP)
        title = f"{case.name}, k = {K}, {case.dither or 'not dithered'}"
        draw.text((GAP, y), title, "black", font)
        for column, shown in enumerate(results(case)):
            if shown is None:
                continue
            for zoomed, image in enumerate(panels(shown, case.crop)):
                x = GAP + (column + zoomed * len(COLUMNS)) * (WIDTH + GAP)
                sheet.paste(image, (x, y + LINE))
            if column and case.name == "drawing":
                print(f"{title}, {COLUMNS[column]}: {stray(case.pixels, shown)} stray pixels")
    out.mkdir(parents=True, exist_ok=True)
    sheet.save(out / "sheet.webp", lossless=True, quality=100, method=6)
    print(
        f"{out / 'sheet.webp'}: {size[0]}×{size[1]}, {(out / 'sheet.webp').stat().st_size:,} bytes"
    )
