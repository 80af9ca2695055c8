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

template <class Lookup, class Index>
void map_pixels(std::size_t n, const Lookup& lookup, Index* indices, Team& team) {
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int) {
    const std::size_t end = std::min(n, (chunk + 1) * kChunk);
    for (std::size_t i = chunk * kChunk; i < end; ++i) indices[i] = static_cast<Index>(lookup(i));
  });
}

/// RGB: 4,096 labels for each occupied sixteenth-cube, found by the top 12 bits of the Morton
/// code. For a photo this is a few megabytes, and neighbouring pixels use the same few lines.
template <class Index>
class DenseTable {
 public:
  DenseTable(std::span<const std::uint8_t> colors, std::span<const std::uint16_t> labels)
      : page_of_(4096, -1) {
    // One page of zeros stands for all empty ones, so that lookups need no branch.
    Buffer<std::uint32_t> codes(labels.size());
    std::int32_t pages = 1;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      codes[i] = morton<3>(colors.data() + 3 * i);
      std::int32_t& page = page_of_[codes[i] >> 12];
      if (page < 0) page = pages++;
    }
    for (std::int32_t& page : page_of_) page = std::max(page, 0);
    labels_.resize(static_cast<std::size_t>(pages) << 12);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labels_[slot(codes[i])] = static_cast<Index>(labels[i]);
    }
  }

  Index operator[](std::uint32_t code) const { return labels_[slot(code)]; }

 private:
  std::size_t slot(std::uint32_t code) const {
    return static_cast<std::size_t>(page_of_[code >> 12]) << 12 | (code & 4095);
  }

  std::vector<std::int32_t> page_of_;
  std::vector<Index> labels_;
};

/// RGBA: an open-addressing hash table, at most half full.
class HashTable {
 public:
  HashTable(std::span<const std::uint8_t> colors, std::span<const std::uint16_t> labels)
      : slots_(2 * std::bit_ceil(std::max<std::size_t>(labels.size(), 8))) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::uint32_t code = morton<4>(colors.data() + 4 * i);
      std::size_t at = start(code);
      while (slots_[at].used) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {code, labels[i], true};
    }
  }

  std::uint16_t operator[](std::uint32_t code) const {
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
    std::uint16_t label = 0;
    bool used = false;
  };

  /// Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
  std::size_t start(std::uint32_t code) const {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(code * 0x9e3779b1u) * slots_.size() >>
                                    32);
  }

  std::vector<Slot> slots_;  // a power of two of them
};

}  // namespace

template <class Index>
void remap(std::span<const std::uint8_t> pixels, int channels,
           std::span<const std::uint8_t> colors, std::span<const std::uint16_t> labels,
           Index* indices, Team& team) {
  const std::uint8_t* data = pixels.data();
  const std::size_t n = pixels.size() / static_cast<std::size_t>(channels);
  if (channels == 3) {
    const DenseTable<Index> table(colors, labels);
    map_pixels(n, [&](std::size_t i) { return table[morton<3>(data + 3 * i)]; }, indices, team);
  } else {
    const HashTable table(colors, labels);
    map_pixels(n, [&](std::size_t i) { return table[morton<4>(data + 4 * i)]; }, indices, team);
  }
}

template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint8_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::uint16_t*, Team&);
template void remap(std::span<const std::uint8_t>, int, std::span<const std::uint8_t>,
                    std::span<const std::uint16_t>, std::int32_t*, Team&);

}  // namespace kpalette
