// Indices that a GIF takes few bytes for: each is chosen by its error and by what LZW spends on it,
// in a frame of an animation also by what the frame before shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "gif_image.hpp"
#include "parallel.hpp"

namespace kpalette {

/// The frame before, of the same size and palette; nothing before the first frame.
struct FrameBefore {
  std::span<const std::uint8_t> pixels{};   // of the source when each pixel was chosen
  std::span<const std::uint8_t> indices{};  // as it is shown
};

/// Turns indices (height, width), which come in as the nearest entries of a palette of at most 256,
/// into such as cost few bits, of which each may cost `per_bit` above 0 in squared error, weighed
/// by how visible it is (texture.hpp). Returns how they are written: other ways take more bytes.
/// Nothing is returned for a frame that is left as the one before.
///
/// Distances are those of Oklab with both colour axes doubled. In clips with grain, files of an
/// equal look have .6 of the bytes that they have with plain Oklab, and in others .96.
///
/// Where the source is as it was when a pixel was chosen, or almost, another colour is seen as
/// flicker, and has a price; within a level, nothing is drawn for it.
std::optional<GifImage> choose_by_lzw(std::span<const std::uint8_t> pixels, int channels,
                                      std::size_t width, std::span<const std::uint8_t> palette,
                                      float per_bit, const FrameBefore& before,
                                      std::uint8_t* indices, Team& team);

}  // namespace kpalette
