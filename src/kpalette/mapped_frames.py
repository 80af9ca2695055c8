"""Frames mapped to their palettes: nearest entries, or dithered so that what is still stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core, files
from kpalette.dither import Dithering, Kept
from kpalette.palette import Palette
from kpalette.quantized import Quantized
from kpalette.remap import remap

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.counted_animation import FittedColors, Frame, ScopePalettes

#: With spatial dithering a pixel stands still while it is within so many levels of what it was when
#: its entry was chosen. With 2, noise of a level either way would take a sixth of the bytes, but a
#: fade over a photo in 64 colours would look 2.4 worse.
STILL = 1


def map_frames(
    frames: Iterable[Frame], palettes: ScopePalettes, dithering: Dithering, team: _core.Team
) -> tuple[Quantized, ...]:
    """Map each frame to its palette."""
    if dithering.is_on:
        return tuple(_dithered(frames, palettes, dithering, team))
    return tuple(result for *_, result in nearest(frames, palettes, team))


def nearest(
    frames: Iterable[Frame], palettes: ScopePalettes, team: _core.Team
) -> Iterator[tuple[Frame, FittedColors, ByteArray, Quantized]]:
    """Yield frames, their palettes, pixels (n, c) as these have them, and nearest entries.

    A frame that is as the one before is mapped to the very same result.
    """
    last: FittedColors | None = None
    before: ByteArray | None = None
    result: Quantized | None = None
    for frame in frames:
        own = palettes.of(frame)
        if own is not last:
            labels, result = own.labels(), None
        if result is None or before is None or not np.array_equal(frame.pixels, before):
            flat = flat_as(frame.pixels, own.palette)
            indices = np.empty(frame.pixels.shape[:2], np.uint8)
            labels.map(flat, indices.reshape(-1), team)
            result = tallied(frame, flat, indices, own, team)
        last, before = own, frame.pixels
        yield frame, own, flat, result


def flat_as(pixels: ByteArray, palette: Palette) -> ByteArray:
    """Return pixels (h, w, c) as (n, c), with alpha if the palette has it."""
    if palette.colors.shape[1] != pixels.shape[2]:
        pixels = files.with_alpha(pixels)
    return pixels.reshape(-1, pixels.shape[2])


def tallied(
    frame: Frame,
    flat: ByteArray,
    indices: np.ndarray[Any, np.dtype[np.uint8]],
    own: FittedColors,
    team: _core.Team,
) -> Quantized:
    """Return a frame that shows indices, with their counts and error."""
    colors = own.palette.colors
    counts, error = _core.tally(flat, indices, colors, team)
    palette = Palette(colors, np.asarray(counts))
    return Quantized(indices, palette, error / len(flat), own.fitted.n_iter, frame.n_distinct)


def _dithered(
    frames: Iterable[Frame], palettes: ScopePalettes, dithering: Dithering, team: _core.Team
) -> Iterator[Quantized]:
    """Dither each frame; pixels that stand still keep the entries they have."""
    most = STILL if dithering.name == "spatial" else 0
    plain = Dithering(dithering.name, dithering.strength, dithering.space)  # nor made smaller
    shown: Quantized | None = None
    before: ByteArray | None = None
    held: ByteArray | None = None  # the pixels as they were when their entries were chosen
    last: FittedColors | None = None
    for frame in frames:
        own, pixels = palettes.of(frame), files.with_alpha(frame.pixels)
        same = None
        if shown is None or held is None or own is not last:
            held = pixels
        elif before is not None and np.array_equal(pixels, before):
            yield shown
            continue
        else:
            same = _is_near(pixels, held, most)
            held = np.where(same[..., None], held, pixels)
        before, last = pixels, own
        stays = None if same is None or shown is None else Kept(shown.indices, same)
        result = remap(frame.pixels, own.palette, len(own.palette), plain, team, stays)
        result = replace(result, _origin=None)  # drops the frame's histogram
        if dithering.name == "floyd-steinberg" and same is not None and shown is not None:
            # What is next to pixels that stay could change their entries.
            indices = np.where(same, shown.indices, result.indices)
            flat = flat_as(frame.pixels, own.palette)
            kept = tallied(frame, flat, indices, own, team)
            result = replace(result, indices=indices, palette=kept.palette, mse=kept.mse)
        shown = result
        yield result


def _is_near(
    pixels: ByteArray, others: ByteArray, most: int
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which pixels (h, w, 4) differ by at most so many levels, and not in alpha."""
    if most == 0:
        return np.asarray((pixels == others).all(axis=2))
    levels = np.abs(pixels.astype(np.int16) - others)
    return np.asarray((levels[..., :3] <= most).all(axis=2) & (levels[..., 3] == 0))
