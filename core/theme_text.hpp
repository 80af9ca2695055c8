// What a theme is handed on as: CSS, Tailwind's theme, design tokens, and a card to look at.
//
// `name` begins the names of all that is written, such as --album-1: letters, digits and hyphens of
// it are kept. Of the colours 1, 2 …, "on-1" is the text on the first. The schemes are those of
// `make_scheme` for the accent, or for the first colour where there is no accent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "theme.hpp"

namespace kpalette {

/// Custom properties of CSS: colours, texts on them, roles, and the schemes as --album-page-text
/// and so on, of which the dark one takes the place of the light one where a visitor prefers that.
std::string theme_css(const Theme& theme, std::string_view name);

/// The same for Tailwind 4, as --color-album-1 in @theme, with the accent's tones from 50 to 950.
std::string theme_tailwind(const Theme& theme, std::string_view name);

/// Design tokens in JSON: W3C Design Tokens Community Group, Format and Color Modules 2025.10.
std::string theme_tokens(const Theme& theme, std::string_view name);

/// A share of all pixels for people: "31.2 %", "< 0.1 %"; "" if nothing is counted.
std::string share_text(const Theme& theme, std::size_t i);

// ---- a card: the picture, and below it the colours with their hex, names and shares ----

/// A rectangle that is filled, or a line of text, whose y is its baseline and whose x its start.
struct CardPiece {
  double x, y;
  double width, height;  // of a rectangle; of text, none and the size of its letters
  Color color;
  std::string text;  // empty for rectangles
};

struct Card {
  double width, height;
  double picture_x, picture_y, picture_width, picture_height;  // no width without a picture
  std::vector<CardPiece> pieces;                               // in the order of drawing
};

/// Lays a card out, 800 units wide, for a picture of that size, or of 0 × 0 for none.
Card lay_out_card(const Theme& theme, int picture_width, int picture_height);

/// The card as SVG 1.1, with the picture at a URI such as data:image/jpeg;base64,… in it.
std::string card_svg(const Card& card, std::string_view picture_uri, std::string_view title);

}  // namespace kpalette
