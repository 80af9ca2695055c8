// The inner loops of an exact nearest-centre search, compiled once per instruction set.
//
// All compute in floats and only *filter*: they keep every candidate that rounding could make the
// nearest, or flag the point, and the caller decides in doubles. So every instruction set gives the
// same labels.
#pragma once

#include <cstdint>
#include <vector>

#include "points.hpp"
#include "row_kernels.hpp"

namespace kpalette {

/// A subset of the centres, as columns for vector loops. Columns are padded to a multiple of kPad
/// with centres that are never nearest.
struct Candidates {
  static constexpr int kPad = 16;
  static constexpr float kFar = 1e18f;  // its square is finite

  int count = 0;                // without the padding
  float* coords[kMaxDim] = {};  // relative to the points' origin
  std::int32_t* ids = nullptr;  // ascending
};

/// A bit for each point of a block.
struct Marks {
  std::uint64_t close = 0;
  std::uint64_t changed = 0;  // another label than before
};

struct Kernels {
  const char* name;

  /// Copies to `out` the candidates that could be nearest to some point of the box, and possibly a
  /// few more: the filtering algorithm of Kanungo et al. (2002), doi:10.1109/TPAMI.2002.1017616.
  /// They are compared with the pivot: a centre near the box, or else, if null, the candidate that
  /// is nearest to its middle, which takes longer to find.
  /// `slack` bounds the rounding error of a difference of two squared distances in floats.
  void (*narrow[kMaxDim + 1])(const Box& box, const Candidates& in, const float* pivot, float slack,
                              Candidates& out);

  /// The same, but writes the candidates' ids alone, and returns how many there are.
  int (*list[kMaxDim + 1])(const Box& box, const Candidates& in, const float* pivot, float slack,
                           std::int32_t* ids);

  /// Writes the nearest to each point of a block among the centres that `ids` names. In `centers`,
  /// (k, dim + 1), each has its coordinates and half its squared norm. Close are points whose
  /// second nearest is within `gap` (in half squared distances).
  Marks (*assign[kMaxDim + 1])(const float* block, const float* centers, const std::int32_t* ids,
                               int count, float gap, const std::uint16_t* before,
                               std::uint16_t* labels);

  /// The same for samples of any dimension and all `count` centres, with a gap for each sample.
  /// Returns true if for some sample the second nearest is as near as that; `close` flags those.
  /// Centres are in groups of kGroup, the last one padded: (groups, dim, kGroup).
  bool (*assign_samples)(const float* block, int dim, const float* centers,
                         const float* half_squares, int count, const float* gaps,
                         std::int32_t* labels, std::int32_t* close);
  static constexpr int kGroup = 6;  // with two or four vectors of samples, what registers can hold

  /// Writes which of two or more colours, given by ids into `palette` (k, 3), is nearest to each
  /// colour of a cube of 8 levels a side, the first among equals: (8, 8, 8). The colours are those
  /// that list() leaves for the cube without a pivot, so that numbers fit 16 bits: see there.
  void (*fill_cell)(const std::uint8_t* corner, const std::uint8_t* palette,
                    const std::int32_t* ids, int count, std::uint8_t* cell);
  static constexpr int kCell = 512;

  /// Loops over rows whose results depend on no instruction set.
  const RowKernels& rows;
};

/// Returns all kernels that this processor can run, the best first.
const std::vector<const Kernels*>& runnable_kernels();

/// Returns the best kernels that this processor can run, or those that the environment variable
/// KPALETTE_ISA names. Throws std::invalid_argument if this processor cannot run those.
const Kernels& kernels();

}  // namespace kpalette
