// Which hues and greys a picture has, and which of them a colour shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "theme_bins.hpp"

namespace kpalette {

inline constexpr std::size_t kSectors = 12;  // of 30 degrees of hue, in Oklab
inline constexpr std::size_t kGreys = 3;     // dark, middle and light ones

/// The sectors whose hue a colour shows, as bits, and after them the ranges of greys.
std::uint32_t shown_by(const ColorBin& bin);

/// How much each hue matters, 0 to 1.
std::array<double, kSectors> hue_weights(const std::vector<ColorBin>& bins);

/// How much the greys of each range matter, 0 to 1.
std::array<double, kGreys> grey_weights(const std::vector<ColorBin>& bins);

}  // namespace kpalette
