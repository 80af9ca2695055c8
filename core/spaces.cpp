#include "spaces.hpp"

#include <algorithm>
#include <cmath>

namespace kpalette {
namespace {

constexpr int kAlphaSteps = 510;
const double kAlphaAxis = std::sqrt(3.0) / 2 * kAlphaSteps;

std::uint8_t round_to_byte(double value) {
  return static_cast<std::uint8_t>(std::floor(std::clamp(value, 0.0, 255.0) + 0.5));
}

}  // namespace

int steps_per_level(int channels) { return channels == 4 ? kAlphaSteps : 1; }

std::array<std::int32_t, kMaxDim> middle_of_space(int channels) {
  if (channels == 3) return {128, 128, 128, 0};
  return {0, 0, 0, static_cast<std::int32_t>(kAlphaAxis * 255 / 2)};
}

void place(std::span<const std::uint8_t> colors, int channels, std::int32_t* coords) {
  if (channels == 3) {
    std::copy(colors.begin(), colors.end(), coords);
    return;
  }
  for (std::size_t i = 0; i < colors.size(); i += 4) {
    const int alpha = colors[i + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      // 510 (p - a / 2) with p = color * a / 255
      coords[i + channel] = alpha * (2 * colors[i + channel] - 255);
    }
    coords[i + 3] = static_cast<std::int32_t>(std::floor(kAlphaAxis * alpha + 0.5));
  }
}

void unplace(const double* coords, int channels, std::uint8_t* color) {
  if (channels == 3) {
    for (int channel = 0; channel < 3; ++channel) color[channel] = round_to_byte(coords[channel]);
    return;
  }
  color[3] = round_to_byte(coords[3] / kAlphaAxis);
  for (int channel = 0; channel < 3; ++channel) {
    color[channel] =
        color[3] == 0 ? std::uint8_t{0} : round_to_byte((coords[channel] / color[3] + 255) / 2);
  }
}

}  // namespace kpalette
