// Compression as GIF has it (Welch 1984, doi:10.1109/MC.1984.1659158).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kpalette {

/// What each pixel may be written as: what `indices` has; or, where `kept` is not 0, the entry
/// `keep`, which leaves what the frames before show.
struct LzwFrame {
  int bits;  // of an entry, 1 to 8
  std::span<const std::uint8_t> indices;
  int keep = -1;  // none
  std::span<const std::uint8_t> kept{};
};

/// Returns an image's data in a GIF: the least size of codes, and blocks of at most 255 bytes.
///
/// Each code is the one that stands for most pixels. The dictionary is cleared when it is full, or
/// is kept for a while, whatever is smaller.
std::vector<std::uint8_t> lzw(const LzwFrame& frame);

/// Returns the data of the way that is smallest where the dictionary is cleared when it is full,
/// and the number of that way.
std::pair<std::vector<std::uint8_t>, std::size_t> smallest_lzw(std::span<const LzwFrame> ways);

/// Returns which entries an image's data have.
std::array<bool, 256> lzw_entries(std::span<const std::uint8_t> data);

/// Returns data of the same codes, where each entry is another one, below 1 << bits: at most as
/// many bits as before. So palettes may be sorted, and codes begin shorter.
std::vector<std::uint8_t> recode_lzw(std::span<const std::uint8_t> data,
                                     const std::array<std::uint8_t, 256>& entries, int bits);

}  // namespace kpalette
