// Samples of any number of features, in doubles: what k-means takes where the data are not colours.
//
// As with colours, a pass works in floats and decides in doubles what floats cannot. Distances
// between centres and boxes would rule out little in many dimensions, so every centre is tried,
// as a matrix product is made: blocks of samples against groups of centres, in registers.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "buffer.hpp"
#include "parallel.hpp"
#include "points.hpp"

namespace kpalette {

struct Kernels;

class Samples {
 public:
  using Values = std::variant<std::span<const float>, std::span<const double>>;

  /// `values` (n, dim), finite; `weights` (n), finite, at least 0. Both must outlive the samples.
  Samples(Values values, int dim, std::span<const double> weights, Team& team);

  int dim() const { return dim_; }
  std::size_t size() const { return weights_.size(); }
  std::size_t blocks() const { return (size() + kBlock - 1) / kBlock; }
  double weight(std::size_t i) const { return weights_[i]; }
  double total_weight() const { return total_weight_; }
  const Values& values() const { return values_; }

  /// Where most of the data are, on a grid that keeps sums of whole numbers exact.
  std::span<const double> origin() const { return origin_; }

  /// What floats hold: (value - origin) * scale, where scale is the power of two that makes the
  /// largest lie between 1 and 2.
  double scale() const { return scale_; }

  /// One block of scaled values: (dim, 64). Past the last sample there are zeros.
  const float* block(std::size_t index) const { return coords_.data() + index * width() * kBlock; }

  /// A scaled value of sample i.
  float at(std::size_t i, int axis) const {
    return block(i / kBlock)[static_cast<std::size_t>(axis) * kBlock + i % kBlock];
  }

  /// The norms of the scaled samples of a block: (64).
  const float* norms(std::size_t index) const { return norms_.data() + index * kBlock; }

  /// Weights of one block: (64), 0 past the last sample.
  const double* weights(std::size_t index) const {
    return index + 1 < blocks() ? weights_.data() + index * kBlock : last_weights_.data();
  }

  /// The values of sample i as they came.
  void coordinates(std::size_t i, double* out) const;

 private:
  template <class T>
  void measure(std::span<const T> values, Team& team);
  template <class T>
  double typical(std::span<const T> values, std::size_t axis) const;
  template <class T>
  void fill_block(std::size_t index, std::span<const T> values);

  std::size_t width() const { return static_cast<std::size_t>(dim_); }

  Values values_;
  int dim_;
  std::span<const double> weights_;
  std::array<double, kBlock> last_weights_{};
  double total_weight_ = 0;
  std::vector<double> origin_;
  double scale_ = 1;
  Buffer<float> coords_;
  Buffer<float> norms_;
};

/// Which centre each sample is nearest to, and the weighted sums per centre. Labels follow the same
/// definition as those of Assignment.
class SampleAssignment {
 public:
  SampleAssignment(const Samples& samples, int k, Team& team);

  /// Labels every sample with its nearest centre; `centers` is (k, dim). Returns how many samples
  /// changed their label.
  std::int64_t update(std::span<const double> centers);

  bool pinned(int) const { return false; }

  int k() const { return k_; }
  const Samples& points() const { return samples_; }
  Team& team() const { return team_; }
  const std::int32_t* labels() const { return labels_.data(); }  // (blocks * 64)

  double weight(int cluster) const { return sums(cluster)[0]; }

  /// What rounding may add to a coordinate of a mean, of a single sample even: the values are
  /// rounded relative to the origin, and some hundreds are added up in a row.
  double resolution(std::size_t axis, double value) const {
    const double origin = samples_.origin()[axis];
    return 0x1p-45 * (std::abs(origin) + std::abs(value - origin));
  }

  /// The weighted mean of a cluster of positive weight.
  void mean(int cluster, double* out) const;

  /// Weighted sum of squared distances from samples to the centres that their labels name.
  double cost(std::span<const double> centers) const;

 private:
  struct Chunk {
    std::vector<double> sums;  // (k, dim + 1): weight, sums relative to the origin
    std::int64_t changed = 0;
  };

  void prepare(std::span<const double> centers);
  void label_block(std::size_t block, std::span<const double> centers, std::int32_t* labels) const;
  template <class T>
  void update_chunk(std::size_t index, std::span<const T> values, std::span<const double> centers);

  std::size_t stride() const { return static_cast<std::size_t>(samples_.dim()) + 1; }
  const double* sums(int cluster) const {
    return sums_.data() + static_cast<std::size_t>(cluster) * stride();
  }

  const Samples& samples_;
  int k_;
  Team& team_;
  const Kernels& isa_;
  std::size_t chunk_blocks_;
  std::vector<Chunk> chunks_;
  Buffer<std::int32_t> labels_;
  std::vector<double> sums_;
  std::vector<float> center_groups_;  // see Kernels::assign_samples
  std::vector<float> half_squares_;
  float center_reach_ = 0;  // the largest norm of a scaled centre
};

/// A number for each sample that depends on its values alone, not on where it stands.
std::vector<std::uint64_t> hash_samples(const Samples& samples, Team& team);

}  // namespace kpalette
