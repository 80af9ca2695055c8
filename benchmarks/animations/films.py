"""Clips made of photos: cameras that move, heads that talk, fades, and what a camera adds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.rivals import Pixels

Size = tuple[int, int]


def view(photo: Image.Image, size: Size, x: float, y: float, share: float) -> Pixels:
    """Return a part of a photo: `share` of its width or height; 0 is left and top, 1 the rest."""
    width = share * min(photo.width, photo.height * size[0] / size[1])
    height = width * size[1] / size[0]
    left, top = x * (photo.width - width), y * (photo.height - height)
    box = (left, top, left + width, top + height)
    return np.asarray(photo.resize(size, Image.Resampling.LANCZOS, box))


def steps(n: int) -> np.ndarray[Any, Any]:
    return np.linspace(0, 1, n)


def pan(size: Size, n: int, photo: Pixels, *, back: bool = False) -> Iterator[Pixels]:
    """Pan from left to right or back, up and down a little, and zoom in: all pixels change."""
    image = Image.fromarray(photo)
    for t in steps(n):
        x = 1 - t if back else t
        yield view(image, size, x, 0.5 + 0.4 * np.sin(5 * t), 0.75 - 0.3 * t)


def zoom(size: Size, n: int, photo: Pixels) -> Iterator[Pixels]:
    """Zoom to a place right of the middle, and out again."""
    image = Image.fromarray(photo)
    for t in steps(n):
        near = np.sin(np.pi * t) ** 2
        yield view(image, size, 0.6, 0.45, 1 - 0.65 * near)


def handheld(size: Size, n: int, photo: Pixels, *, seed: int = 0) -> Iterator[Pixels]:
    """Film a still scene with a hand that trembles and drifts."""
    image, random = Image.fromarray(photo), np.random.default_rng(seed)
    drift = np.cumsum(random.normal(0, 0.012, (n, 2)), axis=0)
    for x, y in np.clip(0.5 + drift, 0, 1):
        yield view(image, size, x, y, 0.9)


def head(size: Size, n: int, photo: Pixels, *, seed: int = 0) -> Iterator[Pixels]:
    """Move the middle of a photo, as a head does that talks; the rest stands still."""
    image, random = Image.fromarray(photo), np.random.default_rng(seed)
    still = Image.fromarray(view(image, size, 0.5, 0.3, 1))
    width, height = size
    mask = Image.new("L", size)
    middle, radii = (0.5 * width, 0.42 * height), (0.2 * width, 0.3 * height)
    corners = [m + sign * r for sign in (-1, 1) for m, r in zip(middle, radii, strict=True)]
    ImageDraw.Draw(mask).ellipse(corners, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(0.03 * width))
    phases = random.uniform(0, 2 * np.pi, 3)
    for i in range(n):
        seconds = 0.04 * i
        dx = 0.012 * width * np.sin(2.1 * seconds + phases[0])
        dy = 0.010 * height * np.sin(3.3 * seconds + phases[1])
        mouth = 1 + 0.05 * max(0, np.sin(14 * seconds + phases[2]))  # stretches the lower half
        offset = -dy + (1 - 1 / mouth) * middle[1]
        moved = still.transform(
            size,
            Image.Transform.AFFINE,
            (1, 0, -dx, 0, 1 / mouth, offset),
            Image.Resampling.BICUBIC,
        )
        yield np.asarray(Image.composite(moved, still, mask))


def fade(size: Size, n: int, first: Pixels, second: Pixels) -> Iterator[Pixels]:
    """Fade in from black, hold, cross-fade to a second photo, hold."""
    one, other = (view(Image.fromarray(photo), size, 0.5, 0.5, 1) for photo in (first, second))
    for t in steps(n):
        light = min(1, 4 * t)
        mixed = np.clip(3 * t - 1.2, 0, 1)
        yield np.rint(light * ((1 - mixed) * one + mixed * other)).astype(np.uint8)


def filmed(
    draw: Callable[..., Iterator[Pixels]],
    size: Size,
    n: int,
    *photos: Pixels,
    crf: int = 23,
    grain: float = 2,
) -> Iterator[Pixels]:
    """Add what a camera's noise and H.264 leave of a clip; without ffmpeg, the noise alone."""
    random = np.random.default_rng(5)
    width, height = size
    noisy = (noise_added(pixels, grain, random) for pixels in draw(size, n, *photos))
    if shutil.which("ffmpeg") is None:
        yield from noisy
        return
    bare = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25"]
    encode = ["-c:v", "libx264", "-preset", "medium", "-crf", str(crf), "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error"]
    film = subprocess.run(
        [*command, *bare, "-i", "-", *encode, "-threads", "1", "-f", "matroska", "-"],
        input=b"".join(pixels.tobytes() for pixels in noisy),
        capture_output=True,
        check=True,
    ).stdout
    decode = ["-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    shown = subprocess.run([*command, *decode], input=film, capture_output=True, check=True).stdout
    yield from np.frombuffer(shown, np.uint8).reshape(-1, height, width, 3)


def noise_added(pixels: Pixels, grain: float, random: np.random.Generator) -> Pixels:
    """Add noise of so many levels that neighbours share, most of it in lightness."""
    height, width = pixels.shape[:2]
    fine = random.normal(0, grain, (height, width, 1)) + random.normal(0, grain / 3, pixels.shape)
    near = (fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))) / 2
    return np.clip(np.rint(pixels + near), 0, 255).astype(np.uint8)
