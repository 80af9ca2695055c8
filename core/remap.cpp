#include "remap.hpp"

#include <algorithm>
#include <optional>

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

template <class Index>
void look_up(std::span<const std::uint8_t> pixels, const BinTable<Index>& table, Index* indices,
             Team& team) {
  const std::size_t n = pixels.size() / 3;
  for_chunks(n, team, [&](std::size_t first, std::size_t last) {
    for_each_place(pixels.data(), n, first, last,
                   [&](std::size_t i, std::uint32_t bin, std::uint32_t place) {
                     indices[i] = table.at(bin, place);
                   });
  });
}

template <class Label, class Index>
void look_up(std::span<const std::uint8_t> pixels, const HashTable<Label>& table, Index* indices,
             Team& team) {
  for_chunks(pixels.size() / 4, team, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      indices[i] = static_cast<Index>(table[morton<4>(pixels.data() + 4 * i)]);
    }
  });
}

}  // namespace

template <class Label, class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const Label> labels, Index* indices, Team& team) {
  if (channels == 3) {
    look_up(pixels, BinTable<Index>(colors, labels), indices, team);
  } else {
    look_up(pixels, HashTable<Label>(colors, labels), indices, team);
  }
}

struct ColorLabels::Tables {
  std::optional<BinTable<std::uint8_t>> opaque;
  std::optional<HashTable<std::uint16_t>> with_alpha;
};

ColorLabels::ColorLabels(std::span<const std::uint8_t> colors, int channels,
                         std::span<const std::uint16_t> labels)
    : channels_(channels) {
  auto tables = std::make_unique<Tables>();
  if (channels == 3) {
    tables->opaque.emplace(colors, labels);
  } else {
    tables->with_alpha.emplace(colors, labels);
  }
  tables_ = std::move(tables);
}

ColorLabels::~ColorLabels() = default;

void ColorLabels::map(std::span<const std::uint8_t> pixels, std::uint8_t* indices,
                      Team& team) const {
  if (channels_ == 3) {
    look_up(pixels, *tables_->opaque, indices, team);
  } else {
    look_up(pixels, *tables_->with_alpha, indices, team);
  }
}

template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint8_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint16_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::int32_t>, std::int32_t*, Team&);

}  // namespace kpalette
