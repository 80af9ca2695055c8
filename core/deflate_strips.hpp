// Compressing bytes in strips, side by side, into one zlib stream.
//
// libdeflate, which compresses best for its time, makes whole streams alone: their last block is
// marked as such, and may end within a byte. So here the blocks of each are walked through, without
// what they hold, up to the mark, which is taken away.
//
// Deutsch, P. (1996). DEFLATE compressed data format specification version 1.3. RFC 1951.
// https://doi.org/10.17487/RFC1951
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kpalette {

/// The bytes of a strip. Of photos' rows, files are .05 % larger than in one piece, of screenshots'
/// .2 %: matches do not reach into the strip before.
inline constexpr std::size_t kStrip = 1u << 21;

/// One zlib stream of several, all compressed by the same level; that of the bytes of the first,
/// then of the second, and so on, which have so many bytes, `sizes`. Throws std::invalid_argument
/// if one that others follow is no such stream.
std::vector<std::uint8_t> join_zlib(std::span<const std::vector<std::uint8_t>> streams,
                                    std::span<const std::size_t> sizes);

}  // namespace kpalette
