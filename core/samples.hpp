// Samples of any number of features, in floats or doubles: what k-means takes where the data are
// not colours.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "buffer.hpp"
#include "center_search.hpp"
#include "parallel.hpp"

namespace kpalette {

class Samples {
 public:
  using Values = std::variant<std::span<const float>, std::span<const double>>;

  /// `values` (n, dim), finite; `weights` (n), finite, at least 0, or none where all weigh 1. Both
  /// must outlive the samples.
  Samples(Values values, int dim, std::span<const double> weights, Team& team);

  int dim() const { return dim_; }
  std::size_t size() const { return size_; }
  std::size_t blocks() const { return (size() + kBlock - 1) / kBlock; }
  double weight(std::size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }
  double total_weight() const { return total_weight_; }
  const Values& values() const { return values_; }

  /// Where most of the data are, on a grid that keeps sums of whole numbers exact.
  std::span<const double> origin() const { return origin_; }

  /// Blocks hold (value - origin) * scale, where scale is the power of two that makes the largest
  /// lie between 1 and 2.
  double scale() const { return scale_; }

  /// How many samples a block has: 64, or what is left for the last one.
  std::size_t filled(std::size_t block) const {
    return std::min<std::size_t>(kBlock, size() - block * kBlock);
  }

  /// One block: made by `maker`, unless there is one.
  template <class T>
  Block block(std::size_t index, const T* rows, BlockMaker<T>& maker) const {
    if (coords_.empty()) return maker.make(rows, filled(index));
    return {coords_.data() + index * width() * kBlock, norms_.data() + index * kBlock};
  }

  /// Weights of one block: as many as it has samples, or null where all weigh 1.
  const double* weights(std::size_t block) const {
    return weights_.empty() ? nullptr : weights_.data() + block * kBlock;
  }

  /// A scaled value of sample i.
  float at(std::size_t i, std::size_t axis) const {
    return static_cast<float>((value(i, axis) - origin_[axis]) * scale_);
  }

  /// The values of sample i as they came.
  void coordinates(std::size_t i, double* out) const;

  /// The mean over features of their variances; weights do not matter.
  double variance(Team& team) const;

 private:
  template <class T>
  void measure(std::span<const T> values, Team& team);
  template <class T>
  double typical(std::span<const T> values, std::size_t axis) const;

  double value(std::size_t i, std::size_t axis) const {
    return std::visit(
        [&](const auto values) { return static_cast<double>(values[i * width() + axis]); },
        values_);
  }
  std::size_t width() const { return static_cast<std::size_t>(dim_); }

  Values values_;
  int dim_;
  std::size_t size_;
  std::span<const double> weights_;
  double total_weight_ = 0;
  std::vector<double> origin_;
  double scale_ = 1;
  Buffer<float> coords_;  // of all blocks, or nothing
  Buffer<float> norms_;
};

}  // namespace kpalette
