// Which centre each row of a block is nearest to, exactly.
//
// A block's scores against all centres are computed in floats, as a matrix product is made; rows
// for which rounding could matter are decided again in doubles, by the definition. Every centre is
// tried: in many dimensions, distances between centres and boxes would rule out little.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "kernels.hpp"

namespace kpalette {

/// 64 rows, (dim, 64), as (value - origin) * scale, and their norms.
struct Block {
  const float* coords;
  const float* norms;
};

/// Makes blocks of rows of floats or doubles, one after another in the same place.
template <class T>
class BlockMaker {
 public:
  /// `scale` is a power of two that T holds; `origin` (dim) are values that T holds.
  BlockMaker(std::span<const double> origin, double scale);

  /// A block of `count` rows; zeros make up for what it lacks of 64.
  Block make(const T* rows, std::size_t count);

  /// The same, elsewhere.
  void make(const T* rows, std::size_t count, float* coords, float* norms);

 private:
  const RowLoops<T>& loops_;
  T scale_;
  std::vector<T> shift_;
  std::vector<T> padded_;
  Buffer<float> coords_;
  float norms_[kBlock];
};

class CenterSearch {
 public:
  CenterSearch(int k, int dim);

  /// `centers` (k, dim); blocks are made with this origin and scale.
  void prepare(std::span<const double> centers, std::span<const double> origin, double scale);

  /// The nearest centre of each of `count` rows, whose block this is: the one with the least
  /// ((x0 - c0)^2 + (x1 - c1)^2) + ... in doubles; the lowest index wins a tie.
  template <class T>
  void label(const Block& block, const T* rows, std::size_t count, std::int32_t* labels) const;

 private:
  int k_;
  int dim_;
  const Kernels& isa_;
  std::vector<float> groups_;  // see Kernels::assign_samples
  std::vector<float> half_squares_;
  std::vector<double> exact_;  // see RowLoops::nearest
  float reach_ = 0;            // the largest norm of a scaled centre
};

/// The loops over dense rows of a type.
template <class T>
const RowLoops<T>& row_loops();
template <>
const RowLoops<float>& row_loops();
template <>
const RowLoops<double>& row_loops();

}  // namespace kpalette
