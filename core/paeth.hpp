// The predictor of PNG's fourth filter, for its writer and its reader.
#pragma once

namespace kpalette {

/// The nearest of three neighbours to left + above - above_left; among equals, the first of them in
/// this order. `Levels` is a signed number of at least 11 bits, or a vector of such.
///
/// Where above_left is not between the other two, that is the one farther from it. Where it is,
/// that is above_left, unless one of the two is at most half as far from it as the other: then it
/// is the other. `turn` tells all of these apart, and few steps wait for the pixel to the left,
/// which a reader knows last.
///
/// W3C (2025). Portable Network Graphics (PNG) Specification, third edition, section 9.4.
template <class Levels>
Levels paeth(const Levels& left, const Levels& above, const Levels& above_left) {
  const Levels turn = above_left * 3 - above - left;
  const Levels low = left < above ? left : above;
  const Levels high = left < above ? above : left;
  const Levels other = high > turn ? above_left : low;
  return turn > low ? other : high;
}

}  // namespace kpalette
