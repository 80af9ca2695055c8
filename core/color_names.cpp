#include "color_names.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "color_name_tables.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

Color levels_of(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
          static_cast<std::uint8_t>(rgb)};
}

/// Where colours are on the grid of Oklab, of which distances are exact.
using Place = std::array<std::int32_t, 3>;

Place place_of(const Color& color) {
  Place place{};
  Space(SpaceName::oklab, 3).place(color, place.data(), 1);
  return place;
}

std::vector<Place> places_of(std::span<const NamedColor> names) {
  std::vector<Place> places;
  for (const NamedColor& named : names) places.push_back(place_of(levels_of(named.rgb)));
  return places;
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
std::string_view nearest_name(const Color& color, std::span<const NamedColor> names,
                              std::span<const Place> places) {
  const Place place = place_of(color);
  const double most = is_within(place, kPure) ? kNeutral : kGreyish;
  const bool is_grey = is_within(place, kGrey);
  const bool has_hue =
      !is_within(place, kHued) && place[0] >= kHuedFrom * Space(SpaceName::oklab, 3).steps();
  const auto distance = [&](const Place& other) {
    const bool is_other =
        (is_grey && !is_within(other, most)) || (has_hue && is_within(other, kNeutral));
    return std::pair(is_other, squared_distance(place, other));
  };
  const auto nearest = std::ranges::min_element(places, {}, distance);
  return names[static_cast<std::size_t>(nearest - places.begin())].name;
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

std::string_view css_name(const Color& color) {
  static const std::vector<Place> places = places_of(kCssNames);
  return nearest_name(color, kCssNames, places);
}

std::string_view common_name(const Color& color) {
  static const std::vector<Place> places = places_of(kCommonNames);
  return nearest_name(color, kCommonNames, places);
}

std::optional<Color> color_named(std::string_view name) {
  const std::string key = key_of(name);
  for (const std::span<const NamedColor> names :
       {std::span<const NamedColor>(kCssNames), std::span<const NamedColor>(kCommonNames)}) {
    for (const NamedColor& named : names) {
      if (key_of(named.name) == key) return levels_of(named.rgb);
    }
  }
  return std::nullopt;
}

}  // namespace kpalette
