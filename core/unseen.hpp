// Differences in levels of 8 bits, and what dithering leaves alone of them: what nobody sees.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kpalette {

/// Returns of how many levels errors are not dithered, for a palette of k colours: of 256, about
/// one in each of two channels. Of fewer colours, hardly any error is so small, and in a gradient
/// what is left out would show as a stripe.
inline float unseen_levels(std::size_t k) {
  return 1.5f * static_cast<float>(std::min<std::size_t>(k, 256)) / 256;
}

/// The same at edges and in texture.
inline float busy_unseen_levels(std::size_t k) { return 1.5f * unseen_levels(k); }

/// Returns the squared difference of two colours in levels: of what is shown over black, and of
/// alpha.
template <int D>
float level_square(const std::uint8_t* a, const std::uint8_t* b) {
  float square = 0;
  for (std::size_t i = 0; i < D; ++i) {
    float difference = 0;
    if (D == 4 && i < 3) {
      difference = static_cast<float>(a[i] * a[3] - b[i] * b[3]) / 255;
    } else {
      difference = static_cast<float>(a[i] - b[i]);
    }
    square = square + difference * difference;
  }
  return square;
}

/// Returns the part, 0 to 1, of a colour's difference d from its entry that is dithered:
/// max(0, 1 - levels^2 / d^2). That is the non-negative garrote (Gao 1998,
/// doi:10.1080/10618600.1998.10474789): what is small becomes 0, what is large stays.
template <int D>
float seen_part(const std::uint8_t* color, const std::uint8_t* entry, float levels) {
  const float square = level_square<D>(color, entry);
  const float least = levels * levels;
  return square > least ? 1 - least / square : 0;
}

}  // namespace kpalette
