// From 8-bit colours to the coordinates that a fit works in, and back.
//
// A space is a grid of integers: sRGB's levels themselves, and a grid of 2^-20 for the others,
// where white is (1, 0, 0) or (1, 1, 1). All arithmetic is that of IEEE 754 without library
// functions, so coordinates are the same on every machine.
//
// With alpha there is a fourth axis. Let u be the coordinates of a colour, 0 for black and w for
// white, and let a be its alpha, 0 to 1. Over black a pixel shows a u, over white a u + (1 - a) w,
// if what lies behind it mixes in these coordinates (in sRGB's it does). The mean of both squared
// errors is |d(a u - a w / 2)|^2 + |w / 2|^2 (da)^2. So a (u - w / 2) and |w| / 2 a make a space
// whose distance is that mean, and in which the hidden colour of a transparent pixel counts for
// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "named.hpp"

namespace kpalette {

inline constexpr int kMaxDim = 4;

/// `mixing` is where dithering takes the means of colours: Oklab's matrices with the power 3/4 in
/// place of 1/3, between light, which adds up where pixels are small, and what is seen of it.
enum class SpaceName { oklab, srgb, linear, lab, mixing };

/// Those that a fit can measure in.
inline constexpr std::array<Named<SpaceName>, 4> kSpaces{{{"oklab", SpaceName::oklab},
                                                          {"srgb", SpaceName::srgb},
                                                          {"linear", SpaceName::linear},
                                                          {"lab", SpaceName::lab}}};

/// The light of a level of sRGB, 0 to 1: IEC 61966-2-1, without the C library's functions.
double light_of(std::uint8_t level);

/// The space of that name for colours of 3 channels, or 4 with alpha.
class Space {
 public:
  Space(SpaceName name, int channels) : name_(name), channels_(channels) {}

  SpaceName name() const { return name_; }
  int channels() const { return channels_; }  // as many as axes

  /// Coordinates per unit of the space's own scale: 0 to 255 for sRGB, 0 to 1 for the others.
  int steps() const;

  /// A bound on the magnitude of coordinates, and of differences from the middle.
  std::int32_t max_coord() const;

  /// How far apart the alphas 0 and 255 are, |w / 2|.
  double alpha_axis() const;

  /// About the centre of all colours' coordinates.
  std::array<std::int32_t, kMaxDim> middle() const;

  /// Writes the coordinates of the colours (n, channels), axis by axis: those of axis a begin at
  /// coords + a * stride.
  void place(std::span<const std::uint8_t> colors, std::int32_t* coords, std::size_t stride) const;

  /// Returns the coordinates (n, channels) of the colours (n, channels).
  std::vector<double> place(std::span<const std::uint8_t> colors) const;

  /// Writes an 8-bit colour near the given coordinates: exactly the colour that is placed there, if
  /// there is one.
  void unplace(const double* coords, std::uint8_t* color) const;

  /// Whether the coordinates are those of a grey, to within what the grid and a mean may lose.
  bool is_grey(const double* coords) const;

  bool operator==(const Space&) const = default;

 private:
  void place_opaque(const std::uint8_t* colors, std::size_t n, std::size_t pitch,
                    std::int32_t* coords, std::size_t stride) const;
  std::array<std::int32_t, 3> white() const;

  SpaceName name_;
  int channels_;
};

}  // namespace kpalette
