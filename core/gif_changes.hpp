// The frames of a GIF without loss: of each, what it changes is written, in the smallest of a few
// ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gif_image.hpp"
#include "parallel.hpp"

namespace kpalette {

/// Indices (height, width) of colours (k, channels), at most 256. What has an alpha of 0 is clear.
struct GifFrame {
  std::span<const std::uint8_t> indices;
  std::span<const std::uint8_t> colors;
  int channels;
};

/// What becomes of pixels that are shown already: all are drawn again, or left out, or each is what
/// takes fewer bytes.
enum class GifWay { drawn, left_out, either };

/// Returns what is written for an opaque frame after another one, or none; nothing if it looks like
/// that one. Only the way of a `habit` is tried; if there is none, all are, and the smallest
/// becomes it.
std::optional<GifImage> code_change(const GifFrame* before, const GifFrame& now, std::size_t width,
                                    std::optional<GifWay>& habit);

/// Returns what is written for each frame; nothing for one that looks like the frame before.
///
/// All ways are tried on one of a few frames, and the smallest is that of others after it.
/// A pixel becomes clear only if what was there is cleared after the frame before.
std::vector<std::optional<GifImage>> code_changes(std::span<const GifFrame> frames,
                                                  std::size_t width, Team& team);

}  // namespace kpalette
