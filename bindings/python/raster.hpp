// Pixels beside their indices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "arrays.hpp"
#include "dither.hpp"
#include "palette.hpp"

/// Pixels (height * width, channels) as a raster of the shape of their indices; `palette` must have
/// all that these name.
template <class Index>
Raster raster_of(const Bytes& pixels, const Bytes& palette, const Indices<Index>& indices,
                 std::tuple<std::size_t, std::size_t> origin) {
  require(channels_of(pixels) == channels_of(palette), "expected equal numbers of channels");
  require(palette.shape(0) >= 1 && palette.shape(0) <= kMaxCenters, "expected 1 to 65536 colours");
  require(pixels.shape(0) == indices.size(), "expected one index per pixel");
  const Index* data = indices.data();
  require(std::all_of(data, data + indices.size(),
                      [&](Index index) { return index < palette.shape(0); }),
          "expected indices that the palette has");
  return {view(pixels), indices.shape(0), indices.shape(1), std::get<0>(origin),
          std::get<1>(origin)};
}
