// Themes of pictures.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "theme.hpp"

namespace {

using Picture = nb::ndarray<const std::uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Mask = nb::ndarray<const bool, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OutPlaces = Out<std::int32_t, nb::ndim<2>>;
using OutFlags = Out<bool, nb::ndim<1>>;
using Counted = std::tuple<OutBytes, OutCounts, OutBytes, OutCounts>;

MaskedPicture masked(const Picture& pixels, const std::optional<Mask>& mask) {
  require(pixels.shape(2) == 3 || pixels.shape(2) == 4, "expected 3 or 4 channels");
  require(!mask || (mask->shape(0) == pixels.shape(0) && mask->shape(1) == pixels.shape(1)),
          "expected a mask of the shape of the picture");
  std::span<const std::uint8_t> covered;
  if (mask) covered = {reinterpret_cast<const std::uint8_t*>(mask->data()), mask->size()};
  return {view(pixels), pixels.shape(0), pixels.shape(1), static_cast<int>(pixels.shape(2)),
          covered};
}

void require_rgb(const Bytes& colors) { require(colors.shape(1) == 3, "expected 3 channels"); }

Counted hand_over_counts(ThemeCounts&& counts) {
  const std::size_t n = counts.colors.size();
  const std::size_t sides = counts.edge.size();
  return {hand_over<OutBytes>(std::move(counts.colors.colors), {n, 3}),
          hand_over<OutCounts>(std::move(counts.colors.counts), {n}),
          hand_over<OutBytes>(std::move(counts.edge.colors), {sides, 3}),
          hand_over<OutCounts>(std::move(counts.edge.counts), {sides})};
}

HistogramView viewed(const Bytes& colors, const Counts& counts) {
  require_rgb(colors);
  require_pairs(colors, counts);
  return {view(colors), view(counts)};
}

}  // namespace

void def_themes(nb::module_& m) {
  m.def(
      "count_for_theme",
      [](const Picture& pixels, const std::optional<Mask>& mask, const Bytes& ignored, Team& team) {
        const MaskedPicture picture = masked(pixels, mask);
        require_rgb(ignored);
        return hand_over_counts(
            without_gil([&] { return count_for_theme(picture, view(ignored), team); }));
      },
      "pixels"_a, "mask"_a.none(), "ignored"_a, "team"_a,
      "Distinct colours and counts, of the picture and of its sides.");
  m.def(
      "counted_for_theme",
      [](const Bytes& colors, const Counts& counts, const Bytes& ignored) {
        require_pairs(colors, counts);
        require_rgb(ignored);
        return hand_over_counts(without_gil([&] {
          return count_for_theme({view(colors), view(counts)}, channels_of(colors), view(ignored));
        }));
      },
      "colors"_a, "counts"_a, "ignored"_a, "The same for a histogram, which has no sides.");
  m.def(
      "make_theme",
      [](const Bytes& colors, const Counts& counts, const Bytes& edge_colors,
         const Counts& edge_counts, const Bytes& ignored, int k, Team& team) {
        require(colors.shape(0) >= 1, "expected at least one colour");
        require_rgb(ignored);
        require(k >= 0 && k <= kMaxThemeColors, "expected k from 0 to 64");
        const ThemeCountsView counted(viewed(colors, counts), viewed(edge_colors, edge_counts),
                                      view(ignored));
        Theme theme = without_gil([&] { return make_theme(counted, k, team); });
        const std::size_t size = theme.counts.size();
        std::vector<std::uint8_t> roles(3 * kRoles.size());
        std::vector<char> has(kRoles.size());
        for (std::size_t role = 0; role < kRoles.size(); ++role) {
          if (!theme.roles[role]) continue;
          has[role] = 1;
          std::ranges::copy(*theme.roles[role], roles.begin() + 3 * static_cast<long>(role));
        }
        auto* flags = new std::vector<char>(std::move(has));
        nb::capsule owner(
            flags, [](void* data) noexcept { delete static_cast<std::vector<char>*>(data); });
        return std::tuple(hand_over<OutBytes>(std::move(theme.colors), {size, 3}),
                          hand_over<OutCounts>(std::move(theme.counts), {size}),
                          hand_over<OutBytes>(std::move(roles), {kRoles.size(), 3}),
                          OutFlags(reinterpret_cast<bool*>(flags->data()), {kRoles.size()}, owner));
      },
      "colors"_a, "counts"_a, "edge_colors"_a, "edge_counts"_a, "ignored"_a, "k"_a, "team"_a,
      "Colours, counts, the colours of the roles, and whether there is one; of as many colours as "
      "matter if k is 0.");
  m.def(
      "theme_places",
      [](const Picture& pixels, const std::optional<Mask>& mask, const Bytes& colors, Team& team) {
        const MaskedPicture picture = masked(pixels, mask);
        require_rgb(colors);
        require(colors.shape(0) <= kMaxThemeColors, "expected at most 64 colours");
        const auto places = without_gil([&] { return theme_places(picture, view(colors), team); });
        std::vector<std::int32_t> flat;
        for (const auto& [x, y] : places) flat.insert(flat.end(), {x, y});
        return hand_over<OutPlaces>(std::move(flat), {places.size(), 2});
      },
      "pixels"_a, "mask"_a.none(), "colors"_a, "team"_a,
      "x and y of a pixel of about each colour, or -1 and -1.");
  m.attr("ROLES") = names_of(kRoles);
  m.attr("MAX_THEME_COLORS") = kMaxThemeColors;
}
