#include "remap.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <vector>

#include "buffer.hpp"
#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 16;  // pixels per task

[[noreturn]] void fail_unknown_color() {
  throw std::invalid_argument("a pixel has a colour that the histogram lacks");
}

template <class Body>
void for_chunks(std::size_t n, Team& team, const Body& body) {
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int) {
    body(chunk * kChunk, std::min(n, (chunk + 1) * kChunk));
  });
}

/// RGB: a page of 4,096 labels for each of the 4,096 cubes that holds a colour. For a photo this is
/// a few megabytes, and neighbouring pixels use the same few lines of it.
template <class Index>
class CubeTable {
 public:
  template <class Label>
  CubeTable(std::span<const std::uint8_t> colors, std::span<const Label> labels) {
    std::uint32_t pages = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      std::uint32_t& page = page_of_[cube_of(last_word(colors.data() + 3 * i))];
      if (page == kNoPage) page = pages++;
    }
    labels_.resize(static_cast<std::size_t>(pages) << 12);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labels_[slot(last_word(colors.data() + 3 * i))] = static_cast<Index>(labels[i]);
    }
    // Other cubes, whose colours never come, share the first page.
    std::replace(page_of_.begin(), page_of_.end(), kNoPage, std::uint32_t{0});
  }

  Index operator[](std::uint32_t word) const { return labels_[slot(word)]; }

 private:
  static constexpr std::uint32_t kNoPage = 0xffffffff;

  std::size_t slot(std::uint32_t word) const {
    return static_cast<std::size_t>(page_of_[cube_of(word)]) << 12 | place_in_cube(word);
  }

  std::vector<std::uint32_t> page_of_ = std::vector<std::uint32_t>(4096, kNoPage);
  Buffer<Index> labels_;  // only those of colours are ever read
};

/// RGBA: an open-addressing hash table, at most half full.
template <class Label>
class HashTable {
 public:
  HashTable(std::span<const std::uint8_t> colors, std::span<const Label> labels)
      : slots_(2 * std::bit_ceil(std::max<std::size_t>(labels.size(), 8))) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::uint32_t code = morton<4>(colors.data() + 4 * i);
      std::size_t at = start(code);
      while (slots_[at].used) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {code, labels[i], true};
    }
  }

  Label operator[](std::uint32_t code) const {
    std::size_t at = start(code);
    while (slots_[at].code != code || !slots_[at].used) {
      if (!slots_[at].used) fail_unknown_color();
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at].label;
  }

 private:
  struct Slot {
    std::uint32_t code = 0;
    Label label = 0;
    bool used = false;
  };

  /// Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
  std::size_t start(std::uint32_t code) const {
    return static_cast<std::size_t>(
        static_cast<std::uint64_t>(code * 0x9e3779b1u) * slots_.size() >> 32);
  }

  std::vector<Slot> slots_;  // a power of two of them
};

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
