#include "theme_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "color_names.hpp"
#include "tones.hpp"

namespace kpalette {
namespace {

std::size_t size_of(const Theme& theme) { return theme.colors.size() / 3; }

Color color_at(const Theme& theme, std::size_t i) {
  return {theme.colors[3 * i], theme.colors[3 * i + 1], theme.colors[3 * i + 2]};
}

Color accent_of(const Theme& theme) {
  const auto& accent = theme.roles[static_cast<std::size_t>(Role::accent)];
  return accent ? *accent : color_at(theme, 0);
}

std::string hex(const Color& color) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "#";
  for (const std::uint8_t level : color) {
    text += digits[level >> 4];
    text += digits[level & 15];
  }
  return text;
}

/// Of 0 or more, with up to four decimals.
std::string decimal(double value) {
  auto scaled = static_cast<std::int64_t>(std::floor(value * 10000 + .5));
  std::string text = std::to_string(scaled / 10000);
  std::string fraction = std::to_string(scaled % 10000 + 10000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

/// Small letters, digits, underscores and single hyphens: what names of CSS are made of.
std::string identifier(std::string_view name) {
  std::string made;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (is_kept) {
      made += c;
    } else if (!made.empty() && made.back() != '-') {
      made += '-';
    }
  }
  while (!made.empty() && made.back() == '-') made.pop_back();
  return made.empty() ? "theme" : made;
}

/// What a colour is called, and its share.
std::string described(const Theme& theme, std::size_t i) {
  const std::string share = share_text(theme, i);
  return std::string(common_name(color_at(theme, i))) + (share.empty() ? "" : ", " + share);
}

std::string property(std::string_view name, const Color& color, std::string_view comment = "") {
  std::string line = "  --" + std::string(name) + ": " + hex(color) + ";";
  if (!comment.empty()) line += " /* " + std::string(comment) + " */";
  return line + "\n";
}

std::string entry_properties(const Theme& theme, const std::string& name) {
  std::string lines;
  for (std::size_t i = 0; i < size_of(theme); ++i) {
    lines += property(name + "-" + std::to_string(i + 1), color_at(theme, i), described(theme, i));
  }
  for (std::size_t i = 0; i < size_of(theme); ++i) {
    lines += property(name + "-on-" + std::to_string(i + 1), text_on(color_at(theme, i)));
  }
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (!theme.roles[i]) continue;
    lines += property(name + "-" + std::string(kRoles[i].name), *theme.roles[i]);
  }
  return lines;
}

std::string scheme_properties(const Theme& theme, const std::string& name, bool dark,
                              std::string_view indent = "") {
  const Scheme scheme = make_scheme(accent_of(theme), dark);
  std::string lines;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    lines += std::string(indent) +
             property(name + "-page-" + std::string(kSchemeRoles[i].name), scheme[i]);
  }
  return lines;
}

std::string dark_properties(const Theme& theme, const std::string& name) {
  return "@media (prefers-color-scheme: dark) {\n  :root {\n" +
         scheme_properties(theme, name, true, "  ") + "  }\n}\n";
}

/// A design token, by the Color Module: components of sRGB from 0 to 1, and the hex for programs
/// that know no others.
std::string token(std::string_view name, const Color& color, std::string_view description = "") {
  std::string components;
  for (const std::uint8_t level : color) {
    components += (components.empty() ? "" : ", ") + decimal(level / 255.0);
  }
  std::string text = "\"" + std::string(name) + "\": {\"$value\": {\"colorSpace\": \"srgb\", " +
                     "\"components\": [" + components + "], \"hex\": \"" + hex(color) + "\"}";
  if (!description.empty()) text += ", \"$description\": \"" + std::string(description) + "\"";
  return text + "}";
}

std::string group(std::string_view name, const std::vector<std::string>& members,
                  const std::string& indent) {
  std::string text = indent + "\"" + std::string(name) + "\": {\n";
  for (std::size_t i = 0; i < members.size(); ++i) {
    text += indent + "  " + members[i] + (i + 1 < members.size() ? ",\n" : "\n");
  }
  return text + indent + "}";
}

std::vector<std::string> scheme_tokens(const Theme& theme, bool dark) {
  const Scheme scheme = make_scheme(accent_of(theme), dark);
  std::vector<std::string> members;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    members.push_back(token(kSchemeRoles[i].name, scheme[i]));
  }
  return members;
}

/// Text for XML: without characters that it has no way to write.
std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '&') {
      made += "&amp;";
    } else if (c == '<') {
      made += "&lt;";
    } else if (c == '>') {
      made += "&gt;";
    } else if (c == '"') {
      made += "&quot;";
    } else if (c == '\'') {
      made += "&#39;";
    } else if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') {
      made += c;
    }
  }
  return made;
}

}  // namespace

std::string share_text(const Theme& theme, std::size_t i) {
  const auto total = static_cast<double>(
      std::accumulate(theme.counts.begin(), theme.counts.end(), std::int64_t{0}));
  if (total == 0) return "";
  const double tenths = static_cast<double>(theme.counts[i]) / total * 1000;
  if (tenths > 0 && tenths < .5) return "< 0.1 %";
  const auto rounded = static_cast<std::int64_t>(std::floor(tenths + .5));
  return std::to_string(rounded / 10) + "." + std::to_string(rounded % 10) + " %";
}

std::string theme_css(const Theme& theme, std::string_view name) {
  const std::string prefix = identifier(name);
  return ":root {\n" + entry_properties(theme, prefix) + scheme_properties(theme, prefix, false) +
         "}\n" + dark_properties(theme, prefix);
}

std::string theme_tailwind(const Theme& theme, std::string_view name) {
  const std::string prefix = "color-" + identifier(name);
  std::string tones;
  const auto scale = tone_scale(accent_of(theme));
  for (std::size_t i = 0; i < scale.size(); ++i) {
    tones += property(prefix + "-accent-" + std::string(kToneSteps[i].name), scale[i]);
  }
  return "@theme {\n" + entry_properties(theme, prefix) + tones +
         scheme_properties(theme, prefix, false) + "}\n" + dark_properties(theme, prefix);
}

std::string theme_tokens(const Theme& theme, std::string_view name) {
  std::vector<std::string> members{"\"$type\": \"color\""};
  for (std::size_t i = 0; i < size_of(theme); ++i) {
    members.push_back(token(std::to_string(i + 1), color_at(theme, i), described(theme, i)));
  }
  for (std::size_t i = 0; i < size_of(theme); ++i) {
    members.push_back(token("on-" + std::to_string(i + 1), text_on(color_at(theme, i))));
  }
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (theme.roles[i]) members.push_back(token(kRoles[i].name, *theme.roles[i]));
  }
  std::vector<std::string> tones;
  const auto scale = tone_scale(accent_of(theme));
  for (std::size_t i = 0; i < scale.size(); ++i) {
    tones.push_back(token(kToneSteps[i].name, scale[i]));
  }
  const auto below = [](const std::string& text) { return text.substr(4); };  // indented by `group`
  members.push_back(below(group("accent-tones", tones, "    ")));
  members.push_back(below(group("light", scheme_tokens(theme, false), "    ")));
  members.push_back(below(group("dark", scheme_tokens(theme, true), "    ")));
  return "{\n" + group(identifier(name), members, "  ") + "\n}\n";
}

Card lay_out_card(const Theme& theme, int picture_width, int picture_height) {
  constexpr double width = 800;
  constexpr double most_height = 800;  // of a picture
  constexpr double field_height = 128;
  constexpr double margin = 12;
  constexpr double letter = .58;  // the width of a letter, of its size
  Card card{width, 0, 0, 0, 0, 0, {}};
  const std::size_t k = size_of(theme);
  if (picture_width > 0 && picture_height > 0) {
    const double scale = std::min(width / picture_width, most_height / picture_height);
    card.picture_width = picture_width * scale;
    card.picture_height = picture_height * scale;
    card.picture_x = (width - card.picture_width) / 2;
    const auto& background = theme.roles[static_cast<std::size_t>(Role::background)];
    const Color behind = background ? *background : color_at(theme, 0);
    card.pieces.push_back({0, 0, width, card.picture_height, behind, ""});
  }
  const std::size_t rows = (k + 5) / 6;
  const std::size_t columns = (k + rows - 1) / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    // The last row may have fewer, which are wider then.
    const std::size_t first = row * columns;
    const std::size_t count = std::min(columns, k - first);
    const double field_width = width / static_cast<double>(count);
    const double y = card.picture_height + field_height * static_cast<double>(row);
    for (std::size_t i = 0; i < count; ++i) {
      const Color color = color_at(theme, first + i);
      const Color on = text_on(color);
      const double x = field_width * static_cast<double>(i);
      card.pieces.push_back({x, y, field_width, field_height, color, ""});
      const auto write = [&](double baseline, double size, const std::string& text) {
        if (text.empty()) return;
        const double room =
            (field_width - 2 * margin) / (letter * static_cast<double>(text.size()));
        card.pieces.push_back({x + margin, y + baseline, 0, std::min(size, room), on, text});
      };
      write(68, 20, hex(color));
      write(90, 14, std::string(common_name(color)));
      write(110, 14, share_text(theme, first + i));
    }
  }
  card.height = card.picture_height + field_height * static_cast<double>(rows);
  return card;
}

std::string card_svg(const Card& card, std::string_view picture_uri, std::string_view title) {
  const auto box = [](double x, double y, double width, double height) {
    return "x=\"" + decimal(x) + "\" y=\"" + decimal(y) + "\" width=\"" + decimal(width) +
           "\" height=\"" + decimal(height) + "\"";
  };
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" "
      "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"" +
      decimal(card.width) + "\" height=\"" + decimal(card.height) + "\" viewBox=\"0 0 " +
      decimal(card.width) + " " + decimal(card.height) + "\" role=\"img\">\n<title>" +
      escaped(title) + "</title>\n<g font-family=\"system-ui, 'Segoe UI', sans-serif\">\n";
  // After the first piece, which is what is behind it.
  const std::string picture =
      card.picture_width > 0
          ? "<image " +
                box(card.picture_x, card.picture_y, card.picture_width, card.picture_height) +
                " xlink:href=\"" + escaped(picture_uri) + "\"/>\n"
          : "";
  for (std::size_t i = 0; i < card.pieces.size(); ++i) {
    const CardPiece& piece = card.pieces[i];
    if (piece.text.empty()) {
      svg += "<rect " + box(piece.x, piece.y, piece.width, piece.height) + " fill=\"" +
             hex(piece.color) + "\"/>\n";
    } else {
      svg += "<text x=\"" + decimal(piece.x) + "\" y=\"" + decimal(piece.y) + "\" font-size=\"" +
             decimal(piece.height) + "\" fill=\"" + hex(piece.color) + "\">" + escaped(piece.text) +
             "</text>\n";
    }
    if (i == 0) svg += picture;
  }
  return svg + "</g>\n</svg>\n";
}

}  // namespace kpalette
