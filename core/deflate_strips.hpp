// Compressing bytes in strips, side by side, into one zlib stream.
//
// libdeflate, which compresses best for its time, makes whole streams alone: their last block is
// marked as such, and may end within a byte. So here the blocks of each are walked through, without
// what they hold, up to the mark, which is taken away.
//
// Deutsch, P. (1996). DEFLATE compressed data format specification version 1.3. RFC 1951.
// https://doi.org/10.17487/RFC1951
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kpalette {

/// The bytes of a strip. Of photos' rows, files are .05 % larger than in one piece, of screenshots'
/// .2 %: matches do not reach into the strip before.
inline constexpr std::size_t kStrip = 1u << 21;

/// What was compressed of a strip, as others may follow it.
struct DeflatedStrip {
  std::vector<std::uint8_t> blocks;
  std::array<std::uint8_t, 2> header;
  std::uint32_t sum;  // Adler-32 of its bytes
  std::size_t size;   // their number
};

/// Takes the blocks out of a zlib stream of so many bytes, and their end, unless the strip is the
/// last. Throws std::invalid_argument if it is no such stream.
DeflatedStrip open_strip(std::vector<std::uint8_t>&& zlib, std::size_t size, bool is_last);

/// The zlib stream of all strips, which were compressed by the same level; of one at least.
std::vector<std::uint8_t> join_strips(std::span<const DeflatedStrip> strips);

}  // namespace kpalette
