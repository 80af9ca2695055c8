#include "vivid_regions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "palette.hpp"

namespace kpalette {
namespace {

// Distances on Oklab's own scale, where black and white are 1 apart. Chosen on photos, where
// vivid regions should be rare, and on spots of six colours before four noisy grounds.
constexpr double kFar = 0.1;      // from a centre
constexpr double kVivid = 0.08;   // a vivid region's chroma, at least
constexpr double kRadius = 0.06;  // of a vivid region
constexpr double kShare = 0.0005;
// Of the sum of fourth powers, at least: others are not worth another fit.
constexpr double kOutlying = 0.07;
constexpr int kMeanShifts = 3;
constexpr std::size_t kChunk = 1u << 14;  // points per task

using Coords = std::array<double, kMaxDim>;

struct Lost {
  Coords at;
  std::int64_t weight;
  double power;  // weight times the fourth power of the distance to its centre

  /// Point i.
  Lost(const Assignment& assignment, const std::vector<double>& centers, std::size_t i);
};

double square_between(const Coords& a, const Coords& b) {
  double sum = 0;
  for (std::size_t axis = 0; axis < kMaxDim; ++axis) {
    sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
  }
  return sum;
}

double fourth_power(std::int64_t weight, double square) {
  return static_cast<double>(weight) * square * square;
}

std::size_t chunks_of(const Assignment& assignment) {
  return (assignment.points().size() + kChunk - 1) / kChunk;
}

Lost::Lost(const Assignment& assignment, const std::vector<double>& centers, std::size_t i)
    : at{}, weight(assignment.points().weight(i)) {
  const Points& points = assignment.points();
  points.coordinates(i, at.data());
  const auto width = static_cast<std::size_t>(points.dim());
  const double* center = centers.data() + width * assignment.labels()[i];
  double square = 0;
  for (std::size_t axis = 0; axis < width; ++axis) {
    square += (at[axis] - center[axis]) * (at[axis] - center[axis]);
  }
  power = fourth_power(weight, square);
}

double chroma(const Coords& at) { return std::sqrt(at[1] * at[1] + at[2] * at[2]); }

/// Calls visit(i, square) for the points of a chunk: the squared distance to the label's centre.
template <int D, class Visit>
void for_each_square(const Assignment& assignment, const std::vector<double>& centers,
                     std::size_t chunk, const Visit& visit) {
  const Points& points = assignment.points();
  const std::size_t last = std::min(points.size(), (chunk + 1) * kChunk);
  for (std::size_t first = chunk * kChunk; first < last; first += kBlock) {
    const float* coords = points.block(first / kBlock);
    const std::size_t lanes = std::min<std::size_t>(kBlock, last - first);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double* center = centers.data() + D * std::size_t{assignment.labels()[first + lane]};
      double square = 0;
      for (std::size_t axis = 0; axis < D; ++axis) {
        const double at = static_cast<double>(coords[axis * kBlock + lane]) + points.origin()[axis];
        square += (at - center[axis]) * (at - center[axis]);
      }
      visit(first + lane, square);
    }
  }
}

/// The same of all chunks, by all threads: visit(chunk, i, square).
template <class Visit>
void for_all_squares(const Assignment& assignment, const std::vector<double>& centers,
                     const Visit& visit) {
  assignment.team().run(chunks_of(assignment), [&](std::size_t chunk, int) {
    const auto here = [&](std::size_t i, double square) { visit(chunk, i, square); };
    if (assignment.points().dim() == 3) {
      for_each_square<3>(assignment, centers, chunk, here);
    } else {
      for_each_square<4>(assignment, centers, chunk, here);
    }
  });
}

/// The colourful points that are far from the centre that stands for them, by chunks: of noise that
/// is some of millions, so that their numbers alone are kept.
std::vector<std::vector<std::uint32_t>> find_lost(const Assignment& assignment,
                                                  const std::vector<double>& centers, double unit) {
  const Points& points = assignment.points();
  const double far = kFar * unit;
  std::vector<std::vector<std::uint32_t>> parts(chunks_of(assignment));
  for_all_squares(assignment, centers, [&](std::size_t chunk, std::size_t i, double square) {
    if (square <= far * far) return;
    Coords at{};
    points.coordinates(i, at.data());
    if (chroma(at) > kVivid * unit) parts[chunk].push_back(static_cast<std::uint32_t>(i));
  });
  return parts;
}

/// A weighted mean to the nearest point of the grid, so that the order of adding does not matter,
/// and the sum of what its points contribute to the fourth powers.
class Mean {
 public:
  void add(const Lost& lost) {
    weight_ += lost.weight;
    power_ += lost.power;
    for (std::size_t axis = 0; axis < kMaxDim; ++axis) {
      sums_[axis] += lost.weight * static_cast<std::int64_t>(lost.at[axis]);
    }
  }
  std::int64_t weight() const { return weight_; }
  double power() const { return power_; }
  Coords value() const {
    Coords mean{};
    for (std::size_t axis = 0; axis < kMaxDim && weight_ > 0; ++axis) {
      mean[axis] = std::nearbyint(static_cast<double>(sums_[axis]) / static_cast<double>(weight_));
    }
    return mean;
  }

 private:
  std::int64_t weight_ = 0;
  double power_ = 0;
  std::array<std::int64_t, kMaxDim> sums_{};
};

/// The lost by cells of a grid as wide as a radius, so that those of a ball are quickly found.
class Cells {
 public:
  /// `lost` are numbers of points, and `assignment` and `centers` must outlive this.
  Cells(std::vector<std::vector<std::uint32_t>> lost, const Assignment& assignment,
        const std::vector<double>& centers, double radius)
      : assignment_(assignment), centers_(centers), radius_(radius) {
    for (std::vector<std::uint32_t>& part : lost) {
      for (const std::uint32_t i : part) cells_[cell_of(point(i).at)].push_back(i);
      part = {};
    }
  }

  /// The means of all cells, those that contribute most to the fourth powers first: the yellow of
  /// a flower's centre before the more frequent ochre around it, which other centres come nearer.
  std::vector<Mean> most_outlying() const {
    std::vector<Mean> means;
    for (const auto& [cell, members] : cells_) {
      Mean& mean = means.emplace_back();
      for (const std::uint32_t i : members) mean.add(point(i));
    }
    std::stable_sort(means.begin(), means.end(),
                     [](const Mean& a, const Mean& b) { return a.power() > b.power(); });
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
      for (const std::uint32_t i : found->second) {
        const Lost one = point(i);
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

  Lost point(std::uint32_t i) const { return {assignment_, centers_, i}; }

  const Assignment& assignment_;
  const std::vector<double>& centers_;
  double radius_;
  std::map<Key, std::vector<std::uint32_t>> cells_;
};

}  // namespace

std::vector<std::uint8_t> find_vivid_regions(const Assignment& assignment,
                                             const std::vector<double>& centers, int most) {
  const Space& space = assignment.points().space();
  if (space.name() != SpaceName::oklab)
    throw std::invalid_argument("vivid regions are those of Oklab");
  const double unit = space.steps();
  const double least = kShare * static_cast<double>(assignment.points().total_weight());
  const double outlying = kOutlying * fourth_powers(assignment, centers);
  const double radius = kRadius * unit;
  const Cells cells(find_lost(assignment, centers, unit), assignment, centers, radius);
  std::vector<std::uint8_t> colors;
  std::vector<Coords> seen;
  for (const Mean& cell : cells.most_outlying()) {
    Mean ball = cell;
    const auto near = [&](const Coords& other) {
      return square_between(other, ball.value()) <= kFar * kFar * unit * unit;
    };
    if (std::ranges::any_of(seen, near)) continue;
    for (int shift = 0; shift < kMeanShifts; ++shift) ball = cells.ball(ball.value());
    const Coords middle = ball.value();
    const bool known = std::ranges::any_of(seen, near);
    seen.push_back(middle);
    if (known || static_cast<double>(ball.weight()) < least || ball.power() < outlying) continue;
    const auto color = nearest_color(space, middle.data());
    colors.insert(colors.end(), color.begin(), color.begin() + space.channels());
    if (--most == 0) break;
  }
  return colors;
}

double fourth_powers(const Assignment& assignment, const std::vector<double>& centers) {
  std::vector<double> parts(chunks_of(assignment));
  for_all_squares(assignment, centers, [&](std::size_t chunk, std::size_t i, double square) {
    parts[chunk] += fourth_power(assignment.points().weight(i), square);
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

}  // namespace kpalette
