#include "theme_hues.hpp"

#include <algorithm>

namespace kpalette {
namespace {

constexpr double kChromatic = 0.08;     // the chroma of pixels that have a hue
constexpr double kHasHue = 0.07;        // and of entries that show one,
constexpr double kCosine = 0.90630779;  // within 25 degrees of the middle of its sector
constexpr double kOfChromatic = 0.03;   // a sector counts in full from this share of those pixels
constexpr double kOfAll = 0.003;        // and this one of all pixels, and in part
constexpr double kLeastPart = 0.05;     // down to this part

constexpr double kNeutral = 0.03;    // pixels of less chroma are grey
constexpr double kFewGreys = 0.2;    // they count from this share of the pixels,
constexpr double kManyGreys = 0.35;  // and in full from this one
constexpr double kLightnesses[kGreys + 1] = {0, 0.4, 0.75, 2};
// An entry of less chroma shows a range that it is this near to; what is dark looks black.
constexpr double kShowsGrey[kGreys] = {0.08, 0.04, 0.04};
constexpr double kBeyond = 0.06;

/// The middles of sectors of 30 degrees in the plane of a and b: 15, 45, 75 … degrees.
constexpr double kFifteen[] = {0.96592583, 0.70710678, 0.25881905};
constexpr std::array<std::array<double, 2>, kSectors> make_middles() {
  std::array<std::array<double, 2>, kSectors> middles{};
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double near = kFifteen[i % 3];
    const double off = kFifteen[2 - i % 3];
    switch (i / 3) {
      case 0:
        middles[i] = {near, off};
        break;
      case 1:
        middles[i] = {-off, near};
        break;
      case 2:
        middles[i] = {-near, -off};
        break;
      default:
        middles[i] = {off, -near};
    }
  }
  return middles;
}
constexpr std::array<std::array<double, 2>, kSectors> kMiddles = make_middles();

std::size_t sector_of(const Oklab& at) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double along = at[1] * kMiddles[i][0] + at[2] * kMiddles[i][1];
    if (along <= most) continue;
    most = along;
    best = i;
  }
  return best;
}

}  // namespace

std::uint32_t shown_by(const ColorBin& bin) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kGreys; ++i) {
    const bool is_within =
        kLightnesses[i] - kBeyond <= bin.at[0] && bin.at[0] < kLightnesses[i + 1] + kBeyond;
    if (bin.chroma < kShowsGrey[i] && is_within) bits |= 1u << (kSectors + i);
  }
  if (bin.chroma <= kHasHue) return bits;
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double along = bin.at[1] * kMiddles[i][0] + bin.at[2] * kMiddles[i][1];
    if (along >= kCosine * bin.chroma) bits |= 1u << i;
  }
  return bits;
}

std::array<double, kSectors> hue_weights(const std::vector<ColorBin>& bins) {
  std::array<double, kSectors> shares{};
  double chromatic = 0;
  for (const ColorBin& bin : bins) {
    if (bin.chroma <= kChromatic) continue;
    shares[sector_of(bin.at)] += bin.share;
    chromatic += bin.share;
  }
  std::array<double, kSectors> weights{};
  for (std::size_t i = 0; i < kSectors; ++i) {
    if (shares[i] == 0) continue;
    const double of_chromatic = std::min(1.0, shares[i] / (kOfChromatic * chromatic));
    const double weight = of_chromatic * std::min(1.0, shares[i] / kOfAll);
    if (weight > kLeastPart) weights[i] = weight;
  }
  return weights;
}

std::array<double, kGreys> grey_weights(const std::vector<ColorBin>& bins) {
  std::array<double, kGreys> weights{};
  for (std::size_t i = 0; i < kGreys; ++i) {
    double share = 0;
    for (const ColorBin& bin : bins) {
      if (bin.chroma < kNeutral && kLightnesses[i] <= bin.at[0] && bin.at[0] < kLightnesses[i + 1])
        share += bin.share;
    }
    weights[i] = std::clamp((share - kFewGreys) / (kManyGreys - kFewGreys), 0.0, 1.0);
  }
  return weights;
}

}  // namespace kpalette
