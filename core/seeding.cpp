#include "seeding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "random.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 64;

/// The position of the draw `target` in [0, total) among weights: a tree of partial sums
/// (Fenwick 1994) from which drawn weights can be taken out.
class WeightTree {
 public:
  explicit WeightTree(const Points& points) : tree_(points.size() + 1) {
    for (std::size_t i = 1; i < tree_.size(); ++i) {
      tree_[i] += points.weight(i - 1);
      const std::size_t parent = i + (i & -i);
      if (parent < tree_.size()) tree_[parent] += tree_[i];
    }
    for (top_ = 1; top_ * 2 < tree_.size();) top_ *= 2;
  }

  std::size_t find(std::int64_t target) const {
    std::size_t position = 0;
    for (std::size_t step = top_; step != 0; step /= 2) {
      if (position + step < tree_.size() && tree_[position + step] <= target) {
        position += step;
        target -= tree_[position];
      }
    }
    return position;
  }

  void remove(std::size_t i, std::int64_t weight) {
    for (++i; i < tree_.size(); i += i & -i) tree_[i] -= weight;
  }

 private:
  std::vector<std::int64_t> tree_;
  std::size_t top_ = 1;
};

void push_point(const Points& points, std::size_t i, std::vector<double>& centers) {
  centers.resize(centers.size() + static_cast<std::size_t>(points.dim()));
  points.coordinates(i, &*centers.end() - points.dim());
}

std::size_t draw_by_weight(const Points& points, Random& random) {
  auto target =
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(points.total_weight())));
  std::size_t i = 0;
  while (target >= points.weight(i)) target -= points.weight(i++);
  return i;
}

/// Squared distances of all points to the nearest of a growing set of centres, and what of their
/// weighted sum falls to each chunk. Sums go chunk by chunk, so they do not depend on threads.
class Distances {
 public:
  Distances(const Points& points, Team& team)
      : points_(points),
        team_(team),
        chunks_((points.blocks() + kBlocksPerTask - 1) / kBlocksPerTask),
        nearest_(points.blocks() * kBlock, std::numeric_limits<float>::max()),
        costs_(chunks_) {}

  /// The weighted sum of squared distances if point `center` joined the set.
  double cost_with(std::size_t center) {
    std::vector<double> parts(chunks_);
    team_.run(chunks_, [&](std::size_t chunk, int) {
      float squares[kBlock];
      for_blocks(chunk, [&](std::size_t block) {
        squares_to(center, block, squares);
        parts[chunk] += block_cost(block, squares);
      });
    });
    double cost = 0;
    for (const double part : parts) cost += part;
    return cost;
  }

  /// Adds point `center` to the set.
  void add(std::size_t center) {
    team_.run(chunks_, [&](std::size_t chunk, int) {
      costs_[chunk] = 0;
      for_blocks(chunk, [&](std::size_t block) {
        float* nearest = nearest_.data() + block * kBlock;
        squares_to(center, block, nearest);
        costs_[chunk] += block_cost(block, nearest);
      });
    });
  }

  double cost() const {
    double cost = 0;
    for (const double part : costs_) cost += part;
    return cost;
  }

  /// The point at `target` in [0, cost()) when points are laid end to end by their cost.
  std::size_t find(double target) const {
    std::size_t last = points_.size();  // of the points with a cost, in case rounding overshoots
    for (std::size_t chunk = 0; chunk < chunks_; ++chunk) {
      if (target >= costs_[chunk]) {
        target -= costs_[chunk];
        continue;
      }
      const std::size_t end = std::min(points_.size(), (chunk + 1) * kBlocksPerTask * kBlock);
      for (std::size_t i = chunk * kBlocksPerTask * kBlock; i < end; ++i) {
        const double cost = point_cost(i);
        if (cost > 0) last = i;
        if (target < cost) return i;
        target -= cost;
      }
      return last;
    }
    return farthest();
  }

  /// The point of positive weight that is farthest from the set, the lowest index among equals.
  std::size_t farthest() const {
    std::size_t best = points_.size();
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (points_.weight(i) > 0 && (best == points_.size() || nearest_[i] > nearest_[best])) {
        best = i;
      }
    }
    return best;
  }

 private:
  template <class Body>
  void for_blocks(std::size_t chunk, Body&& body) const {
    const std::size_t end = std::min(points_.blocks(), (chunk + 1) * kBlocksPerTask);
    for (std::size_t block = chunk * kBlocksPerTask; block < end; ++block) body(block);
  }

  /// The lesser of what is known and the squared distance to `center`.
  void squares_to(std::size_t center, std::size_t block, float* squares) const {
    const float* coords = points_.block(block);
    const float* nearest = nearest_.data() + block * kBlock;
    float sums[kBlock] = {};
    for (int axis = 0; axis < points_.dim(); ++axis) {
      const float c = points_.at(center, axis);
      for (int lane = 0; lane < kBlock; ++lane) {
        const float offset = coords[axis * kBlock + lane] - c;
        sums[lane] += offset * offset;
      }
    }
    for (int lane = 0; lane < kBlock; ++lane) squares[lane] = std::min(nearest[lane], sums[lane]);
  }

  double block_cost(std::size_t block, const float* squares) const {
    const std::int64_t* weights = points_.weights(block);
    double cost = 0;
    for (int lane = 0; lane < kBlock; ++lane) {
      cost += static_cast<double>(weights[lane]) * static_cast<double>(squares[lane]);
    }
    return cost;
  }

  double point_cost(std::size_t i) const {
    return static_cast<double>(points_.weight(i)) * static_cast<double>(nearest_[i]);
  }

  const Points& points_;
  Team& team_;
  std::size_t chunks_;
  std::vector<float> nearest_;
  std::vector<double> costs_;
};

}  // namespace

std::vector<double> seed_random(const Points& points, int k, std::uint64_t seed, Team&) {
  Random random(seed);
  WeightTree tree(points);
  auto total = static_cast<std::uint64_t>(points.total_weight());
  std::vector<double> centers;
  for (int j = 0; j < k; ++j) {
    const std::size_t i = tree.find(static_cast<std::int64_t>(random.below(total)));
    push_point(points, i, centers);
    tree.remove(i, points.weight(i));
    total -= static_cast<std::uint64_t>(points.weight(i));
  }
  return centers;
}

std::vector<double> seed_kmeanspp(const Points& points, int k, std::uint64_t seed, Team& team) {
  Random random(seed);
  Distances distances(points, team);
  std::vector<double> centers;
  const int trials = 2 + static_cast<int>(std::log(k));
  std::size_t chosen = draw_by_weight(points, random);
  for (int j = 0;;) {
    push_point(points, chosen, centers);
    distances.add(chosen);
    if (++j == k) return centers;
    double least = std::numeric_limits<double>::infinity();
    for (int trial = 0; trial < trials; ++trial) {
      const std::size_t i = distances.find(random.uniform() * distances.cost());
      const double cost = distances.cost_with(i);
      if (cost < least) {
        least = cost;
        chosen = i;
      }
    }
  }
}

std::vector<double> seed_maximin(const Points& points, int k, std::uint64_t seed, Team& team) {
  Random random(seed);
  Distances distances(points, team);
  std::vector<double> centers;
  std::size_t chosen = draw_by_weight(points, random);
  for (int j = 0;;) {
    push_point(points, chosen, centers);
    if (++j == k) return centers;
    distances.add(chosen);
    chosen = distances.farthest();
  }
}

}  // namespace kpalette
