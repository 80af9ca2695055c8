// Wu's variance-minimizing cuts, on cells of points instead of a fixed grid.

#include <algorithm>
#include <array>
#include <cstdint>

#include "seeding.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 64;

/// The points of a small cube as one weighted point, which is precise enough to choose cuts.
struct Cell {
  std::array<double, kMaxDim> mean;
  double weight;
};

/// The sum of the weights and the weighted sums of the coordinates.
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
  Moments minus(const Moments& other, int dim) const {
    Moments left = *this;
    left.weight -= other.weight;
    for (std::size_t a = 0; a < static_cast<std::size_t>(dim); ++a) left.sums[a] -= other.sums[a];
    return left;
  }
  /// How much less error a centre at the mean has than one at the origin: |sum|^2 / weight.
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

  /// Ends the present cell.
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

/// Returns cells of an eighth of the data's extent, halved until there are enough for k boxes.
/// Finer cells take longer, and give the same error after a few iterations of k-means (measured).
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

/// A part of the cells, first to last, and the cut with the largest gain.
struct Part {
  std::size_t first;
  std::size_t last;
  Moments moments;
  double gain = 0;
  std::size_t axis = 0;
  double low = 0;  // the start of the first bin along the axis
  double bin_width = 0;
  std::size_t bin = 0;  // the first bin to the right of the cut
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
    // A heap with the largest gain on top; among equals, the part made first.
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

  /// Cuts a part at its best cut, and returns the right side.
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

  /// Finds the best cut, to within 1/32 of the part's extent along each axis.
  void plan(Part& part) const { dim_ == 3 ? plan<3>(part) : plan<4>(part); }

  template <int D>
  void plan(Part& part) const {
    part.gain = 0;
    const double whole = part.moments.saving(dim_);
    double low[D];
    double high[D];
    std::copy_n(cells_[part.first].mean.begin(), D, low);
    std::copy_n(low, D, high);
    for (std::size_t i = part.first; i < part.last; ++i) {
      for (std::size_t a = 0; a < D; ++a) {
        low[a] = std::min(low[a], cells_[i].mean[a]);
        high[a] = std::max(high[a], cells_[i].mean[a]);
      }
    }
    for (std::size_t a = 0; a < D; ++a) {
      if (!(high[a] > low[a])) continue;
      const double width = (high[a] - low[a]) / kBins;
      // What is left of the end of each bin: sums of numbers of each kind in an array of their own,
      // which halves the time.
      double weights[kBins] = {};
      double sums[D][kBins] = {};
      for (std::size_t i = part.first; i < part.last; ++i) {
        const Cell& cell = cells_[i];
        const std::size_t bin = bin_of(cell.mean[a], low[a], width);
        weights[bin] += cell.weight;
        for (std::size_t b = 0; b < D; ++b) sums[b][bin] += cell.weight * cell.mean[b];
      }
      for (std::size_t bin = 1; bin < kBins; ++bin) {
        weights[bin] += weights[bin - 1];
        for (std::size_t b = 0; b < D; ++b) sums[b][bin] += sums[b][bin - 1];
      }
      double gains[kBins];
      for (std::size_t bin = 0; bin < kBins; ++bin) {
        double left = 0;
        double right = 0;
        for (std::size_t b = 0; b < D; ++b) {
          const double rest = part.moments.sums[b] - sums[b][bin];
          left += sums[b][bin] * sums[b][bin];
          right += rest * rest;
        }
        const double weight = part.moments.weight - weights[bin];
        left = weights[bin] > 0 ? left / weights[bin] : 0;
        right = weight > 0 ? right / weight : 0;
        gains[bin] = left + right - whole;
      }
      for (std::size_t bin = 1; bin < kBins; ++bin) {
        if (gains[bin - 1] <= part.gain) continue;
        part.gain = gains[bin - 1];
        part.axis = a;
        part.low = low[a];
        part.bin_width = width;
        part.bin = bin;
      }
    }
  }

  std::vector<Cell> cells_;
  int dim_;
};

}  // namespace

std::vector<double> seed_wu(const Points& points, int k, std::uint64_t, Team& team) {
  const std::vector<Part> parts = Cutter(cells_for(points, k, team), points.dim()).cut(k);
  std::vector<double> centers;
  for (const Part& part : parts) {
    for (int axis = 0; axis < points.dim(); ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      centers.push_back(part.moments.sums[a] / part.moments.weight + points.origin()[a]);
    }
  }
  // If parts run out, the last centre is repeated. Copies stay empty, and Lloyd's algorithm moves
  // them.
  while (centers.size() < static_cast<std::size_t>(k) * static_cast<std::size_t>(points.dim())) {
    centers.push_back(centers[centers.size() - static_cast<std::size_t>(points.dim())]);
  }
  return centers;
}

}  // namespace kpalette
