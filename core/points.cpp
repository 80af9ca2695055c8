#include "points.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 256;

Box box_around(std::span<const Box> boxes, std::size_t dim) {
  Box box{};
  for (std::size_t axis = 0; axis < dim; ++axis) {
    float low = boxes[0].middle[axis] - boxes[0].half[axis];
    float high = boxes[0].middle[axis] + boxes[0].half[axis];
    for (const Box& part : boxes) {
      low = std::min(low, part.middle[axis] - part.half[axis]);
      high = std::max(high, part.middle[axis] + part.half[axis]);
    }
    // Faces are integers below 2^23, so both halves are exact in a float.
    box.middle[axis] = 0.5f * (low + high);
    box.half[axis] = 0.5f * (high - low);
  }
  return box;
}

}  // namespace

Points::Points(std::span<const std::uint8_t> colors, int channels,
               std::span<const std::int64_t> weights, Team& team)
    : dim_(channels), size_(weights.size()), origin_(middle_of_space(channels)) {
  constexpr std::int64_t kMaxSum = std::int64_t{1} << 62;
  for (const std::int64_t weight : weights) {
    if (__builtin_add_overflow(total_weight_, weight, &total_weight_) ||
        total_weight_ > kMaxSum / max_coord(channels)) {
      throw std::overflow_error("the counts add up to more than a fit can sum exactly");
    }
  }
  const std::size_t d = width();
  const std::size_t n_blocks = (size_ + kBlock - 1) / kBlock;
  coords_.resize(n_blocks * d * kBlock);
  weights_.resize(n_blocks * kBlock);
  block_sums_.resize(n_blocks * (d + 1));
  levels_.emplace_back(n_blocks);

  const std::size_t tasks = (n_blocks + kBlocksPerTask - 1) / kBlocksPerTask;
  std::vector<double> squares(tasks);
  team.run(tasks, [&](std::size_t task, int) {
    std::int32_t placed[kMaxDim][kBlock];
    const std::size_t end = std::min(n_blocks, (task + 1) * kBlocksPerTask);
    for (std::size_t index = task * kBlocksPerTask; index < end; ++index) {
      const std::size_t first = index * kBlock;
      const std::size_t filled = std::min<std::size_t>(kBlock, size_ - first);
      place(colors.subspan(first * d, filled * d), channels, placed[0], kBlock);
      std::int64_t* weight = weights_.data() + first;
      std::copy_n(weights.data() + first, filled, weight);
      std::fill(weight + filled, weight + kBlock, 0);
      std::int64_t* sums = block_sums_.data() + index * (d + 1);
      sums[0] = std::accumulate(weight, weight + kBlock, std::int64_t{0});
      for (std::size_t axis = 0; axis < d; ++axis) {
        std::int32_t* values = placed[axis];
        std::fill(values + filled, values + kBlock, values[filled - 1]);
        float* block = coords_.data() + (index * d + axis) * kBlock;
        for (std::size_t i = 0; i < kBlock; ++i) {
          values[i] -= origin_[axis];
          block[i] = static_cast<float>(values[i]);
        }
        float low = block[0];
        float high = block[0];
        for (std::size_t i = 1; i < kBlock; ++i) {
          low = std::min(low, block[i]);
          high = std::max(high, block[i]);
        }
        levels_[0][index].middle[axis] = 0.5f * (low + high);
        levels_[0][index].half[axis] = 0.5f * (high - low);
      }
      std::array<std::int64_t, kMaxDim> totals{};
      double square = 0;  // exact to 2^53, and always added in this order
      for (std::size_t i = 0; i < kBlock; ++i) {
        std::int64_t norm = 0;
        for (std::size_t axis = 0; axis < d; ++axis) {
          const std::int64_t value = placed[axis][i];
          totals[axis] += weight[i] * value;
          norm += value * value;
        }
        square += static_cast<double>(weight[i]) * static_cast<double>(norm);
      }
      std::copy_n(totals.begin(), d, sums + 1);
      squares[task] += square;
    }
  });
  for (const double square : squares) total_square_ += square;
  for (const Box& box : levels_[0]) {
    for (std::size_t axis = 0; axis < d; ++axis) {
      reach_ =
          std::max({reach_, box.half[axis] + box.middle[axis], box.half[axis] - box.middle[axis]});
    }
  }

  while (levels_.back().size() > kRoots) {
    const std::vector<Box>& below = levels_.back();
    std::vector<Box> level((below.size() + kFan - 1) / kFan);
    for (std::size_t i = 0; i < level.size(); ++i) {
      const std::size_t parts = std::min(kFan, below.size() - i * kFan);
      level[i] = box_around({below.data() + i * kFan, parts}, d);
    }
    levels_.push_back(std::move(level));
  }
}

}  // namespace kpalette
