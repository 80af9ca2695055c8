// Indices that cost fewer bits: each is chosen by its error and by what deflate will spend on it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// What a bit may cost in squared error in Oklab, by how much smaller files shall be: 0, not at
/// all; 1, so that hardly anything is seen at twice the size; 3, about as far as one goes, before
/// edges fray. Beyond that is what still looks better than fewer colours where bytes are short.
inline constexpr std::array<float, 7> kPerBit{0, 3e-5f, 6e-5f, 1.2e-4f, 2.4e-4f, 4.8e-4f, 9.6e-4f};

/// The same between these, for `smaller` from 0 to the last of them.
inline float per_bit(double smaller) {
  const auto below = std::min(static_cast<std::size_t>(smaller), kPerBit.size() - 2);
  const double least = kPerBit[below];
  return static_cast<float>((kPerBit[below + 1] - least) * (smaller - static_cast<double>(below)) +
                            least);
}

/// Chooses indices for which squared errors in Oklab, weighed by how visible they are
/// (texture.hpp), plus `per_bit` times the bits that deflate spends on rows of a byte per pixel
/// without a filter, add up to about the least. Returns these bits.
///
/// `pixels` (height, width, channels); `indices` (height, width) come in as the nearest entries of
/// the palette, which has at most 256. Pixels whose colour is in the palette keep them in flat
/// areas and lines, where kRun of one colour lie in a row, across or down; opaque ones whose
/// nearest entry is opaque stay so. Errors are diffused by `strength`, 0 to 1, and what is weighed
/// is what they leave.
///
/// A row is searched from left to right for the cheapest way to write it in literals and matches,
/// as encoders look for the cheapest parse (Zopfli: Alakuijala and Vandevenne 2013), but here a
/// match need not be exact. Costs of symbols are those of the rows before.
std::int64_t choose_by_rate(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
                            std::span<const std::uint8_t> palette, float per_bit, float strength,
                            std::uint8_t* indices, Team& team);

/// The same a row at a time, on one thread, for those who may want to stop.
class RateSearch {
 public:
  /// All that is given must stay as it is until the last step.
  RateSearch(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
             std::span<const std::uint8_t> palette, float per_bit, float strength,
             std::uint8_t* indices, Team& team);
  ~RateSearch();

  /// Chooses the indices of a row; returns false after the last.
  bool step();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The frame before, of the same size and palette.
struct RateFrame {
  std::span<const std::uint8_t> pixels;   // of the source when each pixel was chosen
  std::span<const std::uint8_t> indices;  // as it is shown
};

/// The same for a frame of an animation, RGB without diffusion, whose pixels may also stay as the
/// frame before shows them: as one more entry, of which a palette of at most 255 has room. Where
/// the source is as it was when a pixel was chosen, or almost, another colour is seen as flicker,
/// and has a price; within a level, nothing is drawn for it.
///
/// `indices` become those that are shown; `drawn` (height, width) is 1 where a pixel is written as
/// an entry, otherwise 0. Returns whether any is.
bool choose_by_rate_after(std::span<const std::uint8_t> pixels, std::size_t width,
                          std::span<const std::uint8_t> palette, float per_bit,
                          const RateFrame& before, std::uint8_t* indices, std::uint8_t* drawn,
                          Team& team);

}  // namespace kpalette
