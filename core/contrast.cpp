#include "contrast.hpp"

#include <algorithm>

#include "sort_few.hpp"
#include "spaces.hpp"

namespace kpalette {

double relative_luminance(const Color& color) {
  return 0.2126 * light_of(color[0]) + 0.7152 * light_of(color[1]) + 0.0722 * light_of(color[2]);
}

double contrast(const Color& a, const Color& b) {
  const auto [darker, lighter] = std::minmax({relative_luminance(a), relative_luminance(b)});
  return (lighter + 0.05) / (darker + 0.05);
}

Color text_on(const Color& background) {
  constexpr Color black{0, 0, 0};
  constexpr Color white{255, 255, 255};
  return contrast(background, white) >= contrast(background, black) ? white : black;
}

std::vector<std::array<int, 2>> readable_pairs(std::span<const Color> colors) {
  std::vector<std::array<int, 2>> pairs;
  for (int i = 0; i < static_cast<int>(colors.size()); ++i) {
    for (int j = i + 1; j < static_cast<int>(colors.size()); ++j) {
      if (contrast(colors[i], colors[j]) >= kTextContrast) pairs.push_back({i, j});
    }
  }
  sort_few(pairs, [&](const auto& a, const auto& b) {
    const double of_a = contrast(colors[a[0]], colors[a[1]]);
    const double of_b = contrast(colors[b[0]], colors[b[1]]);
    return of_a != of_b ? of_a > of_b : a < b;
  });
  return pairs;
}

}  // namespace kpalette
