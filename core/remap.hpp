// The index of every pixel, by way of its colour.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// Writes for each of `pixels` (n, channels) the label of its colour: labels[i] is that of
/// colors[i] (n_distinct, channels), which holds every colour of the pixels. Labels are
/// uint16_t with indices of uint8_t or uint16_t, or both are int32_t.
template <class Label, class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const Label> labels, Index* indices, Team& team);

}  // namespace kpalette
