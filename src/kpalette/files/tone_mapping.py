"""Pictures of high dynamic range, PQ and HLG, as a display of ordinary range shows them.

Reference white is 203 cd/m² (ITU-R BT.2408). What is no lighter keeps half of its light; from there
a curve leads to full white at 1,000 cd/m², and all above is white, too. It is the largest of R, G
and B that goes by the curve, in BT.2020's primaries, and the others by as much, so that hues stay.
This is what Chromium shows.

SMPTE ST 2084 (2014). High dynamic range electro-optical transfer function of mastering reference
displays.
ITU-R BT.2100-2 (2018). Image parameter values for high dynamic range television.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.code_points import CodePoints
from kpalette.files.rgb_spaces import (
    BT_2020,
    PRIMARIES,
    SRGB,
    STEPS,
    Floats,
    Matrix,
    Primaries,
    between,
    srgb_levels,
    to_xyz,
)

PQ, HLG = 16, 18  #: H.273, table 3.
WHITE, PEAK = 203.0, 1000.0  #: cd/m²
PART = 1 << 16  #: Pixels at a time.


def is_hdr(points: CodePoints) -> bool:
    """Return whether code points stand for PQ or HLG, in known primaries."""
    return points.transfer in (PQ, HLG) and points.primaries in PRIMARIES


def to_srgb(levels: ByteArray, points: CodePoints) -> ByteArray:
    """Convert uint8 levels (..., 3), or grey ones (...), of PQ or HLG to 8-bit sRGB."""
    primaries = PRIMARIES[points.primaries]
    if levels.ndim < 3:
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        return _converted(ramp, points.transfer, primaries)[:, 0][levels]
    flat = levels.reshape(-1, 3)
    converted = np.empty_like(flat)
    for start in range(0, len(flat), PART):
        part = slice(start, start + PART)
        converted[part] = _converted(flat[part], points.transfer, primaries)
    return converted.reshape(levels.shape)


def _converted(levels: ByteArray, transfer: int, primaries: Primaries) -> ByteArray:
    light = (_pq() if transfer == PQ else _hlg())[levels]
    if transfer == HLG:  # from the scene's light to that of a display (table 5)
        luminance = _times(to_xyz(primaries)[1:2], light)
        light = light * (luminance**0.2 * (PEAK / WHITE))
    if primaries != BT_2020:
        light = _times(between(primaries, BT_2020), light)
    light = light * _gain(light.max(axis=1, keepdims=True))
    steps = np.rint(np.clip(_times(between(BT_2020, SRGB), light), 0, 1) * STEPS)
    return srgb_levels(steps.astype(np.int32))


def _times(matrix: Matrix, light: Floats) -> Floats:
    """Multiply each row of (n, 3); by sums in this order, unlike a library of linear algebra's."""
    columns = [sum(float(a) * light[:, i] for i, a in enumerate(row)) for row in matrix]
    return np.stack(columns, axis=1)


@cache
def _pq() -> Floats:
    """Return the light of each level, where reference white has 1 (ST 2084, equation 4.1)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = (np.arange(256) / 255) ** (1 / m2)
    light: Floats = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * (10_000 / WHITE)
    return light


@cache
def _hlg() -> Floats:
    """Return the scene's light of each level, 0 to 1 (BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    x = np.arange(256) / 255
    return np.where(x <= 0.5, x * x / 3, (np.exp((x - c) / a) + b) / 12)


def _gain(light: Floats) -> Floats:
    """Return by how much what has this light, 0 or more, is multiplied.

    From (1, 1/2) to (PEAK / WHITE, 1) the curve is a quadratic Bézier with its handle at
    (1 + h, (1 + h) / 2), of which t is the parameter.
    """
    h, most = 0.65, PEAK / WHITE
    square = most - 1 - 2 * h
    t = (np.sqrt(h * h + square * np.clip(light - 1, 0, most - 1)) - h) / square
    shown = 0.5 + h * t + (0.5 - h) * t * t
    return np.where(light <= 1, 0.5, shown / np.maximum(light, 1))
