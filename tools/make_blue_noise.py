"""Make the blue-noise mask of ordered dithering, as the header core/blue_noise.hpp.

    python tools/make_blue_noise.py > core/blue_noise.hpp

The void-and-cluster method: R. Ulichney, "Void-and-cluster method for dither array generation"
(1993), doi:10.1117/12.152707. The energy of a pattern of ones is its sum with a Gaussian around
each, on a torus; the tightest cluster is the one with the most energy, the largest void the zero
with the least.
"""

import numpy as np

SIDE = 64
SIGMA = 1.5  # Ulichney's choice
SEED = 1


def gaussian(side: int) -> np.ndarray:
    """Return the energy around a one at (0, 0), in integers so that sums are exact."""
    distance = np.minimum(np.arange(side), side - np.arange(side))
    squares = distance[:, None] ** 2 + distance[None] ** 2
    return np.rint(2**30 * np.exp(-squares / (2 * SIGMA**2))).astype(np.int64)


def void_and_cluster(side: int, seed: int) -> np.ndarray:
    """Rank every pixel of a square from 0 to side * side - 1."""
    area = side * side
    around = gaussian(side)

    def energy_of(pattern: np.ndarray) -> np.ndarray:
        energy = np.zeros((side, side), np.int64)
        for y, x in zip(*np.nonzero(pattern), strict=True):
            energy += np.roll(around, (y, x), (0, 1))
        return energy

    def flip(pattern: np.ndarray, energy: np.ndarray, place: int) -> None:
        y, x = divmod(place, side)
        pattern[y, x] = not pattern[y, x]
        energy += (1 if pattern[y, x] else -1) * np.roll(around, (y, x), (0, 1))

    def cluster(pattern: np.ndarray, energy: np.ndarray) -> int:
        return int(np.where(pattern, energy, -1).argmax())

    def void(pattern: np.ndarray, energy: np.ndarray) -> int:
        return int(np.where(pattern, np.iinfo(np.int64).max, energy).argmin())

    # The initial pattern: ones on a tenth of the pixels, moved from the tightest cluster to the
    # largest void until both are the same pixel.
    start = np.zeros((side, side), bool)
    start.flat[np.random.default_rng(seed).choice(area, area // 10, replace=False)] = True
    energy = energy_of(start)
    while True:
        taken = cluster(start, energy)
        flip(start, energy, taken)
        given = void(start, energy)
        flip(start, energy, given)
        if taken == given:
            break

    ranks = np.zeros((side, side), np.int64)
    ones = int(start.sum())
    pattern, left = start.copy(), energy.copy()
    for rank in reversed(range(ones)):  # phase 1: remove the initial ones
        place = cluster(pattern, left)
        flip(pattern, left, place)
        ranks.flat[place] = rank
    # Phases 2 and 3 in one: when ones are the majority, the tightest cluster of zeros is the zero
    # with the least energy of ones, because both energies add up to a constant.
    pattern, left = start.copy(), energy.copy()
    for rank in range(ones, area):
        place = void(pattern, left)
        flip(pattern, left, place)
        ranks.flat[place] = rank
    return ranks


def header(ranks: np.ndarray) -> str:
    lines = [
        "// Made by tools/make_blue_noise.py, which says how.",
        "#pragma once",
        "",
        "#include <array>",
        "#include <cstddef>",
        "#include <cstdint>",
        "",
        "namespace kpalette {",
        "",
        f"inline constexpr std::size_t kBlueNoiseSide = {len(ranks)};",
        "",
        "// clang-format off",
        f"inline constexpr std::array<std::uint16_t, {ranks.size}> kBlueNoise = {{",
    ]
    for row in ranks.reshape(-1, 16):
        lines += ["    " + ", ".join(f"{rank:4}" for rank in row) + ","]
    return "\n".join([*lines, "};", "// clang-format on", "", "}  // namespace kpalette"])


if __name__ == "__main__":
    print(header(void_and_cluster(SIDE, SEED)))
