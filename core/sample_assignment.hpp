// Which centre each sample is nearest to, and the weighted sums per centre: one half of a pass of
// k-means on samples. Labels follow the same definition as those of Assignment.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "center_search.hpp"
#include "samples.hpp"
#include "watch.hpp"

namespace kpalette {

class SampleAssignment {
 public:
  SampleAssignment(const Samples& samples, int k, Team& team);

  /// Labels every sample with its nearest centre; `centers` is (k, dim). Returns how many samples
  /// changed their label.
  std::int64_t update(std::span<const double> centers);

  /// The same without the sums per centre, which are then not to be asked for; returns the cost.
  double settle(std::span<const double> centers);

  bool pinned(int) const { return false; }

  int k() const { return k_; }
  const Samples& points() const { return samples_; }
  Team& team() const { return team_; }
  const std::int32_t* labels() const { return labels_.data(); }  // (n)

  /// Is called during updates.
  void set_watch(const Watch& watch) { watch_ = watch; }

  double weight(int cluster) const { return totals_[static_cast<std::size_t>(cluster)]; }

  /// What rounding may add to a coordinate of a mean, of a single sample even: the values are
  /// rounded relative to the origin, and some hundreds are added up in a row.
  double resolution(std::size_t axis, double value) const {
    const double origin = samples_.origin()[axis];
    return 0x1p-45 * (std::abs(origin) + std::abs(value - origin));
  }

  /// The weighted mean of a cluster of positive weight.
  void mean(int cluster, double* out) const;

  /// The squared distance of each sample to the centre that its label names, 0 where rounding may
  /// be all of it.
  std::vector<double> squares(std::span<const double> centers) const;

  /// Weighted sum of squared distances from samples to the centres that their labels name.
  double cost(std::span<const double> centers) const;

 private:
  struct Chunk {
    std::vector<double> sums;    // (k, dim), relative to the origin
    std::vector<double> totals;  // (k)
    std::int64_t changed = 0;
  };

  template <class T>
  void update_chunk(std::size_t index, std::span<const T> values, int worker);
  template <class Body>
  void for_blocks(std::size_t chunk, const Body& body) const;

  std::size_t dim() const { return static_cast<std::size_t>(samples_.dim()); }

  const Samples& samples_;
  int k_;
  Team& team_;
  Watch watch_;
  CenterSearch search_;
  std::size_t chunk_blocks_;
  std::vector<Chunk> chunks_;
  Buffer<std::int32_t> labels_;
  std::vector<double> sums_;
  std::vector<double> totals_;
};

}  // namespace kpalette
