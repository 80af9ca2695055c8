#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace kpalette {

/// Candidates that own their memory, as columns.
class CandidateList {
 public:
  CandidateList(int capacity, int dim) {
    // A kernel may write one vector past the end.
    const auto padded = static_cast<std::size_t>((capacity + 2 * Candidates::kPad - 1) /
                                                 Candidates::kPad * Candidates::kPad);
    floats_.resize(padded * static_cast<std::size_t>(dim));
    ids_.resize(padded);
    for (int axis = 0; axis < dim; ++axis) {
      view.coords[axis] = floats_.data() + static_cast<std::size_t>(axis) * padded;
    }
    view.ids = ids_.data();
  }
  // Moving the vectors keeps the view's pointers valid; copying would not.
  CandidateList(CandidateList&&) = default;
  CandidateList(const CandidateList&) = delete;

  Candidates view;

 private:
  std::vector<float> floats_;
  std::vector<std::int32_t> ids_;
};

}  // namespace kpalette
