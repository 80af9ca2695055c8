// The points of a fit: distinct colours as coordinates in some space, weighted by their counts.
//
// Coordinates are integers (a space scales them to a grid), held as floats because vector units
// like those. So every sum over points is a sum of integers: exact, whatever the order of adding.
//
// Points keep the order they come in, Morton order for colours. Blocks of 64 neighbours share a
// bounding box, eight blocks share a larger one, and so on: the tree that lets a pass of k-means
// rule out most centres for many points at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "parallel.hpp"
#include "spaces.hpp"

namespace kpalette {

inline constexpr int kBlock = 64;          // points per block
inline constexpr std::size_t kFan = 8;     // boxes per box of the level above
inline constexpr int kMaxCenters = 65536;  // labels are 16-bit

struct Box {
  std::array<float, kMaxDim> middle;
  std::array<float, kMaxDim> half;  // half the extent, so that middle +- half are the faces
};

class Points {
 public:
  /// `colors` (n, space.channels()); `weights` (n) at least 0, which must outlive the points.
  /// Throws std::overflow_error where weighted sums could exceed 62 bits.
  Points(std::span<const std::uint8_t> colors, Space space, std::span<const std::int64_t> weights,
         Team& team);

  const Space& space() const { return space_; }
  int dim() const { return space_.channels(); }
  std::size_t size() const { return size_; }
  std::size_t blocks() const { return levels_[0].size(); }
  std::int64_t total_weight() const { return total_weight_; }

  /// Sum over points of weight times the squared coordinates, relative to origin().
  double total_square() const { return total_square_; }

  /// The middle of the space. Stored coordinates are relative to it, which keeps floats small and
  /// their errors with them.
  std::span<const std::int32_t> origin() const { return {origin_.data(), width()}; }

  /// Coordinates of one block relative to origin(): (dim, 64). Past the last point of the last
  /// block, that point is repeated with weight 0.
  const float* block(std::size_t index) const { return coords_.data() + index * width() * kBlock; }

  /// A coordinate of point i relative to origin().
  float at(std::size_t i, int axis) const {
    return block(i / kBlock)[static_cast<std::size_t>(axis) * kBlock + i % kBlock];
  }

  /// The absolute coordinates of point i.
  void coordinates(std::size_t i, double* out) const {
    for (int axis = 0; axis < dim(); ++axis) {
      out[axis] = static_cast<double>(at(i, axis)) + origin_[static_cast<std::size_t>(axis)];
    }
  }

  /// Weights of one block: (64), 0 in the padding.
  const std::int64_t* weights(std::size_t index) const {
    return index + 1 < blocks() ? weights_.data() + index * kBlock : last_weights_.data();
  }
  std::int64_t weight(std::size_t i) const { return weights_[i]; }

  /// (dim + 1) per block: weight, then weighted sums of coordinates relative to origin().
  const std::int64_t* block_sums(std::size_t index) const {
    return block_sums_.data() + index * (width() + 1);
  }

  /// levels()[0] has a box per block, levels()[i + 1] one per kFan boxes of levels()[i]; the last
  /// has at most kRoots.
  const std::vector<std::vector<Box>>& levels() const { return levels_; }
  static constexpr std::size_t kRoots = 64;

  /// The largest magnitude of a coordinate relative to origin().
  float reach() const { return reach_; }

 private:
  template <int D>
  double fill_block(std::size_t index, std::span<const std::uint8_t> colors);

  std::size_t width() const { return static_cast<std::size_t>(dim()); }

  Space space_;
  std::size_t size_;
  std::array<std::int32_t, kMaxDim> origin_{};
  Buffer<float> coords_;
  std::span<const std::int64_t> weights_;
  std::array<std::int64_t, kBlock> last_weights_{};
  Buffer<std::int64_t> block_sums_;
  std::vector<std::vector<Box>> levels_;
  std::int64_t total_weight_ = 0;
  double total_square_ = 0;
  float reach_ = 0;
};

}  // namespace kpalette
