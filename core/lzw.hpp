// Compression as GIF has it (Welch 1984, doi:10.1109/MC.1984.1659158), of indices that are chosen
// while they are written.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "point4.hpp"

namespace kpalette {

/// What each pixel may be written as: what `indices` has; or, where `kept` is not 0, the entry
/// `keep`, which leaves what the frames before show.
struct LzwFrame {
  int bits;  // of an entry, 1 to 8
  std::span<const std::uint8_t> indices;
  int keep = -1;  // none
  std::span<const std::uint8_t> kept{};
};

/// Prices above 0 with which a pixel may also be written as another entry, or with `keep`: its
/// squared error beyond that of what `indices` has, times the pixel's weight.
struct LzwPrices {
  float per_bit;  // the price of a bit
  std::span<const Point4> entries;
  std::span<const Point4> wanted;  // where the pixels lie
  std::span<const float> weights;
  std::span<const Point4> shown{};        // with `keep`: by the frames before
  std::span<const std::uint8_t> still{};  // where another colour than that is seen as flicker
};

/// Returns an image's data in a GIF: the least size of codes, and blocks of at most 255 bytes.
///
/// Each code is the one that stands for most pixels.
std::vector<std::uint8_t> lzw(const LzwFrame& frame);

/// The same, where prices are paid; writes what each pixel is written as. Each code is the one that
/// saves most: a path through the dictionary is worth the bits that its pixels take on average,
/// less its own bits and the price of its errors.
std::vector<std::uint8_t> lzw_by_price(const LzwFrame& frame, const LzwPrices& prices,
                                       std::uint8_t* written);

/// Returns which entries an image's data have.
std::array<bool, 256> lzw_entries(std::span<const std::uint8_t> data);

/// Returns data of the same codes, where each entry is another one, below 1 << bits: at most as
/// many bits as before. So palettes may be sorted, and codes begin shorter.
std::vector<std::uint8_t> recode_lzw(std::span<const std::uint8_t> data,
                                     const std::array<std::uint8_t, 256>& entries, int bits);

}  // namespace kpalette
