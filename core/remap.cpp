#include "remap.hpp"

#include <algorithm>

#include "color_table.hpp"
#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 16;  // pixels per task

template <class Body>
void for_chunks(std::size_t n, Team& team, const Body& body) {
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int) {
    body(chunk * kChunk, std::min(n, (chunk + 1) * kChunk));
  });
}

}  // namespace

template <class Label, class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const Label> labels, Index* indices, Team& team) {
  const std::uint8_t* data = pixels.data();
  const std::size_t n = pixels.size() / static_cast<std::size_t>(channels);
  if (channels == 3) {
    const CubeTable<Index> table(colors, labels);
    for_chunks(n, team, [&](std::size_t first, std::size_t last) {
      for_each_word(data, n, first, last,
                    [&](std::size_t i, std::uint32_t word) { indices[i] = table[word]; });
    });
  } else {
    const HashTable<Label> table(colors, labels);
    for_chunks(n, team, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        indices[i] = static_cast<Index>(table[morton<4>(data + 4 * i)]);
      }
    });
  }
}

template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint8_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint16_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::int32_t>, std::int32_t*, Team&);

}  // namespace kpalette
