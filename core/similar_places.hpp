// Places in a picture where indices are about those here: where a match may begin.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "point4.hpp"

namespace kpalette {

/// A group for each entry: about four that are near each other share one.
std::vector<std::uint8_t> group_entries(std::span<const Point4> entries);

/// Places by the groups of kAlike pixels in a row, the latest first; a few others are among them.
class SimilarPlaces {
 public:
  static constexpr std::size_t kAlike = 3;
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// Places are below `size`. `groups` outlives this.
  SimilarPlaces(std::span<const std::uint8_t> groups, std::size_t size)
      : groups_(groups), latest_(std::size_t{1} << kBits, kNone), earlier_(size) {}

  std::uint32_t latest(const std::uint8_t* indices) const { return latest_[hash(indices)]; }
  std::uint32_t earlier(std::uint32_t place) const { return earlier_[place]; }

  void add(const std::uint8_t* indices, std::uint32_t place) {
    std::uint32_t& latest = latest_[hash(indices)];
    earlier_[place] = latest;
    latest = place;
  }

 private:
  static constexpr int kBits = 15;

  std::size_t hash(const std::uint8_t* indices) const {
    std::uint32_t key = 0;
    for (std::size_t i = 0; i < kAlike; ++i) key = key << 8 | groups_[indices[i]];
    return key * 2654435761u >> (32 - kBits);  // Knuth's multiplicative hash
  }

  std::span<const std::uint8_t> groups_;
  std::vector<std::uint32_t> latest_;
  std::vector<std::uint32_t> earlier_;
};

}  // namespace kpalette
