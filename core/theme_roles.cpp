#include "theme_roles.hpp"

#include <algorithm>
#include <cmath>

#include "sort_few.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

// ---- background ----

constexpr double kOfSides = 0.4;      // of the pixels along the sides, at least
constexpr double kOfPicture = 0.05;   // and of all: a line around a picture is no ground
constexpr double kAlongSides = 0.06;  // in Oklab, from its colour
constexpr double kOfMost = 0.5;       // or of the picture, what is most of it,
constexpr double kAtSides = 0.1;      // and of the pixels along the sides

// ---- prominence ----

constexpr double kGrey = 0.06;        // added to chroma, so that greys count as well
constexpr double kBehind = 0.5;       // the background counts by this part,
constexpr double kPaleBehind = 0.25;  // or by this one if its chroma is less than
constexpr double kPale = 0.04;

// ---- swatches: ranges of lightness and chroma in Oklab ----

struct Range {
  Role role;
  double least_lightness, most_lightness;
  double least_chroma, most_chroma;

  bool holds(const Oklab& at, double chroma) const {
    return least_lightness <= at[0] && at[0] < most_lightness && least_chroma <= chroma &&
           chroma < most_chroma;
  }
};
constexpr double kAny = 2;
constexpr Range kRanges[] = {
    {Role::vibrant, 0.5, 0.75, 0.1, kAny},       {Role::light_vibrant, 0.75, kAny, 0.08, kAny},
    {Role::dark_vibrant, 0.15, 0.5, 0.07, kAny}, {Role::muted, 0.45, 0.75, 0.01, 0.08},
    {Role::light_muted, 0.75, 0.98, 0.01, 0.06}, {Role::dark_muted, 0.1, 0.45, 0.01, 0.05},
};
constexpr double kLeastShare = 0.0005;  // of the pixels, for what is not an entry

// ---- accent ----

constexpr double kColourful = 0.05;    // the chroma that it has at least
constexpr double kLightEnough = 0.35;  // and the lightness, if another entry has that
constexpr double kDominantPart = 0.6;  // the dominant colour is only taken if others are duller
constexpr double kContrast = 0.35;     // a distance in Oklab from which more is not better
constexpr double kNoContrast = 0.3;    // what counts of chroma without any difference
constexpr double kEnough = 0.01;       // the share from which more is not better

Oklab placed(const Color& color) {
  const Space oklab(SpaceName::oklab, 3);
  std::int32_t at[3];
  oklab.place(color, at, 1);
  Oklab scaled{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    scaled[axis] = static_cast<double>(at[axis]) / oklab.steps();
  }
  return scaled;
}

/// The entry that would make a button.
std::optional<Color> find_accent(const std::vector<Entry>& entries,
                                 const std::optional<Color>& background) {
  const Oklab behind = placed(background.value_or(entries.front().color));
  std::optional<Color> accent;
  double most = 0;
  const auto is_light = [](const Entry& entry) { return entry.at[0] >= kLightEnough; };
  for (const Entry& entry : entries) {
    if (entry.chroma < kColourful || entry.color == background || !is_light(entry)) continue;
    const double contrast =
        std::min(1.0, std::sqrt(squared_distance(entry.at, behind)) / kContrast);
    double score = entry.chroma * (kNoContrast + (1 - kNoContrast) * contrast);
    score *= std::min(1.0, entry.share / kEnough);
    if (&entry == &entries.front()) score *= kDominantPart;
    if (score <= most) continue;
    most = score;
    accent = entry.color;
  }
  if (accent) return accent;
  for (const Entry& entry : entries) {  // what else has a colour: the background at last
    if (entry.chroma < kColourful) continue;
    if (entry.color != background) return entry.color;
    accent = entry.color;
  }
  return accent;
}

/// Of the entries in a range, the most prominent; if there is none, of the bins.
std::optional<Color> find_swatch(const Range& range, const std::vector<Entry>& entries,
                                 const std::vector<ColorBin>& bins) {
  for (const Entry& entry : entries) {
    if (range.holds(entry.at, entry.chroma)) return entry.color;
  }
  std::optional<Color> swatch;
  double most = 0;
  for (const ColorBin& bin : bins) {
    if (bin.share < kLeastShare || !range.holds(bin.at, bin.chroma)) continue;
    const double prominence = std::sqrt(bin.share) * (kGrey + bin.chroma);
    if (prominence <= most) continue;
    most = prominence;
    swatch = bin.color;
  }
  return swatch;
}

}  // namespace

std::optional<ColorBin> find_ground(const HistogramView& edge, const std::vector<ColorBin>& bins) {
  if (edge.size() == 0) return {};
  const std::vector<ColorBin> sides = make_color_bins(edge, 1);
  const auto is_of = [&](const ColorBin& color, double of_sides, double of_picture) {
    const auto about = [&](const std::vector<ColorBin>& all) {
      double share = 0;
      for (const ColorBin& bin : all) {
        if (squared_distance(bin.at, color.at) <= kAlongSides * kAlongSides) share += bin.share;
      }
      return share;
    };
    return about(sides) >= of_sides && about(bins) >= of_picture;
  };
  const ColorBin& along = *std::ranges::max_element(sides, {}, &ColorBin::share);
  if (is_of(along, kOfSides, kOfPicture)) return along;
  const ColorBin& most = *std::ranges::max_element(bins, {}, &ColorBin::share);
  if (is_of(most, kAtSides, kOfMost)) return most;
  return {};
}

void sort_by_prominence(std::vector<Entry>& entries, const std::optional<Color>& background) {
  const auto prominence = [&](const Entry& entry) {
    const double whole = std::sqrt(entry.alike) * (kGrey + entry.chroma);
    if (entry.color != background) return whole;
    return (entry.chroma < kPale ? kPaleBehind : kBehind) * whole;
  };
  sort_few(entries, [&](const Entry& a, const Entry& b) {
    const double of_a = prominence(a);
    const double of_b = prominence(b);
    return of_a != of_b ? of_a > of_b : a.color < b.color;
  });
}

std::array<std::optional<Color>, kRoles.size()> assign_roles(
    const std::vector<Entry>& entries, const std::vector<ColorBin>& bins,
    const std::optional<Color>& background) {
  std::array<std::optional<Color>, kRoles.size()> roles;
  const auto at = [&](Role role) -> std::optional<Color>& {
    return roles[static_cast<std::size_t>(role)];
  };
  at(Role::dominant) = entries.front().color;
  at(Role::background) = background;
  at(Role::accent) = find_accent(entries, background);
  for (const Range& range : kRanges) at(range.role) = find_swatch(range, entries, bins);
  return roles;
}

}  // namespace kpalette
