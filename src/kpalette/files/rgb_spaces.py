"""RGB colour spaces told by primaries and a curve, and their way to 8-bit sRGB.

All sums are of integers from tables, so that every machine gives the same bytes. A level is at most
0.6 from what it is without rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files.code_points import CodePoints

Matrix: TypeAlias = list[list[Fraction]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

#: White, red, green and blue, each x and y times 100,000, as in PNG's cHRM.
Primaries: TypeAlias = tuple[int, ...]

SRGB: Primaries = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
BT_2020: Primaries = (31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)
_BT_601: Primaries = (31270, 32900, 63000, 34000, 31000, 59500, 15500, 7000)

#: H.273, table 2.
PRIMARIES: dict[int, Primaries] = {
    1: SRGB,
    4: (31000, 31600, 67000, 33000, 21000, 71000, 14000, 8000),  # BT.470 M
    5: (31270, 32900, 64000, 33000, 29000, 60000, 15000, 6000),  # BT.470 B, G
    6: _BT_601,
    7: _BT_601,  # SMPTE ST 240
    8: (31000, 31600, 68100, 31900, 24300, 69200, 14500, 4900),  # film
    9: BT_2020,
    10: (33333, 33333, 100000, 0, 0, 100000, 0, 0),  # CIE XYZ
    11: (31400, 35100, 68000, 32000, 26500, 69000, 15000, 6000),  # DCI-P3
    12: (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),  # Display P3
    22: (31270, 32900, 63000, 34000, 29500, 60500, 15500, 7700),  # EBU Tech 3213
}


class Curve(NamedTuple):
    """From a level x, 0 to 1, to light: (a·x + b)^g from d on, and c·x below (ICC.1, type 3)."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0

    def light(self, x: Floats) -> Floats:
        """Return the linear light of levels from 0 to 1."""
        power = np.maximum(self.a * x + self.b, 0) ** self.g
        return np.where(x < self.d, self.c * x, power)


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
#: The light of a reference display for the curve of cameras that BT.709, BT.601 and BT.2020 tell.
BT_1886 = Curve(2.4)

#: H.273, table 3, but for PQ and HLG.
CURVES = {
    **dict.fromkeys((1, 6, 11, 14, 15), BT_1886),
    4: Curve(2.2),
    5: Curve(2.8),
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 4 * 0.0228),  # SMPTE ST 240
    8: Curve(1.0),
    13: SRGB_CURVE,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),  # SMPTE ST 428
}

#: Light is counted in so many steps; the first of sRGB's levels have 20 of them.
STEPS = 65535
PART = 1 << 15  #: Pixels that are converted at a time, whose sums stay in a processor's cache.


@dataclass(frozen=True)
class RGBSpace:
    """What a file's levels mean."""

    primaries: Primaries
    curve: Curve

    @classmethod
    def of_code_points(cls, points: CodePoints) -> RGBSpace | None:
        """Return the space of H.273's numbers; None where it has none for them."""
        if points.primaries not in PRIMARIES or points.transfer not in CURVES:
            return None
        return cls(PRIMARIES[points.primaries], CURVES[points.transfer])

    @classmethod
    def of_gamma(cls, gamma: float, chromaticities: Sequence[float] | None) -> RGBSpace | None:
        """Return the space of PNG's gAMA and cHRM; None where they contradict themselves.

        A gamma of 1/2.2, give or take 5 %, stands for sRGB's curve where the primaries are sRGB's,
        or are not told: so much programs write for it (libpng's tolerance, and Chromium's).
        """
        primaries = SRGB
        if chromaticities is not None:
            primaries = tuple(round(value * 100_000) for value in chromaticities)
        if not gamma > 0 or not is_triangle(primaries):
            return None
        alike = all(abs(a - b) <= 1000 for a, b in zip(primaries, SRGB, strict=True))
        if alike and abs(gamma / 0.45455 - 1) <= 0.05:
            return cls(SRGB, SRGB_CURVE)
        return cls(primaries, Curve(1 / gamma))

    def to_srgb(self, levels: ByteArray) -> ByteArray:
        """Convert uint8 levels (h, w, 3), or grey ones (h, w), to 8-bit sRGB.

        What is out of its gamut is clipped, channel by channel.
        """
        light = self.curve.light(np.arange(256) / 255)
        if levels.ndim < 3 or self.primaries == SRGB:  # white is white, and so is any grey
            return srgb_levels(_steps(light))[levels]
        matrix = between(self.primaries, SRGB)
        tables = [[_steps(light * float(share)) for share in row] for row in matrix]
        flat = levels.reshape(-1, 3)
        converted = np.empty_like(flat)
        for start in range(0, len(flat), PART):
            # As wide as what indexes, and clipped, which takes half the time of being checked.
            part = [channel.astype(np.intp) for channel in flat[start : start + PART].T]
            for channel, row in enumerate(tables):
                steps = row[0].take(part[0], mode="clip")
                steps += row[1].take(part[1], mode="clip")
                steps += row[2].take(part[2], mode="clip")
                converted[start : start + PART, channel] = srgb_levels(steps)
        return converted.reshape(levels.shape)


def _steps(light: Floats) -> np.ndarray[Any, np.dtype[np.int32]]:
    # Primaries that span next to nothing make numbers of any size; three of these fit an int32.
    return np.rint(np.clip(light * STEPS, -(1 << 29), 1 << 29)).astype(np.int32)


def srgb_levels(steps: np.ndarray[Any, Any]) -> ByteArray:
    """Return the 8-bit sRGB levels of linear light in steps, integers; what is out is clipped."""
    return _levels_of_steps().take(steps, mode="clip")


@cache
def _levels_of_steps() -> ByteArray:
    """Return the level of each step (IEC 61966-2-1): uint8 (65536,)."""
    light = np.arange(STEPS + 1) / STEPS
    power = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    values = np.where(light <= 0.0031308, 12.92 * light, power)
    levels: ByteArray = np.rint(255 * values).astype(np.uint8)
    return levels


def is_triangle(primaries: Primaries) -> bool:
    """Return whether primaries span a triangle, with its white within."""
    try:
        return all(value > 0 for value in _shares_of_white(primaries))
    except ZeroDivisionError:
        return False


def between(primaries: Primaries, others: Primaries) -> Matrix:
    """Return the matrix from linear light in some primaries to that in others, white to white."""
    white = _white(others)
    return _product(
        _inverse(to_xyz(others)), _product(_adaptation(primaries, white), to_xyz(primaries))
    )


def to_xyz(primaries: Primaries) -> Matrix:
    """Return the matrix from linear light to CIE XYZ, whose Y of white is 1."""
    shares = _shares_of_white(primaries)
    return [[value * share for value, share in zip(row, shares, strict=True)]
            for row in _columns(primaries)]  # fmt: skip


def to_xyz_d50(primaries: Primaries) -> Matrix:
    """Return the matrix to CIE XYZ adapted to D50, in which ICC profiles tell primaries."""
    return _product(_adaptation(primaries, _D50), to_xyz(primaries))


#: From XYZ to the responses of the eye's cones, in which whites are adapted (Bradford).
_CONES = [
    [Fraction(value) for value in row]
    for row in (
        ("0.8951", "0.2664", "-0.1614"),
        ("-0.7502", "1.7135", "0.0367"),
        ("0.0389", "-0.0685", "1.0296"),
    )
]
_D50 = [Fraction("0.9642"), Fraction(1), Fraction("0.8249")]


def _adaptation(primaries: Primaries, white: list[Fraction]) -> Matrix:
    """Return the matrix from XYZ under the primaries' white to XYZ under another."""
    before, after = _times(_CONES, _white(primaries)), _times(_CONES, white)
    scaled = [[value * new / old for value in row]
              for row, new, old in zip(_CONES, after, before, strict=True)]  # fmt: skip
    return _product(_inverse(_CONES), scaled)


def _white(primaries: Primaries) -> list[Fraction]:
    x, y = (Fraction(value, 100_000) for value in primaries[:2])
    return [x / y, Fraction(1), (1 - x - y) / y]


def _shares_of_white(primaries: Primaries) -> list[Fraction]:
    return _times(_inverse(_columns(primaries)), _white(primaries))


def _columns(primaries: Primaries) -> Matrix:
    """Return x, y and z of red, green and blue, a column each."""
    xs, ys = ([Fraction(value, 100_000) for value in primaries[at::2]] for at in (2, 3))
    return [xs, ys, [1 - x - y for x, y in zip(xs, ys, strict=True)]]


def _times(matrix: Matrix, vector: Sequence[Fraction]) -> list[Fraction]:
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Fraction()) for row in matrix]


def _product(a: Matrix, b: Matrix) -> Matrix:
    columns = [_times(a, column) for column in zip(*b, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _inverse(m: Matrix) -> Matrix:
    """Return the inverse of a matrix of 3 by 3, by Cramer's rule; ZeroDivisionError without one."""
    minors = [
        [m[(j + 1) % 3][(i + 1) % 3] * m[(j + 2) % 3][(i + 2) % 3]
         - m[(j + 1) % 3][(i + 2) % 3] * m[(j + 2) % 3][(i + 1) % 3] for j in range(3)]
        for i in range(3)
    ]  # fmt: skip
    determinant = sum(m[0][i] * minors[i][0] for i in range(3))
    return [[value / determinant for value in row] for row in minors]
