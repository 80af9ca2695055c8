// Morton (Z-order) codes of 8-bit colours: neighbours on the curve are neighbours in colour, so a
// run of consecutive distinct colours fills a small box (Morton 1966).
#pragma once

#include <array>
#include <cstdint>

namespace kpalette {

/// spread[v] has bit i of v at position channels * i.
constexpr std::array<std::uint32_t, 256> make_spread(int channels) {
  std::array<std::uint32_t, 256> spread{};
  for (std::uint32_t value = 0; value < 256; ++value) {
    for (int bit = 0; bit < 8; ++bit) {
      spread[value] |= ((value >> bit) & 1u) << (channels * bit);
    }
  }
  return spread;
}

inline constexpr std::array<std::uint32_t, 256> kSpread3 = make_spread(3);
inline constexpr std::array<std::uint32_t, 256> kSpread4 = make_spread(4);

/// The code of one colour: groups of one bit of red, green and blue, before them one of alpha, which
/// separates colours most. All colours with an alpha of 0 look alike and have code 0.
template <int Channels>
inline std::uint32_t morton(const std::uint8_t* color) {
  if constexpr (Channels == 3) {
    return (kSpread3[color[0]] << 2) | (kSpread3[color[1]] << 1) | kSpread3[color[2]];
  } else {
    if (color[3] == 0) return 0;
    return (kSpread4[color[3]] << 3) | (kSpread4[color[0]] << 2) | (kSpread4[color[1]] << 1) |
           kSpread4[color[2]];
  }
}

/// The bits of one channel, brought together again: every third or fourth bit from bit 0 on.
template <int Channels>
inline std::uint8_t gather(std::uint32_t code) {
  if constexpr (Channels == 3) {
    code &= 0x249249;
    code = (code | code >> 2) & 0x0c30c3;
    code = (code | code >> 4) & 0x00f00f;
    code = code | code >> 8;
  } else {
    code &= 0x11111111;
    code = (code | code >> 3) & 0x03030303;
    code = (code | code >> 6) & 0x000f000f;
    code = code | code >> 12;
  }
  return static_cast<std::uint8_t>(code);
}

/// The colour of a code: the inverse of morton().
template <int Channels>
inline void unmorton(std::uint32_t code, std::uint8_t* color) {
  color[0] = gather<Channels>(code >> 2);
  color[1] = gather<Channels>(code >> 1);
  color[2] = gather<Channels>(code);
  if constexpr (Channels == 4) color[3] = gather<Channels>(code >> 3);
}

}  // namespace kpalette
