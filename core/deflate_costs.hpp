// What deflate's symbols cost, by how often each came before: about what its Huffman codes take.
//
// Deutsch, P. (1996). DEFLATE compressed data format specification version 1.3. RFC 1951.
// https://doi.org/10.17487/RFC1951
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace kpalette {

/// Bits are in units of 2^-16, as log2_of has them.
class DeflateCosts {
 public:
  static constexpr int kLeastLength = 3;
  static constexpr int kMostLength = 258;
  static constexpr int kMostDistance = 1 << 15;
  static constexpr int kLengthCodes = 29;
  static constexpr int kDistanceCodes = 30;

  /// Begins with a guess: `counts` says how often each byte comes, where there are no matches.
  explicit DeflateCosts(std::span<const std::uint32_t> counts);

  std::int32_t literal(std::uint8_t byte) const { return literals_[byte]; }
  std::int32_t length(int length) const { return lengths_[static_cast<std::size_t>(length)]; }
  std::int32_t distance(int code) const { return distances_[static_cast<std::size_t>(code)]; }

  void count_literal(std::uint8_t byte) { ++symbols_[byte]; }
  void count_match(int length, int distance) {
    ++symbols_[static_cast<std::size_t>(kLiterals + length_code(length))];
    ++codes_[static_cast<std::size_t>(distance_code(distance))];
  }

  /// Halves the weight of all that was counted.
  void age();

  /// Sets the costs by what was counted.
  void update();

  static int length_code(int length) {
    if (length == kMostLength) return kLengthCodes - 1;
    const int value = length - kLeastLength;
    if (value < 8) return value;
    const int extra = std::bit_width(static_cast<unsigned>(value)) - 3;
    return 4 * extra + (value >> extra);
  }

  static int distance_code(int distance) {
    const int value = distance - 1;
    if (value < 4) return value;
    const int extra = std::bit_width(static_cast<unsigned>(value)) - 2;
    return 2 * extra + (value >> extra);
  }

 private:
  static constexpr int kLiterals = 256;

  std::array<std::uint32_t, kLiterals + kLengthCodes> symbols_;
  std::array<std::uint32_t, kDistanceCodes> codes_;
  std::array<std::int32_t, kLiterals> literals_;
  std::array<std::int32_t, kMostLength + 1> lengths_{};
  std::array<std::int32_t, kDistanceCodes> distances_;
};

}  // namespace kpalette
