// What all exports share. A file for each kind of call, as in ../python/.
//
// The worker owns what it asks for: it frees objects by the function beside the one that made them,
// and arrays, which it passes by their address, by free(). It checks what it passes, as the package
// does for Python. What is chosen by name is a number here: its place in the table, which tables()
// lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "parallel.hpp"
#include "spaces.hpp"

using namespace kpalette;

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

inline Team team(1);

inline Space space_of(int space, int channels) {
  return {kSpaces.at(static_cast<std::size_t>(space)).value, channels};
}

template <class T>
std::span<const T> span_of(const T* data, std::size_t n, int channels = 1) {
  return {data, n * static_cast<std::size_t>(channels)};
}

/// Bytes that are handed over: bytes_free() frees them.
using OutBytes = std::vector<std::uint8_t>;

inline OutBytes* hand_over(std::string_view text) { return new OutBytes(text.begin(), text.end()); }
