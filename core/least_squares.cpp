#include "least_squares.hpp"

namespace kpalette {

void LeastSquares::solve() {
  const std::size_t m = right.size();
  for (std::size_t j = 0; j < m; ++j) {
    const double* pivot = matrix.data() + j * m;
    for (std::size_t i = j + 1; i < m; ++i) {
      const double factor = pivot[i] / pivot[j];
      if (factor == 0) continue;
      double* row = matrix.data() + i * m;
      for (std::size_t c = i; c < m; ++c) row[c] -= factor * pivot[c];
      for (std::size_t axis = 0; axis < 3; ++axis) right[i][axis] -= factor * right[j][axis];
    }
  }
  for (std::size_t j = m; j-- > 0;) {
    const double* row = matrix.data() + j * m;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      double sum = right[j][axis];
      for (std::size_t c = j + 1; c < m; ++c) sum -= row[c] * right[c][axis];
      right[j][axis] = sum / row[j];
    }
  }
}

}  // namespace kpalette
