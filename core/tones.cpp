#include "tones.hpp"

#include <algorithm>
#include <cmath>

#include "space_constants.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

struct Oklab {
  double lightness, a, b;

  double chroma() const { return std::sqrt(a * a + b * b); }
};

Space oklab() { return {SpaceName::oklab, 3}; }

Oklab oklab_of(const Color& color) {
  const auto coords = oklab().place(color);
  const double steps = oklab().steps();
  return {coords[0] / steps, coords[1] / steps, coords[2] / steps};
}

/// Whether sRGB has the colour, to less than half a level.
bool is_in_srgb(const Oklab& color) {
  constexpr double tolerance = 1e-4;
  std::array<double, 3> cones{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double root = kOklabAxesInverse[i][0] * color.lightness +
                        kOklabAxesInverse[i][1] * color.a + kOklabAxesInverse[i][2] * color.b;
    cones[i] = root * root * root;
  }
  return std::ranges::all_of(kOklabConesInverse, [&](const auto& row) {
    const double light = row[0] * cones[0] + row[1] * cones[1] + row[2] * cones[2];
    return light >= -tolerance && light <= 1 + tolerance;
  });
}

/// Moves away from `backs`, to darker or lighter, until it is read on all of them.
Color readable(const Color& accent, double lightness, double share, double most, bool darker,
               double least, std::initializer_list<Color> backs) {
  for (int step = 0; step <= 100; ++step) {
    const double moved = lightness + (darker ? -.01 : .01) * step;
    const Color color = tone(accent, std::clamp(moved, 0.0, 1.0), share, most);
    const auto is_read = [&](const Color& back) { return contrast(color, back) >= least; };
    if (std::ranges::all_of(backs, is_read)) return color;
  }
  return text_on(*backs.begin());
}

}  // namespace

Color tone(const Color& accent, double lightness, double share, double most) {
  const Oklab from = oklab_of(accent);
  const double chroma = from.chroma();
  // Of what is grey but for rounding, the hue means nothing.
  const bool is_grey = chroma < .002;
  const double wanted = is_grey ? 0 : std::min(chroma * share, most) / chroma;
  const auto scaled = [&](double scale) {
    return Oklab{lightness, from.a * scale, from.b * scale};
  };
  double scale = wanted;
  if (!is_in_srgb(scaled(wanted))) {
    double low = 0;
    double high = wanted;
    for (int step = 0; step < 20; ++step) {
      const double middle = (low + high) / 2;
      (is_in_srgb(scaled(middle)) ? low : high) = middle;
    }
    scale = low;
  }
  const Oklab found = scaled(scale);
  const double steps = oklab().steps();
  const double coords[3] = {found.lightness * steps, found.a * steps, found.b * steps};
  Color color{};
  oklab().unplace(coords, color.data());
  return color;
}

std::array<Color, kToneSteps.size()> tone_scale(const Color& accent) {
  std::array<Color, kToneSteps.size()> tones{};
  for (std::size_t i = 0; i < tones.size(); ++i) {
    const double lightness = kToneSteps[i].value;
    // 1 from .3 to .8, and less towards both ends.
    const double share = std::min({1.0, (1.02 - lightness) / .22, lightness / .3});
    tones[i] = tone(accent, lightness, share);
  }
  return tones;
}

Scheme make_scheme(const Color& accent, bool dark) {
  Scheme scheme{};
  const auto at = [&](SchemeRole role) -> Color& { return scheme[static_cast<std::size_t>(role)]; };
  using enum SchemeRole;
  at(background) = tone(accent, dark ? .17 : .99, .1, .012);
  at(surface) = tone(accent, dark ? .225 : .96, .2, .018);
  const auto on_both = [&](double lightness, double share, double most, double least) {
    return readable(accent, lightness, share, most, !dark, least, {at(surface), at(background)});
  };
  at(text) = on_both(dark ? .94 : .22, .2, .02, kTextContrast);
  at(muted) = on_both(dark ? .74 : .49, .25, .03, kTextContrast);
  at(outline) = on_both(dark ? .56 : .64, .25, .03, kGraphicContrast);
  const auto is_read = [&](SchemeRole back) { return contrast(accent, at(back)) >= kTextContrast; };
  // The accent itself, or from its lightness on.
  at(primary) = is_read(background) && is_read(surface)
                    ? accent
                    : on_both(oklab_of(accent).lightness, 1, 1, kTextContrast);
  at(on_primary) = contrast(at(primary), at(background)) >= contrast(at(primary), at(text))
                       ? at(background)
                       : at(text);
  at(container) = tone(accent, dark ? .34 : .91, .6, dark ? .08 : .06);
  at(on_container) = readable(accent, dark ? .92 : .34, .6, dark ? .05 : .1, !dark, kTextContrast,
                              {at(container)});
  return scheme;
}

}  // namespace kpalette
