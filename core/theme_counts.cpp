#include <algorithm>
#include <numeric>

#include "spaces.hpp"
#include "theme.hpp"

namespace kpalette {
namespace {

constexpr double kIgnored = 0.03;  // in Oklab: as far as a colour looks about the same

/// Tells which colours are ignored.
class Ignored {
 public:
  explicit Ignored(std::span<const std::uint8_t> colors) : coords_(kOklab.place(colors)) {}

  bool any() const { return !coords_.empty(); }

  bool operator()(const std::uint8_t* color) const {
    std::int32_t at[3];
    kOklab.place({color, 3}, at, 1);
    const double reach = kIgnored * kOklab.steps();
    for (std::size_t i = 0; i < coords_.size(); i += 3) {
      const double l = at[0] - coords_[i];
      const double a = at[1] - coords_[i + 1];
      const double b = at[2] - coords_[i + 2];
      if (l * l + a * a + b * b <= reach * reach) return true;
    }
    return false;
  }

 private:
  static inline const Space kOklab{SpaceName::oklab, 3};
  std::vector<double> coords_;
};

/// Drops the ignored colours of a histogram.
void drop(Histogram& histogram, const Ignored& ignored) {
  if (!ignored.any()) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const std::uint8_t* color = histogram.colors.data() + 3 * i;
    if (ignored(color)) continue;
    std::copy_n(color, 3, histogram.colors.data() + 3 * kept);
    histogram.counts[kept++] = histogram.counts[i];
  }
  histogram.colors.resize(3 * kept);
  histogram.counts.resize(kept);
}

// Sides are looked at that part of the picture inside, so that a thin frame is none.
constexpr std::size_t kInside = 32;

/// The colours along the sides of the least rectangle that holds all pixels that are counted, if at
/// least half of those along them are.
Histogram count_edge(const MaskedPicture& picture, const Ignored& ignored, Team& team) {
  const std::size_t height = picture.height;
  const std::size_t width = picture.width;
  const auto counted = [&](std::size_t y, std::size_t x) {
    const std::size_t i = y * width + x;
    return picture.covers(i) && !(ignored.any() && ignored(picture.color(i)));
  };
  const auto row_counts = [&](std::size_t y, std::size_t first, std::size_t last) {
    for (std::size_t x = first; x < last; ++x) {
      if (counted(y, x)) return true;
    }
    return false;
  };
  std::size_t top = 0;
  while (top < height && !row_counts(top, 0, width)) ++top;
  if (top == height) return {};
  std::size_t bottom = height;
  while (!row_counts(bottom - 1, 0, width)) --bottom;
  const auto column_counts = [&](std::size_t x) {
    for (std::size_t y = top; y < bottom; ++y) {
      if (counted(y, x)) return true;
    }
    return false;
  };
  std::size_t left = 0;
  while (!column_counts(left)) ++left;
  std::size_t right = width;
  while (!column_counts(right - 1)) --right;

  std::vector<std::uint8_t> pixels;
  const auto take = [&](std::size_t y, std::size_t x) {
    if (!counted(y, x)) return;
    const std::uint8_t* color = picture.color(y * width + x);
    pixels.insert(pixels.end(), color, color + 3);
  };
  const std::size_t down = (bottom - top) / kInside;
  const std::size_t across = (right - left) / kInside;
  for (std::size_t x = left; x < right; ++x) {
    take(top + down, x);
    take(bottom - 1 - down, x);
  }
  for (std::size_t y = top; y < bottom; ++y) {
    take(y, left + across);
    take(y, right - 1 - across);
  }
  const std::size_t all = 2 * (right - left) + 2 * (bottom - top);
  if (pixels.size() / 3 < (all + 1) / 2) return {};
  return count_colors(pixels, 3, team);
}

}  // namespace

ThemeCounts count_for_theme(const MaskedPicture& picture, std::span<const std::uint8_t> ignored,
                            Team& team) {
  const Ignored skipped(ignored);
  ThemeCounts counts;
  if (picture.channels == 3 && picture.mask.empty()) {
    counts.colors = count_colors(picture.pixels, 3, team);
  } else {
    std::vector<std::uint8_t> covered;
    covered.reserve(3 * picture.height * picture.width);
    for (std::size_t i = 0; i < picture.height * picture.width; ++i) {
      if (!picture.covers(i)) continue;
      const std::uint8_t* color = picture.color(i);
      covered.insert(covered.end(), color, color + 3);
    }
    if (!covered.empty()) counts.colors = count_colors(covered, 3, team);
  }
  drop(counts.colors, skipped);
  if (counts.colors.size() > 0) counts.edge = count_edge(picture, skipped, team);
  counts.ignored.assign(ignored.begin(), ignored.end());
  return counts;
}

ThemeCounts count_for_theme(const HistogramView& histogram, int channels,
                            std::span<const std::uint8_t> ignored) {
  ThemeCounts counts;
  if (channels == 3) {
    counts.colors.colors.assign(histogram.colors.begin(), histogram.colors.end());
    counts.colors.counts.assign(histogram.counts.begin(), histogram.counts.end());
  } else {
    std::vector<std::uint8_t> colors;
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < histogram.size(); ++i) {
      const std::uint8_t* color = histogram.colors.data() + 4 * i;
      if (color[3] < 128) continue;
      colors.insert(colors.end(), color, color + 3);
      numbers.push_back(histogram.counts[i]);
    }
    counts.colors = collect(colors, numbers, 3);
  }
  drop(counts.colors, Ignored(ignored));
  counts.ignored.assign(ignored.begin(), ignored.end());
  return counts;
}

}  // namespace kpalette
