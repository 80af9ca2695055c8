#include "theme.hpp"

#include <algorithm>
#include <cmath>

#include "assignment.hpp"
#include "points.hpp"
#include "spaces.hpp"
#include "theme_bins.hpp"
#include "theme_roles.hpp"
#include "theme_search.hpp"

namespace kpalette {
namespace {

// The ground that all else is on is an entry if there are at least so many: with fewer, the theme
// says what is on it.
constexpr int kLeastWithGround = 3;
// In Oklab: of how prominent an entry is, pixels that are farther from it count this part.
constexpr double kLike = 0.08;
constexpr double kUnlike = 0.5;

std::size_t nearest_bin(const std::vector<ColorBin>& bins, const Oklab& at) {
  const auto distance = [&](const ColorBin& bin) { return squared_distance(bin.at, at); };
  return static_cast<std::size_t>(std::ranges::min_element(bins, {}, distance) - bins.begin());
}

/// The entries of some colours, with the pixels that are nearest to each.
std::vector<Entry> make_entries(const HistogramView& histogram,
                                const std::vector<std::uint8_t>& colors,
                                const std::vector<ColorBin>& bins, Team& team) {
  const Space oklab(SpaceName::oklab, 3);
  const std::vector<double> centers = oklab.place(colors);
  const Points points(histogram.colors, oklab, histogram.counts, team);
  Assignment nearest(points, static_cast<int>(colors.size() / 3), team);
  nearest.update(centers);
  std::vector<Entry> entries;
  for (int j = 0; j < nearest.k(); ++j) {
    Entry entry{};
    const std::size_t first = 3 * static_cast<std::size_t>(j);
    std::copy_n(colors.data() + first, 3, entry.color.begin());
    entry.count = nearest.weight(j);
    entry.share = static_cast<double>(entry.count) / static_cast<double>(points.total_weight());
    for (std::size_t axis = 0; axis < 3; ++axis) {
      entry.at[axis] = centers[first + axis] / oklab.steps();
    }
    entry.chroma = chroma_of(entry.at);
    entries.push_back(entry);
  }
  for (const ColorBin& bin : bins) {
    const auto distance = [&](const Entry& entry) { return squared_distance(bin.at, entry.at); };
    Entry& entry = *std::ranges::min_element(entries, {}, distance);
    entry.alike += distance(entry) <= kLike * kLike ? bin.share : kUnlike * bin.share;
  }
  return entries;
}

}  // namespace

Theme make_theme(const ThemeCountsView& counts, int k, Team& team) {
  const std::vector<ColorBin> bins = make_color_bins(counts.colors, k);
  const std::optional<ColorBin> ground = find_ground(counts.edge, bins);
  const std::vector<ColorBin> ignored = place_colors(counts.ignored);
  std::optional<std::size_t> pinned;
  if (ground && (k == 0 || k >= kLeastWithGround)) pinned = nearest_bin(bins, ground->at);
  std::vector<std::uint8_t> colors;
  for (const std::size_t i : choose_theme(bins, k, pinned, ignored)) {
    colors.insert(colors.end(), bins[i].color.begin(), bins[i].color.end());
  }
  std::vector<Entry> entries = make_entries(counts.colors, colors, bins, team);
  std::optional<Color> background;
  if (ground) background = pinned ? bins[*pinned].color : ground->color;
  sort_by_prominence(entries, background);
  Theme theme;
  for (const Entry& entry : entries) {
    theme.colors.insert(theme.colors.end(), entry.color.begin(), entry.color.end());
    theme.counts.push_back(entry.count);
  }
  theme.roles = assign_roles(entries, bins, background);
  return theme;
}

}  // namespace kpalette
