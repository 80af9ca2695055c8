// What colours and themes are told as.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "color_names.hpp"
#include "contrast.hpp"
#include "exports.hpp"
#include "named.hpp"
#include "theme.hpp"
#include "theme_text.hpp"

namespace {

using ThemeText = std::string (*)(const Theme&, std::string_view);
constexpr std::array<Named<ThemeText>, 3> kThemeTexts{
    {{"css", theme_css}, {"tailwind", theme_tailwind}, {"tokens", theme_tokens}}};

}  // namespace

/// The common name of each of the colours (k, 3), and that of CSS, a line for each.
EXPORT(color_names)
OutBytes* color_names(const std::uint8_t* colors, std::size_t k) {
  std::string names;
  for (std::size_t i = 0; i < k; ++i, colors += 3) {
    const Color color{colors[0], colors[1], colors[2]};
    names.append(common_name(color)).append("\n").append(css_name(color)).append("\n");
  }
  return hand_over(names);
}

/// Writes the colour (3) of a name; false where it names none.
EXPORT(color_named)
bool run_color_named(const char* name, std::size_t bytes, std::uint8_t* color) {
  const std::optional<Color> found = color_named({name, bytes});
  if (found) std::ranges::copy(*found, color);
  return found.has_value();
}

/// Writes the colour of text on each of the colours (k, 3).
EXPORT(text_colors)
void text_colors(const std::uint8_t* colors, std::size_t k, std::uint8_t* text) {
  for (std::size_t i = 0; i < k; ++i, colors += 3) {
    text = std::ranges::copy(text_on({colors[0], colors[1], colors[2]}), text).out;
  }
}

/// The pairs of the colours (k, 3) that are read on each other: their indices, four bytes each.
EXPORT(readable_pairs)
OutBytes* run_readable_pairs(const std::uint8_t* colors, std::size_t k) {
  std::vector<Color> list(k);
  for (Color& color : list) {
    std::copy_n(colors, 3, color.data());
    colors += 3;
  }
  const auto pairs = readable_pairs(list);
  auto* const bytes = new OutBytes(sizeof(pairs[0]) * pairs.size());
  std::memcpy(bytes->data(), pairs.data(), bytes->size());
  return bytes;
}

/// A theme as kThemeTexts has it, in UTF-8; `name` begins the names in it.
EXPORT(theme_text)
OutBytes* theme_text(const Theme* self, int kind, const char* name, std::size_t bytes) {
  const auto write = kThemeTexts.at(static_cast<std::size_t>(kind)).value;
  const std::string text = write(*self, {name, bytes});
  return hand_over(text);
}

/// A card as SVG, with a picture of that size at a URI; none if the size is 0.
EXPORT(theme_card)
OutBytes* theme_card(const Theme* self, int width, int height, const char* uri,
                     std::size_t uri_bytes, const char* title, std::size_t title_bytes) {
  const Card card = lay_out_card(*self, width, height);
  const std::string svg = card_svg(card, {uri, uri_bytes}, {title, title_bytes});
  return hand_over(svg);
}
