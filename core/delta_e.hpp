// How different two colours look.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// CIEDE2000, the colour difference of CIE 142-2001, between two colours in CIELAB, of which L goes
/// from 0 to 100. Of Sharma, Wu and Dalal (2005), The CIEDE2000 color-difference formula:
/// Implementation notes, supplementary test data, and mathematical observations,
/// doi:10.1002/col.20070, whose equation numbers the code has.
double ciede2000(const double* a, const double* b);

/// The same for rows (n, 3) of `a` and `b`, into `out` (n).
void ciede2000(std::span<const double> a, std::span<const double> b, double* out, Team& team);

/// Writes what an 8-bit display shows of colours (n, 4) over a grey: colours (n, 3).
void composite(const std::uint8_t* colors, std::size_t n, int backdrop, std::uint8_t* shown);

inline constexpr int kMeasures = 3;

/// Writes for each pair of colours (n, channels) how they differ, into `out` (n, kMeasures): the
/// squared distance in 8-bit sRGB, the distance in Oklab, where white is (1, 0, 0), and CIEDE2000.
/// With alpha, the means of what those are over black and over white, for the last two as an 8-bit
/// display shows the colours.
void color_differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                       int channels, double* out, Team& team);

}  // namespace kpalette
