#include "center_search.hpp"

#include <algorithm>
#include <cmath>

namespace kpalette {

template <>
const RowLoops<float>& row_loops() {
  return kernels().rows.floats;
}
template <>
const RowLoops<double>& row_loops() {
  return kernels().rows.doubles;
}

template <class T>
BlockMaker<T>::BlockMaker(std::span<const double> origin, double scale)
    : loops_(row_loops<T>()), scale_(static_cast<T>(scale)) {
  for (const double value : origin) shift_.push_back(static_cast<T>(-value) * scale_);
}

template <class T>
Block BlockMaker<T>::make(const T* rows, std::size_t count) {
  coords_.resize(shift_.size() * kBlock);
  make(rows, count, coords_.data(), norms_);
  return {coords_.data(), norms_};
}

template <class T>
void BlockMaker<T>::make(const T* rows, std::size_t count, float* coords, float* norms) {
  const std::size_t dim = shift_.size();
  if (count < kBlock) {
    padded_.assign(rows, rows + count * dim);
    padded_.resize(kBlock * dim);
    rows = padded_.data();
  }
  loops_.load(rows, static_cast<int>(dim), shift_.data(), scale_, coords, norms);
  for (std::size_t axis = 0; count < kBlock && axis < dim; ++axis) {
    std::fill(coords + axis * kBlock + count, coords + (axis + 1) * kBlock, 0.0f);
  }
  for (std::size_t lane = 0; lane < kBlock; ++lane) {
    norms[lane] = lane < count ? std::sqrt(norms[lane]) : 0.0f;
  }
}

template class BlockMaker<float>;
template class BlockMaker<double>;

CenterSearch::CenterSearch(int k, int dim) : k_(k), dim_(dim), isa_(kernels()) {
  const auto count = static_cast<std::size_t>(k);
  const auto width = static_cast<std::size_t>(dim);
  groups_.resize((count + Kernels::kGroup) * width);
  half_squares_.resize(count);
  exact_.resize((count + RowKernels::kExact) * width);
}

void CenterSearch::prepare(std::span<const double> centers, std::span<const double> origin,
                           double scale) {
  constexpr std::size_t kGroup = Kernels::kGroup;
  constexpr std::size_t kExact = RowKernels::kExact;
  const auto dim = static_cast<std::size_t>(dim_);
  double reach = 0;
  for (std::size_t j = 0; j < half_squares_.size(); ++j) {
    float* group = groups_.data() + j / kGroup * kGroup * dim;
    double* exact = exact_.data() + j / kExact * kExact * dim;
    double square = 0;
    for (std::size_t axis = 0; axis < dim; ++axis) {
      const double center = centers[j * dim + axis];
      const double value = (center - origin[axis]) * scale;
      group[axis * kGroup + j % kGroup] = static_cast<float>(value);
      exact[axis * kExact + j % kExact] = center;
      square += value * value;
    }
    half_squares_[j] = static_cast<float>(0.5 * square);
    reach = std::max(reach, square);
  }
  reach_ = static_cast<float>(std::sqrt(reach));
}

template <class T>
void CenterSearch::label(const Block& block, const T* rows, std::size_t count,
                         std::int32_t* labels) const {
  // With u = 2^-24, C the largest norm of a centre and |x| that of the row, a score (half of
  // |c|^2 - x.c) is off by at most (dim + 4) u (C^2 / 2 + |x| C): the inputs are rounded once each,
  // then there are dim products and dim sums. Two scores and their difference: twice that and a
  // little. The last term covers what is too small for a float.
  const float factor = 2.1f * static_cast<float>(dim_ + 5) * 0x1p-24f;
  const float tiny = static_cast<float>(dim_) * 0x1p-120f;
  float gaps[kBlock];
  for (int lane = 0; lane < kBlock; ++lane) {
    gaps[lane] = factor * reach_ * (0.5f * reach_ + block.norms[lane]) + tiny;
  }
  std::int32_t nearest[kBlock];
  std::int32_t close[kBlock];
  const bool any = isa_.assign_samples(block.coords, dim_, groups_.data(), half_squares_.data(), k_,
                                       gaps, nearest, close);
  std::copy_n(nearest, count, labels);
  if (!any) return;
  for (std::size_t lane = 0; lane < count; ++lane) {
    if (close[lane] == 0) continue;
    const T* row = rows + lane * static_cast<std::size_t>(dim_);
    labels[lane] = row_loops<T>().nearest(row, dim_, exact_.data(), k_);
  }
}

template void CenterSearch::label(const Block&, const float*, std::size_t, std::int32_t*) const;
template void CenterSearch::label(const Block&, const double*, std::size_t, std::int32_t*) const;

}  // namespace kpalette
