"""Smaller animations: each frame's indices are chosen by what a GIF spends on them.

The core looks for the cheapest codes; its ``lzw_choice.hpp`` says how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kpalette import _core, files
from kpalette.colors import ByteArray
from kpalette.files.gif import Image
from kpalette.palette import Palette
from kpalette.pipeline import remap

if TYPE_CHECKING:
    from kpalette.choices import Space
    from kpalette.quantized import Quantized
    from kpalette.scopes import ScopeFit


def map_frames(
    frames: Iterator[tuple[ByteArray, int]],
    plan: ScopeFit,
    smaller: float,
    space: Space,
    team: _core.Team,
) -> tuple[tuple[Quantized, ...], tuple[Image | None, ...] | None]:
    """Map frames to their palettes such that a GIF of them is small.

    Returns
    -------
    shown : tuple of Quantized
        What each frame shows.
    images : tuple of Image, or None
        How a GIF has the frames; None for one that is as the frame before. None for all if a
        palette has alpha, where frames do not build on those before.
    """
    shown: list[Quantized] = []
    images: list[Image | None] = []
    before: tuple[ByteArray, ByteArray, int] | None = None
    is_opaque = all(palette.colors.shape[1] == 3 for palette in plan.palettes)
    for (pixels, _), which in zip(frames, plan.which, strict=True):
        nearest = remap(pixels, plan.palettes[which], space=space, team=team)
        colors, indices = nearest.palette.colors, nearest.indices.copy()
        if colors.shape[1] != pixels.shape[2]:
            colors, pixels = files.with_alpha(colors), files.with_alpha(pixels)
        flat = pixels.reshape(-1, pixels.shape[2])
        builds = is_opaque and before is not None and before[2] == which
        written = _core.choose_by_lzw(
            flat,
            colors,
            indices,
            per_bit=_core.per_bit(smaller),
            team=team,
            pixels_before=before[0] if builds and before else None,
            indices_before=before[1] if builds and before else None,
        )
        held = flat
        if builds and before:  # a slow change adds up until it is drawn
            stays = (indices == before[1]).reshape(-1, 1)
            held = np.where(stays, before[0], flat)
        before = held, indices, which
        images.append(None if written is None else Image(*written))
        counts, error = _core.tally(flat, indices.reshape(-1), colors, team)
        palette = Palette(nearest.palette.colors, counts)
        found = replace(nearest, indices=indices, palette=palette, mse=error / len(flat))
        shown.append(replace(found, _origin=None))  # drops the frame's histogram
    return tuple(shown), tuple(images) if is_opaque else None
