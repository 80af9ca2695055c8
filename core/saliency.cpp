#include "saliency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "color_table.hpp"
#include "morton.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr double kLeast = 0.1;     // of what does not stand out, beside 1 for what does most
constexpr double kFalling = 0.25;  // how much less the middle of an edge counts than the middle
constexpr double kSteps = 65'536;
constexpr std::size_t kRows = 64;  // per task

/// L, a and b times alpha, and alpha: integers of at most 2^31 or so, as the space's steps are.
using Seen = std::array<double, 4>;

/// Reads rows of an image.
class Rows {
 public:
  Rows(std::span<const std::uint8_t> pixels, std::size_t width, int channels)
      : pixels_(pixels), width_(width), channels_(static_cast<std::size_t>(channels)) {}

  void read(std::size_t y, std::vector<Seen>& row) const {
    const std::uint8_t* from = pixels_.data() + y * width_ * channels_;
    std::vector<std::uint8_t> colors(3 * width_);
    std::vector<std::int32_t> coords(3 * width_);
    for (std::size_t x = 0; x < width_; ++x) {
      std::copy_n(from + channels_ * x, 3, colors.data() + 3 * x);
    }
    space_.place(colors, coords.data(), width_);
    row.resize(width_);
    for (std::size_t x = 0; x < width_; ++x) {
      const double alpha = channels_ == 4 ? from[channels_ * x + 3] : 255;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        row[x][axis] = alpha * coords[width_ * axis + x];
      }
      row[x][3] = alpha;
    }
  }

  double steps() const { return space_.steps(); }

 private:
  std::span<const std::uint8_t> pixels_;
  std::size_t width_;
  std::size_t channels_;
  Space space_{SpaceName::oklab, 3};
};

/// The mean colour, of integers, so that the order of adding does not matter.
std::array<double, 3> mean_of(const Rows& rows, std::size_t height, Team& team) {
  std::vector<std::array<std::int64_t, 4>> parts((height + kRows - 1) / kRows);
  team.run(parts.size(), [&](std::size_t task, int) {
    std::vector<Seen> row;
    for (std::size_t y = task * kRows; y < std::min(height, (task + 1) * kRows); ++y) {
      rows.read(y, row);
      for (const Seen& seen : row) {
        for (std::size_t axis = 0; axis < 4; ++axis) {
          parts[task][axis] += static_cast<std::int64_t>(seen[axis]);
        }
      }
    }
  });
  std::array<std::int64_t, 4> sums{};
  for (const auto& part : parts) {
    for (std::size_t axis = 0; axis < 4; ++axis) sums[axis] += part[axis];
  }
  std::array<double, 3> mean;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    mean[axis] =
        static_cast<double>(sums[axis]) / static_cast<double>(std::max<std::int64_t>(sums[3], 1));
  }
  return mean;
}

/// The binomial filter 1 4 6 4 1.
Seen smoothed(const Seen& a, const Seen& b, const Seen& c, const Seen& d, const Seen& e) {
  Seen sum;
  for (std::size_t axis = 0; axis < 4; ++axis) {
    sum[axis] = (a[axis] + 4 * b[axis] + 6 * c[axis] + 4 * d[axis] + e[axis]) / 16;
  }
  return sum;
}

/// How far a place is from the middle, from -1 to 1.
double off_middle(std::size_t at, std::size_t length) {
  return length == 1 ? -1 : -1 + 2 * static_cast<double>(at) / static_cast<double>(length - 1);
}

/// Calls visit(y, row) for each row, in any order: how much its pixels stand out, beside each
/// other.
template <class Visit>
void for_each_row(const Rows& rows, std::size_t height, std::size_t width,
                  const std::array<double, 3>& mean, Team& team, const Visit& visit) {
  const auto kept = [](std::ptrdiff_t at, std::size_t length) {  // beyond an edge is the edge
    return static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(at, 0, static_cast<std::ptrdiff_t>(length) - 1));
  };
  team.run((height + kRows - 1) / kRows, [&](std::size_t task, int) {
    std::array<std::vector<Seen>, 5> around;  // row y is in y % 5
    std::vector<Seen> column(width);
    std::vector<double> salient(width);
    std::size_t next = task * kRows < 2 ? 0 : task * kRows - 2;  // to be read
    for (std::size_t y = task * kRows; y < std::min(height, (task + 1) * kRows); ++y) {
      for (; next < std::min(height, y + 3); ++next) rows.read(next, around[next % 5]);
      const auto row = [&](std::ptrdiff_t off) -> const std::vector<Seen>& {
        return around[kept(static_cast<std::ptrdiff_t>(y) + off, height) % 5];
      };
      for (std::size_t x = 0; x < width; ++x) {
        column[x] = smoothed(row(-2)[x], row(-1)[x], row(0)[x], row(1)[x], row(2)[x]);
      }
      const double v = off_middle(y, height);
      for (std::size_t x = 0; x < width; ++x) {
        const auto at = [&](std::ptrdiff_t off) -> const Seen& {
          return column[kept(static_cast<std::ptrdiff_t>(x) + off, width)];
        };
        const Seen smooth = smoothed(at(-2), at(-1), at(0), at(1), at(2));
        const double alpha = std::max(smooth[3], 1e-6);
        double square = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const double off = (smooth[axis] / alpha - mean[axis]) / rows.steps();
          square += off * off;
        }
        const double u = off_middle(x, width);
        const double central = 1 - kFalling * (u * u + v * v);
        salient[x] = std::sqrt(square) * central * row(0)[x][3] / 255;
      }
      visit(y, salient);
    }
  });
}

/// On a scale from kLeast to 1; `most` is what stands out most.
double scaled(double value, double most) {
  return kLeast + (1 - kLeast) * (most > 0 ? value / most : 1);
}

/// Calls visit(place_of), where place_of(pixel) is the index of its colour.
template <class Visit>
void with_places(std::span<const std::uint8_t> colors, int channels, const Visit& visit) {
  std::vector<std::int32_t> places(colors.size() / static_cast<std::size_t>(channels));
  std::iota(places.begin(), places.end(), 0);
  const std::span<const std::int32_t> all(places);
  if (channels == 3) {
    const BinTable<std::int32_t> table(colors, all);
    visit([&](const std::uint8_t* pixel) { return table[last_word(pixel)]; });
  } else {
    const HashTable<std::int32_t> table(colors, all);
    visit([&](const std::uint8_t* pixel) { return table[morton<4>(pixel)]; });
  }
}

/// Adds the steps of some pixels to the counts of their colours; once for a run of one colour.
template <class PlaceOf, class StepsOf>
void add_steps(const std::uint8_t* pixels, std::size_t n, int channels, const PlaceOf& place_of,
               const StepsOf& steps_of, std::vector<std::int64_t>& counts) {
  const auto stride = static_cast<std::size_t>(channels);
  std::size_t run = 0;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto found = static_cast<std::uint32_t>(place_of(pixels + stride * i));
    // If another thread changes the pixels, their colours may be in no table.
    const std::size_t place = std::min<std::size_t>(found, counts.size() - 1);
    if (place != run) {
      add_shared(counts[run], sum);
      run = place;
      sum = 0;
    }
    sum += static_cast<std::int64_t>(std::nearbyint(steps_of(i)));
  }
  add_shared(counts[run], sum);
}

}  // namespace

std::vector<double> saliency_map(std::span<const std::uint8_t> pixels, std::size_t height,
                                 std::size_t width, int channels, Team& team) {
  const Rows rows(pixels, width, channels);
  std::vector<double> salient(height * width);
  for_each_row(rows, height, width, mean_of(rows, height, team), team,
               [&](std::size_t y, const std::vector<double>& row) {
                 std::ranges::copy(row, salient.data() + y * width);
               });
  const double most = *std::max_element(salient.begin(), salient.end());
  for (double& value : salient) value = scaled(value, most);
  return salient;
}

std::vector<std::int64_t> weigh_salient(std::span<const std::uint8_t> pixels, std::size_t height,
                                        std::size_t width, std::span<const std::uint8_t> colors,
                                        int channels, Team& team) {
  const Rows rows(pixels, width, channels);
  const std::array<double, 3> mean = mean_of(rows, height, team);
  std::vector<double> most_of(height);
  for_each_row(rows, height, width, mean, team, [&](std::size_t y, const auto& row) {
    most_of[y] = *std::max_element(row.begin(), row.end());
  });
  const double most = *std::max_element(most_of.begin(), most_of.end());
  const auto stride = width * static_cast<std::size_t>(channels);
  std::vector<std::int64_t> counts(colors.size() / static_cast<std::size_t>(channels));
  with_places(colors, channels, [&](const auto& place_of) {
    for_each_row(rows, height, width, mean, team, [&](std::size_t y, const auto& row) {
      add_steps(
          pixels.data() + y * stride, width, channels, place_of,
          [&](std::size_t x) { return kSteps * scaled(row[x], most); }, counts);
    });
  });
  return counts;
}

std::vector<std::int64_t> weigh(std::span<const std::uint8_t> pixels,
                                std::span<const double> weights, double steps,
                                std::span<const std::uint8_t> colors, int channels, Team& team) {
  constexpr std::size_t kChunk = 1u << 16;  // pixels per task
  std::vector<std::int64_t> counts(colors.size() / static_cast<std::size_t>(channels));
  with_places(colors, channels, [&](const auto& place_of) {
    team.run((weights.size() + kChunk - 1) / kChunk, [&](std::size_t task, int) {
      const std::size_t first = task * kChunk;
      const std::size_t n = std::min(kChunk, weights.size() - first);
      add_steps(
          pixels.data() + first * static_cast<std::size_t>(channels), n, channels, place_of,
          [&](std::size_t i) { return steps * weights[first + i]; }, counts);
    });
  });
  return counts;
}

}  // namespace kpalette
