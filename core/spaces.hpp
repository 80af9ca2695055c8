// From 8-bit colours to the coordinates that a fit works in, and back.
//
// A space is a grid of integers, steps_per_level() of them to one level of the 8-bit scale.
//
// With alpha there is a fourth axis. Let p be a channel premultiplied by alpha and a be alpha, all
// on the scale 0 to 255. Over black a pixel shows p, over white p + 255 - a. The mean of both
// squared errors is (dp - da / 2)^2 + (da / 2)^2 per channel, so p - a / 2 for each channel and
// sqrt(3) / 2 a make a space whose distance is that mean, and in which the hidden colour of a
// transparent pixel counts for nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "points.hpp"

namespace kpalette {

/// Coordinates per unit of the 8-bit scale: 1 for RGB, 16320 for RGBA.
int steps_per_level(int channels);

/// A bound on the magnitude of coordinates, and of differences from the middle.
std::int32_t max_coord(int channels);

/// The centre of all colours' coordinates, rounded to integers.
std::array<std::int32_t, kMaxDim> middle_of_space(int channels);

/// Writes the coordinates of the colours (n, channels), axis by axis: those of axis a begin at
/// coords + a * stride.
void place(std::span<const std::uint8_t> colors, int channels, std::int32_t* coords,
           std::size_t stride);

/// Writes the 8-bit colour that is nearest to the given coordinates, channel by channel.
void unplace(const double* coords, int channels, std::uint8_t* color);

}  // namespace kpalette
