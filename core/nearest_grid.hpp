// Nearest-centre search for points that come one after the other, anywhere in the space.
//
// The centres' bounding box is divided into cells. Each cell lists the centres that could be
// nearest to a point in it: a handful of 256. A list is made when its cell is first used, from that
// of a larger cell, with the same filter as in a fit (Kanungo et al. 2002,
// doi:10.1109/TPAMI.2002.1017616).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "candidates.hpp"
#include "point4.hpp"

namespace kpalette {

/// Not thread-safe: searches make lists.
///
/// The nearest centre is the one with the least ((x0 - c0)^2 + (x1 - c1)^2) + ... in floats,
/// without contraction; ties go to the lowest index. So the result is the same on every machine.
class NearestGrid {
 public:
  /// `ids` are the indices of the centres in the grid, ascending; points lie within `reach` of 0 on
  /// every axis.
  NearestGrid(std::span<const Point4> centers, std::span<const std::int32_t> ids, int dim,
              float reach);

  /// Returns the index of the nearest centre. D is the grid's dim.
  template <int D>
  std::int32_t find(Point4 point) {
    const Point4 place = least4(most4((point - low_) * per_step_, Point4{}), last_);
    const Whole4 cell = __builtin_convertvector(place, Whole4);
    auto at = static_cast<std::uint32_t>(cell[D - 1]);
    for (int axis = D - 2; axis >= 0; --axis) {
      at = at << bits_ | static_cast<std::uint32_t>(cell[axis]);
    }
    if (cells_[at].groups == 0) [[unlikely]] {
      fill(at);
    }
    return search<D>(cells_[at], point);
  }

 private:
  typedef std::int32_t Whole4 __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static constexpr int kCoarseBits = 2;

  /// The place in lists_ of a cell's centres, (groups, dim + 1, 4): coordinates, then indices.
  struct Cell {
    std::uint32_t first = 0;
    std::uint32_t groups = 0;
  };

  template <int D>
  std::int32_t search(Cell cell, Point4 point) const;
  void fill(std::size_t at);
  void narrow(const std::int32_t* cell, int bits, const Candidates& from);

  int dim_;
  int bits_;  // cells per axis, as a power of 2
  float reach_;
  float extreme_ = 0;  // the largest magnitude of a centre's coordinate
  Point4 low_{};
  Point4 high_{};
  Point4 per_step_{};
  Point4 last_{};
  std::vector<Cell> cells_;
  std::vector<std::unique_ptr<CandidateList>> coarse_;
  CandidateList all_;
  CandidateList narrowed_;
  Buffer<float> lists_;
  const Kernels& isa_ = kernels();
};

template <int D>
inline std::int32_t NearestGrid::search(Cell cell, Point4 point) const {
  const float* group = lists_.data() + cell.first;
  Point4 best = all4(Candidates::kFar * Candidates::kFar);
  Point4 label{};
  for (std::uint32_t i = 0; i < cell.groups; ++i, group += (D + 1) * kLanes) {
    Point4 square{};
    for (int axis = 0; axis < D; ++axis) {
      Point4 center;
      __builtin_memcpy(&center, group + axis * kLanes, sizeof center);
      const Point4 offset = all4(point[axis]) - center;
      square = axis == 0 ? offset * offset : square + offset * offset;
    }
    Point4 id;
    __builtin_memcpy(&id, group + D * kLanes, sizeof id);
    const auto nearer = square < best;
    label = nearer ? id : label;
    best = nearer ? square : best;
  }
  // The least of the lanes; among equals, the lowest label.
  const auto lower = [](Point4& b, Point4& l, Point4 b2, Point4 l2) {
    const auto take = (b2 < b) | ((b2 == b) & (l2 < l));
    b = take ? b2 : b;
    l = take ? l2 : l;
  };
  lower(best, label, __builtin_shufflevector(best, best, 2, 3, 0, 1),
        __builtin_shufflevector(label, label, 2, 3, 0, 1));
  lower(best, label, __builtin_shufflevector(best, best, 1, 0, 3, 2),
        __builtin_shufflevector(label, label, 1, 0, 3, 2));
  return static_cast<std::int32_t>(label[0]);
}

}  // namespace kpalette
