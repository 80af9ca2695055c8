#include "theme_bins.hpp"

#include <algorithm>
#include <limits>

#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kFewColors = 256;  // graphics: each colour matters
constexpr std::size_t kSide = 8;         // levels of a bin's side
// The most frequent colour of a bin stands for it if it has at least this part of its pixels: what
// is flat keeps its colour.
constexpr std::int64_t kFlatPart = 4;

/// The colour that stands for those of a bin, from `first` to `last`.
std::size_t representative(const HistogramView& histogram, std::size_t first, std::size_t last) {
  std::int64_t count = 0;
  std::array<std::int64_t, 3> sums{};
  std::size_t most = first;
  for (std::size_t i = first; i < last; ++i) {
    count += histogram.counts[i];
    for (std::size_t c = 0; c < 3; ++c)
      sums[c] += histogram.counts[i] * histogram.colors[3 * i + c];
    if (histogram.counts[i] > histogram.counts[most]) most = i;
  }
  if (histogram.counts[most] >= (count + kFlatPart - 1) / kFlatPart) return most;
  std::array<std::array<double, kSide>, 3> squares;  // from the mean, by the level in the bin
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sums[c]) / static_cast<double>(count);
    const std::size_t least = histogram.colors[3 * first + c] / kSide * kSide;
    for (std::size_t level = 0; level < kSide; ++level) {
      const double off = static_cast<double>(least + level) - mean;
      squares[c][level] = off * off;
    }
  }
  std::size_t nearest = first;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = first; i < last; ++i) {
    const std::uint8_t* color = &histogram.colors[3 * i];
    const double square =
        squares[0][color[0] % kSide] + squares[1][color[1] % kSide] + squares[2][color[2] % kSide];
    if (square >= least) continue;
    least = square;
    nearest = i;
  }
  return nearest;
}

/// Bins of those neighbours in Morton order whose levels are equal in the bits of a mask.
std::vector<ColorBin> bins_of(const HistogramView& histogram, std::size_t mask) {
  std::vector<std::array<double, 2>> shares;  // of all, and of those of just the colour
  std::vector<std::uint8_t> colors;
  std::int64_t total = 0;
  for (const std::int64_t count : histogram.counts) total += count;
  const auto are_alike = [&](std::size_t a, std::size_t b) {
    const std::uint8_t* of_a = &histogram.colors[3 * a];
    const std::uint8_t* of_b = &histogram.colors[3 * b];
    const int off = (of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1]) | (of_a[2] ^ of_b[2]);
    return (static_cast<std::size_t>(off) & mask) == 0;
  };
  for (std::size_t first = 0; first < histogram.size();) {
    std::size_t last = first;
    std::int64_t count = 0;
    for (; last < histogram.size() && are_alike(first, last); ++last) {
      count += histogram.counts[last];
    }
    const std::size_t stands = representative(histogram, first, last);
    const std::uint8_t* color = &histogram.colors[3 * stands];
    colors.insert(colors.end(), color, color + 3);
    shares.push_back({static_cast<double>(count) / static_cast<double>(total),
                      static_cast<double>(histogram.counts[stands]) / static_cast<double>(total)});
    first = last;
  }
  std::vector<ColorBin> bins = place_colors(colors);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bins[i].share = shares[i][0];
    bins[i].flat = shares[i][1];
  }
  return bins;
}

}  // namespace

std::vector<ColorBin> place_colors(std::span<const std::uint8_t> colors) {
  const Space oklab(SpaceName::oklab, 3);
  const std::vector<double> coords = oklab.place(colors);
  std::vector<ColorBin> bins(colors.size() / 3);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    std::copy_n(&colors[3 * i], 3, bins[i].color.begin());
    for (std::size_t axis = 0; axis < 3; ++axis) {
      bins[i].at[axis] = coords[3 * i + axis] / oklab.steps();
    }
    bins[i].chroma = chroma_of(bins[i].at);
  }
  return bins;
}

std::vector<ColorBin> make_color_bins(const HistogramView& histogram, int k) {
  if (histogram.size() > kFewColors) {
    std::vector<ColorBin> bins = bins_of(histogram, ~(kSide - 1));
    if (bins.size() >= static_cast<std::size_t>(k)) return bins;
  }
  return bins_of(histogram, ~std::size_t{0});
}

}  // namespace kpalette
