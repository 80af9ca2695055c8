// Lookup tables from colours to values, for every pixel of an image.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "buffer.hpp"
#include "morton.hpp"

namespace kpalette {

/// RGB: a page of 512 values for each of the 32,768 bins that holds a colour. For a photo that is a
/// few megabytes, and neighbouring pixels use the same few cache lines.
template <class Value>
class BinTable {
 public:
  template <class Source>
  BinTable(std::span<const std::uint8_t> colors, std::span<const Source> values) {
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint32_t& start = starts_[bin_of(last_word(colors.data() + 3 * i))];
      if (start != kNone) continue;
      start = end;
      end += kPage;
    }
    values_.resize(end);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint32_t word = last_word(colors.data() + 3 * i);
      values_[starts_[bin_of(word)] + place_in_bin(word)] = static_cast<Value>(values[i]);
    }
    // Bins without colours share the first page; they are never looked up.
    std::replace(starts_.begin(), starts_.end(), kNone, std::uint32_t{0});
  }

  const Value& operator[](std::uint32_t word) const { return at(bin_of(word), place_in_bin(word)); }
  const Value& at(std::uint32_t bin, std::uint32_t place) const {
    return values_[starts_[bin] + place];
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kPage = 512;

  std::vector<std::uint32_t> starts_ = std::vector<std::uint32_t>(32'768, kNone);
  Buffer<Value> values_;  // initialized only for the colours, the only ones that are read
};

/// RGBA: an open-addressing hash table, at most half full.
template <class Value>
class HashTable {
 public:
  HashTable(std::span<const std::uint8_t> colors, std::span<const Value> values)
      : slots_(2 * std::bit_ceil(std::max<std::size_t>(values.size(), 8))) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint32_t code = morton<4>(colors.data() + 4 * i);
      std::size_t at = start(code);
      while (slots_[at].used) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {code, values[i], true};
    }
  }

  const Value& operator[](std::uint32_t code) const {
    std::size_t at = start(code);
    while (slots_[at].code != code || !slots_[at].used) {
      if (!slots_[at].used) {
        throw std::invalid_argument("pixels: expected colours of the histogram, got another");
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at].value;
  }

 private:
  struct Slot {
    std::uint32_t code = 0;
    Value value{};
    bool used = false;
  };

  /// Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
  std::size_t start(std::uint32_t code) const {
    return static_cast<std::size_t>(
        static_cast<std::uint64_t>(code * 0x9e3779b1u) * slots_.size() >> 32);
  }

  std::vector<Slot> slots_;  // their number is a power of two
};

}  // namespace kpalette
