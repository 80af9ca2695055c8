// Coordinates of colours as points of floats, in the scale of whoever asks for them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "point4.hpp"
#include "spaces.hpp"

namespace kpalette {

/// Places colours (n, channels) in batches, and calls take(i, point) for each of them.
/// convert(coordinate, axis) makes a float of a coordinate in the space.
template <class Convert, class Take>
void for_each_placed(const Space& space, std::span<const std::uint8_t> colors,
                     const Convert& convert, const Take& take) {
  constexpr std::size_t kBatch = 256;
  std::int32_t placed[kMaxDim * kBatch];
  const auto d = static_cast<std::size_t>(space.channels());
  const std::size_t n = colors.size() / d;
  for (std::size_t first = 0; first < n; first += kBatch) {
    const std::size_t count = std::min(kBatch, n - first);
    space.place(colors.subspan(first * d, count * d), placed, kBatch);
    for (std::size_t i = 0; i < count; ++i) {
      Point4 point{};
      for (std::size_t axis = 0; axis < d; ++axis) {
        point[axis] = convert(placed[axis * kBatch + i], axis);
      }
      take(first + i, point);
    }
  }
}

}  // namespace kpalette
