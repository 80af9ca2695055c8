"""Smaller animations: each frame's indices are chosen by what a GIF spends on them.

The core looks for the cheapest codes; its ``lzw_choice.hpp`` says how.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kpalette import _core
from kpalette.files import gif
from kpalette.mapped_frames import nearest, tallied

if TYPE_CHECKING:
    from kpalette.counted_animation import FittedColors, Frame, ScopePalettes
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
    last: FittedColors | None = None
    is_opaque = True
    for frame, own, flat, plain in nearest(frames, palettes, team):
        indices, colors = plain.indices.copy(), own.palette.colors
        is_opaque = is_opaque and colors.shape[1] == 3
        if own is not last:
            chooser = _core.LossyFrames(colors, *indices.shape, per_bit=per_bit)
        written = chooser.choose(flat, indices, team)
        images.append(None if written is None else gif.Image(*written))
        shown.append(tallied(frame, flat, indices, own, team))
        last = own
    if not is_opaque:
        return tuple(shown), None
    return tuple(shown), gif.arrange(images, [frame.palette.colors for frame in shown])
