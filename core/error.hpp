// What a palette costs, by the definition that does not depend on the space of the fit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

/// The squared distance between two colours in 8-bit sRGB. With alpha, the mean of what that is
/// over black and over white.
double square_between(const std::uint8_t* a, const std::uint8_t* b, int channels);

/// The sum over colours (n, channels) of their count times the squared distance to the entry of
/// `palette` that their label names, by square_between().
double squared_error(std::span<const std::uint8_t> colors, int channels,
                     std::span<const std::int64_t> counts, std::span<const std::uint16_t> labels,
                     std::span<const std::uint8_t> palette, Team& team);

/// How often each entry is shown, and what that costs, by the same definition.
struct Tally {
  std::vector<std::int64_t> counts;  // (k)
  double squared_error = 0;
};

/// Of indices that do not follow from colours: those of `pixels` (n, channels) one by one.
template <class Index>
Tally tally(std::span<const std::uint8_t> pixels, int channels, std::span<const Index> indices,
            std::span<const std::uint8_t> palette, Team& team);

}  // namespace kpalette
