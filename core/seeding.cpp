#include "seeding.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
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
  for (int axis = 0; axis < points.dim(); ++axis) {
    centers.push_back(static_cast<double>(points.at(i, axis)) +
                      points.origin()[static_cast<std::size_t>(axis)]);
  }
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

// ---- Wu ----

/// Points of one small cube taken together, which is all that choosing cuts needs.
struct Cell {
  std::array<double, kMaxDim> mean;
  double weight;
};

/// Weight and weighted coordinate sums.
struct Moments {
  double weight = 0;
  std::array<double, kMaxDim> sums{};

  void add(const Cell& cell, int dim) {
    weight += cell.weight;
    for (int axis = 0; axis < dim; ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      sums[a] += cell.weight * cell.mean[a];
    }
  }
  void add(const Moments& other, int dim) {
    weight += other.weight;
    for (std::size_t a = 0; a < static_cast<std::size_t>(dim); ++a) sums[a] += other.sums[a];
  }
  Moments minus(const Moments& other, int dim) const {
    Moments left = *this;
    left.weight -= other.weight;
    for (std::size_t a = 0; a < static_cast<std::size_t>(dim); ++a) left.sums[a] -= other.sums[a];
    return left;
  }
  /// What one centre at the mean saves over one at the origin: |sum|^2 / weight.
  double saving(int dim) const {
    double square = 0;
    for (std::size_t a = 0; a < static_cast<std::size_t>(dim); ++a) square += sums[a] * sums[a];
    return weight > 0 ? square / weight : 0;
  }
};

/// Collects points into cells.
class Gatherer {
 public:
  Gatherer(const Points& points, std::vector<Cell>& cells) : points_(points), cells_(cells) {}

  void add(std::int64_t weight, const std::int64_t* sums) {
    weight_ += weight;
    for (std::size_t a = 0; a < dim(); ++a) sums_[a] += sums[a];
  }

  /// Ends the cell under way.
  void flush() {
    if (weight_ > 0) {
      Cell cell{};
      cell.weight = static_cast<double>(weight_);
      for (std::size_t a = 0; a < dim(); ++a) {
        cell.mean[a] = static_cast<double>(sums_[a]) / cell.weight;
      }
      cells_.push_back(cell);
    }
    weight_ = 0;
    sums_ = {};
  }

  /// Adds a block as one cell if it is no larger than a cube of the given side; otherwise makes a
  /// cell of each run of points in the same cube of a grid.
  void add_block(std::size_t block, float side) {
    const Box& box = points_.levels()[0][block];
    if (*std::max_element(box.half.begin(), box.half.begin() + points_.dim()) * 2 <= side) {
      add(points_.block_sums(block)[0], points_.block_sums(block) + 1);
      flush();
      return;
    }
    std::array<std::int32_t, kMaxDim> current{};
    const std::size_t end = std::min(points_.size(), (block + 1) * kBlock);
    for (std::size_t i = block * kBlock; i < end; ++i) {
      std::array<std::int32_t, kMaxDim> cube{};
      std::array<std::int64_t, kMaxDim> sums{};
      for (std::size_t a = 0; a < dim(); ++a) {
        const float x = points_.at(i, static_cast<int>(a));
        cube[a] = static_cast<std::int32_t>((x + points_.reach()) / side);
        sums[a] = points_.weight(i) * static_cast<std::int64_t>(x);
      }
      if (cube != current) flush();
      current = cube;
      add(points_.weight(i), sums.data());
    }
    flush();
  }

 private:
  std::size_t dim() const { return static_cast<std::size_t>(points_.dim()); }

  const Points& points_;
  std::vector<Cell>& cells_;
  std::int64_t weight_ = 0;
  std::array<std::int64_t, kMaxDim> sums_{};
};

std::vector<Cell> gather_cells(const Points& points, float side, Team& team) {
  const std::size_t chunks = (points.blocks() + kBlocksPerTask - 1) / kBlocksPerTask;
  std::vector<std::vector<Cell>> parts(chunks);
  team.run(chunks, [&](std::size_t chunk, int) {
    Gatherer gatherer(points, parts[chunk]);
    const std::size_t end = std::min(points.blocks(), (chunk + 1) * kBlocksPerTask);
    for (std::size_t block = chunk * kBlocksPerTask; block < end; ++block) {
      gatherer.add_block(block, side);
    }
  });
  std::vector<Cell> cells;
  for (const auto& part : parts) cells.insert(cells.end(), part.begin(), part.end());
  return cells;
}

/// Cells as fine as k boxes need: an eighth of the data's extent, or less until there are enough.
/// Finer ones take longer and lead to the same error after a few passes of k-means (measured).
std::vector<Cell> cells_for(const Points& points, int k, Team& team) {
  const std::size_t wanted =
      std::min(points.size(), std::max<std::size_t>(1024, 4 * static_cast<std::size_t>(k)));
  float side = std::max(1.0f, 2 * points.reach() / 8);
  for (;;) {
    std::vector<Cell> cells = gather_cells(points, side, team);
    if (cells.size() >= wanted || side < 1) return cells;
    side /= 2;
  }
}

/// Cells first to last, with the cut that saves most.
struct Part {
  std::size_t first;
  std::size_t last;
  Moments moments;
  double gain = 0;
  std::size_t axis = 0;
  double low = 0;  // of the bins along the axis
  double bin_width = 0;
  std::size_t bin = 0;  // the first one on the right of the cut
};

class Cutter {
 public:
  Cutter(std::vector<Cell> cells, int dim) : cells_(std::move(cells)), dim_(dim) {}

  std::vector<Part> cut(int k) {
    std::vector<Part> parts;
    Part whole{0, cells_.size(), {}};
    for (const Cell& cell : cells_) whole.moments.add(cell, dim_);
    plan(whole);
    parts.push_back(whole);
    // The part with the largest gain on top; of equals, the one made first.
    const auto later = [&](std::size_t a, std::size_t b) {
      return parts[a].gain != parts[b].gain ? parts[a].gain < parts[b].gain : a > b;
    };
    std::vector<std::size_t> heap{0};
    while (parts.size() < static_cast<std::size_t>(k)) {
      std::pop_heap(heap.begin(), heap.end(), later);
      const std::size_t index = heap.back();
      if (parts[index].gain <= 0) break;
      heap.pop_back();
      parts.push_back(split(parts[index]));
      for (const std::size_t changed : {index, parts.size() - 1}) {
        plan(parts[changed]);
        heap.push_back(changed);
        std::push_heap(heap.begin(), heap.end(), later);
      }
    }
    return parts;
  }

 private:
  static constexpr std::size_t kBins = 32;

  static std::size_t bin_of(double x, double low, double width) {
    return std::min(static_cast<std::size_t>((x - low) / width), kBins - 1);
  }

  /// Splits off and returns the right side of the part's best cut.
  Part split(Part& part) {
    const auto begin = cells_.begin();
    const auto middle = std::stable_partition(
        begin + static_cast<std::ptrdiff_t>(part.first),
        begin + static_cast<std::ptrdiff_t>(part.last), [&](const Cell& cell) {
          return bin_of(cell.mean[part.axis], part.low, part.bin_width) < part.bin;
        });
    Part right{static_cast<std::size_t>(middle - begin), part.last, {}};
    for (std::size_t i = right.first; i < right.last; ++i) right.moments.add(cells_[i], dim_);
    part.last = right.first;
    part.moments = part.moments.minus(right.moments, dim_);
    return right;
  }

  /// Finds the best cut, to a 32nd of the part's extent along each axis.
  void plan(Part& part) const {
    part.gain = 0;
    const double whole = part.moments.saving(dim_);
    auto low = cells_[part.first].mean;
    auto high = low;
    for (std::size_t i = part.first; i < part.last; ++i) {
      for (std::size_t a = 0; a < static_cast<std::size_t>(dim_); ++a) {
        low[a] = std::min(low[a], cells_[i].mean[a]);
        high[a] = std::max(high[a], cells_[i].mean[a]);
      }
    }
    for (std::size_t a = 0; a < static_cast<std::size_t>(dim_); ++a) {
      if (!(high[a] > low[a])) continue;
      const double width = (high[a] - low[a]) / kBins;
      std::array<Moments, kBins> bins{};
      for (std::size_t i = part.first; i < part.last; ++i) {
        bins[bin_of(cells_[i].mean[a], low[a], width)].add(cells_[i], dim_);
      }
      Moments left;
      for (std::size_t bin = 1; bin < kBins; ++bin) {
        left.add(bins[bin - 1], dim_);
        const double gain = left.saving(dim_) + part.moments.minus(left, dim_).saving(dim_) - whole;
        if (gain > part.gain) {
          part.gain = gain;
          part.axis = a;
          part.low = low[a];
          part.bin_width = width;
          part.bin = bin;
        }
      }
    }
  }

  std::vector<Cell> cells_;
  int dim_;
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

std::vector<double> seed_wu(const Points& points, int k, std::uint64_t, Team& team) {
  const std::vector<Part> parts = Cutter(cells_for(points, k, team), points.dim()).cut(k);
  std::vector<double> centers;
  for (const Part& part : parts) {
    for (int axis = 0; axis < points.dim(); ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      centers.push_back(part.moments.sums[a] / part.moments.weight + points.origin()[a]);
    }
  }
  // Boxes too small to cut leave centres over. As copies they stay empty, which Lloyd mends.
  while (centers.size() < static_cast<std::size_t>(k) * static_cast<std::size_t>(points.dim())) {
    centers.push_back(centers[centers.size() - static_cast<std::size_t>(points.dim())]);
  }
  return centers;
}

}  // namespace kpalette
