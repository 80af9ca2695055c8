#include "nearest_grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace kpalette {

NearestGrid::NearestGrid(std::span<const Point4> centers, std::span<const std::int32_t> ids,
                         int dim, float reach)
    : dim_(dim),
      bits_(dim == 3 ? 5 : 4),
      reach_(reach),
      cells_(std::size_t{1} << (bits_ * dim)),
      coarse_(std::size_t{1} << (kCoarseBits * dim)),
      all_(static_cast<int>(ids.size()), dim),
      narrowed_(static_cast<int>(ids.size()), dim) {
  low_ = high_ = centers[static_cast<std::size_t>(ids[0])];
  Candidates& all = all_.view;
  all.count = static_cast<int>(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Point4 center = centers[static_cast<std::size_t>(ids[i])];
    low_ = least4(low_, center);
    high_ = most4(high_, center);
    for (int axis = 0; axis < dim; ++axis) {
      all.coords[axis][i] = center[axis];
      extreme_ = std::max(extreme_, std::abs(center[axis]));
    }
    all.ids[i] = ids[i];
  }
  for (int i = all.count; i % Candidates::kPad != 0; ++i) {
    for (int axis = 0; axis < dim; ++axis) all.coords[axis][i] = Candidates::kFar;
  }
  const int steps = 1 << bits_;
  for (int axis = 0; axis < dim; ++axis) {
    const float extent = std::max(high_[axis] - low_[axis], 1.0f);
    per_step_[axis] = static_cast<float>(steps) / extent;
    last_[axis] = static_cast<float>(steps) - 0.5f;
  }
}

/// Finds the candidates of one cell. The box is slightly larger than the cell, because rounding may
/// put a point outside; cells at the border extend as far as points may lie.
void NearestGrid::narrow(const std::int32_t* cell, int bits, const Candidates& from) {
  Box box{};
  const std::int32_t last = (1 << bits) - 1;
  float magnitude = extreme_;
  for (int axis = 0; axis < dim_; ++axis) {
    const float step = static_cast<float>(1 << (bits_ - bits)) / per_step_[axis];
    const float margin = 0.01f * step;
    const float start = low_[axis] + step * static_cast<float>(cell[axis]);
    const float low = cell[axis] == 0 ? -reach_ : start - margin;
    const float high = cell[axis] == last ? reach_ : start + step + margin;
    const auto a = static_cast<std::size_t>(axis);
    box.middle[a] = 0.5f * (low + high);
    box.half[a] = 0.5f * (high - low);
    magnitude = std::max({magnitude, std::abs(low), std::abs(high)});
  }
  // With M the magnitude: the filter's rounding error, 2^-18 dim M^2, and that of search(): two
  // squared distances of at most 4 dim M^2, each with an error of 7 parts in 2^24.
  const float slack = std::ldexp(static_cast<float>(dim_) * magnitude * magnitude, -17);
  isa_.narrow[dim_](box, from, nullptr, slack, narrowed_.view);
}

void NearestGrid::fill(std::size_t at) {
  std::array<std::int32_t, kMaxDim> cell{};
  std::array<std::int32_t, kMaxDim> larger{};
  std::size_t from = 0;
  for (int axis = dim_ - 1; axis >= 0; --axis) {
    const auto a = static_cast<std::size_t>(axis);
    cell[a] = static_cast<std::int32_t>(at >> (bits_ * axis) & ((1u << bits_) - 1));
    larger[a] = cell[a] >> (bits_ - kCoarseBits);
    from = from << kCoarseBits | static_cast<std::size_t>(larger[a]);
  }
  const Candidates& found = narrowed_.view;
  if (!coarse_[from]) {
    narrow(larger.data(), kCoarseBits, all_.view);
    coarse_[from] = std::make_unique<CandidateList>(found.count, dim_);
    Candidates& kept = coarse_[from]->view;
    const int padded = (found.count + Candidates::kPad - 1) / Candidates::kPad * Candidates::kPad;
    kept.count = found.count;
    for (int axis = 0; axis < dim_; ++axis) {
      std::copy_n(found.coords[axis], padded, kept.coords[axis]);
    }
    std::copy_n(found.ids, found.count, kept.ids);
  }
  narrow(cell.data(), bits_, coarse_[from]->view);
  const int groups = (found.count + kLanes - 1) / kLanes;
  cells_[at] = {static_cast<std::uint32_t>(lists_.size()), static_cast<std::uint32_t>(groups)};
  for (int group = 0; group < groups; ++group) {
    for (int axis = 0; axis < dim_; ++axis) {  // padded with kFar
      lists_.insert(lists_.end(), found.coords[axis] + group * kLanes,
                    found.coords[axis] + (group + 1) * kLanes);
    }
    for (int i = group * kLanes; i < (group + 1) * kLanes; ++i) {
      lists_.push_back(i < found.count ? static_cast<float>(found.ids[i]) : 0.0f);
    }
  }
}

}  // namespace kpalette
