"""Clips of vector drawings: flat areas whose edges are soft, and plots that are being drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.animations.films import steps
from benchmarks.pictures import FINE, shrunk, write
from benchmarks.rivals import Pixels

Size = tuple[int, int]
Point = tuple[float, float]

BRIGHT = ["#e4572e", "#17bebb", "#ffc914", "#76b041", "#8e5bd0", "#f26ca7", "#2e86ab"]


def canvas(size: Size, color: str | None = None) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a picture to draw on, FINE times as large: transparent unless it has a colour."""
    mode = "RGBA" if color is None else "RGB"
    image = Image.new(mode, (FINE * size[0], FINE * size[1]), color or "#00000000")
    return image, ImageDraw.Draw(image)


def ring(x: float, y: float, across: float, down: float) -> list[float]:
    """Return an ellipse's corners."""
    return [FINE * (x - across), FINE * (y - down), FINE * (x + across), FINE * (y + down)]


def fine(points: list[Point]) -> list[Point]:
    return [(FINE * x, FINE * y) for x, y in points]


def turned(x: float, y: float, width: float, height: float, angle: float) -> list[Point]:
    """Return the corners of a rectangle around a point."""
    c, s = math.cos(angle) / 2, math.sin(angle) / 2
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return fine(
        [(x + a * width * c - b * height * s, y + a * width * s + b * height * c) for a, b in signs]
    )


def hills(draw: ImageDraw.ImageDraw, size: Size, shift: float, color: str, level: float) -> None:
    width, height = size
    line = [
        (
            x,
            height
            * (level + 0.06 * math.sin((x + shift) / 41) + 0.04 * math.sin((x + shift) / 17)),
        )
        for x in range(-4, width + 8, 4)
    ]
    draw.polygon(fine([(-4, height + 4), *line, (width + 8, height + 4)]), fill=color)


def cartoon(size: Size, n: int) -> Iterator[Pixels]:
    """Draw a ball that jumps, a cloud and a bird before hills that stand still."""
    width, height = size
    for i in range(n):
        image, draw = canvas(size, "#9fd8f0")
        draw.ellipse(ring(0.82 * width, 0.2 * height, 24, 24), fill="#ffe066")
        hills(draw, size, 0, "#5fa65a", 0.62)
        hills(draw, size, 90, "#3f7d44", 0.78)
        x = (0.1 * width + 1.3 * i) % (width + 80) - 40
        for dx, r in ((-18, 11), (0, 16), (18, 12)):
            draw.ellipse(ring(x + dx, 0.22 * height, 1.3 * r, r), fill="#ffffff")
        phase = 2 * math.pi * i / 24
        jump = abs(math.sin(phase))
        y, flat = height * (0.78 - 0.42 * jump), 1 + 0.25 * (jump < 0.2)
        draw.ellipse(ring(0.4 * width, 0.86 * height, 20, 4), fill="#2d5c33")
        across, down = 24 * flat, 24 / flat
        draw.ellipse(
            ring(0.4 * width, y, across, down), fill="#e4572e", outline="#5c1a0a", width=2 * FINE
        )
        for dx in (-8, 8):
            draw.ellipse(ring(0.4 * width + dx, y - 5, 4, 5), fill="#ffffff")
            draw.ellipse(ring(0.4 * width + dx + 1, y - 4, 2, 2.5), fill="#141414")
        wing, bx = 10 * math.sin(3 * phase), width - 3.1 * i
        points = [(bx - 14, 60 - wing), (bx, 60), (bx + 14, 60 - wing)]
        draw.line(fine(points), fill="#303040", width=3 * FINE, joint="curve")
        yield shrunk(image)


def walking(size: Size, n: int) -> Iterator[Pixels]:
    """Let a figure walk: it stays in the middle, and two rows of hills and houses pass by."""
    width, height = size
    for i in range(n):
        image, draw = canvas(size, "#fde3c8")
        hills(draw, size, 1.5 * i, "#e8b48f", 0.55)
        for house in range(-1, width // 90 + 2):
            x = 90 * house - (3 * i) % 90
            tall = 50 + 17 * ((house + 3 * i // 90) * 7 % 5)
            top = 0.8 * height - tall
            draw.rectangle([FINE * v for v in (x, top, x + 62, 0.8 * height)], fill="#8f6a92")
            draw.polygon(fine([(x - 6, top), (x + 31, top - 22), (x + 68, top)]), fill="#5b3f63")
            draw.rectangle([FINE * v for v in (x + 12, top + 14, x + 26, top + 30)], fill="#ffd97a")
        draw.rectangle([0, FINE * 0.8 * height, FINE * width, FINE * height], fill="#4b4453")
        stride = math.sin(2 * math.pi * i / 18)
        x, y = width / 2, 0.8 * height - 62 + 3 * abs(stride)
        for sign in (-1, 1):
            foot = (x + 20 * sign * stride, 0.8 * height + 18)
            draw.line(fine([(x, y + 30), foot]), fill="#1f3a5f", width=9 * FINE)
            draw.ellipse(ring(*foot, 7, 4), fill="#201c24")
            hand = (x - 22 * sign * stride, y + 22)
            draw.line(fine([(x, y), hand]), fill="#c4442a", width=7 * FINE)
        draw.rounded_rectangle(
            [FINE * v for v in (x - 13, y - 12, x + 13, y + 36)], 10 * FINE, fill="#e4572e"
        )
        draw.ellipse(ring(x, y - 28, 15, 16), fill="#f6c9a0", outline="#5c3a20", width=2 * FINE)
        draw.ellipse(ring(x + 7, y - 30, 2, 3), fill="#141414")
        yield shrunk(image)


def confetti(size: Size, n: int, *, seed: int = 0) -> Iterator[Pixels]:
    """Let coloured paper turn and fall; over a dark gradient with a seed, over white without."""
    width, height = size
    random = np.random.default_rng(seed)
    paper = random.uniform(0, 1, (140, 6))
    ramp = np.linspace(0, 1, FINE * height)[:, None, None] * np.ones((1, FINE * width, 1))
    first, last = np.array([24.0, 18.0, 60.0]), np.array([90.0, 40.0, 110.0])
    dusk = np.rint(first + (last - first) * ramp).astype(np.uint8)
    for i in range(n):
        image, draw = canvas(size, "#ffffff")
        if seed:
            image.paste(Image.fromarray(dusk))
        for k, (x, y, fall, turn, flip, side) in enumerate(paper):
            down = (y * height * 1.2 + (2 + 3 * fall) * i) % (height * 1.2) - 0.1 * height
            across = width * x + 8 * math.sin(0.2 * i + 6 * turn)
            tall = (4 + 5 * side) * abs(math.cos(6 * flip + 0.35 * i)) + 1
            corners = turned(across, down, 5 + 5 * side, tall, 6 * turn + 0.1 * i)
            draw.polygon(corners, fill=BRIGHT[k % len(BRIGHT)])
        yield shrunk(image)


def hard_edged(image: Image.Image) -> Pixels:
    """Shrink a drawing whose pixels shall be opaque or wholly transparent, as GIF wants them."""
    pixels = shrunk(image).copy()
    seen = pixels[..., 3] >= 128
    pixels[..., 3] = np.where(seen, 255, 0)
    return np.where(seen[..., None], pixels, 0).astype(np.uint8)


def sticker(size: Size, n: int) -> Iterator[Pixels]:
    """Let a face nod and wink on a transparent background."""
    width, height = size
    for i in range(n):
        image, draw = canvas(size)
        phase = 2 * math.pi * i / n
        x, y = width / 2 + 4 * math.sin(phase), height / 2 + 8 * math.sin(2 * phase)
        r = 0.42 * width
        draw.ellipse(ring(x, y, r, r), fill="#ffffff")
        draw.ellipse(ring(x, y, r - 5, r - 5), fill="#ffc914")
        draw.ellipse(ring(x - 6, y - 8, r - 24, r - 26), fill="#ffd84d")
        for sign in (-1, 1):
            opened = 12 if sign < 0 else 12 * abs(math.cos(phase))
            draw.ellipse(ring(x + 28 * sign, y - 18, 8, opened + 1), fill="#4a2c08")
        draw.chord(ring(x, y + 18, 38, 30), 0, 180, fill="#7a1f1f")
        draw.chord(ring(x, y + 32, 20, 14), 0, 180, fill="#f26c6c")
        yield hard_edged(image)


def spinning(size: Size, n: int) -> Iterator[Pixels]:
    """Turn a star of many colours around a word, on a transparent background."""
    width, height = size
    for i in range(n):
        image, draw = canvas(size)
        x, y = width / 2, height / 2
        for k in range(14):
            a, b = (2 * math.pi * (k + j) / 14 + math.pi / 7 * i / n * 4 for j in (0, 1))
            r = width * (0.47 if k % 2 else 0.36)
            edge = [(x + r * math.cos(t), y + r * math.sin(t)) for t in (a, b)]
            draw.polygon(fine([(x, y), *edge]), fill=BRIGHT[k % len(BRIGHT)])
        draw.ellipse(ring(x, y, 0.26 * width, 0.26 * width), fill="#2e282a")
        size_now = 20 + round(4 * math.sin(2 * math.pi * i / n))
        write(
            draw, round(x - 1.5 * size_now), round(y - 0.65 * size_now), "WOW!", size_now, "#ffffff"
        )
        yield hard_edged(image)


def axes(size: Size) -> tuple[Image.Image, ImageDraw.ImageDraw, Size]:
    """Draw the axes of a plot, and return also the size of what is between them."""
    width, height = size
    inner = width - 60, height - 50
    image, draw = canvas(size, "#ffffff")
    for tick in range(6):
        x, y = 40 + inner[0] * tick // 5, 15 + inner[1] * tick // 5
        draw.line(fine([(x, 15), (x, 15 + inner[1])]), fill="#dddddd", width=FINE)
        draw.line(fine([(40, y), (40 + inner[0], y)]), fill="#dddddd", width=FINE)
        write(draw, x - 8, height - 30, f"{tick / 5:.1f}", 11, "#333333")
        write(draw, 10, y - 7, f"{5 - tick}.0", 11, "#333333")
    draw.rectangle([FINE * v for v in (40, 15, 40 + inner[0], 15 + inner[1])], outline="#222222")
    return image, draw, inner


def line_plot(size: Size, n: int) -> Iterator[Pixels]:
    """Draw three curves, a bit more in each frame, and the time in numbers."""
    for i in range(n):
        image, draw, (width, height) = axes(size)
        until = (i + 1) / n
        for k, color in enumerate(("#1f77b4", "#ff7f0e", "#2ca02c")):
            xs = [x for x in steps(240) if x <= until]
            curve = [
                (
                    40 + width * x,
                    15 + height * (0.5 + 0.42 * math.sin((5 + 2 * k) * x + k) * (1 - x / 2)),
                )
                for x in xs
            ]
            draw.line(fine(curve), fill=color, width=2 * FINE, joint="curve")
            draw.ellipse(ring(*curve[-1], 4, 4), fill=color)
        write(draw, 50, 20, f"t = {until:.2f} s", 14, "#222222")
        yield shrunk(image)


def scatter_plot(size: Size, n: int) -> Iterator[Pixels]:
    """Add dots of three groups, twelve in each frame, beside bars that grow."""
    random = np.random.default_rng(7)
    groups = random.integers(0, 3, 12 * n)
    means = np.array([[0.25, 0.3], [0.5, 0.7], [0.75, 0.4]])
    dots = np.clip(means[groups] + random.normal(0, 0.08, (12 * n, 2)), 0.02, 0.98)
    colors = ("#440154", "#21918c", "#fde725")
    for i in range(n):
        image, draw, (width, height) = axes(size)
        shown = 12 * (i + 1)
        for group, (x, y) in zip(groups[:shown], dots[:shown], strict=True):
            place = (40 + width * x, 15 + height * (1 - y))
            draw.ellipse(ring(*place, 4, 4), fill=colors[group], outline="#ffffff", width=FINE)
        for group in range(3):
            share = (groups[:shown] == group).sum() / (12 * n)
            top = 15 + height * (1 - share)
            left = 40 + width * (0.86 + 0.045 * group)
            box = [FINE * v for v in (left, top, left + 0.035 * width, 15 + height)]
            draw.rectangle(box, fill=colors[group])
        yield shrunk(image)
