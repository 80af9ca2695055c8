// Samples of which most values are zero, as rows of a compressed sparse matrix (CSR).
//
// A row's products with all centres are the sum of some rows of the centres' transpose, one for
// each value that is not zero: so the work grows with those values alone. All is in doubles, in
// an order of its own: the same on any number of threads and with any instruction set, and the same
// as for dense samples but for rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "buffer.hpp"
#include "kernels.hpp"
#include "parallel.hpp"
#include "watch.hpp"

namespace kpalette {

/// The values of a row and the columns that they stand in, ascending.
template <class T, class Index>
struct SparseRow {
  const T* values;
  const Index* columns;
  std::size_t count;
};

/// The matrix: what row i holds is at starts[i] to starts[i + 1].
template <class T, class Index>
struct Csr {
  std::span<const T> values;
  std::span<const Index> columns;
  std::span<const Index> starts;

  std::size_t rows() const { return starts.size() - 1; }

  /// Whether rows are where the values are.
  bool bounded() const {
    return starts.front() == 0 && std::is_sorted(starts.begin(), starts.end()) &&
           static_cast<std::size_t>(starts.back()) <= columns.size();
  }

  /// And whether columns ascend along each row and are below `dim`.
  bool valid(int dim) const {
    bool good = bounded();
    for (std::size_t i = 0; good && i < rows(); ++i) {
      Index least = 0;
      for (Index at = starts[i]; at < starts[i + 1]; ++at) {
        const Index column = columns[static_cast<std::size_t>(at)];
        good &= column >= least && column < dim;
        least = column + 1;
      }
    }
    return good;
  }
  SparseRow<T, Index> row(std::size_t i) const {
    const auto first = static_cast<std::size_t>(starts[i]);
    return {values.data() + first, columns.data() + first,
            static_cast<std::size_t>(starts[i + 1]) - first};
  }
};

class SparseSamples {
 public:
  using Matrix = std::variant<Csr<float, std::int32_t>, Csr<float, std::int64_t>,
                              Csr<double, std::int32_t>, Csr<double, std::int64_t>>;

  /// Values are finite, and columns are below `dim` and ascend; weights as for Samples.
  SparseSamples(const Matrix& matrix, int dim, std::span<const double> weights, Team& team);

  int dim() const { return dim_; }
  std::size_t size() const { return squares_.size(); }
  std::size_t blocks() const { return (size() + kBlock - 1) / kBlock; }
  double weight(std::size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }
  double total_weight() const { return total_weight_; }
  const Matrix& matrix() const { return matrix_; }
  std::size_t filled(std::size_t block) const {
    return std::min<std::size_t>(kBlock, size() - block * kBlock);
  }
  const double* weights(std::size_t block) const {
    return weights_.empty() ? nullptr : weights_.data() + block * kBlock;
  }

  /// The squared norm of sample i.
  double square(std::size_t i) const { return squares_[i]; }

  /// The power of two that makes the largest norm lie between 1 and 2.
  double scale() const { return scale_; }

  void coordinates(std::size_t i, double* out) const;
  double variance(Team& team) const;

 private:
  Matrix matrix_;
  int dim_;
  std::span<const double> weights_;
  double total_weight_ = 0;
  double scale_ = 1;
  std::vector<double> squares_;
};

/// Points as the columns of a panel (dim, k), padded: see SparseLoops::dots.
class Panel {
 public:
  Panel(std::size_t k, int dim);

  /// `points` (k, dim).
  void set(std::span<const double> points);

  /// The products of a row with all points: (width()).
  template <class T, class Index>
  void dots(const SparseRow<T, Index>& row, double* out) const;

  /// The point that is nearest to a row, the first of equals; `dots` (width()) is to write to.
  template <class T, class Index>
  std::int32_t nearest(const SparseRow<T, Index>& row, double* dots) const;

  double square(std::size_t j) const { return squares_[j]; }
  std::size_t width() const { return width_; }

 private:
  std::size_t k_;
  std::size_t dim_;
  std::size_t width_;
  std::vector<double> columns_;
  std::vector<double> squares_;  // of the points' norms
};

/// As SampleAssignment.
class SparseAssignment {
 public:
  SparseAssignment(const SparseSamples& samples, int k, Team& team);

  std::int64_t update(std::span<const double> centers);
  double settle(std::span<const double> centers);

  bool pinned(int) const { return false; }
  int k() const { return k_; }
  const SparseSamples& points() const { return samples_; }
  Team& team() const { return team_; }
  const std::int32_t* labels() const { return labels_.data(); }
  void set_watch(const Watch& watch) { watch_ = watch; }

  double weight(int cluster) const { return totals_[static_cast<std::size_t>(cluster)]; }
  double resolution(std::size_t, double value) const { return 0x1p-45 * std::abs(value); }
  void mean(int cluster, double* out) const;
  std::vector<double> squares(std::span<const double> centers) const;
  double cost(std::span<const double> centers) const;

 private:
  std::int64_t label(std::span<const double> centers);
  void add();
  template <class Body>
  void for_squares(std::span<const double> centers, const Body& body) const;

  std::size_t dim() const { return static_cast<std::size_t>(samples_.dim()); }

  const SparseSamples& samples_;
  int k_;
  Team& team_;
  Watch watch_;
  Panel panel_;
  std::vector<std::int32_t> labels_;
  std::vector<std::uint32_t> order_;  // samples by label
  std::vector<double> sums_;          // (k, dim)
  std::vector<double> totals_;
};

/// Writes the nearest of the centres (k, dim) of each row. Columns need not ascend; returns false,
/// and no labels to rely on, where one is not below `dim`.
bool sparse_predict(const SparseSamples::Matrix& matrix, int dim, std::span<const double> centers,
                    std::int32_t* labels, Team& team, const Watch& watch);

/// The distance of each sample to each centre (k, dim), as (n, k) of floats or doubles.
template <class T>
void sparse_distances(const SparseSamples& samples, std::span<const double> centers, T* out,
                      Team& team);

}  // namespace kpalette
