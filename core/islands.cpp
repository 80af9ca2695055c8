#include "islands.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

#include "palette.hpp"

namespace kpalette {
namespace {

// Distances on Oklab's own scale, where black and white are 1 apart. Chosen on photos, where only
// one of twelve has an island left with 16 colours and none with 32, and on spots before noisy
// fields.
constexpr double kFar = 0.14;     // from a centre, lightness aside: another hue
constexpr double kVivid = 0.05;   // more chroma than the centre has, at least
constexpr double kRadius = 0.06;  // of an island
constexpr double kShare = 0.0005;
// What lies around an island, up to twice its radius, weighs at most so much more than it does:
// parts of a broad cloud of colours are none.
constexpr double kShore = 10;
constexpr int kMeanShifts = 3;
constexpr std::size_t kChunk = 1u << 14;  // points per task

using Coords = std::array<double, kMaxDim>;

struct Lost {
  Coords at;
  std::int64_t weight;
};

double square_between(const Coords& a, const Coords& b) {
  double sum = 0;
  for (std::size_t axis = 0; axis < kMaxDim; ++axis) {
    sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
  }
  return sum;
}

double chroma(const Coords& at) { return std::sqrt(at[1] * at[1] + at[2] * at[2]); }

/// The points that lost their hue to the centre that stands for them.
std::vector<Lost> find_lost(const Assignment& assignment, const std::vector<double>& centers,
                            double unit) {
  const Points& points = assignment.points();
  const auto dim = static_cast<std::size_t>(points.dim());
  const double far = kFar * unit;
  const std::size_t chunks = (points.size() + kChunk - 1) / kChunk;
  std::vector<std::vector<Lost>> parts(chunks);
  assignment.team().run(chunks, [&](std::size_t chunk, int) {
    for (std::size_t i = chunk * kChunk; i < std::min(points.size(), (chunk + 1) * kChunk); ++i) {
      Coords at{};
      Coords center{};
      points.coordinates(i, at.data());
      std::copy_n(centers.data() + assignment.labels()[i] * dim, dim, center.begin());
      const double a = at[1] - center[1];
      const double b = at[2] - center[2];
      if (a * a + b * b > far * far && chroma(at) > chroma(center) + kVivid * unit) {
        parts[chunk].push_back({at, points.weight(i)});
      }
    }
  });
  std::vector<Lost> all;
  for (const auto& lost : parts) all.insert(all.end(), lost.begin(), lost.end());
  return all;
}

/// A weighted mean to the nearest point of the grid, so that the order of adding does not matter.
class Mean {
 public:
  void add(const Lost& lost) {
    weight_ += lost.weight;
    for (std::size_t axis = 0; axis < kMaxDim; ++axis) {
      sums_[axis] += lost.weight * static_cast<std::int64_t>(lost.at[axis]);
    }
  }
  std::int64_t weight() const { return weight_; }
  Coords value() const {
    Coords mean{};
    for (std::size_t axis = 0; axis < kMaxDim && weight_ > 0; ++axis) {
      mean[axis] = std::nearbyint(static_cast<double>(sums_[axis]) / static_cast<double>(weight_));
    }
    return mean;
  }

 private:
  std::int64_t weight_ = 0;
  std::array<std::int64_t, kMaxDim> sums_{};
};

/// The lost by cells of a grid as wide as a radius, so that those of a ball are quickly found.
class Cells {
 public:
  Cells(const std::vector<Lost>& lost, double radius) : radius_(radius) {
    for (const Lost& one : lost) cells_[cell_of(one.at)].push_back(one);
  }

  /// The means of all cells, the heaviest first.
  std::vector<Mean> heaviest() const {
    std::vector<Mean> means;
    for (const auto& [cell, members] : cells_) {
      Mean& mean = means.emplace_back();
      for (const Lost& one : members) mean.add(one);
    }
    std::stable_sort(means.begin(), means.end(),
                     [](const Mean& a, const Mean& b) { return a.weight() > b.weight(); });
    return means;
  }

  Mean ball(const Coords& middle) const {
    Mean mean;
    const Key home = cell_of(middle);
    Key key;
    for (int digits = 0; digits < 81; ++digits) {
      for (int axis = 0, rest = digits; axis < kMaxDim; ++axis, rest /= 3) {
        const auto a = static_cast<std::size_t>(axis);
        key[a] = home[a] + rest % 3 - 1;
      }
      const auto found = cells_.find(key);
      if (found == cells_.end()) continue;
      for (const Lost& one : found->second) {
        if (square_between(one.at, middle) < radius_ * radius_) mean.add(one);
      }
    }
    return mean;
  }

 private:
  using Key = std::array<int, kMaxDim>;

  Key cell_of(const Coords& at) const {
    Key key;
    for (std::size_t axis = 0; axis < kMaxDim; ++axis) {
      key[axis] = static_cast<int>(std::floor(at[axis] / radius_));
    }
    return key;
  }

  double radius_;
  std::map<Key, std::vector<Lost>> cells_;
};

/// The least square of the distance from some coordinates to a box.
double square_to(const Box& box, const Points& points, const Coords& at) {
  double sum = 0;
  for (std::size_t axis = 0; axis < points.origin().size(); ++axis) {
    const double offset = std::abs(at[axis] - points.origin()[axis] - box.middle[axis]);
    const double outside = std::max(0.0, offset - box.half[axis]);
    sum += outside * outside;
  }
  return sum;
}

/// Whether the points within the radius weigh enough beside those around them.
bool stands_alone(const Points& points, const Coords& middle, double radius) {
  std::int64_t inside = 0;
  std::int64_t around = 0;
  for (std::size_t block = 0; block < points.blocks(); ++block) {
    if (square_to(points.levels()[0][block], points, middle) > 4 * radius * radius) continue;
    const std::size_t last = std::min(points.size(), (block + 1) * kBlock);
    for (std::size_t i = block * kBlock; i < last; ++i) {
      Coords at{};
      points.coordinates(i, at.data());
      const double square = square_between(at, middle);
      if (square < 4 * radius * radius) {
        (square < radius * radius ? inside : around) += points.weight(i);
      }
    }
  }
  return static_cast<double>(around) <= kShore * static_cast<double>(inside);
}

}  // namespace

std::vector<std::uint8_t> find_islands(const Assignment& assignment,
                                       const std::vector<double>& centers, int most) {
  const Space& space = assignment.points().space();
  if (space.name() != SpaceName::oklab) throw std::invalid_argument("islands are those of Oklab");
  const double unit = space.steps();
  const double least = kShare * static_cast<double>(assignment.points().total_weight());
  const double radius = kRadius * unit;
  const Cells cells(find_lost(assignment, centers, unit), radius);
  std::vector<std::uint8_t> colors;
  std::vector<Coords> seen;
  for (const Mean& cell : cells.heaviest()) {
    Mean ball = cell;
    const auto near = [&](const Coords& other) {
      return square_between(other, ball.value()) <= kFar * kFar * unit * unit;
    };
    if (std::ranges::any_of(seen, near)) continue;
    for (int shift = 0; shift < kMeanShifts; ++shift) ball = cells.ball(ball.value());
    const Coords middle = ball.value();
    const bool known = std::ranges::any_of(seen, near);
    seen.push_back(middle);
    if (known || static_cast<double>(ball.weight()) < least) continue;
    if (!stands_alone(assignment.points(), middle, radius)) continue;
    const auto color = nearest_color(space, middle.data());
    colors.insert(colors.end(), color.begin(), color.begin() + space.channels());
    if (--most == 0) break;
  }
  return colors;
}

}  // namespace kpalette
