// The chunks that a PNG file consists of: each has its length, its kind, what it holds, and a check
// sum.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kpalette {

/// Appends a number of four bytes, the highest first.
void append_number(std::vector<std::uint8_t>& out, std::size_t number);

/// Appends what a chunk holds, wrapped in its length, kind and check sum.
void append_chunk(std::vector<std::uint8_t>& out, std::string_view kind,
                  std::span<const std::uint8_t> held);

/// Chunks of a file, whole: others may come between them.
struct PngChunks {
  std::vector<std::uint8_t> header;   // IHDR
  std::vector<std::uint8_t> palette;  // PLTE and tRNS, where there are such
  std::vector<std::uint8_t> rows;     // IDAT

  /// The file that holds them and no others.
  std::vector<std::uint8_t> file() const;
};

}  // namespace kpalette
