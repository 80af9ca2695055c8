// What a palette costs, by the definition that does not depend on the space of the fit.
#pragma once

#include <cstdint>
#include <span>

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

}  // namespace kpalette
