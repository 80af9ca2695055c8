#include "points.hpp"

#include <algorithm>
#include <stdexcept>

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

/// The sum of the weights, if sums of coordinates weighted by them surely fit 62 bits.
std::int64_t checked_total(std::span<const std::int64_t> weights, const Space& space) {
  const std::int64_t limit = (std::int64_t{1} << 62) / space.max_coord();
  std::int64_t total = 0;
  bool over = false;
  for (const std::int64_t weight : weights) {
    over |= __builtin_add_overflow(total, weight, &total);
    over |= total > limit;
  }
  if (over) {
    throw std::overflow_error("the counts add up to more than a fit can sum exactly");
  }
  return total;
}

}  // namespace

Points::Points(std::span<const std::uint8_t> colors, Space space,
               std::span<const std::int64_t> weights, Team& team)
    : space_(space),
      size_(weights.size()),
      origin_(space.middle()),
      weights_(weights),
      levels_(1),
      total_weight_(checked_total(weights, space)) {
  const std::size_t d = width();
  const std::size_t n_blocks = (size_ + kBlock - 1) / kBlock;
  coords_.resize(n_blocks * d * kBlock);
  block_sums_.resize(n_blocks * (d + 1));
  levels_[0].resize(n_blocks);
  const auto tail = weights.subspan((n_blocks - 1) * kBlock);
  std::copy(tail.begin(), tail.end(), last_weights_.begin());

  const std::size_t tasks = (n_blocks + kBlocksPerTask - 1) / kBlocksPerTask;
  std::vector<double> squares(tasks);
  team.run(tasks, [&](std::size_t task, int) {
    const std::size_t end = std::min(n_blocks, (task + 1) * kBlocksPerTask);
    for (std::size_t index = task * kBlocksPerTask; index < end; ++index) {
      squares[task] += d == 3 ? fill_block<3>(index, colors) : fill_block<4>(index, colors);
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

/// Places the colours of one block; returns the sum of its weighted squared coordinates, which is
/// exact to 2^53 and always added in the same order.
template <int D>
double Points::fill_block(std::size_t index, std::span<const std::uint8_t> colors) {
  const std::size_t first = index * kBlock;
  const std::size_t filled = std::min<std::size_t>(kBlock, size_ - first);
  std::int32_t placed[D][kBlock];
  space_.place(colors.subspan(first * D, filled * D), placed[0], kBlock);
  Box& box = levels_[0][index];
  for (std::size_t axis = 0; axis < D; ++axis) {
    std::int32_t* values = placed[axis];
    std::fill(values + filled, values + kBlock, values[filled - 1]);
    float* block = coords_.data() + (index * D + axis) * kBlock;
    for (std::size_t i = 0; i < kBlock; ++i) {
      values[i] -= origin_[axis];
      block[i] = static_cast<float>(values[i]);
    }
    float low = block[0];
    float high = block[0];
    for (std::size_t i = 1; i < kBlock; ++i) {
      low = block[i] < low ? block[i] : low;
      high = block[i] > high ? block[i] : high;
    }
    box.middle[axis] = 0.5f * (low + high);
    box.half[axis] = 0.5f * (high - low);
  }
  const std::int64_t* weight = weights(index);
  std::int64_t total = 0;
  std::array<std::int64_t, D> totals{};
  double square = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    std::int64_t norm = 0;
    for (std::size_t axis = 0; axis < D; ++axis) {
      const std::int64_t value = placed[axis][i];
      totals[axis] += weight[i] * value;
      norm += value * value;
    }
    total += weight[i];
    square += static_cast<double>(weight[i]) * static_cast<double>(norm);
  }
  std::int64_t* sums = block_sums_.data() + index * (D + 1);
  sums[0] = total;
  std::copy(totals.begin(), totals.end(), sums + 1);
  return square;
}

}  // namespace kpalette
