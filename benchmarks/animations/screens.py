"""Clips of screens: text that scrolls, is typed, or is covered by a window that moves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.rivals import Pixels

Size = tuple[int, int]

SYLLABLES = [
    "ka",
    "le",
    "to",
    "mi",
    "pa",
    "ren",
    "so",
    "du",
    "vi",
    "or",
    "an",
    "est",
    "ul",
    "be",
    "gra",
    "in",
]


def words(random: np.random.Generator, n: int) -> list[str]:
    return ["".join(random.choice(SYLLABLES, random.integers(1, 4))) for _ in range(n)]


def page(width: int, height: int, seed: int) -> Image.Image:
    """Draw a page of headings, text, links, and boxes with a gradient."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(image)
    plain, bold = ImageFont.load_default(13), ImageFont.load_default(20)
    y = 12
    while y < height:
        draw.text((20, y), " ".join(words(random, 3)).title(), fill="#1b1f24", font=bold)
        y += 32
        for _ in range(random.integers(3, 7)):
            x = 20.0
            while x < width - 110:
                word = words(random, 1)[0]
                color = "#0969da" if random.random() < 0.08 else "#3d444d"
                draw.text((x, y), word, fill=color, font=plain)
                x += draw.textlength(word + " ", font=plain)
            y += 18
        if random.random() < 0.6:
            ramp = np.linspace(0, 1, width - 40)[None, :, None] * np.ones((46, 1, 1))
            ends = random.integers(90, 245, (2, 3)).astype(float)
            box = np.rint(ends[0] + (ends[1] - ends[0]) * ramp).astype(np.uint8)
            image.paste(Image.fromarray(box), (20, y + 8))
            draw.rectangle((20, y + 8, width - 21, y + 53), outline="#8c959f")
            y += 58
        y += 20
    return image


def put_cursor(image: Image.Image, x: float, y: float) -> None:
    """Draw a mouse pointer."""
    shape = [(0, 0), (0, 16), (4, 12.5), (7, 19), (9.5, 18), (6.8, 11.6), (11.5, 11.5)]
    points = [(x + dx, y + dy) for dx, dy in shape]
    ImageDraw.Draw(image).polygon(points, fill="#000000", outline="#ffffff")


def scrolling(size: Size, n: int, *, seed: int = 0) -> Iterator[Pixels]:
    """Scroll a page in three goes, with rests between, while the pointer moves."""
    width, height = size
    whole = page(width, 3 * height, seed)
    top = 0.0
    for i in range(n):
        if i % 20 >= 8:
            top += 0.14 * ((i // 20 + 1) * 0.6 * height - top)
        image = whole.crop((0, round(top), width, round(top) + height))
        put_cursor(image, width * (0.3 + 0.4 * i / n), height * (0.5 + 0.2 * np.sin(i / 6)))
        yield np.asarray(image)


def typing(size: Size, n: int) -> Iterator[Pixels]:
    """Type in a dark editor with coloured words and a cursor that blinks; lines move up."""
    width, height = size
    random = np.random.default_rng(3)
    font = ImageFont.load_default(14)
    colors = ["#d4d4d4", "#569cd6", "#ce9178", "#6a9955", "#dcdcaa"]
    lines: list[list[tuple[str, str]]] = []
    for _ in range(40):
        told = words(random, random.integers(2, 7))
        lines.append([(word, str(random.choice(colors))) for word in told])
    first = 14  # lines that are there from the start
    letters = 0
    for i in range(n):
        letters += int(random.integers(1, 4)) if i % 30 < 24 else 0  # with pauses for thought
        image = Image.new("RGB", size, "#1e1e1e")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, width, 25), fill="#333337")
        for k, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
            draw.ellipse((10 + 18 * k, 7, 22 + 18 * k, 19), fill=color)
        left, shown = letters, list(lines[:first])
        for line in lines[first:]:
            shown.append([])
            for word, color in line:
                shown[-1].append((word[:left], color))
                left -= min(left, len(word) + 1)
            if left == 0:
                break
        visible = shown[-((height - 40) // 20) :]
        for row, line in enumerate(visible):
            x, y = 50.0, 34 + 20 * row
            number = str(len(shown) - len(visible) + row + 1)
            draw.text((14, y), number, fill="#858585", font=font)
            for word, color in line:
                draw.text((x, y), word, fill=color, font=font)
                x += draw.textlength(word + " ", font=font) if word else 0
        if i // 10 % 2 == 0:
            draw.rectangle((x, y, x + 7, y + 16), fill="#aeafad")
        yield np.asarray(image)


def window(size: Size, n: int) -> Iterator[Pixels]:
    """Drag a window over a page, then open a menu in it whose entries light up."""
    width, height = size
    below = page(width, height, 5)
    inside = page(220, 150, 6)
    for i in range(n):
        image = below.copy()
        draw = ImageDraw.Draw(image)
        t = min(1, i / (0.6 * n))
        x, y = round(30 + 220 * t), round(40 + 90 * t * t)
        draw.rectangle((x + 4, y + 4, x + 228, y + 186), fill="#9aa0a6")
        draw.rectangle((x, y, x + 223, y + 181), fill="#2b5797", outline="#1b3a66")
        draw.text((x + 8, y + 5), "Settings", fill="#ffffff", font=ImageFont.load_default(14))
        image.paste(inside, (x + 2, y + 28))
        if t == 1:
            draw.rectangle((x + 10, y + 40, x + 120, y + 160), fill="#f6f8fa", outline="#8c959f")
            for k, name in enumerate(["Open", "Save", "Export", "Print", "Close"]):
                top = y + 44 + 23 * k
                if k == i // 5 % 5:
                    draw.rectangle((x + 11, top - 2, x + 119, top + 19), fill="#0969da")
                draw.text((x + 18, top), name, fill="#24292f", font=ImageFont.load_default(14))
        put_cursor(image, x + 60 + 20 * (t == 1), y + 10 + (i // 5 % 5 * 23 + 40) * (t == 1))
        yield np.asarray(image)
