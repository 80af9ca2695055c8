// Counting RGB pixels that come in parts: the tiles of a mosaic, the frames of a film.
//
// There is a counter for each of the 2^24 colours, so that adding a part costs nothing but its
// pixels, however many came before it. Each thread has 8-bit counters of its own, 16 MB; what
// exceeds them goes to common ones of 64 bits, which are there where needed, 128 MB at most.
//
// Colours are in blocks of 8 × 8 × 8, so that those of neighbouring pixels share cache lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "histogram.hpp"
#include "parallel.hpp"

namespace kpalette {

class Counter {
 public:
  static constexpr std::uint32_t kBlock = 512;  // colours

  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  /// Counts RGB pixels (n, 3).
  void add(std::span<const std::uint8_t> pixels, Team& team);

  /// Adds counts of RGB colours (n, 3). Throws std::overflow_error where a sum exceeds 63 bits.
  void add(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts);

  /// All that was added.
  Histogram total(Team& team) const;

 private:
  struct Own {
    Buffer<std::uint8_t> counts;
    std::vector<std::uint32_t> carries;  // slots, each for 256 pixels
  };

  std::int64_t& common(std::uint32_t slot);

  /// The counts of a block's colours; false if there are none.
  bool sum_up(std::uint32_t block, std::span<std::uint64_t, kBlock> sums) const;

  std::vector<Own> own_;                                 // by worker
  std::vector<std::unique_ptr<std::int64_t[]>> common_;  // by block
};

}  // namespace kpalette
