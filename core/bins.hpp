// Colours in 32 × 32 × 32 bins, as exact sums: what the quickest fit in sRGB goes by.
//
// A bin holds how many pixels fall into its cube of 8 levels a side, and the sums of their
// channels. So it adds up exactly, and comes out the same whether pixels are counted or the colours
// of a histogram. On photos a fit to the means of bins ends 5 % below to 6 % above one to all
// colours.
#pragma once

#include <cstdint>
#include <span>

#include "buffer.hpp"
#include "histogram.hpp"
#include "parallel.hpp"

namespace kpalette {

class Bins {
 public:
  static constexpr std::size_t kBins = 32'768;
  static constexpr std::uint64_t kFewest = 1u << 16;  // pixels for which they are worth it

  /// Bins RGB pixels (n, 3).
  Bins(std::span<const std::uint8_t> pixels, Team& team);

  /// The same for a histogram of RGB colours, whose counts may add up to 2^55.
  explicit Bins(const HistogramView& histogram);

  /// Whether there is enough to go by for k colours: at least kFewest pixels, and 12 k bins, none
  /// of which has more than an eighth of the pixels. So graphics do not go by bins, whose colours
  /// matter one by one, nor any picture of no more than k colours.
  bool suffice(int k) const;

  /// The rounded mean of each bin that has pixels, in Morton order, and how many these are.
  Histogram means() const;

  std::uint64_t count(std::size_t bin) const { return at(bin).count; }

 private:
  struct Sums {
    std::uint64_t count = 0;
    std::uint64_t channels[3] = {};
  };
  /// The same in one vector: count, red, green, blue.
  typedef std::uint32_t Sums4 __attribute__((vector_size(16)));

  Sums at(std::size_t bin) const {
    if (!large_.empty()) return large_[bin];
    const Sums4 sums = small_[bin];
    return {sums[0], {sums[1], sums[2], sums[3]}};
  }

  Buffer<Sums4> small_;  // or, of more pixels than fit these,
  Buffer<Sums> large_;
};

}  // namespace kpalette
