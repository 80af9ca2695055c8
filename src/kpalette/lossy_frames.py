"""Smaller animations: each frame's indices are chosen by what a GIF spends on them.

The core looks for the cheapest codes; its ``lzw_choice.hpp`` says how.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from kpalette import _core
from kpalette.files import gif
from kpalette.mapped_frames import nearest, tallied

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.counted_animation import Frame, ScopePalettes
    from kpalette.quantized import Quantized


def map_frames(
    frames: Iterable[Frame], palettes: ScopePalettes, per_bit: float, team: _core.Team
) -> tuple[tuple[Quantized, ...], gif.Coded | None]:
    """Map frames to their palettes such that a GIF of them is small.

    Returns
    -------
    shown : tuple of Quantized
        What each frame shows.
    coded : Coded, or None
        How a GIF has the frames. None if a palette has alpha, where frames do not build on those
        before.
    """
    shown: list[Quantized] = []
    images: list[gif.Image | None] = []
    before: tuple[ByteArray, ByteArray, int] | None = None
    is_opaque = True
    frames = [*frames]
    for frame, (flat, which, plain) in zip(frames, nearest(frames, palettes, team), strict=True):
        own, indices = palettes.of(frame), plain.indices.copy()
        colors = own.palette.colors
        is_opaque = is_opaque and colors.shape[1] == 3
        builds = is_opaque and before is not None and before[2] == which
        written = _core.choose_by_lzw(
            flat,
            colors,
            indices,
            per_bit=per_bit,
            team=team,
            pixels_before=before[0] if builds and before else None,
            indices_before=before[1] if builds and before else None,
        )
        held = flat
        if builds and before:  # a slow change adds up until it is drawn
            stays = (indices == before[1]).reshape(-1, 1)
            held = np.where(stays, before[0], flat)
        before = held, indices, which
        images.append(None if written is None else gif.Image(*written))
        shown.append(tallied(frame, flat, indices, own, team))
    if not is_opaque:
        return tuple(shown), None
    return tuple(shown), gif.arrange(images, [frame.palette.colors for frame in shown])
