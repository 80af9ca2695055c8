"""Derive the constants of the colour spaces, as the header core/space_constants.hpp.

    python tools/derive_spaces.py > core/space_constants.hpp

- sRGB's primaries and white point, and its transfer function: IEC 61966-2-1.
- Oklab: B. Ottosson, "A perceptual color space for image processing" (2020), the matrices from
  linear sRGB to cone responses and from their cube roots to L, a, b. They are published with ten
  digits; here their rows are scaled so that white is exactly (1, 0, 0).
- CIELAB: CIE 15:2018, relative to sRGB's own white point (D65), so that white is (100, 0, 0).

Inverses are of the doubles that stand in the header, and exact before they are rounded: the last
digit of a floating-point inverse depends on the machine's linear algebra.
"""

from fractions import Fraction

import numpy as np

# x, y of red, green, blue and white.
PRIMARIES = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
WHITE = np.array([0.3127, 0.3290])

OKLAB_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB_AXES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

# L = 116 f(y) - 16, a = 500 (f(x) - f(y)), b = 200 (f(y) - f(z)), in hundredths.
LAB_AXES = np.array([[0.0, 1.16, 0.0], [5.0, -5.0, 0.0], [0.0, 2.0, -2.0]])


def tristimulus(xy: np.ndarray) -> np.ndarray:
    """Return X, Y, Z with Y = 1 of chromaticities (..., 2)."""
    x, y = xy[..., 0], xy[..., 1]
    return np.stack([x / y, np.ones_like(y), (1 - x - y) / y], axis=-1)


def linear_to_relative_xyz() -> np.ndarray:
    """Return the matrix from linear sRGB to X, Y, Z, each divided by that of white."""
    columns = tristimulus(PRIMARIES).T
    white = tristimulus(WHITE)
    return columns * product(exact_inverse(columns), white) / white[:, None]


def exact_inverse(matrix: np.ndarray) -> list[list[Fraction]]:
    """Return the inverse of a matrix (3, 3), by its adjugate."""
    m = [[Fraction(value) for value in row] for row in matrix.tolist()]

    def cofactor(i: int, j: int) -> Fraction:
        (a, b), (c, d) = ([m[(i + s) % 3][(j + t) % 3] for t in (1, 2)] for s in (1, 2))
        return a * d - b * c

    determinant = sum(m[0][j] * cofactor(0, j) for j in range(3))
    return [[cofactor(j, i) / determinant for j in range(3)] for i in range(3)]


def inverse(matrix: np.ndarray) -> np.ndarray:
    return np.array([[float(value) for value in row] for row in exact_inverse(matrix)])


def product(matrix: list[list[Fraction]], vector: np.ndarray) -> np.ndarray:
    factors = [Fraction(value) for value in vector.tolist()]
    return np.array([float(sum(map(Fraction.__mul__, row, factors))) for row in matrix])


def with_row_sums(matrix: np.ndarray, sums: list[float]) -> np.ndarray:
    """Return the matrix with the given row sums, which are the coordinates of white.

    The same number is subtracted from each entry of a row that must add up to 0; others are scaled.
    """
    totals = matrix.sum(axis=1, keepdims=True)
    wanted = np.array(sums)[:, None]
    return np.where(wanted == 0, matrix - totals / 3, matrix / np.where(wanted == 0, 1, totals))


def matrices() -> dict[str, np.ndarray]:
    cones = with_row_sums(OKLAB_CONES, [1, 1, 1])
    axes = with_row_sums(OKLAB_AXES, [1, 0, 0])
    xyz = linear_to_relative_xyz()
    return {
        "kOklabCones": cones,
        "kOklabAxes": axes,
        "kOklabConesInverse": inverse(cones),
        "kOklabAxesInverse": inverse(axes),
        "kRelativeXyz": xyz,
        "kLabAxes": LAB_AXES,
        "kRelativeXyzInverse": inverse(xyz),
        "kLabAxesInverse": inverse(LAB_AXES),
    }


def header() -> str:
    lines = [
        "// Made by tools/derive_spaces.py, which says where these come from.",
        "#pragma once",
        "",
        "namespace kpalette {",
        "",
        "using Matrix = double[3][3];",
        "",
    ]
    for name, matrix in matrices().items():
        rows = [", ".join(f"{value:.15g}" for value in row + 0.0) for row in matrix]
        lines += [f"inline constexpr Matrix {name} = {{"]
        lines += [f"    {{{row}}}," for row in rows]
        lines += ["};", ""]
    return "\n".join([*lines, "}  // namespace kpalette"])


if __name__ == "__main__":
    print(header())
