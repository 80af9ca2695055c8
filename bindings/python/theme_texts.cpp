// What is made of a theme's colours: names, contrast, tones, schemes and texts.
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "color_names.hpp"
#include "contrast.hpp"
#include "theme_text.hpp"
#include "tones.hpp"

namespace {

using Roles = std::array<std::optional<Color>, kRoles.size()>;

std::vector<Color> colors_of(const Bytes& colors) {
  require(colors.shape(1) == 3, "expected 3 channels");
  std::vector<Color> made(colors.shape(0));
  for (std::size_t i = 0; i < made.size(); ++i) std::copy_n(&colors(i, 0), 3, made[i].begin());
  return made;
}

Theme theme_of(const Bytes& colors, const Counts& counts, const Roles& roles) {
  require_pairs(colors, counts);
  require(colors.shape(1) == 3 && colors.shape(0) >= 1, "expected opaque colours");
  const auto levels = view(colors);
  const auto numbers = view(counts);
  return {{levels.begin(), levels.end()}, {numbers.begin(), numbers.end()}, roles};
}

template <std::string (*Write)(const Theme&, std::string_view)>
void def_text(nb::module_& m, const char* called, const char* doc) {
  m.def(
      called,
      [](const Bytes& colors, const Counts& counts, const Roles& roles, std::string_view name) {
        return Write(theme_of(colors, counts, roles), name);
      },
      "colors"_a, "counts"_a, "roles"_a, "name"_a, doc);
}

}  // namespace

void def_theme_texts(nb::module_& m) {
  m.def("contrast", &contrast, "a"_a, "b"_a, "The contrast ratio of WCAG 2.1, 1 to 21.");
  m.def("text_on", &text_on, "background"_a, "Black or white, whichever is read better on it.");
  m.def(
      "readable_pairs", [](const Bytes& colors) { return readable_pairs(colors_of(colors)); },
      "colors"_a, "Pairs of indices of colours whose contrast is at least 4.5.");
  m.def("css_name", &css_name, "color"_a, "The name that CSS has for the nearest colour.");
  m.def("common_name", &common_name, "color"_a, "What people call the nearest colour.");
  m.def("color_named", &color_named, "name"_a, "The colour of a name, or None.");
  m.def("tone_scale", &tone_scale, "accent"_a, "Tones of a hue, from 50 to 950.");
  m.attr("TONE_STEPS") = names_of(kToneSteps);
  m.def("make_scheme", &make_scheme, "accent"_a, "dark"_a, "A colour for each scheme role.");
  m.attr("SCHEME_ROLES") = names_of(kSchemeRoles);
  nb::list pairs;
  for (const SchemePair& pair : kSchemePairs) {
    const auto name = [](SchemeRole role) {
      return std::string(kSchemeRoles[static_cast<std::size_t>(role)].name);
    };
    pairs.append(nb::make_tuple(name(pair.front), name(pair.back), pair.least));
  }
  m.attr("SCHEME_PAIRS") = nb::tuple(pairs);
  def_text<theme_css>(m, "theme_css", "Custom properties of CSS.");
  def_text<theme_tailwind>(m, "theme_tailwind", "The same in @theme, for Tailwind 4.");
  def_text<theme_tokens>(m, "theme_tokens", "Design tokens in JSON.");

  nb::class_<Card>(m, "Card", "Where a card's picture, rectangles and texts are.")
      .def(nb::new_([](const Bytes& colors, const Counts& counts, const Roles& roles, int width,
                       int height) {
             return lay_out_card(theme_of(colors, counts, roles), width, height);
           }),
           "colors"_a, "counts"_a, "roles"_a, "picture_width"_a, "picture_height"_a)
      .def_prop_ro("size", [](const Card& self) { return std::tuple(self.width, self.height); })
      .def_prop_ro("picture_box",
                   [](const Card& self) {
                     return std::tuple(self.picture_x, self.picture_y, self.picture_width,
                                       self.picture_height);
                   })
      .def_prop_ro(
          "pieces",
          [](const Card& self) {
            std::vector<std::tuple<double, double, double, double, Color, std::string>> pieces;
            for (const CardPiece& piece : self.pieces) {
              pieces.emplace_back(piece.x, piece.y, piece.width, piece.height, piece.color,
                                  piece.text);
            }
            return pieces;
          })
      .def("svg", &card_svg, "picture_uri"_a, "title"_a);
}
