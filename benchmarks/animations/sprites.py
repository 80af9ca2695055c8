"""Clips of pixel art: sprites of a few colours that walk over tiles, enlarged without smoothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.rivals import Pixels

TILE, SCALE = 16, 2


def sprite(random: np.random.Generator, colors: Pixels) -> tuple[Pixels, Pixels]:
    """Return a symmetric figure's colours, and where it is."""
    half = random.random((TILE, TILE // 2)) * np.linspace(0.75, 1.3, TILE // 2)
    seen = np.concatenate([half, half[:, ::-1]], axis=1) > 0.55
    rows = colors[random.integers(0, len(colors), TILE // 4)].repeat(4, axis=0)
    return np.broadcast_to(rows[:, None], (TILE, TILE, 3)), seen


def tiles(random: np.random.Generator, rows: int, columns: int, colors: Pixels) -> Pixels:
    """Return ground: four kinds of tiles of speckles in two near colours each."""
    kinds = [
        np.where((random.random((TILE, TILE)) < 0.15)[..., None], colors[2 * k + 1], colors[2 * k])
        for k in range(4)
    ]
    chosen = random.choice(4, (rows, columns), p=[0.7, 0.15, 0.1, 0.05])
    return np.concatenate([np.concatenate([kinds[k] for k in row], axis=1) for row in chosen])


def walk(size: tuple[int, int], n: int, *, seed: int = 0, scroll: int = 0) -> Iterator[Pixels]:
    """Let six figures walk a pixel a frame; with `scroll`, the ground moves by so many."""
    random = np.random.default_rng(seed)
    colors = random.integers(20, 240, (16, 3)).astype(np.uint8)
    colors[1:8:2] = np.clip(colors[0:8:2].astype(int) + 22, 0, 255)
    width, height = size[0] // SCALE, size[1] // SCALE
    ground = tiles(random, height // TILE + 1, 2 * (width // TILE + 1), colors)
    figures = [sprite(random, colors[8:]) for _ in range(6)]
    places = random.uniform(0, 1, (6, 2)) * (width - TILE, height - TILE)
    for i in range(n):
        image = np.roll(ground, -scroll * i, axis=1)[:height, :width].copy()
        for k, ((shown, seen), (x, y)) in enumerate(zip(figures, places, strict=True)):
            step = i if k % 2 else -i
            left = int(x + step) % (width - TILE)
            top = int(y) + (i + k) // 2 % 2  # the figure bobs
            top = min(top, height - TILE)
            part = image[top : top + TILE, left : left + TILE]
            figure = shown[:, ::-1] if (i // 4 + k) % 2 else shown
            part[seen] = figure[seen]
        yield image.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
