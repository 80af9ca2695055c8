#include "delta_e.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "error.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 12;  // pairs per task
constexpr std::size_t kBatch = 64;        // colours converted at once
constexpr double kDegree = std::numbers::pi / 180;
constexpr double k25To7 = 6103515625.0;

double square(double x) { return x * x; }

/// The factor of equations 4 and 17.
double chroma_factor(double chroma) {
  const double to7 = chroma * square(chroma * square(chroma));
  return std::sqrt(to7 / (to7 + k25To7));
}

struct Direction {
  double x, y;
};

/// The direction of the mean hue, along the shorter arc (equation 14).
Direction mean_hue(double a1, double b1, double c1, double a2, double b2, double c2) {
  Direction mean{a1 + a2, b1 + b2};  // a grey has no hue: the mean is that of the other
  if (c1 * c2 != 0) mean = {a1 / c1 + a2 / c2, b1 / c1 + b2 / c2};
  const double length = std::sqrt(square(mean.x) + square(mean.y));
  if (length > 0) return {mean.x / length, mean.y / length};
  if (c1 * c2 == 0) return {1, 0};
  // Opposite hues: the mean of the angles from 0 to 360 degrees is at 90 degrees to both.
  const bool first_half = b1 > 0 || (b1 == 0 && a1 > 0);
  return first_half ? Direction{-b1 / c1, a1 / c1} : Direction{b1 / c1, -a1 / c1};
}

/// 2 sqrt(C'1 C'2) sin(dh' / 2), computed without angles (equation 11).
double hue_difference(double a1, double b1, double c1, double a2, double b2, double c2) {
  const double dot = a1 * a2 + b1 * b2;
  const double cross = a1 * b2 - a2 * b1;
  if (dot > 0) return cross * std::sqrt(2 / (c1 * c2 + dot));  // accurate for similar hues
  const double size = std::sqrt(std::max(0.0, 2 * (c1 * c2 - dot)));
  if (cross != 0) return std::copysign(size, cross);
  return b1 > 0 || (b1 == 0 && a1 > 0) ? size : -size;
}

template <class Body>
void for_chunks(std::size_t n, Team& team, const Body& body) {
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int) {
    body(chunk * kChunk, std::min(n, (chunk + 1) * kChunk));
  });
}

/// Adds `weight` times the Oklab distance and CIEDE2000 of opaque colours to `out` (n, kMeasures).
void add_distances(const std::uint8_t* a, const std::uint8_t* b, std::size_t n, double weight,
                   double* out) {
  const Space oklab(SpaceName::oklab, 3);
  const Space lab(SpaceName::lab, 3);
  std::int32_t placed[2][3][kBatch];
  const auto place = [&](const Space& space) {
    space.place({a, 3 * n}, placed[0][0], kBatch);
    space.place({b, 3 * n}, placed[1][0], kBatch);
  };
  place(oklab);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int axis = 0; axis < 3; ++axis) {
      sum += square(static_cast<double>(placed[0][axis][i]) - placed[1][axis][i]);
    }
    out[kMeasures * i + 1] += weight * std::sqrt(sum) / oklab.steps();
  }
  place(lab);
  const double unit = 100.0 / lab.steps();
  for (std::size_t i = 0; i < n; ++i) {
    double coords[2][3];
    for (int axis = 0; axis < 3; ++axis) {
      for (int side = 0; side < 2; ++side) coords[side][axis] = placed[side][axis][i] * unit;
    }
    // Rounding leaves greys a tiny chroma, and so a hue. Equation (10), with the square root of
    // both chromas, would carry it to the third decimal. No other 8-bit colour is so close to grey.
    for (double* color : coords) {
      if (std::abs(color[1]) + std::abs(color[2]) < 8 * unit) color[1] = color[2] = 0;
    }
    out[kMeasures * i + 2] += weight * ciede2000(coords[0], coords[1]);
  }
}

/// Composites colours with alpha (n, 4) over a grey, rounded to 8 bits (n, 3).
void composite(const std::uint8_t* colors, std::size_t n, int backdrop, std::uint8_t* shown) {
  for (std::size_t i = 0; i < n; ++i) {
    const int alpha = colors[4 * i + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const int mixed = colors[4 * i + channel] * alpha + backdrop * (255 - alpha);
      shown[3 * i + channel] = static_cast<std::uint8_t>((mixed + 127) / 255);
    }
  }
}

}  // namespace

double ciede2000(const double* a, const double* b) {
  // A bar is the mean of both colours, a dash marks values after the change of a; L' is L.
  const double c_bar =
      (std::sqrt(square(a[1]) + square(a[2])) + std::sqrt(square(b[1]) + square(b[2]))) /
      2;                                                                        // (2) (3)
  const double g = 0.5 * (1 - chroma_factor(c_bar));                            // (4)
  const double a1 = (1 + g) * a[1], b1 = a[2], a2 = (1 + g) * b[1], b2 = b[2];  // (5)
  const double c1 = std::sqrt(square(a1) + square(b1));                         // (6)
  const double c2 = std::sqrt(square(a2) + square(b2));

  const double dl = b[0] - a[0];                               // (8)
  const double dc = c2 - c1;                                   // (9)
  const double dh = hue_difference(a1, b1, c1, a2, b2, c2);    // (10) (11)
  const double l_bar = (a[0] + b[0]) / 2;                      // (12)
  const double c_dash_bar = (c1 + c2) / 2;                     // (13)
  const auto [cos1, sin1] = mean_hue(a1, b1, c1, a2, b2, c2);  // (14)

  // (15), with the cosines and sines of two, three and four times the mean hue
  const double cos2 = square(cos1) - square(sin1), sin2 = 2 * cos1 * sin1;
  const double cos3 = cos2 * cos1 - sin2 * sin1, sin3 = sin2 * cos1 + cos2 * sin1;
  const double cos4 = square(cos2) - square(sin2), sin4 = 2 * cos2 * sin2;
  static const double cos30 = std::cos(30 * kDegree), sin30 = std::sin(30 * kDegree);
  static const double cos6 = std::cos(6 * kDegree), sin6 = std::sin(6 * kDegree);
  static const double cos63 = std::cos(63 * kDegree), sin63 = std::sin(63 * kDegree);
  const double t = 1 - 0.17 * (cos1 * cos30 + sin1 * sin30) + 0.24 * cos2 +
                   0.32 * (cos3 * cos6 - sin3 * sin6) - 0.20 * (cos4 * cos63 + sin4 * sin63);

  double r_t = 0;  // 0 to 10 digits for hues from 30 to 150 degrees
  if (sin1 < 0.5) {
    double degrees = std::atan2(sin1, cos1) / kDegree;
    if (degrees < 0) degrees += 360;
    const double d_theta = 30 * std::exp(-square((degrees - 275) / 25));  // (16)
    const double r_c = 2 * chroma_factor(c_dash_bar);                     // (17)
    r_t = -std::sin(2 * d_theta * kDegree) * r_c;                         // (21)
  }
  const double s_l = 1 + 0.015 * square(l_bar - 50) / std::sqrt(20 + square(l_bar - 50));  // (18)
  const double s_c = 1 + 0.045 * c_dash_bar;                                               // (19)
  const double s_h = 1 + 0.015 * c_dash_bar * t;                                           // (20)
  const double l = dl / s_l, c = dc / s_c, h = dh / s_h;
  return std::sqrt(std::max(0.0, square(l) + square(c) + square(h) + r_t * c * h));  // (22)
}

void ciede2000(std::span<const double> a, std::span<const double> b, double* out, Team& team) {
  for_chunks(a.size() / 3, team, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      out[i] = ciede2000(a.data() + 3 * i, b.data() + 3 * i);
    }
  });
}

void color_differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                       int channels, double* out, Team& team) {
  const auto width = static_cast<std::size_t>(channels);
  for_chunks(a.size() / width, team, [&](std::size_t start, std::size_t end) {
    for (std::size_t first = start; first < end; first += kBatch) {
      const std::size_t n = std::min(kBatch, end - first);
      const std::uint8_t* here = a.data() + width * first;
      const std::uint8_t* there = b.data() + width * first;
      double* rows = out + kMeasures * first;
      for (std::size_t i = 0; i < n; ++i) {
        rows[kMeasures * i] = square_between(here + width * i, there + width * i, channels);
        rows[kMeasures * i + 1] = rows[kMeasures * i + 2] = 0;
      }
      if (channels == 3) {
        add_distances(here, there, n, 1, rows);
        continue;
      }
      for (const int backdrop : {0, 255}) {
        std::uint8_t shown[2][3 * kBatch];
        composite(here, n, backdrop, shown[0]);
        composite(there, n, backdrop, shown[1]);
        add_distances(shown[0], shown[1], n, 0.5, rows);
      }
    }
  });
}

}  // namespace kpalette
