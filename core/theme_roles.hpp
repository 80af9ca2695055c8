// The order of a theme's colours, and the roles that they can play.
#pragma once

#include <optional>
#include <vector>

#include "theme.hpp"
#include "theme_bins.hpp"

namespace kpalette {

/// An entry of a theme, the pixels that are nearest to it, their share, and the same with those
/// that look other counting less.
struct Entry {
  Color color;
  std::int64_t count;
  double share;
  double alike;
  Oklab at;
  double chroma;
};

/// Returns what at least 40 % of the pixels along the sides have about, and 5 % of all; else what
/// half of all have, and 10 % along the sides; or none. `bins` are those of the picture.
std::optional<ColorBin> find_ground(const HistogramView& edge, const std::vector<ColorBin>& bins);

/// Sorts entries by how prominent they are: by the root of how much looks
/// like them times their chroma. What
/// lies behind all else counts for less.
void sort_by_prominence(std::vector<Entry>& entries, const std::optional<Color>& background);

/// Returns the colour of each role, by Role; `entries` are sorted, and at least one.
std::array<std::optional<Color>, kRoles.size()> assign_roles(
    const std::vector<Entry>& entries, const std::vector<ColorBin>& bins,
    const std::optional<Color>& background);

}  // namespace kpalette
