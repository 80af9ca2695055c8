// Mapping pixels to the labels of their colours.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// Writes the label of each pixel's colour, for `pixels` (n, channels): labels[i] is that of
/// colors[i]. `colors` (n_distinct, channels) holds every colour of the pixels. Labels are uint16_t
/// with indices of uint8_t or uint16_t, or both are int32_t.
template <class Label, class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const Label> labels, Index* indices, Team& team);

}  // namespace kpalette
