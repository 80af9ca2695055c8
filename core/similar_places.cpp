#include "similar_places.hpp"

#include <limits>

namespace kpalette {

std::vector<std::uint8_t> group_entries(std::span<const Point4> entries) {
  constexpr int kOthers = 3;
  const std::size_t k = entries.size();
  std::vector<std::uint8_t> groups(k);
  std::vector<bool> taken(k);
  std::uint8_t group = 0;
  for (std::size_t first = 0; first < k; ++first) {
    if (taken[first]) continue;
    std::size_t entry = first;
    for (int others = 0; entry < k; ++others) {
      groups[entry] = group;
      taken[entry] = true;
      if (others == kOthers) break;
      float least = std::numeric_limits<float>::max();
      entry = k;
      for (std::size_t j = first + 1; j < k; ++j) {
        const float square = square4(entries[j] - entries[first]);
        if (!taken[j] && square < least) {
          least = square;
          entry = j;
        }
      }
    }
    ++group;
  }
  return groups;
}

}  // namespace kpalette
