// A page's colours from one accent: tones of its hue, and a light and a dark scheme.
//
// Tones keep the accent's hue in Oklch; where sRGB has no such colour, chroma is lowered until it
// has (as CSS Color 4 does). There are no angles, thus no trigonometry: hue is a direction.
//
// A scheme's colours are tones at given lightnesses. What is read on another moves away from it, a
// hundredth of lightness at a time, until its contrast suffices. So every pair that `SchemePair`
// lists does, for any accent.
#pragma once

#include <array>
#include <string_view>

#include "contrast.hpp"
#include "named.hpp"

namespace kpalette {

/// Steps as Tailwind numbers them, from light to dark, and their lightness in Oklch.
inline constexpr std::array<Named<double>, 11> kToneSteps{{{"50", .975},
                                                           {"100", .945},
                                                           {"200", .89},
                                                           {"300", .82},
                                                           {"400", .73},
                                                           {"500", .64},
                                                           {"600", .55},
                                                           {"700", .47},
                                                           {"800", .39},
                                                           {"900", .32},
                                                           {"950", .23}}};

/// The colour of that lightness in Oklch, 0 to 1, of the accent's hue, and of its chroma times
/// `share` or `most`, whichever is less, if sRGB has it: otherwise of the most chroma that there
/// is.
Color tone(const Color& accent, double lightness, double share = 1, double most = 1);

/// The tones of kToneSteps. Chroma fades towards white and black, as dyes do.
std::array<Color, kToneSteps.size()> tone_scale(const Color& accent);

/// What a page needs colours for.
enum class SchemeRole {
  background,    // of the page
  surface,       // of what lies on it: cards, bars
  text,          // on both
  muted,         // text on both that matters less
  outline,       // of fields and cards, on both
  primary,       // buttons and links, on both: the accent itself, if it is read on them
  on_primary,    // text on that
  container,     // what is to stand out a little
  on_container,  // text on that
};

inline constexpr std::array<Named<SchemeRole>, 9> kSchemeRoles{
    {{"background", SchemeRole::background},
     {"surface", SchemeRole::surface},
     {"text", SchemeRole::text},
     {"muted", SchemeRole::muted},
     {"outline", SchemeRole::outline},
     {"primary", SchemeRole::primary},
     {"on-primary", SchemeRole::on_primary},
     {"container", SchemeRole::container},
     {"on-container", SchemeRole::on_container}}};

/// A colour for each role, in their order.
using Scheme = std::array<Color, kSchemeRoles.size()>;

struct SchemePair {
  SchemeRole front;
  SchemeRole back;
  double least;  // the contrast that it has
};

inline constexpr std::array<SchemePair, 10> kSchemePairs{{
    {SchemeRole::text, SchemeRole::background, kTextContrast},
    {SchemeRole::text, SchemeRole::surface, kTextContrast},
    {SchemeRole::muted, SchemeRole::background, kTextContrast},
    {SchemeRole::muted, SchemeRole::surface, kTextContrast},
    {SchemeRole::outline, SchemeRole::background, kGraphicContrast},
    {SchemeRole::outline, SchemeRole::surface, kGraphicContrast},
    {SchemeRole::primary, SchemeRole::background, kTextContrast},
    {SchemeRole::primary, SchemeRole::surface, kTextContrast},
    {SchemeRole::on_primary, SchemeRole::primary, kTextContrast},
    {SchemeRole::on_container, SchemeRole::container, kTextContrast},
}};

Scheme make_scheme(const Color& accent, bool dark);

}  // namespace kpalette
