// Themes: the few colours that a person would pick from a picture.
//
// The palette that maps a picture best averages shades, and spends entries on what is large. People
// choose colours that are distinct, mostly vivid, and from what stands out: Lin and Hanrahan
// (2013), Modeling how people extract color themes from images, doi:10.1145/2470654.2466424.
//
// Everything goes by shares of pixels, and no step by the order of pixels. So a picture that is
// mirrored, or scaled by a whole factor, has the same theme.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "histogram.hpp"
#include "named.hpp"
#include "parallel.hpp"

namespace kpalette {

inline constexpr int kMaxThemeColors = 64;

/// The RGB colours of a picture, and those along its four sides, a 32nd of it inside.
struct ThemeCounts {
  Histogram colors;
  Histogram edge;  // empty if the picture is not known, or most of its sides are not counted
  std::vector<std::uint8_t> ignored;  // (m, 3): what was left out
};

/// A picture: pixels (height, width, channels), channels 3 or 4, and a mask (height, width) whose
/// zeros are not looked at, or none.
struct MaskedPicture {
  std::span<const std::uint8_t> pixels;
  std::size_t height;
  std::size_t width;
  int channels;
  std::span<const std::uint8_t> mask;

  bool covers(std::size_t i) const {
    return (mask.empty() || mask[i] != 0) && (channels == 3 || pixels[4 * i + 3] >= 128);
  }
  const std::uint8_t* color(std::size_t i) const {
    return pixels.data() + static_cast<std::size_t>(channels) * i;
  }
};

/// Counts the pixels that the mask covers, whose alpha is 128 or more, and whose colour is farther
/// than 0.03, in Oklab, from the `ignored` ones (m, 3). The sides are those of the least rectangle
/// that holds all of them, so that a border of ignored or transparent pixels changes nothing.
ThemeCounts count_for_theme(const MaskedPicture& picture, std::span<const std::uint8_t> ignored,
                            Team& team);

/// The same for a histogram of colours (n, channels), which has no sides.
ThemeCounts count_for_theme(const HistogramView& histogram, int channels,
                            std::span<const std::uint8_t> ignored);

enum class Role {
  dominant,
  background,
  accent,
  vibrant,
  light_vibrant,
  dark_vibrant,
  muted,
  light_muted,
  dark_muted
};
inline constexpr std::array<Named<Role>, 9> kRoles{{{"dominant", Role::dominant},
                                                    {"background", Role::background},
                                                    {"accent", Role::accent},
                                                    {"vibrant", Role::vibrant},
                                                    {"light-vibrant", Role::light_vibrant},
                                                    {"dark-vibrant", Role::dark_vibrant},
                                                    {"muted", Role::muted},
                                                    {"light-muted", Role::light_muted},
                                                    {"dark-muted", Role::dark_muted}}};

using Color = std::array<std::uint8_t, 3>;

/// A view of such counts.
struct ThemeCountsView {
  ThemeCountsView(const HistogramView& colors, const HistogramView& edge,
                  std::span<const std::uint8_t> ignored)
      : colors(colors), edge(edge), ignored(ignored) {}
  ThemeCountsView(const ThemeCounts& whole)
      : colors(whole.colors), edge(whole.edge), ignored(whole.ignored) {}

  HistogramView colors;
  HistogramView edge;
  std::span<const std::uint8_t> ignored;
};

struct Theme {
  std::vector<std::uint8_t> colors;  // (k, 3), in the order in which a person would name them
  std::vector<std::int64_t> counts;  // (k), of the pixels nearest to each
  std::array<std::optional<Color>, kRoles.size()> roles;  // by Role
};

/// Makes a theme of k colours, or of as many as look different if these are fewer; of as many as
/// matter if k is 0. There must be at least one colour, and k be at most kMaxThemeColors.
Theme make_theme(const ThemeCountsView& counts, int k, Team& team);

/// Finds a pixel (x, y) for each of the colours (k, 3): one of about that colour, where most of its
/// surroundings have it too. (-1, -1) for all of them if no pixel is looked at.
std::vector<std::array<std::int32_t, 2>> theme_places(const MaskedPicture& picture,
                                                      std::span<const std::uint8_t> colors,
                                                      Team& team);

}  // namespace kpalette
