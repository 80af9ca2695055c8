#include "color_names.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "color_name_tables.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

/// Where colours are on the grid of Oklab, of which distances are exact.
using Place = std::array<std::int32_t, 3>;

Place place_of(const Color& color) {
  Place place{};
  Space(SpaceName::oklab, 3).place(color, place.data(), 1);
  return place;
}

struct NamedColor {
  std::string_view name;
  Color color;
  Place place;
};

/// Reads a table of color_name_tables.hpp.
std::vector<NamedColor> read(std::string_view table) {
  constexpr std::size_t kDigits = 6;
  std::vector<NamedColor> all;
  while (!table.empty()) {
    Color color{};
    for (std::size_t i = 0; i < kDigits; ++i) {
      const int digit = table[i] <= '9' ? table[i] - '0' : table[i] - 'a' + 10;
      color[i / 2] = static_cast<std::uint8_t>(16 * color[i / 2] + digit);
    }
    const std::size_t end = table.find('\n');
    all.push_back({table.substr(kDigits + 1, end - kDigits - 1), color, place_of(color)});
    table.remove_prefix(end + 1);
  }
  return all;
}

const std::vector<NamedColor>& css_names() {
  static const std::vector<NamedColor> all = read(kCssNames);
  return all;
}

const std::vector<NamedColor>& common_names() {
  static const std::vector<NamedColor> all = read(kCommonNames);
  return all;
}

/// With differences of hue and chroma doubled: people see them as large as one of lightness then
/// (as in colorjs.io's deltaEOK2), and do not call a dark brown grey.
std::int64_t squared_distance(const Place& a, const Place& b) {
  std::int64_t sum = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t difference = (axis == 0 ? 1 : 2) * (std::int64_t{a[axis]} - b[axis]);
    sum += difference * difference;
  }
  return sum;
}

/// Whether a colour's chroma is less than that, in Oklab.
bool is_within(const Place& place, double chroma) {
  const double limit = chroma * Space(SpaceName::oklab, 3).steps();
  const auto a = static_cast<double>(place[1]);
  const auto b = static_cast<double>(place[2]);
  return a * a + b * b < limit * limit;
}

// Chroma in Oklab: less than this looks grey, and less than that has no hue at all.
constexpr double kGrey = .015;
constexpr double kPure = .005;
// Names of less chroma than these fit: those of greys that may be cool or warm, and of pure ones.
constexpr double kGreyish = .02;
constexpr double kNeutral = .0105;
// From this chroma on, in this lightness, a colour is not called grey: darker ones look black.
constexpr double kHued = .025;
constexpr double kHuedFrom = .5;

/// The first of those that are equally near. What looks grey is not called by a hue, and what does
/// not is not called grey.
std::string_view nearest_name(const Color& color, const std::vector<NamedColor>& names) {
  const Place place = place_of(color);
  const double most = is_within(place, kPure) ? kNeutral : kGreyish;
  const bool is_grey = is_within(place, kGrey);
  const bool has_hue =
      !is_within(place, kHued) && place[0] >= kHuedFrom * Space(SpaceName::oklab, 3).steps();
  const auto distance = [&](const NamedColor& other) {
    const bool is_other =
        (is_grey && !is_within(other.place, most)) || (has_hue && is_within(other.place, kNeutral));
    return std::pair(is_other, squared_distance(place, other.place));
  };
  return std::ranges::min_element(names, {}, distance)->name;
}

/// Without spaces, and in small letters.
std::string key_of(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c != ' ') key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return key;
}

}  // namespace

std::string_view css_name(const Color& color) { return nearest_name(color, css_names()); }

std::string_view common_name(const Color& color) { return nearest_name(color, common_names()); }

std::optional<Color> color_named(std::string_view name) {
  const std::string key = key_of(name);
  for (const auto* names : {&css_names(), &common_names()}) {
    for (const NamedColor& named : *names) {
      if (key_of(named.name) == key) return named.color;
    }
  }
  return std::nullopt;
}

}  // namespace kpalette
