// Which colours of a picture make a theme: a search for the k that together lower a sum most.
//
// The sum has four terms. (1) How far the picture's colours are from the theme, each counted by the
// root of its share times its chroma, as k-means does of pixels: so what is large counts less than
// its size, and what is vivid more. (2) Hues, and large greys, that the picture has and the theme
// lacks. (3) Pairs that look much the same. (4) Less the chroma of the theme. Its entries are
// medoids, colours that the picture has, so it never averages shades.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "theme_bins.hpp"

namespace kpalette {

/// Returns the places of at most k bins that all look different, each of a colour that at least
/// 0.05 % of the pixels have about, if there are so many; as many as matter, at most 12, if k is 0.
/// The `ground` is one of them, if there is one. Mixes with `ignored` colours are not.
std::vector<std::size_t> choose_theme(const std::vector<ColorBin>& bins, int k,
                                      std::optional<std::size_t> ground,
                                      const std::vector<ColorBin>& ignored);

}  // namespace kpalette
