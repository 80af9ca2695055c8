#include "png_chunks.hpp"

#include <array>

namespace kpalette {
namespace {

constexpr std::size_t kSlices = 8;

using CrcTables = std::array<std::array<std::uint32_t, 256>, kSlices>;

/// Returns, for each number of bytes after it and each byte, what it adds to the check sum.
CrcTables make_crc_tables() {
  CrcTables table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    table[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[slice - 1][byte];
      table[slice][byte] = before >> 8 ^ table[0][before & 255];
    }
  }
  return table;
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  static const CrcTables tables = make_crc_tables();  // of 8 kB that do not compress
  std::uint32_t crc = ~0u;
  while (bytes.size() >= kSlices) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < kSlices; ++i) {
      const std::uint32_t held = i < 4 ? crc >> 8 * i & 255 : 0;
      next ^= tables[kSlices - 1 - i][bytes[i] ^ held];
    }
    crc = next;
    bytes = bytes.subspan(kSlices);
  }
  for (const std::uint8_t byte : bytes) crc = crc >> 8 ^ tables[0][(crc ^ byte) & 255];
  return ~crc;
}

}  // namespace

void append_number(std::vector<std::uint8_t>& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

void append_chunk(std::vector<std::uint8_t>& out, std::string_view kind,
                  std::span<const std::uint8_t> held) {
  append_number(out, held.size());
  const std::size_t first = out.size();
  out.insert(out.end(), kind.begin(), kind.end());
  out.insert(out.end(), held.begin(), held.end());
  append_number(out, crc32(std::span(out).subspan(first)));
}

std::vector<std::uint8_t> PngChunks::file() const {
  std::vector<std::uint8_t> all{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  for (const std::vector<std::uint8_t>* part : {&header, &palette, &rows}) {
    all.insert(all.end(), part->begin(), part->end());
  }
  append_chunk(all, "IEND", {});
  return all;
}

}  // namespace kpalette
