// Small systems of linear equations, symmetric and positive definite.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace kpalette {

/// `matrix` (m, m), of which the upper triangle is used, times m points of three coordinates is
/// `right` (m).
struct LeastSquares {
  using Row = std::array<double, 3>;

  explicit LeastSquares(std::size_t m) : matrix(m * m), right(m) {}

  double& at(std::size_t row, std::size_t column) { return matrix[row * right.size() + column]; }

  /// Replaces `right` by the points, by LDL^T.
  void solve();

  std::vector<double> matrix;
  std::vector<Row> right;
};

}  // namespace kpalette
