// Which of a picture's colours may be entries of its theme: those that enough pixels have, and no
// edges of flat colours.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "theme_bins.hpp"

namespace kpalette {

/// No two entries of a theme are nearer than this in Oklab, which looks the same.
inline constexpr double kSame = 0.04;

/// How much a colour of that share of the pixels counts: what is large less than its size, what is
/// vivid more. Greys count as well.
inline double prominence_of(double share, double chroma) {
  constexpr double kGreyWeight = 0.02;
  return std::sqrt(share) * (kGreyWeight + chroma);
}

/// The places of the bins that matter most, in the order in which they do, at most 768.
std::vector<std::size_t> most_crowded(const std::vector<ColorBin>& bins);

/// Bins among `crowded` of colours that enough pixels have about, no two of which are near to each
/// other: first the ground, if there is one, and those of which there is most; at last those whose
/// hue is lacking. If that leaves fewer than k, more bins follow, but no mixes or shades, also none
/// with `ignored` colours.
std::vector<std::size_t> find_candidates(const std::vector<ColorBin>& bins,
                                         const std::vector<std::size_t>& crowded, std::size_t k,
                                         std::optional<std::size_t> ground,
                                         const std::vector<ColorBin>& ignored);

}  // namespace kpalette
