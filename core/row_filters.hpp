// The filters of PNG: each row is written as it is, or as differences to what is to the left,
// above, or both.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

/// How a row's filter is chosen; among equals, the filter with the lowest number.
enum class FilterChoice {
  least_sum,  ///< the least sum of the bytes, taken as numbers from -128 to 127
  model,      ///< the fewest bits by how often each byte was written in the rows above, and here
};

/// Writes a row's bytes to where it is told. Threads call it at once.
using MakeRow = std::function<void(std::size_t row, std::uint8_t* to)>;

/// Rows (height, stride) of bytes, a pixel each, as PNG holds them before compression: each after
/// the number of its filter, (height, 1 + stride).
///
/// W3C (2025). Portable Network Graphics (PNG) Specification, third edition, section 9.
std::vector<std::uint8_t> filter_rows(std::size_t height, std::size_t stride, const MakeRow& make,
                                      FilterChoice choice, Team& team);

}  // namespace kpalette
