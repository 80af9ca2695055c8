"""Animations: bytes, error and time against ffmpeg and gifski, if they are installed.

All get the same PNG frames and write a GIF. Errors are measured on the frames that Pillow decodes.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import kpalette
from benchmarks import looks
from benchmarks.rivals import Pixels

SIZE = (320, 240)
MILLISECONDS = 40
EVERY = 10  # FLIP is slow, so it is measured on one of this many frames


def pan(photo: Image.Image, n: int) -> Iterator[Image.Image]:
    """Pan from the left of a photo to the right, zooming in: all pixels change."""
    width, height = photo.size
    for i in range(n):
        progress = i / max(1, n - 1)
        part_width = min(width * (0.7 - 0.4 * progress), height * SIZE[0] / SIZE[1])
        part_height = part_width * SIZE[1] / SIZE[0]
        left = (width - part_width) * progress
        top = (height - part_height) * (0.5 + 0.4 * np.sin(5 * progress))
        box = (left, top, left + part_width, top + part_height)
        yield photo.resize(SIZE, Image.Resampling.LANCZOS, box)


def shapes(photo: Image.Image, n: int) -> Iterator[Image.Image]:
    """Move flat shapes over a still background."""
    background = photo.resize(SIZE, Image.Resampling.LANCZOS)
    for i in range(n):
        image = background.copy()
        draw = ImageDraw.Draw(image)
        angle = 2 * np.pi * i / n
        x, y = 160 + 100 * np.cos(angle), 120 + 70 * np.sin(angle)
        draw.ellipse((x - 25, y - 25, x + 25, y + 25), fill="#e04020", outline="#401008")
        x, y = 160 - 110 * np.cos(angle), 120 + 80 * np.sin(2 * angle)
        draw.rectangle((x - 20, y - 15, x + 20, y + 15), fill="#2060d0")
        draw.text((10, 10), f"frame {i}", fill="white")
        yield image


def grain(photo: Image.Image, n: int) -> Iterator[Image.Image]:
    """Film shapes that move over a still photo, with a camera's grain."""
    rng = np.random.default_rng(0)
    for image in shapes(photo, n):
        noisy = np.asarray(image) + rng.normal(0, 1.5, (SIZE[1], SIZE[0], 1))
        yield Image.fromarray(np.clip(noisy.round(), 0, 255).astype(np.uint8))


SCENES: dict[str, Callable[[Image.Image, int], Iterator[Image.Image]]] = {
    "pan": pan,
    "shapes": shapes,
    "grain": grain,
}


def ours(folder: Path, target: Path, *, scope: str, dither: str | None, **options: Any) -> None:
    frames = [(path, MILLISECONDS) for path in sorted(folder.glob("*.png"))]
    result = kpalette.quantize_animation(frames, palette_scope=scope, dither=dither, **options)
    result.save(target)


def ffmpeg(folder: Path, target: Path, *, generate: str, use: str) -> None:
    graph = f"split[a][b];[a]palettegen={generate}[p];[b][p]paletteuse={use}"
    source = ["-framerate", str(1000 // MILLISECONDS), "-i", str(folder / "%04d.png")]
    run("ffmpeg", "-v", "error", "-y", *source, "-filter_complex", graph, str(target))


def gifski(folder: Path, target: Path, *, quality: int) -> None:
    rate = str(1000 // MILLISECONDS)
    frames = map(str, sorted(folder.glob("*.png")))
    run("gifski", "-q", "-r", rate, "--quality", str(quality), "-o", str(target), *frames)


def gifsicle(folder: Path, target: Path, *, lossy: int) -> None:
    """What people do: a GIF by ffmpeg, and then fewer bytes by gifsicle."""
    ffmpeg(folder, target, generate="stats_mode=full", use="dither=none")
    run("gifsicle", "-O3", f"--lossy={lossy}", "-b", str(target))


def run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise FileNotFoundError(f"{program} is not installed")
    subprocess.run([program, *arguments], check=True, capture_output=True)


#: Neighbours use the same kind of dithering.
METHODS: dict[str, Callable[[Path, Path], None]] = {
    "kpalette": partial(ours, scope="global", dither=None),
    "kpalette, space srgb": partial(ours, scope="global", dither=None, space="srgb"),
    "ffmpeg none": partial(ffmpeg, generate="stats_mode=full", use="dither=none"),
    "kpalette floyd-steinberg": partial(ours, scope="global", dither="floyd-steinberg"),
    "ffmpeg sierra2_4a (default)": partial(
        ffmpeg, generate="stats_mode=full", use="dither=sierra2_4a"
    ),
    "ffmpeg sierra2_4a, diff": partial(
        ffmpeg, generate="stats_mode=diff", use="dither=sierra2_4a:diff_mode=rectangle"
    ),
    "kpalette bayer": partial(ours, scope="global", dither="bayer"),
    "ffmpeg bayer": partial(ffmpeg, generate="stats_mode=full", use="dither=bayer"),
    "kpalette auto": partial(ours, scope="auto", dither=None),
    "kpalette frame": partial(ours, scope="frame", dither=None),
    "ffmpeg none, a palette per frame": partial(
        ffmpeg, generate="stats_mode=single", use="new=1:dither=none"
    ),
    "kpalette frame, floyd-steinberg": partial(ours, scope="frame", dither="floyd-steinberg"),
    "kpalette smaller 1": partial(ours, scope="global", dither=None, smaller=1),
    "kpalette smaller 2": partial(ours, scope="global", dither=None, smaller=2),
    "kpalette smaller 3": partial(ours, scope="global", dither=None, smaller=3),
    "ffmpeg none, gifsicle lossy 20": partial(gifsicle, lossy=20),
    "ffmpeg none, gifsicle lossy 80": partial(gifsicle, lossy=80),
    "gifski 70": partial(gifski, quality=70),
    "gifski 90": partial(gifski, quality=90),
    "gifski 100": partial(gifski, quality=100),
}


def errors(folder: Path, file: Path) -> tuple[float | None, float | None]:
    """Return the means of SSIMULACRA2 and FLIP over some of the frames."""
    found: dict[str, list[float | None]] = {"SSIMULACRA2": [], "FLIP": []}
    with Image.open(file) as image:
        shown = -1
        until = 0.0
        for i, path in enumerate(sorted(folder.glob("*.png"))):
            while shown < 0 or until <= i * MILLISECONDS:  # equal frames may be merged
                shown += 1
                image.seek(shown)
                until += image.info.get("duration", 0)
            if i % EVERY == 0:
                pixels, got = (pixels_of(picture) for picture in (Image.open(path), image))
                for measure, values in found.items():
                    values.append(looks.measured(measure, pixels, got))
    seen, flip = ([value for value in values if value is not None] for values in found.values())
    return statistics.mean(seen) if seen else None, statistics.mean(flip) if flip else None


def pixels_of(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"))


def measure(photo: Path, n: int, only: str) -> None:
    with Image.open(photo) as image:
        original = image.convert("RGB")
    for scene, draw in SCENES.items():
        with tempfile.TemporaryDirectory() as name:
            folder, target = Path(name), Path(name, "animation.gif")
            for i, frame in enumerate(draw(original, n)):
                frame.save(folder / f"{i:04d}.png")
            print(f"\n{scene}: {n} frames of {SIZE[0]}×{SIZE[1]}\n")
            print("| method | GIF, kB | SSIMULACRA2 | FLIP | s |")
            print("|---|--:|--:|--:|--:|")
            for method, write in METHODS.items():
                if not re.search(only, method):
                    continue
                start = time.perf_counter()
                try:
                    write(folder, target)
                except FileNotFoundError as error:
                    print(f"| {method} | {error} | | | |")
                    continue
                seconds = time.perf_counter() - start
                size = target.stat().st_size
                seen = " | ".join(
                    "–" if found is None else f"{found:.{digits}f}"
                    for found, digits in zip(errors(folder, target), (1, 4), strict=True)
                )
                print(f"| {method} | {size / 1e3:.1f} | {seen} | {seconds:.2f} |")
