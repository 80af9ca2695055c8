#include "theme.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>

#include "fit.hpp"
#include "morton.hpp"
#include "spaces.hpp"
#include "theme_bins.hpp"
#include "theme_search.hpp"

namespace kpalette {
namespace {

constexpr int kDefaultColors = 6;
using Bin = ColorBin;

void add_roles(Theme& theme, const std::vector<Bin>& bins, const ThemeCounts&) {
  const auto set = [&](Role role, Color color) {
    theme.roles[static_cast<std::size_t>(role)] = color;
  };
  Color first{};
  std::copy_n(theme.colors.data(), 3, first.data());
  set(Role::dominant, first);
  struct Range {
    Role role;
    double least_l, most_l, least_chroma, most_chroma;
  };
  constexpr Range kRanges[] = {
      {Role::vibrant, 0.45, 0.75, 0.1, 1},        {Role::light_vibrant, 0.75, 1, 0.08, 1},
      {Role::dark_vibrant, 0, 0.45, 0.06, 1},     {Role::muted, 0.4, 0.7, 0.01, 0.08},
      {Role::light_muted, 0.7, 0.97, 0.01, 0.07}, {Role::dark_muted, 0.15, 0.4, 0.005, 0.06},
  };
  for (const Range& range : kRanges) {
    const Bin* best = nullptr;
    for (const Bin& bin : bins) {
      const double chroma = bin.chroma;
      if (bin.at[0] < range.least_l || bin.at[0] >= range.most_l || chroma < range.least_chroma ||
          chroma >= range.most_chroma || bin.share < 0.0005) {
        continue;
      }
      if (best == nullptr || bin.share > best->share) best = &bin;
    }
    if (best != nullptr) set(range.role, best->color);
  }
  if (theme.roles[static_cast<std::size_t>(Role::vibrant)]) {
    set(Role::accent, *theme.roles[static_cast<std::size_t>(Role::vibrant)]);
  }
}

}  // namespace

Theme make_theme(const ThemeCounts& counts, int k, Team& team) {
  if (k == 0) k = kDefaultColors;
  const std::vector<Bin> bins = make_color_bins(counts.colors, k);
  Theme theme;
  for (const std::size_t i : choose_theme(bins, k)) {
    theme.colors.insert(theme.colors.end(), bins[i].color.begin(), bins[i].color.end());
  }
  Fitter fitter(counts.colors, Space(SpaceName::oklab, 3), team);
  const Fitted& fitted = fitter.assign(theme.colors, true);
  theme.colors = fitted.colors;
  theme.counts = fitted.counts;
  add_roles(theme, bins, counts);
  return theme;
}

}  // namespace kpalette
