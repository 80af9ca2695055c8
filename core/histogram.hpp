// Exact distinct colours of pixels with 64-bit counts, in Morton order; merges by addition.
//
// Pixels are partitioned by the top 12 bits of their Morton code. What is left of an RGB code then
// fits a bucket's own 4,096 counters, which stay in the first-level cache, and a bitmap of them
// lists the distinct colours already sorted. No 64 MB table is touched, so a thumbnail costs
// microseconds, and buckets are counted by all threads at once. See counter.hpp for many pixels.
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

/// A histogram's colours and counts, wherever they are.
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

/// Sorts colours (n, channels) that may repeat into a histogram; zero counts are left out.
/// Throws std::overflow_error where a sum exceeds 63 bits, as merge() does.
Histogram collect(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                  int channels);

/// A histogram of about size / step colours: of every `step` neighbours, the most frequent stands
/// for all. Enough to find out roughly where centres belong, in a part of the time. The counts add
/// up to at most 2^63 - 1.
Histogram thin_out(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                   int channels, std::size_t step);

/// The Morton codes of colours (n, channels), and the colours of codes.
Buffer<std::uint32_t> to_codes(std::span<const std::uint8_t> colors, int channels);
Buffer<std::uint8_t> from_codes(std::span<const std::uint32_t> codes, int channels);

/// The sum of two histograms with the same number of channels.
Histogram merge(const HistogramView& a, const HistogramView& b, int channels);

}  // namespace kpalette
