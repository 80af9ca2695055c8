// The inner loops of an exact nearest-centre search, compiled once per instruction set.
//
// All compute in floats and only *filter*: they keep every candidate that rounding could make the
// nearest, or flag the point, and the caller decides in doubles. So every instruction set gives the
// same labels.
#pragma once

#include <cstdint>
#include <vector>

#include "points.hpp"

namespace kpalette {

/// A subset of the centres, as columns for vector loops. Columns are padded to a multiple of kPad
/// with centres that are never nearest.
struct Candidates {
  static constexpr int kPad = 16;
  static constexpr float kFar = 1e18f;  // its square is finite

  int count = 0;                 // without the padding
  float* coords[kMaxDim] = {};   // relative to the points' origin
  float* half_square = nullptr;  // half the squared norm
  std::int32_t* ids = nullptr;   // ascending
};

struct Kernels {
  const char* name;

  /// Copies to `out` the candidates that could be nearest to some point of the box, and possibly a
  /// few more: the filtering algorithm of Kanungo et al. (2002), doi:10.1109/TPAMI.2002.1017616.
  /// `slack` bounds the rounding error of a difference of two squared distances in floats.
  /// `scratch` has room for the padded count.
  void (*narrow[kMaxDim + 1])(const Box& box, const Candidates& in, Candidates& out, float slack,
                              float* scratch);

  /// Writes the nearest candidate of each point of a block. Returns true if for some point the
  /// second nearest is within `gap` (in half squared distances); `close` flags those points.
  bool (*assign[kMaxDim + 1])(const float* block, const Candidates& candidates, float gap,
                              std::uint16_t* labels, std::int32_t* close);

  /// The same for samples of any dimension and all `count` centres, with a gap for each sample.
  /// Centres are in groups of kGroup, the last one padded: (groups, dim, kGroup).
  bool (*assign_samples)(const float* block, int dim, const float* centers,
                         const float* half_squares, int count, const float* gaps,
                         std::int32_t* labels, std::int32_t* close);
  static constexpr int kGroup = 6;  // fills the registers, with two or four vectors of samples
};

/// Returns all kernels that this processor can run, the best first.
const std::vector<const Kernels*>& runnable_kernels();

/// Returns the best kernels that this processor can run, or those that the environment variable
/// KPALETTE_ISA names. Throws std::invalid_argument if this processor cannot run those.
const Kernels& kernels();

}  // namespace kpalette
