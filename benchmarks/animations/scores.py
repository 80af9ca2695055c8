"""What a GIF shows, beside the frames that it is made of."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks import looks
from benchmarks.rivals import Pixels

SAMPLES = 4  # frames of a clip, at most, that are judged by SSIMULACRA2
STILL = 1  # levels by which a pixel that stands still may change

BLACK, WHITE = 0, 255


class Score(NamedTuple):
    """Higher looks are better, less flicker is."""

    looks: float | None  # SSIMULACRA2, the mean over frames
    worst: float | None  # of these frames
    flicker: float | None  # levels; None where nothing stands still


UNKNOWN = Score(None, None, None)


def shown(path: Path, n: int, milliseconds: int) -> Iterator[Pixels]:
    """Decode what a GIF shows in the middle of each of n frames: uint8 (h, w, 4)."""
    with Image.open(path) as image:
        last = getattr(image, "n_frames", 1) - 1
        at, until = -1, 0.0
        for i in range(n):
            while at < 0 or (at < last and until <= (i + 0.5) * milliseconds):
                at += 1
                image.seek(at)
                until += image.info.get("duration", 0)
            yield np.asarray(image.convert("RGBA"))


def score(frames: Iterable[Path], path: Path, milliseconds: int) -> Score:
    """Compare a GIF with its frames, PNG files."""
    frames = list(frames)
    n = len(frames)
    every = -(-n // SAMPLES)
    seen: list[float | None] = []
    changed = still = 0
    before: tuple[Pixels, Pixels] | None = None
    for i, (file, got) in enumerate(zip(frames, shown(path, n, milliseconds), strict=True)):
        with Image.open(file) as image:
            source = np.asarray(image.convert("RGBA"))
        if i % every == every // 2:
            seen.append(ssimulacra2(source, got))
        if before is not None:
            stays = largest_change(source, before[0]) <= STILL
            changed += int(largest_change(over(got, BLACK), over(before[1], BLACK))[stays].sum())
            still += int(stays.sum())
        before = source, got
    known = [value for value in seen if value is not None]
    return Score(
        statistics.mean(known) if known else None,
        min(known, default=None),
        changed / still if still else None,
    )


def ssimulacra2(source: Pixels, got: Pixels) -> float | None:
    """Return SSIMULACRA2, over black or white where that is lower; None if it is not installed."""
    opaque = (source[..., 3] == 255).all() and (got[..., 3] == 255).all()
    values = [
        looks.measured("SSIMULACRA2", over(source, back), over(got, back))
        for back in ((BLACK,) if opaque else (BLACK, WHITE))
    ]
    return None if None in values else min(values)


def over(rgba: Pixels, backdrop: int) -> Pixels:
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = (rgba[..., :3] * alpha + backdrop * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def largest_change(now: Pixels, before: Pixels) -> Pixels:
    """Return how many levels the channel of each pixel changes that changes most."""
    most = np.maximum(now, before) - np.minimum(now, before)
    return np.asarray(most.max(axis=2))
