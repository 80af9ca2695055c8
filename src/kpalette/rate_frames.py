"""Smaller APNG and WebP animations: indices are chosen by what deflate spends on each frame.

The core looks for the cheapest way to write rows; its ``rate.hpp`` says how. WebP compresses in
much the same way, and gains as much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.palette import Palette

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.files.changes import Mask
    from kpalette.quantized import Quantized

#: With more colours there is no entry left that keeps what is shown.
MOST_COLORS = 255


def choose(
    nearest: Iterable[tuple[ByteArray, int, Quantized]], per_bit: float, team: _core.Team
) -> tuple[tuple[Quantized, ...], tuple[Mask | None, ...]]:
    """Turn frames of nearest entries into some that an APNG takes few bytes for.

    A frame builds on the one before if both have one palette, without alpha, of at most
    `MOST_COLORS`.

    Parameters
    ----------
    nearest : iterable of triples
        Pixels (n, c), with as many channels as the palette has; the number of the palette; and the
        nearest entries.
    per_bit : float
        What a bit may cost, as for stills.
    team : Team

    Returns
    -------
    shown : tuple of Quantized
        What each frame shows.
    drawn : tuple of bool arrays (h, w) or None
        What of each frame to draw; None for all that changes.
    """
    shown: list[Quantized] = []
    drawn: list[Mask | None] = []
    held: ByteArray | None = None  # the pixels when their entries were chosen
    last: tuple[int, ByteArray, np.ndarray[Any, Any]] | None = None
    for flat, which, plain in nearest:
        if last is not None and last[0] == which and np.array_equal(last[1], flat):
            shown.append(shown[-1])
            drawn.append(None)
            continue
        colors, indices = plain.palette.colors, plain.indices.copy()
        how: dict[str, Any] = {"per_bit": per_bit, "team": team}
        before = last[2] if last is not None and last[0] == which else None
        if before is None or held is None or flat.shape[1] == 4 or len(colors) > MOST_COLORS:
            _core.choose_by_rate(flat, colors, indices, strength=0.0, **how)
            drawn.append(None)
            held = flat
        else:
            mask = np.empty(indices.shape, np.uint8)
            how |= {"pixels_before": held, "indices_before": before}
            _core.choose_by_rate_after(flat, colors, indices, drawn=mask, **how)
            drawn.append(mask.view(bool))
            # A slow change adds up until it is drawn.
            held = np.where((indices == before).reshape(-1, 1), held, flat)
        last = which, flat, indices
        counts, error = _core.tally(flat, indices, colors, team)
        palette = Palette(colors, np.asarray(counts))
        shown.append(replace(plain, indices=indices, palette=palette, mse=error / len(flat)))
    return tuple(shown), tuple(drawn)
