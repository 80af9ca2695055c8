// Which centre each point is nearest to, and the weighted sums per centre: one half of a pass of
// k-means, exact and incremental.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "parallel.hpp"
#include "points.hpp"

namespace kpalette {

struct Candidates;

/// Labels of all points and the sums of their coordinates by label, kept up to date.
///
/// A point's label is the centre with the least squared distance, computed in doubles as
/// ((x0 - c0)^2 + (x1 - c1)^2) + ..., without contraction; the lowest index wins a tie. That is
/// the definition of the NumPy reference in the tests, to the last bit.
class Assignment {
 public:
  Assignment(const Points& points, int k, Team& team);
  ~Assignment();

  /// Moves every point to its nearest centre; `centers` is (k, dim), absolute coordinates.
  /// Returns how many points of positive weight changed their label (all of them, at first).
  std::int64_t update(std::span<const double> centers);

  /// Renumbers the clusters: cluster order[j] becomes cluster j.
  void permute(std::span<const int> order);

  /// From now on the centres of the first n clusters do not move.
  void pin(int n) { std::fill_n(pinned_.begin(), n, char{1}); }
  bool pinned(int cluster) const { return pinned_[static_cast<std::size_t>(cluster)] != 0; }

  int k() const { return k_; }
  const Points& points() const { return points_; }
  Team& team() const { return team_; }

  /// (blocks * 64), padding included.
  const std::uint16_t* labels() const { return labels_.data(); }

  /// The total weight of a cluster.
  std::int64_t weight(int cluster) const { return sums(cluster)[0]; }

  /// What a coordinate of a mean may be off by: nothing, for sums are exact.
  double resolution(std::size_t, double) const { return 0; }

  /// The weighted mean of a cluster of positive weight, absolute coordinates.
  void mean(int cluster, double* out) const;

  /// Weighted sum of squared distances from points to the centres that their labels name.
  double cost(std::span<const double> centers) const;

 private:
  struct Search;
  struct Worker;

  void prepare(std::span<const double> centers);
  template <int D>
  void visit(std::size_t level, std::size_t node, const Candidates& candidates, Worker& worker);
  template <int D>
  void search_block(std::size_t block, const Candidates& candidates, Worker& worker);
  template <int D>
  const float* pivot(std::size_t block) const;
  template <int D>
  std::uint16_t decide(std::size_t block, int lane, std::span<const std::int32_t> ids) const;
  template <int D>
  void relabel(std::size_t block, const std::uint16_t* labels, std::uint64_t changed,
               Worker& worker);
  void relabel_whole(std::size_t block, std::uint16_t label, Worker& worker);

  std::size_t stride() const { return static_cast<std::size_t>(points_.dim()) + 1; }
  const std::int64_t* sums(int cluster) const {
    return sums_.data() + static_cast<std::size_t>(cluster) * stride();
  }

  const Points& points_;
  int k_;
  Team& team_;
  bool fresh_ = true;  // no labels yet
  std::vector<char> pinned_;
  Buffer<std::uint16_t> labels_;
  std::vector<std::int32_t> uniform_;  // per block: the label all of it has, or -1
  std::vector<std::int64_t> sums_;     // (k, dim + 1): weight, sums relative to the origin
  std::unique_ptr<Search> search_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace kpalette
