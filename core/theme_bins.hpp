// What a theme chooses from: the colours of a picture in bins of similar ones.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "histogram.hpp"

namespace kpalette {

/// A point in Oklab, on its own scale.
using Oklab = std::array<double, 3>;

inline double squared_distance(const Oklab& a, const Oklab& b) {
  const double l = a[0] - b[0];
  const double u = a[1] - b[1];
  const double v = a[2] - b[2];
  return l * l + u * u + v * v;
}
inline double chroma_of(const Oklab& at) { return std::sqrt(at[1] * at[1] + at[2] * at[2]); }

/// Similar colours, for which one of them stands.
struct ColorBin {
  std::array<std::uint8_t, 3> color;  // the most frequent, or the nearest to their mean
  double share;                       // of all pixels
  double flat;                        // the share of those that have just this colour
  Oklab at;
  double chroma;
};

/// Returns the bins of a histogram's RGB colours, in the order of their codes. They are cubes of 8
/// levels a side; where there are few colours, each is a bin by itself.
std::vector<ColorBin> make_color_bins(const HistogramView& histogram, int k);

/// Returns RGB colours (n, 3) as bins without shares.
std::vector<ColorBin> place_colors(std::span<const std::uint8_t> colors);

}  // namespace kpalette
