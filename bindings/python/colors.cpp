// Histograms, and spaces.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "counter.hpp"
#include "histogram.hpp"
#include "spaces.hpp"

namespace {

template <class Colors = OutBytes, class Numbers = OutCounts>
std::tuple<Colors, Numbers> hand_over_histogram(Histogram&& histogram) {
  const std::size_t n = histogram.size();
  const auto channels = static_cast<std::size_t>(histogram.channels);
  return {hand_over<Colors>(std::move(histogram.colors), {n, channels}),
          hand_over<Numbers>(std::move(histogram.counts), {n})};
}

}  // namespace

void def_colors(nb::module_& m) {
  m.def(
      "count_colors",
      [](const Bytes& pixels, Team& team) {
        const int channels = channels_of(pixels);
        return hand_over_histogram<ViewedBytes, ViewedCounts>(
            without_gil([&] { return count_colors(view(pixels), channels, team); }));
      },
      "pixels"_a, "team"_a, "Distinct colours in Morton order, and their counts; memoryviews.");
  m.def(
      "collect",
      [](const Bytes& colors, const Counts& counts) {
        require_pairs(colors, counts);
        return hand_over_histogram(
            without_gil([&] { return collect(view(colors), view(counts), channels_of(colors)); }));
      },
      "colors"_a, "counts"_a, "The same for colours that may repeat, with a count each.");
  m.def(
      "thin_out",
      [](const Bytes& colors, const Counts& counts, std::size_t step) {
        require_pairs(colors, counts);
        require(step >= 1, "expected a step of at least 1");
        Team team(1);
        return hand_over_histogram(without_gil(
            [&] { return thin_out(view(colors), view(counts), channels_of(colors), step, team); }));
      },
      "colors"_a, "counts"_a, "step"_a, "Of every `step` neighbours, the most frequent for all.");
  m.def(
      "to_codes",
      [](const Bytes& colors) {
        const int channels = channels_of(colors);
        auto codes = without_gil([&] { return to_codes(view(colors), channels); });
        const std::size_t n = codes.size();
        return hand_over<OutCodes>(std::move(codes), {n});
      },
      "colors"_a, "The colours' places along the Morton curve.");
  m.def(
      "from_codes",
      [](const Codes& codes, std::size_t channels) {
        require(channels == 3 || channels == 4, "expected 3 or 4 channels");
        const auto limit = std::uint64_t{1} << 8 * channels;
        require(std::ranges::all_of(view(codes), [&](auto code) { return code < limit; }),
                "expected codes of colours");
        auto colors =
            without_gil([&] { return from_codes(view(codes), static_cast<int>(channels)); });
        return hand_over<OutBytes>(std::move(colors), {codes.size(), channels});
      },
      "codes"_a, "channels"_a, "The colours at places along the Morton curve.");
  m.def(
      "merge",
      [](const Bytes& colors_a, const Counts& counts_a, const Bytes& colors_b,
         const Counts& counts_b) {
        require_pairs(colors_a, counts_a);
        require_pairs(colors_b, counts_b);
        require(channels_of(colors_a) == channels_of(colors_b), "expected equal channels");
        const HistogramView a(view(colors_a), view(counts_a));
        const HistogramView b(view(colors_b), view(counts_b));
        return hand_over_histogram(without_gil([&] { return merge(a, b, channels_of(colors_a)); }));
      },
      "colors_a"_a, "counts_a"_a, "colors_b"_a, "counts_b"_a, "The sum of two histograms.");

  nb::class_<Counter>(m, "Counter", "Counts RGB pixels that come in parts.")
      .def(nb::init<>())
      .def(
          "add",
          [](Counter& self, const Bytes& pixels, Team& team) {
            require(channels_of(pixels) == 3, "expected 3 channels");
            without_gil([&] { self.add(view(pixels), team); });
          },
          "pixels"_a, "team"_a)
      .def(
          "add_counts",
          [](Counter& self, const Bytes& colors, const Counts& counts) {
            require_pairs(colors, counts);
            require(channels_of(colors) == 3, "expected 3 channels");
            without_gil([&] { self.add(view(colors), view(counts)); });
          },
          "colors"_a, "counts"_a)
      .def(
          "total",
          [](const Counter& self, Team& team) {
            return hand_over_histogram(without_gil([&] { return self.total(team); }));
          },
          "team"_a);

  m.def(
      "place",
      [](const Bytes& colors, const std::string& name) {
        const Space space = space_named(name, channels_of(colors));
        return hand_over_coords(without_gil([&] { return space.place(view(colors)); }),
                                space.channels());
      },
      "colors"_a, "space"_a = "srgb", "The coordinates of colours, float64 (n, channels).");
  m.def(
      "unplace",
      [](const Coords& coords, const std::string& name) {
        require(coords.shape(1) == 3 || coords.shape(1) == 4, "expected 3 or 4 axes");
        const Space space = space_named(name, static_cast<int>(coords.shape(1)));
        std::vector<std::uint8_t> colors(coords.size());
        for (std::size_t i = 0; i < colors.size(); i += coords.shape(1)) {
          space.unplace(coords.data() + i, colors.data() + i);
        }
        return hand_over<OutBytes>(std::move(colors), {coords.shape(0), coords.shape(1)});
      },
      "coords"_a, "space"_a = "srgb", "The colours at coordinates, uint8 (n, channels).");
  m.def(
      "steps",
      [](int channels, const std::string& name) { return space_named(name, channels).steps(); },
      "channels"_a, "space"_a = "srgb", "Coordinates per unit of the space's own scale.");
  m.def(
      "middle",
      [](int channels, const std::string& name) {
        const auto middle = space_named(name, channels).middle();
        return std::vector<std::int32_t>(middle.begin(), middle.begin() + channels);
      },
      "channels"_a, "space"_a = "srgb", "About the centre of all colours' coordinates.");
  m.attr("SPACES") = names_of(kSpaces);
}
