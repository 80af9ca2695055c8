#include "samples.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 64;
constexpr std::size_t kSome = 255;  // samples whose median is taken

std::size_t tasks_for(std::size_t blocks) { return (blocks + kBlocksPerTask - 1) / kBlocksPerTask; }

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

/// A value rounded to a sixteenth of the power of two next to the extent of the data.
double round_to_grid(double value, double extent) {
  if (extent == 0) return value;
  const double step = std::ldexp(1.0, std::max(std::ilogb(extent) - 5, -1000));
  const double steps = value / step;
  // Beside an outlier the data may be less than a step: there is nothing to round to.
  return std::abs(steps) >= 1 && std::abs(steps) < 0x1p52 ? std::nearbyint(steps) * step : value;
}

}  // namespace

Samples::Samples(Values values, int dim, std::span<const double> weights, Team& team)
    : values_(values), dim_(dim), weights_(weights) {
  for (const double weight : weights) total_weight_ += weight;
  const auto tail = weights.subspan((blocks() - 1) * kBlock);
  std::copy(tail.begin(), tail.end(), last_weights_.begin());
  coords_.resize(blocks() * width() * kBlock);
  norms_.resize(blocks() * kBlock);
  std::visit(
      [&](const auto typed) {
        measure(typed, team);
        team.run(tasks_for(blocks()), [&](std::size_t task, int) {
          const std::size_t end = std::min(blocks(), (task + 1) * kBlocksPerTask);
          for (std::size_t b = task * kBlocksPerTask; b < end; ++b) fill_block(b, typed);
        });
      },
      values_);
}

/// The median of a part of the samples, spread evenly, which outliers do not move.
template <class T>
double Samples::typical(std::span<const T> values, std::size_t axis) const {
  std::vector<double> some;
  const std::size_t step = (size() + kSome - 1) / kSome;
  for (std::size_t i = 0; i < size(); i += step) {
    some.push_back(static_cast<double>(values[i * width() + axis]));
  }
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
  std::nth_element(some.begin(), middle, some.end());
  return *middle;
}

/// Chooses origin and scale.
template <class T>
void Samples::measure(std::span<const T> values, Team& team) {
  const std::size_t tasks = tasks_for(blocks());
  std::vector<std::vector<Range>> parts(tasks);
  team.run(tasks, [&](std::size_t task, int) {
    std::vector<Range> ranges(width());
    const std::size_t end = std::min(size(), (task + 1) * kBlocksPerTask * kBlock);
    for (std::size_t i = task * kBlocksPerTask * kBlock; i < end; ++i) {
      const T* row = values.data() + i * width();
      for (std::size_t axis = 0; axis < width(); ++axis) {
        const auto value = static_cast<double>(row[axis]);
        Range& range = ranges[axis];
        range.low = value < range.low ? value : range.low;
        range.high = value > range.high ? value : range.high;
      }
    }
    parts[task] = std::move(ranges);
  });
  double reach = 0;
  for (std::size_t axis = 0; axis < width(); ++axis) {
    Range range;
    for (const auto& part : parts) {
      range.low = std::min(range.low, part[axis].low);
      range.high = std::max(range.high, part[axis].high);
    }
    origin_.push_back(round_to_grid(typical(values, axis), range.high - range.low));
    reach = std::max({reach, range.high - origin_[axis], origin_[axis] - range.low});
  }
  if (reach > 0) scale_ = std::ldexp(1.0, std::clamp(-std::ilogb(reach), -1000, 1000));
}

template <class T>
void Samples::fill_block(std::size_t index, std::span<const T> values) {
  const std::size_t first = index * kBlock;
  const std::size_t filled = std::min<std::size_t>(kBlock, size() - first);
  float* block = coords_.data() + index * width() * kBlock;
  float squares[kBlock] = {};
  for (std::size_t axis = 0; axis < width(); ++axis) {
    float* column = block + axis * kBlock;
    for (std::size_t lane = 0; lane < filled; ++lane) {
      const auto value = static_cast<double>(values[(first + lane) * width() + axis]);
      column[lane] = static_cast<float>((value - origin_[axis]) * scale_);
    }
    std::fill(column + filled, column + kBlock, 0.0f);
    for (std::size_t lane = 0; lane < kBlock; ++lane) squares[lane] += column[lane] * column[lane];
  }
  for (std::size_t lane = 0; lane < kBlock; ++lane) {
    norms_[first + lane] = std::sqrt(squares[lane]);
  }
}

void Samples::coordinates(std::size_t i, double* out) const {
  std::visit(
      [&](const auto values) {
        const auto row = values.subspan(i * width(), width());
        std::copy(row.begin(), row.end(), out);
      },
      values_);
}

SampleAssignment::SampleAssignment(const Samples& samples, int k, Team& team)
    : samples_(samples),
      k_(k),
      team_(team),
      isa_(kernels()),
      labels_(samples.blocks() * kBlock, std::int32_t{-1}),
      sums_(static_cast<std::size_t>(k) * stride()),
      center_groups_((static_cast<std::size_t>(k) + Kernels::kGroup) * stride()),
      half_squares_(static_cast<std::size_t>(k)) {
  // Each chunk has sums of its own, so that adding goes in the same order on any number of
  // threads: few enough chunks that adding them up is little work beside filling them.
  const std::size_t least = std::max<std::size_t>(64, static_cast<std::size_t>(k) / 16);
  chunk_blocks_ = std::max(least, (samples.blocks() + 31) / 32);
  chunks_.resize((samples.blocks() + chunk_blocks_ - 1) / chunk_blocks_);
}

std::int64_t SampleAssignment::update(std::span<const double> centers) {
  prepare(centers);
  std::visit(
      [&](const auto values) {
        team_.run(chunks_.size(),
                  [&](std::size_t chunk, int) { update_chunk(chunk, values, centers); });
      },
      samples_.values());
  std::int64_t changed = 0;
  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (const Chunk& chunk : chunks_) {
    changed += chunk.changed;
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += chunk.sums[i];
  }
  return changed;
}

/// Scales the centres to floats, in the order that the kernel reads.
void SampleAssignment::prepare(std::span<const double> centers) {
  const std::size_t dim = stride() - 1;
  double reach = 0;
  for (std::size_t j = 0; j < half_squares_.size(); ++j) {
    float* group = center_groups_.data() + j / Kernels::kGroup * Kernels::kGroup * dim;
    double square = 0;
    for (std::size_t axis = 0; axis < dim; ++axis) {
      const double value = (centers[j * dim + axis] - samples_.origin()[axis]) * samples_.scale();
      group[axis * Kernels::kGroup + j % Kernels::kGroup] = static_cast<float>(value);
      square += value * value;
    }
    half_squares_[j] = static_cast<float>(0.5 * square);
    reach = std::max(reach, square);
  }
  center_reach_ = static_cast<float>(std::sqrt(reach));
}

/// The nearest centre of each sample of a block.
void SampleAssignment::label_block(std::size_t block, std::span<const double> centers,
                                   std::int32_t* labels) const {
  // With u = 2^-24, C the largest norm of a centre and |x| that of the sample, a score (half of
  // |c|^2 - x.c) is off by at most (dim + 4) u (C^2 / 2 + |x| C): the inputs are rounded once each,
  // then there are dim products and dim sums. Two scores and their difference: twice that and a
  // little. The last term covers what is too small for a float.
  const float factor = 2.1f * static_cast<float>(samples_.dim() + 5) * 0x1p-24f;
  const float tiny = static_cast<float>(samples_.dim()) * 0x1p-120f;
  const float* norms = samples_.norms(block);
  float gaps[kBlock];
  for (int lane = 0; lane < kBlock; ++lane) {
    gaps[lane] = factor * center_reach_ * (0.5f * center_reach_ + norms[lane]) + tiny;
  }
  std::int32_t close[kBlock];
  if (!isa_.assign_samples(samples_.block(block), samples_.dim(), center_groups_.data(),
                           half_squares_.data(), k_, gaps, labels, close)) {
    return;
  }
  const std::size_t dim = stride() - 1;
  std::vector<double> x(dim);
  for (std::size_t lane = 0; lane < kBlock; ++lane) {
    const std::size_t i = block * kBlock + lane;
    if (close[lane] == 0 || i >= samples_.size()) continue;
    samples_.coordinates(i, x.data());
    double best = std::numeric_limits<double>::infinity();
    labels[lane] = 0;
    for (int j = 0; j < k_; ++j) {
      const double* center = centers.data() + static_cast<std::size_t>(j) * dim;
      double square = 0;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        const double offset = x[axis] - center[axis];
        square += offset * offset;
      }
      if (square < best) {
        best = square;
        labels[lane] = j;
      }
    }
  }
}

template <class T>
void SampleAssignment::update_chunk(std::size_t index, std::span<const T> values,
                                    std::span<const double> centers) {
  Chunk& chunk = chunks_[index];
  chunk.sums.assign(sums_.size(), 0.0);
  chunk.changed = 0;
  const std::size_t dim = stride() - 1;
  const double* origin = samples_.origin().data();
  const std::size_t end = std::min(samples_.blocks(), (index + 1) * chunk_blocks_);
  for (std::size_t block = index * chunk_blocks_; block < end; ++block) {
    std::int32_t labels[kBlock];
    label_block(block, centers, labels);
    const double* weights = samples_.weights(block);
    const std::size_t filled = std::min<std::size_t>(kBlock, samples_.size() - block * kBlock);
    for (std::size_t lane = 0; lane < filled; ++lane) {
      const std::size_t i = block * kBlock + lane;
      chunk.changed += labels_[i] != labels[lane];
      labels_[i] = labels[lane];
      double* sum = chunk.sums.data() + static_cast<std::size_t>(labels[lane]) * stride();
      const T* row = values.data() + i * dim;
      const double weight = weights[lane];
      sum[0] += weight;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        sum[1 + axis] += weight * (static_cast<double>(row[axis]) - origin[axis]);
      }
    }
  }
}

void SampleAssignment::mean(int cluster, double* out) const {
  const double* sum = sums(cluster);
  for (std::size_t axis = 0; axis + 1 < stride(); ++axis) {
    out[axis] = samples_.origin()[axis] + sum[1 + axis] / sum[0];
  }
}

double SampleAssignment::cost(std::span<const double> centers) const {
  const std::size_t dim = stride() - 1;
  std::vector<double> parts(chunks_.size());
  team_.run(chunks_.size(), [&](std::size_t chunk, int) {
    std::vector<double> x(dim);
    const std::size_t end = std::min(samples_.size(), (chunk + 1) * chunk_blocks_ * kBlock);
    for (std::size_t i = chunk * chunk_blocks_ * kBlock; i < end; ++i) {
      samples_.coordinates(i, x.data());
      const double* center = centers.data() + static_cast<std::size_t>(labels_[i]) * dim;
      double square = 0;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        const double offset = x[axis] - center[axis];
        square += offset * offset;
      }
      parts[chunk] += samples_.weight(i) * square;
    }
  });
  double cost = 0;
  for (const double part : parts) cost += part;
  return cost;
}

std::vector<std::uint64_t> hash_samples(const Samples& samples, Team& team) {
  std::vector<std::uint64_t> hashes(samples.size());
  const auto dim = static_cast<std::size_t>(samples.dim());
  team.run(tasks_for(samples.blocks()), [&](std::size_t task, int) {
    std::vector<double> x(dim);
    const std::size_t end = std::min(samples.size(), (task + 1) * kBlocksPerTask * kBlock);
    for (std::size_t i = task * kBlocksPerTask * kBlock; i < end; ++i) {
      samples.coordinates(i, x.data());
      std::uint64_t hash = 0;
      for (const double value : x) {
        hash ^= std::bit_cast<std::uint64_t>(value + 0.0);  // which makes -0 the same as 0
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
        hash ^= hash >> 31;
      }
      hashes[i] = hash;
    }
  });
  return hashes;
}

}  // namespace kpalette
