#include "texture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace kpalette {
namespace {

constexpr std::size_t kRowsPerTask = 16;
constexpr float kTexture = 9e-4f;  // the variance that halves c / (c + a)
constexpr int kReach = 4;          // of the window
constexpr int kNear = 2;           // of the least

/// exp(-i^2 / (2 * 1.5^2)), divided by the sum over i from -4 to 4.
constexpr std::array<float, kReach + 1> kWindow{0.26656f, 0.21344f, 0.10959f, 0.03607f, 0.00761f};

std::size_t within(std::ptrdiff_t at, std::size_t n) {
  return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, std::ptrdiff_t(n) - 1));
}

/// The variances of a picture's rows.
class Variance {
 public:
  Variance(std::span<const Point4> coords, std::size_t width)
      : coords_(coords),
        width_(width),
        height_(coords.size() / width),
        means_(width + 2 * kReach),
        squares_(width + 2 * kReach) {}

  void of_row(std::size_t y, float* out) {
    for (std::size_t x = 0; x < width_; ++x) {
      Point4 mean{};
      Point4 square{};
      for (int i = -kReach; i <= kReach; ++i) {
        const std::size_t row = within(static_cast<std::ptrdiff_t>(y) + i, height_);
        const Point4 value = coords_[row * width_ + x];
        const Point4 weighted = all4(kWindow[std::abs(i)]) * value;
        mean += weighted;
        square += weighted * value;
      }
      means_[x + kReach] = mean;
      squares_[x + kReach] = square;
    }
    for (std::size_t i = 0; i < kReach; ++i) {  // what is beyond an edge is as at the edge
      means_[i] = means_[kReach];
      squares_[i] = squares_[kReach];
      means_[width_ + kReach + i] = means_[width_ + kReach - 1];
      squares_[width_ + kReach + i] = squares_[width_ + kReach - 1];
    }
    for (std::size_t x = 0; x < width_; ++x) {
      Point4 mean{};
      Point4 square{};
      for (int i = -kReach; i <= kReach; ++i) {
        const std::size_t at = x + static_cast<std::size_t>(kReach + i);
        mean += all4(kWindow[std::abs(i)]) * means_[at];
        square += all4(kWindow[std::abs(i)]) * squares_[at];
      }
      const Point4 variance = most4(square - mean * mean, Point4{});
      out[x] = (variance[0] + variance[1]) + (variance[2] + variance[3]);
    }
  }

 private:
  std::span<const Point4> coords_;
  std::size_t width_;
  std::size_t height_;
  Buffer<Point4> means_;
  Buffer<Point4> squares_;
};

/// The least of each value and its neighbours along a row.
void least_across(const float* row, std::size_t width, float* out) {
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t first = x < kNear ? 0 : x - kNear;
    out[x] = *std::min_element(row + first, row + std::min(width, x + kNear + 1));
  }
}

}  // namespace

void weigh_by_texture(std::span<const Point4> coords, std::size_t width, float* weights,
                      Team& team) {
  const std::size_t height = coords.size() / width;
  const std::size_t tasks = (height + kRowsPerTask - 1) / kRowsPerTask;
  Buffer<float> least(coords.size());
  team.run(tasks, [&](std::size_t task, int) {
    Variance variance(coords, width);
    std::vector<float> row(width);
    for (std::size_t y = task * kRowsPerTask; y < std::min(height, (task + 1) * kRowsPerTask);
         ++y) {
      variance.of_row(y, row.data());
      least_across(row.data(), width, least.data() + y * width);
    }
  });
  // Sums in doubles, by tasks, so that they do not depend on the team.
  std::vector<double> sums(tasks);
  std::vector<double> wanted(tasks);
  team.run(tasks, [&](std::size_t task, int) {
    for (std::size_t y = task * kRowsPerTask; y < std::min(height, (task + 1) * kRowsPerTask);
         ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        float texture = least[y * width + x];
        for (int i = -kNear; i <= kNear; ++i) {
          texture = std::min(texture, least[within(std::ptrdiff_t(y) + i, height) * width + x]);
        }
        const float half = std::sqrt(kTexture / (kTexture + texture));
        const float weight = half * std::sqrt(half);
        weights[y * width + x] = weight;
        sums[task] += weight;
        wanted[task] += half;
      }
    }
  });
  double sum = 0;
  double want = 0;
  for (std::size_t task = 0; task < tasks; ++task) {
    sum += sums[task];
    want += wanted[task];
  }
  const auto scale = static_cast<float>(want / sum);
  for (std::size_t i = 0; i < coords.size(); ++i) weights[i] *= scale;
}

void weigh_by_lightness(std::span<const Point4> coords, std::size_t width, const Rectangle& part,
                        float* weights, Team& team) {
  // Lightness in sixteenths, so that sums are those of integers, all of which have 31 bits.
  constexpr float kSteps = 1600;
  constexpr std::size_t kSide = 5;
  constexpr std::size_t kBeside = kSide / 2;
  constexpr float kHalf = 250 * kSteps * kSteps / 1e4f * kSide * kSide * kSide * kSide;
  const std::size_t height = coords.size() / width;
  const Rectangle near = grown(part, kBeside, height, width);
  const std::size_t across = part.width() + 2 * kBeside;
  // Of each row, with what is beyond an edge as at the edge.
  Buffer<std::int32_t> light(near.height() * across);
  team.run(near.height(), [&](std::size_t row, int) {
    const Point4* const from = &coords[(near.top + row) * width];
    std::int32_t* const to = &light[row * across];
    for (std::size_t x = 0; x < across; ++x) {
      const auto at = static_cast<std::ptrdiff_t>(part.left + x) - std::ptrdiff_t{kBeside};
      to[x] = static_cast<std::int32_t>(from[within(at, width)][0] * kSteps);
    }
  });
  team.run(part.height(), [&](std::size_t row, int) {
    const std::size_t y = part.top + row;
    std::vector<std::int32_t> sums(across);
    std::vector<std::int32_t> squares(across);
    for (std::size_t i = 0; i < kSide; ++i) {
      const auto offset = static_cast<std::ptrdiff_t>(y + i) - std::ptrdiff_t{kBeside};
      const std::int32_t* const from = &light[(within(offset, height) - near.top) * across];
      for (std::size_t x = 0; x < across; ++x) {
        sums[x] += from[x];
        squares[x] += from[x] * from[x];
      }
    }
    float* const to = weights + y * width + part.left;
    for (std::size_t x = 0; x < part.width(); ++x) {
      const std::int32_t sum = sums[x] + sums[x + 1] + sums[x + 2] + sums[x + 3] + sums[x + 4];
      const std::int32_t square =
          squares[x] + squares[x + 1] + squares[x + 2] + squares[x + 3] + squares[x + 4];
      const std::int32_t variance = std::int32_t{kSide * kSide} * square - sum * sum;
      to[x] = kHalf / (kHalf + static_cast<float>(variance));
    }
  });
}

}  // namespace kpalette
