// Themes: what counts for them, their colours and places.
#include <algorithm>
#include <optional>

#include "exports.hpp"
#include "histogram.hpp"
#include "theme.hpp"

namespace {

MaskedPicture whole_picture(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                            int channels) {
  return {span_of(pixels, height * width, channels), height, width, channels, {}};
}

}  // namespace

EXPORT(theme_counts_new) ThemeCounts* theme_counts_new() { return new ThemeCounts; }

/// Adds a picture, or a frame; `ignored` are RGB colours.
EXPORT(theme_counts_add)
void theme_counts_add(ThemeCounts* self, const std::uint8_t* pixels, std::size_t height,
                      std::size_t width, int channels, const std::uint8_t* ignored,
                      std::size_t bytes) {
  const ThemeCounts found =
      count_for_theme(whole_picture(pixels, height, width, channels), {ignored, bytes}, team);
  self->colors = merge(self->colors, found.colors, 3);
  self->edge = merge(self->edge, found.edge, 3);
  self->ignored = found.ignored;
}
EXPORT(theme_counts_size) std::size_t theme_counts_size(const ThemeCounts* self) {
  return self->colors.size();
}
EXPORT(theme_counts_free) void theme_counts_free(ThemeCounts* self) { delete self; }

EXPORT(theme_new) Theme* theme_new(const ThemeCounts* counts, int k) {
  return new Theme(make_theme(*counts, k, team));
}
/// The same again, of what theme_look wrote.
EXPORT(theme_again)
Theme* theme_again(const std::uint8_t* colors, const std::int64_t* counts, std::size_t k,
                   const std::uint8_t* roles) {
  auto* const theme = new Theme{{colors, colors + 3 * k}, {counts, counts + k}, {}};
  for (std::optional<Color>& role : theme->roles) {
    if (roles[3] != 0) role = Color{roles[0], roles[1], roles[2]};
    roles += 4;
  }
  return theme;
}
EXPORT(theme_size) std::size_t theme_size(const Theme* self) { return self->counts.size(); }
EXPORT(theme_free) void theme_free(Theme* self) { delete self; }

/// Writes the colours (k, 3), the counts (k), and RGBA of each role, which is clear if there is
/// none.
EXPORT(theme_look)
void theme_look(const Theme* self, std::uint8_t* colors, std::int64_t* counts,
                std::uint8_t* roles) {
  std::ranges::copy(self->colors, colors);
  std::ranges::copy(self->counts, counts);
  for (const std::optional<Color>& role : self->roles) {
    if (role) *std::ranges::copy(*role, roles).out = 255;
    roles += 4;
  }
}

/// Writes x and y of a pixel for each of the colours (k, 3).
EXPORT(theme_places)
void run_theme_places(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                      int channels, const std::uint8_t* colors, std::size_t k,
                      std::int32_t* places) {
  const auto found =
      theme_places(whole_picture(pixels, height, width, channels), span_of(colors, k, 3), team);
  for (const auto& place : found) places = std::ranges::copy(place, places).out;
}
