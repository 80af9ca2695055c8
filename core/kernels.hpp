// The inner loops of an exact nearest-centre search, compiled once per instruction set.
//
// All work in floats and only *filter*: whatever rounding could change is kept, or flagged for
// the caller to decide in doubles. That is why every instruction set gives the same labels.
#pragma once

#include <cstdint>
#include <vector>

#include "points.hpp"
#include "row_kernels.hpp"

namespace kpalette {

/// Some of the centres, as columns that vector loops read. Columns are padded to a multiple of
/// kPad with centres that are never nearest.
struct Candidates {
  static constexpr int kPad = 16;
  static constexpr float kFar = 1e18f;  // its square is still finite

  int count = 0;                 // without the padding
  float* coords[kMaxDim] = {};   // relative to the points' origin
  float* half_square = nullptr;  // half the squared norm
  std::int32_t* ids = nullptr;   // ascending
};

struct Kernels {
  const char* name;

  /// Copies to `out` the candidates that could be nearest to some point of the box, and perhaps a
  /// few more: the filtering algorithm of Kanungo et al. (2002), doi:10.1109/TPAMI.2002.1017616.
  /// `slack` bounds the error of a difference of two squared distances, rounded to floats.
  /// `scratch` has room for the padded count.
  void (*narrow[kMaxDim + 1])(const Box& box, const Candidates& in, Candidates& out, float slack,
                              float* scratch);

  /// The nearest candidate of each point of a block; true where for some point the runner-up is
  /// within `gap` (in half squared distances), and `close` tells for which.
  bool (*assign[kMaxDim + 1])(const float* block, const Candidates& candidates, float gap,
                              std::uint16_t* labels, std::int32_t* close);

  /// The same for samples of any dimension and all of `count` centres, with a gap for each sample.
  /// Centres come in groups of kGroup, the last one padded: (groups, dim, kGroup).
  bool (*assign_samples)(const float* block, int dim, const float* centers,
                         const float* half_squares, int count, const float* gaps,
                         std::int32_t* labels, std::int32_t* close);
  static constexpr int kGroup = 6;  // with two or four vectors of samples, what registers can hold

  /// Loops over rows whose results depend on no instruction set.
  const RowKernels& rows;
};

/// All that this processor can run, the best first.
const std::vector<const Kernels*>& runnable_kernels();

/// The best kernels that this processor can run, or those that the environment variable
/// KPALETTE_ISA names. Throws std::invalid_argument where it names none that can run here.
const Kernels& kernels();

}  // namespace kpalette
