// Loops over rows of floats, dense and sparse, compiled once per instruction set.
//
// Unlike the loops of kernels.hpp, which filter, these give results that are kept. So they are
// compiled without contraction, and sums go in an order that has nothing to do with the width of
// a vector: every instruction set gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kpalette {

/// Loops over dense rows, (count, dim) in C order.
template <class T>
struct RowLoops {
  /// Lowers `low` and raises `high`, (dim) each, to the values of the rows.
  void (*range)(const T* rows, std::size_t count, int dim, T* low, T* high);

  /// 64 rows as a block (dim, 64) of row * scale + shift, and the squared norms of its columns.
  /// With `scale` a power of two and `shift` the origin times -scale, each value is rounded once.
  void (*load)(const T* rows, int dim, const T* shift, T scale, float* block, float* squares);

  /// Adds each row, relative to `origin` (dim), to the sum (k, dim) that its label names, and its
  /// weight to the total (k). No `weights`: they are 1.
  void (*add)(const T* rows, std::size_t count, int dim, const double* origin,
              const double* weights, const std::int32_t* labels, double* sums, double* totals);

  /// The squared distance of each row to the centre (k, dim) that its label names.
  void (*squares)(const T* rows, std::size_t count, int dim, const double* centers,
                  const std::int32_t* labels, double* squares);

  /// The nearest of `count` centres, which come in groups of kExact: (groups, dim, kExact). A
  /// squared distance is ((x0 - c0)^2 + (x1 - c1)^2) + ...; the lowest index wins a tie.
  std::int32_t (*nearest)(const T* row, int dim, const double* groups, int count);

  /// A number for each row that depends on its values alone: the sum of each value's bits times the
  /// factor (dim) of its column. What is zero does not add to it.
  void (*hash)(const T* rows, std::size_t count, int dim, const std::uint64_t* factors,
               std::uint64_t* hashes);

  /// The distance of each row to each of k centres, (count, k), computed in T. Centres come in
  /// groups of kFar, the last one padded: (groups, dim, kFar).
  void (*distances)(const T* rows, std::size_t count, int dim, const T* groups, int k, T* out);
};

/// Loops over one row of a sparse matrix: `count` values and the columns that they stand in.
template <class T, class Index>
struct SparseLoops {
  /// The products of a row with k vectors, which are the columns of `panel` (dim, k).
  void (*dots)(const T* values, const Index* columns, std::size_t count, const double* panel,
               std::size_t k, double* out);
};

struct RowKernels {
  static constexpr int kExact = 8;
  static constexpr int kFar = 32;
  static constexpr std::size_t kPanel = 8;  // k of a panel is a multiple of it

  RowLoops<float> floats;
  RowLoops<double> doubles;
  SparseLoops<float, std::int32_t> sparse_floats;
  SparseLoops<double, std::int32_t> sparse_doubles;
  SparseLoops<float, std::int64_t> sparse_floats_long;
  SparseLoops<double, std::int64_t> sparse_doubles_long;

  /// Squared distances (count, 64) of the 64 columns of a block (dim, 64) to `count` points, the
  /// columns of `points` (dim, count).
  void (*squares_to)(const float* block, int dim, const float* points, int count, float* squares);

  /// The weighted sum over 64 places of the lesser of two numbers, and that lesser one in `out` if
  /// there is an `out`, which may be `a`. No `weights`: they are 1.
  double (*sum_least)(const float* a, const float* b, const double* weights, float* out);

  /// The sum of rows of `width` values times their weights, (row 0 + row 1) + ...
  void (*mix)(const float* const* rows, const float* weights, std::size_t count, std::size_t width,
              float* out);
};

}  // namespace kpalette
