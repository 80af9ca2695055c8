// A palette's squared error in 8-bit sRGB, whatever the space of the fit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

/// Returns the squared distance between two colours in 8-bit sRGB. With alpha, it is the mean of
/// the distances over black and over white.
double square_between(const std::uint8_t* a, const std::uint8_t* b, int channels);

/// Returns the sum over colours (n, channels) of the count times square_between() the colour and
/// its label's entry of `palette`.
double squared_error(std::span<const std::uint8_t> colors, int channels,
                     std::span<const std::int64_t> counts, std::span<const std::uint16_t> labels,
                     std::span<const std::uint8_t> palette, Team& team);

/// The pixels of each entry, and the squared error of all pixels.
struct Tally {
  std::vector<std::int64_t> counts;  // (k)
  double squared_error = 0;
};

/// Returns the tally of `pixels` (n, channels) whose indices do not follow from their colours, such
/// as dithered ones.
template <class Index>
Tally tally(std::span<const std::uint8_t> pixels, int channels, std::span<const Index> indices,
            std::span<const std::uint8_t> palette, Team& team);

}  // namespace kpalette
