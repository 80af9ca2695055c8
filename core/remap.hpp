// The index of every pixel, by way of its colour.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// Writes for each of `pixels` (n, channels) the label of its colour: labels[i] is that of
/// colors[i] (n_distinct, channels), which holds every colour of the pixels. Index is uint8_t,
/// uint16_t or int32_t.
template <class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const std::uint16_t> labels, Index* indices, Team& team);

}  // namespace kpalette
