// Logarithms in whole numbers, which are the same on every machine.
#pragma once

#include <bit>
#include <cstdint>

namespace kpalette {

/// log2(value) in units of 2^-16, rounded down; `value` is at least 1.
constexpr std::uint32_t log2_of(std::uint32_t value) {
  const int whole = std::bit_width(value) - 1;
  std::uint64_t mantissa = std::uint64_t{value} << (31 - whole);  // from 1 to 2, in units of 2^-31
  auto result = static_cast<std::uint32_t>(whole);
  for (int bit = 0; bit < 16; ++bit) {
    mantissa = mantissa * mantissa >> 31;
    const auto carry = static_cast<std::uint32_t>(mantissa >> 32);
    result = result << 1 | carry;
    mantissa >>= carry;
  }
  return result;
}

}  // namespace kpalette
