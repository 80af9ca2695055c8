#include "bins.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 16;  // pixels per task
// Sums of so many pixels fit 32 bits.
constexpr std::size_t kPart = 1u << 24;
constexpr std::uint64_t kLargest = 8;  // no bin has more than this part of the pixels
constexpr std::size_t kBinsPerColor = 12;

/// The bins of the Morton codes 0, step, 2 step …
template <std::size_t n>
constexpr std::array<std::uint16_t, n> make_morton_order(std::uint32_t step) {
  std::array<std::uint16_t, n> order{};
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t code = i * step;
    const std::uint32_t red = gather<3>(code >> 2);
    const std::uint32_t green = gather<3>(code >> 1);
    order[i] = static_cast<std::uint16_t>(red << 10 | green << 5 | gather<3>(code));
  }
  return order;
}
// Each bit of a code is one of its bin, so two short tables are as good as one of 64 kB.
constexpr std::uint32_t kLow = 64;
constexpr auto kLowInOrder = make_morton_order<kLow>(1);
constexpr auto kHighInOrder = make_morton_order<Bins::kBins / kLow>(kLow);

/// The bin of a Morton code.
std::size_t in_morton_order(std::size_t code) {
  return kHighInOrder[code / kLow] | kLowInOrder[code % kLow];
}

}  // namespace

Bins::Bins(std::span<const std::uint8_t> pixels, Team& team) {
  const std::size_t n = pixels.size() / 3;
  if (n > kPart) large_.resize(kBins);
  for (std::size_t start = 0; start < n; start += kPart) {
    const std::size_t end = std::min(n, start + kPart);
    std::vector<Buffer<Sums4>> tables(static_cast<std::size_t>(team.size()));
    team.run((end - start + kChunk - 1) / kChunk, [&](std::size_t chunk, int worker) {
      Buffer<Sums4>& table = tables[static_cast<std::size_t>(worker)];
      if (table.empty()) table.resize(kBins, Sums4{});
      Sums4* const sums = table.data();
      const std::size_t first = start + chunk * kChunk;
      for_each_word(pixels.data(), n, first, std::min(end, first + kChunk),
                    [&](std::size_t, std::uint32_t word) {
                      sums[bin_of(word)] += Sums4{1, word & 255, word >> 8 & 255, word >> 16 & 255};
                    });
    });
    for (Buffer<Sums4>& table : tables) {
      if (table.empty()) continue;
      if (!large_.empty()) {
        for (std::size_t bin = 0; bin < kBins; ++bin) {
          large_[bin].count += table[bin][0];
          for (int c = 0; c < 3; ++c) large_[bin].channels[c] += table[bin][c + 1];
        }
      } else if (small_.empty()) {
        small_ = std::move(table);
      } else {
        for (std::size_t bin = 0; bin < kBins; ++bin) small_[bin] += table[bin];
      }
    }
  }
}

Bins::Bins(const HistogramView& histogram) : large_(kBins) {
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const std::uint8_t* color = histogram.colors.data() + 3 * i;
    const auto count = static_cast<std::uint64_t>(histogram.counts[i]);
    Sums& sums = large_[bin_of(last_word(color))];
    sums.count += count;
    for (std::size_t c = 0; c < 3; ++c) sums.channels[c] += count * color[c];
  }
}

bool Bins::suffice(int k) const {
  std::size_t bins = 0;
  std::uint64_t total = 0;
  std::uint64_t largest = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const std::uint64_t count = this->count(bin);
    bins += count > 0;
    total += count;
    largest = std::max(largest, count);
  }
  return total >= kFewest && largest <= total / kLargest &&
         bins >= kBinsPerColor * static_cast<std::size_t>(k);
}

Histogram Bins::means() const {
  Histogram means;
  means.colors.reserve(3 * kBins);
  means.counts.reserve(kBins);
  for (std::uint32_t code = 0; code < kBins; ++code) {
    const Sums sums = at(in_morton_order(code));
    if (sums.count == 0) continue;
    for (const std::uint64_t sum : sums.channels) {
      means.colors.push_back(static_cast<std::uint8_t>((sum + sums.count / 2) / sums.count));
    }
    means.counts.push_back(static_cast<std::int64_t>(sums.count));
  }
  return means;
}

}  // namespace kpalette
