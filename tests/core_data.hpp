// What the tests of the core work on, and what they check it against: plain references.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "assignment.hpp"
#include "histogram.hpp"
#include "points.hpp"
#include "random.hpp"
#include "seeding.hpp"
#include "spaces.hpp"

using namespace kpalette;

// ---- data ----

using Bytes = std::vector<std::uint8_t>;
using Counts = std::vector<std::int64_t>;
using Labels = std::vector<std::uint16_t>;
using Coords = std::vector<double>;  // (n, dim), absolute

/// A histogram in plain vectors.
struct Colors {
  int channels = 3;
  Bytes colors;
  Counts counts;

  Colors(int channels, const Bytes& colors, const Counts& counts)
      : channels(channels), colors(colors), counts(counts) {}
  explicit Colors(const Histogram& histogram)
      : channels(histogram.channels),
        colors(histogram.colors.begin(), histogram.colors.end()),
        counts(histogram.counts.begin(), histogram.counts.end()) {}

  std::size_t size() const { return counts.size(); }
  Histogram histogram() const {
    return {channels, {colors.begin(), colors.end()}, {counts.begin(), counts.end()}};
  }
};

enum class Kind { noise, same, few, smooth };
inline constexpr Kind kKinds[] = {Kind::noise, Kind::same, Kind::few, Kind::smooth};

/// Pixels (n, channels) of uniform noise, of one colour, of 40 colours, or like a photo's.
/// Some have an alpha of 0 and a hidden colour.
inline Bytes make_pixels(std::size_t n, int channels, Kind kind, std::uint64_t seed) {
  Random random(seed);
  const auto width = static_cast<std::size_t>(channels);
  Bytes few(40 * width);
  for (std::uint8_t& value : few) value = static_cast<std::uint8_t>(random.below(256));
  Bytes pixels(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t color = kind == Kind::few ? random.below(40) : 0;
    const auto level = static_cast<std::size_t>(i * 200 / n);
    for (std::size_t channel = 0; channel < width; ++channel) {
      std::uint8_t& value = pixels[i * width + channel];
      if (kind == Kind::noise) {
        value = static_cast<std::uint8_t>(random.below(256));
      } else if (kind == Kind::smooth) {
        value = static_cast<std::uint8_t>(level / (1 + channel) + random.below(24));
      } else {
        value = few[color * width + channel];
      }
    }
    if (channels == 4 && pixels[i * 4 + 3] < 8) pixels[i * 4 + 3] = 0;
  }
  return pixels;
}

/// The same without the hidden colours.
inline Bytes make_visible(Bytes pixels, int channels) {
  for (std::size_t i = 0; channels == 4 && i < pixels.size(); i += 4) {
    if (pixels[i + 3] == 0) std::fill_n(pixels.data() + i, 4, std::uint8_t{0});
  }
  return pixels;
}

/// At most n distinct colours in Morton order; a fifth of the counts are 0 where `with_zeros`.
inline Colors make_colors(std::size_t n, int channels, Kind kind, std::uint64_t seed,
                          bool with_zeros = false) {
  Team team(1);
  Random random(seed + 1);
  Colors colors(count_colors(make_pixels(2 * n, channels, kind, seed), channels, team));
  const std::size_t size = std::min(n, colors.size());
  colors.colors.resize(size * static_cast<std::size_t>(channels));
  colors.counts.resize(size);
  for (std::int64_t& count : colors.counts) {
    count = 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(24)));
    if (with_zeros && random.below(5) == 0) count = 0;
  }
  colors.counts[0] = 1;
  return colors;
}

/// What the tests of fits run in.
inline SpaceName current_space = SpaceName::srgb;

inline Space space_of(int channels) { return {current_space, channels}; }

inline Coords place_all(const Bytes& colors, int channels) {
  return space_of(channels).place(colors);
}

/// Centres near the data: points, integers, reals, or those with copies and some far away.
inline Coords make_centers(const Coords& points, int k, int dim, int style, Random& random) {
  const auto [low, high] = std::minmax_element(points.begin(), points.end());
  const double extent = *high - *low + 1;
  Coords centers;
  for (int j = 0; j < k; ++j) {
    const std::size_t point = random.below(points.size() / dim) * dim;
    for (int axis = 0; axis < dim; ++axis) {
      double value = points[point + axis];
      if (style >= 1) value = std::floor(*low + extent * random.uniform());
      if (style >= 2) value = *low + extent * random.uniform();
      centers.push_back(value);
    }
    const int other = static_cast<int>(random.below(j + 1));
    for (int axis = 0; axis < dim && style == 3 && j % 3 == 2; ++axis) {
      centers[j * dim + axis] = j % 2 ? 3 * centers[j * dim + axis] : centers[other * dim + axis];
    }
  }
  return centers;
}

// ---- references ----

/// The bits of a colour interleaved, the most significant first; 0 for transparent ones.
inline std::uint32_t interleave(const std::uint8_t* color, int channels) {
  if (channels == 4 && color[3] == 0) return 0;
  std::uint32_t code = 0;
  for (int bit = 7; bit >= 0; --bit) {
    if (channels == 4) code = code << 1 | (color[3] >> bit & 1u);
    for (int channel = 0; channel < 3; ++channel) code = code << 1 | (color[channel] >> bit & 1u);
  }
  return code;
}

inline Colors reference_histogram(const Bytes& colors, const Counts& counts, int channels) {
  std::map<std::uint32_t, std::int64_t> sums;
  std::map<std::uint32_t, const std::uint8_t*> color_of;
  const Bytes visible = make_visible(colors, channels);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint8_t* color = visible.data() + i * channels;
    const std::uint32_t code = interleave(color, channels);
    sums[code] += counts[i];
    color_of[code] = color;
  }
  Colors histogram(channels, {}, {});
  for (const auto& [code, sum] : sums) {
    if (sum == 0) continue;
    const std::uint8_t* color = color_of[code];
    histogram.colors.insert(histogram.colors.end(), color, color + channels);
    histogram.counts.push_back(sum);
  }
  return histogram;
}

inline double square_between(const double* a, const double* b, int dim) {
  double sum = 0;
  for (int axis = 0; axis < dim; ++axis) {
    const double offset = a[axis] - b[axis];
    sum += offset * offset;
  }
  return sum;
}

inline Labels reference_labels(const Coords& points, const Coords& centers, int dim) {
  Labels labels;
  for (std::size_t i = 0; i < points.size(); i += dim) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j * dim < centers.size(); ++j) {
      const double square = square_between(&points[i], &centers[j * dim], dim);
      if (square < least) {
        least = square;
        best = j;
      }
    }
    labels.push_back(static_cast<std::uint16_t>(best));
  }
  return labels;
}

struct Sums {
  Counts weights;  // (k)
  Counts coords;   // (k, dim)
};

inline Sums reference_sums(const Coords& points, const Counts& weights, const Labels& labels, int k,
                           int dim) {
  Sums sums{Counts(k), Counts(k * dim)};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    sums.weights[labels[i]] += weights[i];
    for (int axis = 0; axis < dim; ++axis) {
      sums.coords[labels[i] * dim + axis] +=
          weights[i] * static_cast<std::int64_t>(points[i * dim + axis]);
    }
  }
  return sums;
}

inline double reference_cost(const Coords& points, const Counts& weights, const Labels& labels,
                             const Coords& centers, int dim) {
  long double cost = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    cost += static_cast<long double>(weights[i]) *
            square_between(&points[i * dim], &centers[labels[i] * dim], dim);
  }
  return static_cast<double>(cost);
}

inline Labels labels_of(const Assignment& assignment) {
  return {assignment.labels(), assignment.labels() + assignment.points().size()};
}

/// The core adds up large squares of which most cancels: what that may lose.
inline double rounding(const Points& points) { return 1e-13 * points.total_square(); }

inline std::set<std::vector<double>> rows_of(const Coords& coords, int dim) {
  std::set<std::vector<double>> rows;
  for (std::size_t i = 0; i < coords.size(); i += dim) {
    rows.insert({coords.begin() + i, coords.begin() + i + dim});
  }
  return rows;
}
