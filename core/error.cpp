#include "error.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 14;  // colours per task
constexpr std::size_t kPixelChunk = 1u << 16;

}  // namespace

double square_between(const std::uint8_t* a, const std::uint8_t* b, int channels) {
  if (channels == 3) {
    int square = 0;
    for (int i = 0; i < 3; ++i) square += (a[i] - b[i]) * (a[i] - b[i]);
    return square;
  }
  // Over black a channel shows p = c a / 255, over white p + 255 - a.
  const double alpha = a[3] - b[3];
  double square = 0;
  for (int i = 0; i < 3; ++i) {
    const double black = (a[i] * a[3] - b[i] * b[3]) / 255.0;
    square += black * black + (black - alpha) * (black - alpha);
  }
  return square / 2;
}

double squared_error(std::span<const std::uint8_t> colors, int channels,
                     std::span<const std::int64_t> counts, std::span<const std::uint16_t> labels,
                     std::span<const std::uint8_t> palette, Team& team) {
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t chunks = (counts.size() + kChunk - 1) / kChunk;
  std::vector<double> parts(chunks);
  team.run(chunks, [&](std::size_t chunk, int) {
    double sum = 0;
    for (std::size_t i = chunk * kChunk; i < std::min(counts.size(), (chunk + 1) * kChunk); ++i) {
      const std::size_t entry = labels[i] * width;
      if (entry >= palette.size()) {
        throw std::invalid_argument("labels: expected entries of the palette, got " +
                                    std::to_string(labels[i]));
      }
      sum += static_cast<double>(counts[i]) *
             square_between(colors.data() + i * width, palette.data() + entry, channels);
    }
    parts[chunk] = sum;
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

template <class Index>
Tally tally(std::span<const std::uint8_t> pixels, int channels, std::span<const Index> indices,
            std::span<const std::uint8_t> palette, Team& team) {
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t k = palette.size() / width;
  const std::size_t chunks = (indices.size() + kPixelChunk - 1) / kPixelChunk;
  std::vector<double> parts(chunks);
  std::vector<std::vector<std::int64_t>> counts(static_cast<std::size_t>(team.size()));
  for (auto& own : counts) own.resize(k);
  team.run(chunks, [&](std::size_t chunk, int worker) {
    double sum = 0;
    std::vector<std::int64_t>& own = counts[static_cast<std::size_t>(worker)];
    const std::size_t last = std::min(indices.size(), (chunk + 1) * kPixelChunk);
    for (std::size_t i = chunk * kPixelChunk; i < last; ++i) {
      const std::size_t entry = indices[i];
      if (entry >= k) {
        throw std::invalid_argument("indices: expected entries of the palette, got " +
                                    std::to_string(entry));
      }
      ++own[entry];
      sum += square_between(pixels.data() + i * width, palette.data() + entry * width, channels);
    }
    parts[chunk] = sum;
  });
  Tally result{std::vector<std::int64_t>(k), 0};
  for (const auto& own : counts) {
    for (std::size_t j = 0; j < k; ++j) result.counts[j] += own[j];
  }
  for (const double part : parts) result.squared_error += part;
  return result;
}

template Tally tally(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                     std::span<const std::uint8_t>, Team&);
template Tally tally(std::span<const std::uint8_t>, int, std::span<const std::uint16_t>,
                     std::span<const std::uint8_t>, Team&);

}  // namespace kpalette
