// Morton (Z-order) codes of 8-bit colours (Morton 1966). Neighbours on the curve have similar
// colours, so that a run of consecutive distinct colours fills a small box.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

/// Returns the code of a colour: it interleaves the bits of red, green and blue, after that of
/// alpha, which separates colours most. All colours with an alpha of 0 look the same: code 0.
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

/// Returns the bits of one channel: every third or fourth bit of the code, from bit 0 on.
template <int Channels>
constexpr std::uint8_t gather(std::uint32_t code) {
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

/// Writes the colour of a code: the inverse of morton().
template <int Channels>
inline void unmorton(std::uint32_t code, std::uint8_t* color) {
  color[0] = gather<Channels>(code >> 2);
  color[1] = gather<Channels>(code >> 1);
  color[2] = gather<Channels>(code);
  if constexpr (Channels == 4) color[3] = gather<Channels>(code >> 3);
}

// An RGB colour is in one of 4,096 cubes (the high halves of its channels) at one of 4,096 places
// (the low halves). One load and a multiplication compute either; a table gives its Morton order.

static_assert(std::endian::native == std::endian::little);

/// Joins the nibbles at bits 0, 8 and 16: 256 * first + 16 * second + third.
inline std::uint32_t join_nibbles(std::uint32_t nibbles) {
  return static_cast<std::uint32_t>(nibbles * std::uint64_t{0x1001001} >> 16) & 0xfff;
}

/// Reads four bytes, an RGB pixel and the next byte. For an image's last pixel use last_word().
inline std::uint32_t rgb_word(const std::uint8_t* pixel) {
  std::uint32_t word;
  std::memcpy(&word, pixel, 4);
  return word;
}
inline std::uint32_t last_word(const std::uint8_t* pixel) {
  return pixel[0] | static_cast<std::uint32_t>(pixel[1]) << 8 |
         static_cast<std::uint32_t>(pixel[2]) << 16;
}

inline std::uint32_t cube_of(std::uint32_t word) { return join_nibbles(word >> 4 & 0x0f0f0f); }
inline std::uint32_t place_in_cube(std::uint32_t word) { return join_nibbles(word & 0x0f0f0f); }

// A bin is a cube of 8 levels a side; there are 32,768 of them.

/// The bin of a pixel: 1024 * red + 32 * green + blue, the high five bits of each.
constexpr std::uint32_t bin_of(std::uint32_t word) {
  return (word << 7 & 0x7c00) | (word >> 6 & 0x3e0) | (word >> 19 & 0x1f);
}
/// A place in a bin: 64 * red + 8 * green + blue.
constexpr std::uint32_t place_in_bin(std::uint32_t word) {
  return (word << 6 & 0x1c0) | (word >> 5 & 0x38) | (word >> 16 & 7);
}

/// Calls visit(i, word) for pixels first to last of n.
template <class Visit>
inline void for_each_word(const std::uint8_t* pixels, std::size_t n, std::size_t first,
                          std::size_t last, const Visit& visit) {
  const std::size_t safe = last == n ? last - 1 : last;
  for (std::size_t i = first; i < safe; ++i) visit(i, rgb_word(pixels + 3 * i));
  if (safe < last) visit(safe, last_word(pixels + 3 * safe));
}

/// Calls visit(i, bin, place in it) for pixels first to last of n, which are found in batches, as
/// vectors.
template <class Visit>
inline void for_each_place(const std::uint8_t* pixels, std::size_t n, std::size_t first,
                           std::size_t last, const Visit& visit) {
  constexpr std::size_t kBatch = 64;
  std::array<std::uint32_t, kBatch> bins{};
  std::array<std::uint32_t, kBatch> places{};
  for (std::size_t start = first; start < last; start += kBatch) {
    const std::size_t end = start + kBatch < last ? start + kBatch : last;
    for_each_word(pixels, n, start, end,
                  [&](std::size_t i, std::uint32_t word) { bins[i - start] = word; });
    for (std::size_t i = 0; i < kBatch; ++i) places[i] = place_in_bin(bins[i]);
    for (std::size_t i = 0; i < kBatch; ++i) bins[i] = bin_of(bins[i]);
    for (std::size_t i = start; i < end; ++i) visit(i, bins[i - start], places[i - start]);
  }
}

/// Returns the Morton order of cubes, and of places in a cube.
inline std::array<std::uint16_t, 4096> make_cube_order() {
  std::array<std::uint16_t, 4096> order{};
  for (std::uint32_t cube = 0; cube < 4096; ++cube) {
    order[cube] = static_cast<std::uint16_t>(kSpread3[cube >> 8] << 2 |
                                             kSpread3[cube >> 4 & 15] << 1 | kSpread3[cube & 15]);
  }
  return order;
}

}  // namespace kpalette
