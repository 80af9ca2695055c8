// Indices that a GIF takes fewer bytes for: each is chosen by its error and by what LZW spends on
// it (lzw.hpp), in a frame of an animation also by what the frame before shows.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// What the frame before has, with the same palette and size; nothing for the first frame.
struct FrameBefore {
  std::span<const std::uint8_t> pixels{};   // of its source
  std::span<const std::uint8_t> indices{};  // as it is shown
};

/// Turns indices (height, width), which come in as the nearest entries of at most 256 of a palette,
/// into such as cost few bits, of which each may cost `per_bit` in squared error in Oklab, weighed
/// by how visible that is (texture.hpp).
///
/// Where the source is as in the frame before, or almost, another colour than before is seen as
/// flicker, and costs more.
void choose_by_lzw(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
                   std::span<const std::uint8_t> palette, float per_bit, const FrameBefore& before,
                   std::uint8_t* indices, Team& team);

}  // namespace kpalette
