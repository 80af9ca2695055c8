#include "spaces.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "space_constants.hpp"

namespace kpalette {
namespace {

// sRGB with alpha: 510 makes p - a / 2 an integer for every colour; 32 times that keeps what
// rounding does to the alpha axis below 0.01 % of a distance, and coordinates below 2^22.
constexpr int kAlphaSteps = 510 * 32;
constexpr int kUnitSteps = 1 << 20;
constexpr std::size_t kBatch = 64;

// ---- sRGB's transfer function, IEC 61966-2-1 ----

/// x^(1/5) by Newton's method, from above.
double fifth_root(double x) {
  double y = 1;
  for (int step = 0; step < 60; ++step) y += (x / (y * y * y * y) - y) / 5;
  return y;
}

/// Of a level on the scale 0 to 255, which need not be whole.
double to_linear(double level) {
  const double c = level / 255;
  if (c <= 0.04045) return c / 12.92;
  const double base = (c + 0.055) / 1.055;
  return base * base * fifth_root(base * base);  // base^2.4
}

struct Transfer {
  std::array<double, 256> linear;  // of each level
  std::array<double, 255> border;  // between a level and the next
};

const Transfer& transfer() {
  static const Transfer tables = [] {
    Transfer made{};
    for (int level = 0; level < 256; ++level) {
      made.linear[static_cast<std::size_t>(level)] = to_linear(level);
      if (level < 255) made.border[static_cast<std::size_t>(level)] = to_linear(level + 0.5);
    }
    return made;
  }();
  return tables;
}

std::uint8_t to_level(double linear) {
  const auto& border = transfer().border;
  return static_cast<std::uint8_t>(std::upper_bound(border.begin(), border.end(), linear) -
                                   border.begin());
}

// ---- the curves between both matrices of a space ----

/// The cube root of a float from 0 to 1, to its last bits: a guess from the exponent, then two
/// steps by Halley's method. No branch, so that loops over it become vectors.
inline float cube_root(float x) {
  const auto bits = static_cast<float>(std::bit_cast<std::int32_t>(x + 1e-20f));
  float y = std::bit_cast<float>(static_cast<std::int32_t>(bits * (1.0f / 3)) + 709921077);
  for (int step = 0; step < 2; ++step) {
    const float cube = y * y * y;
    y = y * (cube + 2 * x) / (2 * cube + x);
  }
  return y;
}

// CIE 15:2018: the cube root, and a line below (6 / 29)^3.
constexpr double kLabKnee = 6.0 / 29;
constexpr double kLabSlope = 1 / (3 * kLabKnee * kLabKnee);
constexpr double kLabOffset = 4.0 / 29;

inline float lab_curve(float x) {
  const float line = static_cast<float>(kLabSlope) * x + static_cast<float>(kLabOffset);
  return x > static_cast<float>(kLabKnee * kLabKnee * kLabKnee) ? cube_root(x) : line;
}

double lab_curve_inverse(double y) {
  return y > kLabKnee ? y * y * y : (y - kLabOffset) / kLabSlope;
}

inline float three_quarters(float x) {
  const float root = std::sqrt(x);
  return root * std::sqrt(root);
}

/// y^(4/3), by Newton's method for the cube root, from above.
double four_thirds(double y) {
  if (y <= 0) return 0;
  double root = std::max(1.0, y);
  for (int step = 0; step < 60; ++step) root += (y / (root * root) - root) / 3;
  return y * root;
}

// ---- spaces of the form axes * curve(inputs * linear) ----

constexpr Matrix kIdentity = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

struct Form {
  const Matrix& inputs;
  const Matrix& axes;
  const Matrix& inputs_inverse;
  const Matrix& axes_inverse;
  void (*curve)(float* values, std::size_t n);
  double (*curve_inverse)(double);
  double offset;  // added to the first axis
};

template <auto Curve>
void each(float* values, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) values[i] = Curve(values[i]);
}

const Form& form_of(SpaceName name) {
  static const Form linear{kIdentity,
                           kIdentity,
                           kIdentity,
                           kIdentity,
                           [](float*, std::size_t) {},
                           [](double x) { return x; },
                           0};
  static const Form oklab{kOklabCones,
                          kOklabAxes,
                          kOklabConesInverse,
                          kOklabAxesInverse,
                          each<cube_root>,
                          [](double x) { return x * x * x; },
                          0};
  static const Form lab{
      kRelativeXyz,      kLabAxes, kRelativeXyzInverse, kLabAxesInverse, each<lab_curve>,
      lab_curve_inverse, -0.16};
  static const Form mixing{
      kOklabCones, kOklabAxes, kOklabConesInverse, kOklabAxesInverse, each<three_quarters>,
      four_thirds, 0};
  switch (name) {
    case SpaceName::linear:
      return linear;
    case SpaceName::oklab:
      return oklab;
    case SpaceName::mixing:
      return mixing;
    default:
      return lab;
  }
}

/// What each level of each channel adds to the three inputs of a space.
using Inputs = std::array<std::array<std::array<float, 4>, 256>, 3>;

Inputs make_inputs(const Form& form) {
  Inputs inputs{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t level = 0; level < 256; ++level) {
      for (std::size_t i = 0; i < 3; ++i) {
        inputs[channel][level][i] =
            static_cast<float>(form.inputs[i][channel] * transfer().linear[level]);
      }
    }
  }
  return inputs;
}

const Inputs& inputs_of(SpaceName name) {
  static const Inputs linear = make_inputs(form_of(SpaceName::linear));
  static const Inputs cones = make_inputs(form_of(SpaceName::oklab));
  static const Inputs lab = make_inputs(form_of(SpaceName::lab));
  if (name == SpaceName::linear) return linear;
  return name == SpaceName::lab ? lab : cones;  // Oklab's, and those of the space for mixing
}

std::uint8_t round_to_byte(double value) {
  return static_cast<std::uint8_t>(std::floor(std::clamp(value, 0.0, 255.0) + 0.5));
}

}  // namespace

double light_of(std::uint8_t level) { return transfer().linear[level]; }

int Space::steps() const {
  if (name_ != SpaceName::srgb) return kUnitSteps;
  return channels_ == 4 ? kAlphaSteps : 1;
}

std::int32_t Space::max_coord() const {
  if (name_ != SpaceName::srgb) return kUnitSteps * 3 / 2;  // CIELAB's b reaches 1.08
  return channels_ == 4 ? 1 << 22 : 1 << 8;
}

std::array<std::int32_t, 3> Space::white() const {
  const std::int32_t one = name_ == SpaceName::srgb ? 255 * steps() : steps();
  if (name_ == SpaceName::srgb || name_ == SpaceName::linear) return {one, one, one};
  return {one, 0, 0};
}

double Space::alpha_axis() const {
  double square = 0;
  for (const std::int32_t axis : white()) square += static_cast<double>(axis) * axis;
  return std::sqrt(square) / 2;
}

std::array<std::int32_t, kMaxDim> Space::middle() const {
  if (channels_ == 4) return {0, 0, 0, static_cast<std::int32_t>(alpha_axis() / 2)};
  std::array<std::int32_t, kMaxDim> middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) middle[axis] = (white()[axis] + 1) / 2;
  return middle;
}

/// Without alpha, of colours that are `pitch` bytes apart.
void Space::place_opaque(const std::uint8_t* colors, std::size_t n, std::size_t pitch,
                         std::int32_t* coords, std::size_t stride) const {
  if (name_ == SpaceName::srgb) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        coords[axis * stride + i] = steps() * colors[pitch * i + axis];
      }
    }
    return;
  }
  const Form& form = form_of(name_);
  const Inputs& inputs = inputs_of(name_);
  float axes[3][3];
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t i = 0; i < 3; ++i) axes[a][i] = static_cast<float>(form.axes[a][i]);
  }
  for (std::size_t first = 0; first < n; first += kBatch) {
    const std::size_t count = std::min(kBatch, n - first);
    float values[3][kBatch];
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* color = colors + pitch * (first + i);
      const auto& r = inputs[0][color[0]];
      const auto& g = inputs[1][color[1]];
      const auto& b = inputs[2][color[2]];
      for (std::size_t a = 0; a < 3; ++a) values[a][i] = r[a] + g[a] + b[a];
    }
    for (auto& axis : values) form.curve(axis, count);
    for (std::size_t a = 0; a < 3; ++a) {
      const float offset = a == 0 ? static_cast<float>(form.offset) : 0.0f;
      std::int32_t* out = coords + a * stride + first;
      for (std::size_t i = 0; i < count; ++i) {
        const float value =
            axes[a][0] * values[0][i] + axes[a][1] * values[1][i] + axes[a][2] * values[2][i];
        // To the nearest step; floor would need a newer instruction set than the baseline.
        const float scaled = (value + offset) * kUnitSteps;
        out[i] = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
      }
    }
  }
}

void Space::place(std::span<const std::uint8_t> colors, std::int32_t* coords,
                  std::size_t stride) const {
  const auto pitch = static_cast<std::size_t>(channels_);
  const std::size_t n = colors.size() / pitch;
  place_opaque(colors.data(), n, pitch, coords, stride);
  if (channels_ == 3) return;
  const auto w = white();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (std::size_t i = 0; i < n; ++i) {
      // a (u - w / 2), which for sRGB is a whole number
      const std::int64_t alpha = colors[4 * i + 3];
      const std::int64_t doubled = alpha * (2 * std::int64_t{coords[axis * stride + i]} - w[axis]);
      coords[axis * stride + i] =
          static_cast<std::int32_t>((doubled + (doubled < 0 ? -255 : 255)) / 510);
    }
  }
  const double unit = alpha_axis() / 255;
  for (std::size_t i = 0; i < n; ++i) {
    coords[3 * stride + i] = static_cast<std::int32_t>(std::floor(unit * colors[4 * i + 3] + 0.5));
  }
}

std::vector<double> Space::place(std::span<const std::uint8_t> colors) const {
  const auto dim = static_cast<std::size_t>(channels_);
  const std::size_t n = colors.size() / dim;
  std::vector<std::int32_t> by_axis(colors.size());
  place(colors, by_axis.data(), n);
  std::vector<double> coords(colors.size());
  for (std::size_t i = 0; i < coords.size(); ++i) coords[i] = by_axis[i % dim * n + i / dim];
  return coords;
}

bool Space::is_grey(const double* coords) const {
  // A step of the 8-bit scale is some thousand of the grid's; sRGB's own grid is exact.
  const double tolerance = steps() == 1 ? 1e-9 : 8;
  if (name_ != SpaceName::srgb && name_ != SpaceName::linear) {
    return std::abs(coords[1]) < tolerance && std::abs(coords[2]) < tolerance;
  }
  return std::abs(coords[0] - coords[1]) < tolerance && std::abs(coords[2] - coords[1]) < tolerance;
}

void Space::unplace(const double* coords, std::uint8_t* color) const {
  std::array<double, 3> u{coords[0], coords[1], coords[2]};
  if (channels_ == 4) {
    color[3] = round_to_byte(coords[3] / alpha_axis() * 255);
    if (color[3] == 0) {
      std::fill_n(color, 3, std::uint8_t{0});
      return;
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
      u[axis] = u[axis] * 255 / color[3] + white()[axis] / 2.0;
    }
  }
  if (name_ == SpaceName::srgb) {
    for (std::size_t axis = 0; axis < 3; ++axis) color[axis] = round_to_byte(u[axis] / steps());
    return;
  }
  const Form& form = form_of(name_);
  for (double& value : u) value /= kUnitSteps;
  u[0] -= form.offset;
  std::array<double, 3> inputs{};
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) sum += form.axes_inverse[i][a] * u[a];
    inputs[i] = form.curve_inverse(sum);
  }
  for (std::size_t channel = 0; channel < 3; ++channel) {
    double linear = 0;
    for (std::size_t i = 0; i < 3; ++i) linear += form.inputs_inverse[channel][i] * inputs[i];
    color[channel] = to_level(linear);
  }
}

}  // namespace kpalette
