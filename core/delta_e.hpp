// Visible differences of two colours: CIEDE2000, and distances in Oklab and sRGB.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// Returns CIEDE2000, the colour difference of CIE 142-2001, between two colours in CIELAB with L
/// from 0 to 100. The code's equation numbers are those of Sharma, Wu and Dalal (2005), The
/// CIEDE2000 color-difference formula: Implementation notes, supplementary test data, and
/// mathematical observations, doi:10.1002/col.20070.
double ciede2000(const double* a, const double* b);

/// Writes the same for each row of `a` and `b` (n, 3) to `out` (n).
void ciede2000(std::span<const double> a, std::span<const double> b, double* out, Team& team);

inline constexpr int kMeasures = 3;

/// Writes three differences of each pair of colours (n, channels) to `out` (n, kMeasures): the
/// squared distance in 8-bit sRGB, the distance in Oklab, where white is (1, 0, 0), and CIEDE2000.
/// With alpha, each is the mean of its values over black and over white; for the last two the
/// composites are rounded to 8 bits, as a display shows them.
void color_differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                       int channels, double* out, Team& team);

}  // namespace kpalette
