// Leaving local minima: k-means converges where no point wants another centre, but often some
// centres sit close together while others stand for too much.
#pragma once

#include <cstdint>
#include <vector>

#include "assignment.hpp"
#include "random.hpp"

namespace kpalette {

struct ImproveOptions {
  int rounds = 8;  // of merging and splitting, at most
  int passes = 5;  // of k-means after each
  /// Rounds at last that choose from a random half of the pairs, and so try others than the best:
  /// they go on when nothing seems to gain any more.
  int shaken = 0;
  std::uint64_t seed = 0;
};

/// Merges pairs of clusters that cost little to merge and splits as many that gain much, in
/// rounds: a round that lowers the cost stays, one that does not is undone and the next tries half
/// as many. It ends when there is nothing to gain, or after the given rounds. Related to the
/// split-and-merge of Kaukoranta, Fränti and Nevalainen (1998), doi:10.1117/1.601726.
///
/// `centers` are means of the assignment's clusters or near them, and are changed in place;
/// returns how many passes of k-means it made.
int improve(Assignment& assignment, std::vector<double>& centers, const ImproveOptions& options);

/// The same round by round, for a caller that has other things to see to in between.
class Improvement {
 public:
  /// The assignment must outlive this.
  Improvement(Assignment& assignment, std::vector<double> centers, const ImproveOptions& options);

  /// Makes the next round; false where none was left.
  bool step();

  /// The best so far, to which the assignment's labels belong.
  const std::vector<double>& centers() const { return centers_; }
  int n_iter() const { return n_iter_; }

 private:
  bool try_round(Random* random);  // whether there was anything to try

  Assignment& assignment_;
  std::vector<double> centers_;
  ImproveOptions options_;  // with the rounds that are left
  Random random_;
  int most_;
  int limit_;  // to the pairs of the next round; halved where they did not help
  double cost_;
  int n_iter_ = 0;
};

/// Adds centres: each of the clusters whose split gains most is split in two, along the axis of its
/// largest variance. `k` is from assignment.k() to twice that, and `centers` as for improve().
/// Where fewer clusters can be split, the rest of the k centres are copies, which lloyd() moves to
/// the points that cost most.
std::vector<double> grow(const Assignment& assignment, std::vector<double> centers, int k);

}  // namespace kpalette
