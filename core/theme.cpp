#include "theme.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>

#include "bins.hpp"
#include "fit.hpp"
#include "morton.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr double kGreyWeight = 0.02;   // added to chroma, so that greys count as well
constexpr double kSpeck = 0.0002;      // a bin of a lesser share of the pixels …
constexpr double kSpeckWeight = 0.05;  // … counts by this part
constexpr double kWeightUnit = 1 << 24;
constexpr int kDefaultColors = 6;

/// A bin of similar colours: what the pixels in it show, in Oklab.
struct Bin {
  Color color;         // one of the picture's own: the most frequent, or the nearest to the mean
  std::int64_t count;  // of pixels
  double share;
  double l, a, b;

  double chroma() const { return std::sqrt(a * a + b * b); }
};

std::vector<Bin> make_bins(const Histogram& histogram) {
  const Space oklab(SpaceName::oklab, 3);
  struct Gathered {
    std::int64_t count = 0;
    std::int64_t sums[3] = {};
    std::int64_t most = 0;
    std::size_t most_frequent = 0;
    std::vector<std::size_t> members;
  };
  std::map<std::uint32_t, Gathered> gathered;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const std::uint8_t* color = histogram.colors.data() + 3 * i;
    Gathered& bin = gathered[bin_of(last_word(color))];
    const std::int64_t count = histogram.counts[i];
    bin.count += count;
    total += count;
    for (std::size_t c = 0; c < 3; ++c) bin.sums[c] += count * color[c];
    if (count > bin.most) {
      bin.most = count;
      bin.most_frequent = i;
    }
    bin.members.push_back(i);
  }
  std::vector<Bin> bins;
  for (const auto& [code, bin] : gathered) {
    std::size_t chosen = bin.most_frequent;
    if (4 * bin.most < bin.count) {
      double least = std::numeric_limits<double>::infinity();
      for (const std::size_t i : bin.members) {
        double square = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          const double off = histogram.colors[3 * i + c] -
                             static_cast<double>(bin.sums[c]) / static_cast<double>(bin.count);
          square += off * off;
        }
        if (square >= least) continue;
        least = square;
        chosen = i;
      }
    }
    Bin made{};
    std::copy_n(histogram.colors.data() + 3 * chosen, 3, made.color.data());
    made.count = bin.count;
    made.share = static_cast<double>(bin.count) / static_cast<double>(total);
    std::int32_t at[3];
    oklab.place(made.color, at, 1);
    made.l = static_cast<double>(at[0]) / oklab.steps();
    made.a = static_cast<double>(at[1]) / oklab.steps();
    made.b = static_cast<double>(at[2]) / oklab.steps();
    bins.push_back(made);
  }
  return bins;
}

void add_roles(Theme& theme, const std::vector<Bin>& bins, const ThemeCounts&) {
  const auto set = [&](Role role, Color color) {
    theme.roles[static_cast<std::size_t>(role)] = color;
  };
  Color first{};
  std::copy_n(theme.colors.data(), 3, first.data());
  set(Role::dominant, first);
  struct Range {
    Role role;
    double least_l, most_l, least_chroma, most_chroma;
  };
  constexpr Range kRanges[] = {
      {Role::vibrant, 0.45, 0.75, 0.1, 1},        {Role::light_vibrant, 0.75, 1, 0.08, 1},
      {Role::dark_vibrant, 0, 0.45, 0.06, 1},     {Role::muted, 0.4, 0.7, 0.01, 0.08},
      {Role::light_muted, 0.7, 0.97, 0.01, 0.07}, {Role::dark_muted, 0.15, 0.4, 0.005, 0.06},
  };
  for (const Range& range : kRanges) {
    const Bin* best = nullptr;
    for (const Bin& bin : bins) {
      const double chroma = bin.chroma();
      if (bin.l < range.least_l || bin.l >= range.most_l || chroma < range.least_chroma ||
          chroma >= range.most_chroma || bin.share < 0.0005) {
        continue;
      }
      if (best == nullptr || bin.share > best->share) best = &bin;
    }
    if (best != nullptr) set(range.role, best->color);
  }
  if (theme.roles[static_cast<std::size_t>(Role::vibrant)]) {
    set(Role::accent, *theme.roles[static_cast<std::size_t>(Role::vibrant)]);
  }
}

}  // namespace

Theme make_theme(const ThemeCounts& counts, int k, Team& team) {
  if (k == 0) k = kDefaultColors;
  const std::vector<Bin> bins = make_bins(counts.colors);
  Histogram weighted;
  for (const Bin& bin : bins) {
    double weight = std::sqrt(bin.share) * (kGreyWeight + bin.chroma());
    if (bin.share < kSpeck) weight *= kSpeckWeight;
    weighted.colors.insert(weighted.colors.end(), bin.color.begin(), bin.color.end());
    weighted.counts.push_back(1 + static_cast<std::int64_t>(weight * kWeightUnit));
  }
  Theme theme;
  {
    Fitter fitter(weighted, Space(SpaceName::oklab, 3), team);
    fitter.fit(k, kEfforts[1].value, 0);
    while (fitter.step()) {
    }
    const Fitted& fitted = fitter.fitted();
    std::vector<const Bin*> chosen(fitted.counts.size(), nullptr);
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const Bin*& best = chosen[fitted.labels[i]];
      if (best == nullptr || bins[i].count > best->count) best = &bins[i];
    }
    for (const Bin* bin : chosen) {
      if (bin == nullptr) continue;
      theme.colors.insert(theme.colors.end(), bin->color.begin(), bin->color.end());
    }
  }
  Fitter fitter(counts.colors, Space(SpaceName::oklab, 3), team);
  const Fitted& fitted = fitter.assign(theme.colors, true);
  theme.colors = fitted.colors;
  theme.counts = fitted.counts;
  add_roles(theme, bins, counts);
  return theme;
}

}  // namespace kpalette
