// Counting RGB pixels in parts: the tiles of a mosaic, the frames of a film.
//
// There is a counter for each of the 2^24 colours, so that the time to add a part depends on its
// pixels alone. Each thread has its own 8-bit counters, 16 MB. Their overflows go to common 64-bit
// counters, which are allocated in blocks when needed, 128 MB at most; many blocks together, so
// that the system has that memory back afterwards.
//
// Colours are stored in blocks of 8 × 8 × 8, so that neighbouring pixels share cache lines.
#pragma once

#include <cstddef>
#include <cstdint>
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

  /// Adds counts of RGB colours (n, 3). Throws std::overflow_error if a sum exceeds 63 bits.
  void add(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts);

  /// Returns the histogram of everything that was added.
  Histogram total(Team& team) const;

 private:
  struct Own {
    Buffer<std::uint8_t> counts;
    std::vector<std::uint32_t> carries;  // slots that overflowed, 256 pixels each time
  };

  std::int64_t& common(std::uint32_t slot);

  /// Writes the counts of a block's colours; returns false if all are 0.
  bool sum_up(std::uint32_t block, std::span<std::uint64_t, kBlock> sums) const;

  std::vector<Own> own_;                     // by worker
  std::vector<std::int64_t*> common_;        // by block; null where there is none yet
  std::vector<Buffer<std::int64_t>> slabs_;  // which these are in, many in each
  std::size_t used_ = 0;                     // blocks of the last
};

}  // namespace kpalette
