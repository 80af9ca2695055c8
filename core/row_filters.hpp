// The filters of PNG: each row is written as it is, or as differences to what is to the left,
// above, or both.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kpalette {

/// How a row's filter is chosen; among equals, the filter with the lowest number.
enum class FilterChoice {
  least_sum,  ///< the least sum of the bytes, taken as numbers from -128 to 127
  model,      ///< the fewest bits by how often each byte was written in the rows above, and here
};

/// Rows (height, stride) of bytes, a pixel each, as PNG holds them before compression: each after
/// the number of its filter, (height, 1 + stride).
///
/// W3C (2025). Portable Network Graphics (PNG) Specification, third edition, section 9.
std::vector<std::uint8_t> filter_rows(std::span<const std::uint8_t> rows, std::size_t stride,
                                      FilterChoice choice);

}  // namespace kpalette
