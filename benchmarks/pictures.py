"""Generated pictures, each hard in its own way for few colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

FINE = 4  # supersampling, for soft edges


def shrunk(image: Image.Image) -> Pixels:
    size = image.width // FINE, image.height // FINE
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def write(draw: ImageDraw.ImageDraw, x: int, y: int, text: str, size: int, color: str) -> None:
    font = ImageFont.load_default(FINE * size)
    draw.text((FINE * x, FINE * y), text, font=font, fill=color)


def box(*corners: int) -> list[int]:
    return [FINE * corner for corner in corners]


def drawing() -> Pixels:
    """Draw flat colours whose soft edges have far more colours than the areas."""
    image = Image.new("RGB", (240 * FINE, 160 * FINE), "#faf6eb")
    draw = ImageDraw.Draw(image)
    draw.ellipse(box(12, 12, 92, 92), fill="#dc3c32")
    draw.rectangle(box(82, 56, 158, 132), fill="#285aaa")
    draw.polygon(box(140, 24, 226, 44, 188, 124), fill="#fac828")
    draw.line(box(8, 152, 232, 10), fill="#141414", width=3 * FINE)
    draw.ellipse(box(108, 8, 142, 42), fill="#5aaa5a")
    write(draw, 14, 108, "kpalette", 22, "#141414")
    return shrunk(image)


def logo() -> Pixels:
    """Draw shapes and letters with soft edges on a transparent background."""
    image = Image.new("RGBA", (192 * FINE, 96 * FINE))
    draw = ImageDraw.Draw(image)
    draw.ellipse(box(6, 10, 82, 86), fill="#e4572e")
    draw.ellipse(box(22, 26, 66, 70), fill="#00000000")
    draw.polygon(box(44, 4, 90, 84, 62, 90), fill="#17bebb")
    draw.rounded_rectangle(box(98, 14, 184, 44), 10 * FINE, fill="#ffc914")
    write(draw, 104, 16, "k = 16", 22, "#2e282a")
    write(draw, 98, 50, "palette", 24, "#76b041")
    return shrunk(image)


def shadow() -> Pixels:
    """Draw a soft black shadow beside a coloured glow, both half-transparent."""
    layers = []
    for color, corners in (("black", (20, 20, 100, 76)), ("#ff7818", (112, 18, 172, 78))):
        mask = Image.new("L", (192, 96))
        draw = ImageDraw.Draw(mask)
        draw.rounded_rectangle(corners, 12, fill=200)
        layer = Image.new("RGBA", mask.size, color)
        layer.putalpha(mask.filter(ImageFilter.GaussianBlur(9)))
        layers.append(layer)
    return np.asarray(Image.alpha_composite(*layers))


def ramp(width: int = 240, height: int = 80) -> Pixels:
    """Draw a smooth gradient from dusk on the left to day; its left is brighter below."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    first, last = np.array([28.0, 44.0, 92.0]), np.array([250.0, 196.0, 150.0])
    mixed = first + (last - first) * (0.85 * x + 0.15 * (1 - x) * y)[..., np.newaxis]
    return np.rint(mixed).astype(np.uint8)


def disc(side: int = 160) -> Pixels:
    """Draw a radial gradient."""
    y, x = np.mgrid[-1 : 1 : 1j * side, -1 : 1 : 1j * side]
    inner, outer = np.array([255.0, 244.0, 214.0]), np.array([96.0, 24.0, 88.0])
    far = np.minimum(np.hypot(x, y), 1)[..., np.newaxis]
    return np.rint(inner + (outer - inner) * far).astype(np.uint8)


def field(side: int = 240) -> Pixels:
    """Draw a noisy grey-green field with a red spot on 0.1 % of it."""
    random = np.random.default_rng(0)
    pixels = random.normal([120, 140, 110], 20, (side, side, 3))
    spot = slice(side // 2, side // 2 + round(side * 0.001**0.5))
    pixels[spot, spot] = random.normal([215, 30, 35], 6, pixels[spot, spot].shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)


BACKGROUNDS = {"black": (0, 0, 0), "white": (255, 255, 255), "magenta": (255, 0, 255)}


def over(rgba: Pixels, background: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Composite uint8 (h, w, 4) over a colour: float (h, w, 3), not rounded."""
    alpha = rgba[..., 3:] / 255
    return np.asarray(rgba[..., :3] * alpha + np.array(background) * (1 - alpha))
