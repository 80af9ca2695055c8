// Exact histograms: distinct colours in Morton order with 64-bit counts, which merge by addition.
//
// Pixels are partitioned into buckets by the top 12 bits of their Morton code. The other 12 bits of
// an RGB code index a bucket's 4,096 counters, which stay in the first-level cache, and a bitmap
// lists the distinct colours in order. No 64 MB table is touched, so that a thumbnail takes
// microseconds, and all threads count buckets in parallel. For many pixels, see counter.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "buffer.hpp"
#include "parallel.hpp"

namespace kpalette {

struct Histogram {
  int channels = 3;             // 3: R, G, B. 4: R, G, B, alpha.
  Buffer<std::uint8_t> colors;  // (n, channels), distinct, in Morton order
  Buffer<std::int64_t> counts;  // (n), each at least 1

  std::size_t size() const { return counts.size(); }
};

/// A view of a histogram's colours and counts.
struct HistogramView {
  HistogramView(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts)
      : colors(colors), counts(counts) {}
  HistogramView(const Histogram& whole) : colors(whole.colors), counts(whole.counts) {}

  std::span<const std::uint8_t> colors;
  std::span<const std::int64_t> counts;

  std::size_t size() const { return counts.size(); }
};

/// Counts the colours of `pixels` (n, channels), channels 3 or 4.
Histogram count_colors(std::span<const std::uint8_t> pixels, int channels, Team& team);

/// Sorts colours (n, channels), which may repeat, into a histogram; counts of 0 are omitted.
/// Throws std::overflow_error if a sum exceeds 63 bits, as merge() does.
Histogram collect(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                  int channels);

/// Returns a histogram of about size / step colours: of every `step` neighbours, the most frequent
/// stands for all. A fit to it places centres roughly, in a fraction of the time. The sum of the
/// counts must be at most 2^63 - 1.
Histogram thin_out(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                   int channels, std::size_t step, Team& team);

/// Convert colours (n, channels) to Morton codes, and codes to colours.
Buffer<std::uint32_t> to_codes(std::span<const std::uint8_t> colors, int channels);
Buffer<std::uint8_t> from_codes(std::span<const std::uint32_t> codes, int channels);

/// Returns the sum of two histograms with the same number of channels.
Histogram merge(const HistogramView& a, const HistogramView& b, int channels);

}  // namespace kpalette
