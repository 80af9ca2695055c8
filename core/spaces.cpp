#include "spaces.hpp"

#include <algorithm>
#include <cmath>

namespace kpalette {
namespace {

// 510 makes p - a / 2 an integer for every colour; 32 times that keeps what rounding does to the
// alpha axis below 0.01 % of a distance, and coordinates below 2^22.
constexpr int kFine = 32;
constexpr int kAlphaSteps = 510 * kFine;
const double kAlphaAxis = std::sqrt(3.0) / 2 * kAlphaSteps;

std::uint8_t round_to_byte(double value) {
  return static_cast<std::uint8_t>(std::floor(std::clamp(value, 0.0, 255.0) + 0.5));
}

}  // namespace

int steps_per_level(int channels) { return channels == 4 ? kAlphaSteps : 1; }

std::int32_t max_coord(int channels) { return channels == 4 ? 1 << 22 : 1 << 8; }

std::array<std::int32_t, kMaxDim> middle_of_space(int channels) {
  if (channels == 3) return {128, 128, 128, 0};
  return {0, 0, 0, static_cast<std::int32_t>(kAlphaAxis * 255 / 2)};
}

void place(std::span<const std::uint8_t> colors, int channels, std::int32_t* coords,
           std::size_t stride) {
  const std::size_t n = colors.size() / static_cast<std::size_t>(channels);
  if (channels == 3) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t axis = 0; axis < 3; ++axis) coords[axis * stride + i] = colors[3 * i + axis];
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const int alpha = colors[4 * i + 3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      // kAlphaSteps (p - a / 2) with p = color * a / 255
      coords[axis * stride + i] = kFine * alpha * (2 * colors[4 * i + axis] - 255);
    }
    coords[3 * stride + i] = static_cast<std::int32_t>(std::floor(kAlphaAxis * alpha + 0.5));
  }
}

void unplace(const double* coords, int channels, std::uint8_t* color) {
  if (channels == 3) {
    for (int channel = 0; channel < 3; ++channel) color[channel] = round_to_byte(coords[channel]);
    return;
  }
  color[3] = round_to_byte(coords[3] / kAlphaAxis);
  for (int channel = 0; channel < 3; ++channel) {
    color[channel] = color[3] == 0 ? std::uint8_t{0}
                                   : round_to_byte((coords[channel] / kFine / color[3] + 255) / 2);
  }
}

}  // namespace kpalette
