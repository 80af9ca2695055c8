// From pixels to indices: the nearest entries, and dithered ones.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "mix.hpp"
#include "raster.hpp"
#include "remap.hpp"
#include "spatial.hpp"

namespace {

template <class Label, class Index>
void run_remap(const Bytes& pixels, const Bytes& colors, const Labels<Label>& labels,
               const Flat<Index>& out, Team& team) {
  require(channels_of(pixels) == channels_of(colors), "expected equal numbers of channels");
  require(colors.shape(0) == labels.shape(0), "expected one label per colour");
  require(pixels.shape(0) == out.size(), "expected one index per pixel");
  nb::gil_scoped_release release;
  remap<Label, Index>(view(pixels), channels_of(pixels), view(colors), view(labels), out.data(),
                      team);
}

std::unique_ptr<ColorLabels> make_color_labels(const Bytes& colors,
                                               const Labels<std::uint16_t>& labels) {
  require(colors.shape(0) == labels.shape(0), "expected one label per colour");
  return std::make_unique<ColorLabels>(view(colors), channels_of(colors), view(labels));
}

void run_map(const ColorLabels& self, const Bytes& pixels,
             nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> out,
             Team& team) {
  require(channels_of(pixels) == self.channels(), "expected equal numbers of channels");
  require(pixels.shape(0) == out.shape(0), "expected one index per pixel");
  nb::gil_scoped_release release;
  self.map(view(pixels), out.data(), team);
}

using Errors = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Part = nb::ndarray<const std::uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using PartWeights = nb::ndarray<const std::uint16_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class Index>
void run_dither(const std::string& name, const Bytes& pixels, const Bytes& palette,
                const Indices<Index>& indices, const Bytes& colors,
                const Labels<std::uint16_t>& labels, float strength,
                std::tuple<std::size_t, std::size_t> origin, Team& team,
                const std::optional<Bytes>& above, const std::optional<Errors>& errors,
                const std::optional<Bytes>& kept) {
  const DitherName dither = choose(kDithers, "dither", name);
  const int channels = channels_of(pixels);
  const std::size_t width = indices.shape(1);
  require(channels == channels_of(colors), "expected equal numbers of channels");
  require(colors.shape(0) == labels.shape(0), "expected one label per colour");
  require(colors.shape(0) > 0, "expected at least one colour");
  require(std::ranges::all_of(view(labels), [&](auto label) { return label < palette.shape(0); }),
          "expected labels that the palette has");
  require(!above || (above->shape(0) == width && above->shape(1) == pixels.shape(1)),
          "expected a row above of as many pixels");
  require(!errors || (errors->shape(0) == width && errors->shape(1) == 4),
          "expected four errors per column");
  require(!kept || (kept->shape(0) == indices.shape(0) && kept->shape(1) == width),
          "expected to be told of each pixel whether it is kept");
  require(!kept || dither == DitherName::spatial, "expected a dither that keeps pixels");
  without_gil([&] {
    Raster raster = raster_of(pixels, palette, indices, origin);
    if (kept) raster.kept = view(*kept);
    if (dither == DitherName::spatial) {
      map_spatially(raster, view(palette), channels, strength, indices.data(), team);
      return;
    }
    if (dither != DitherName::floyd_steinberg) {
      dither_ordered(raster, view(palette), channels, view(colors), view(labels), mask_of(dither),
                     strength, indices.data(), team);
      return;
    }
    if (above) raster.above = view(*above);
    const auto carried = errors ? std::span(errors->data(), errors->size()) : std::span<float>();
    diffuse_error(raster, view(palette), channels, strength, indices.data(), team, carried);
  });
}

template <class Index>
std::tuple<ViewedCounts, double> run_tally(const Bytes& pixels, const Flat<const Index>& indices,
                                           const Bytes& palette, Team& team) {
  require(channels_of(pixels) == channels_of(palette), "expected equal numbers of channels");
  require(pixels.shape(0) == indices.size(), "expected one index per pixel");
  Tally result = without_gil(
      [&] { return tally(view(pixels), channels_of(pixels), view(indices), view(palette), team); });
  const std::size_t k = result.counts.size();
  return {hand_over<ViewedCounts>(std::move(result.counts), {k}), result.squared_error};
}

template <class Index>
void def_dithering(nb::module_& m) {
  m.def("dither", &run_dither<Index>, "name"_a, "pixels"_a, "palette"_a, "indices"_a.noconvert(),
        "colors"_a, "labels"_a, nb::kw_only(), "strength"_a, "origin"_a, "team"_a,
        "above"_a = nb::none(), "errors"_a.noconvert() = nb::none(), "kept"_a = nb::none(),
        "Turns the indices (h, w) of nearest entries into dithered ones; labels are the nearest "
        "entries of all colours of the pixels. Those kept are to stay: uint8 (h, w), not 0.");
  m.def("tally", &run_tally<Index>, "pixels"_a, "indices"_a.noconvert(), "palette"_a, "team"_a,
        "How often each entry is shown, a memoryview, and the squared error in 8-bit sRGB.");
}

}  // namespace

void def_mapping(nb::module_& m) {
  m.attr("DITHERS") = names_of(kDithers);
  m.attr("MOST_MIXED") = kMostMixed;

  nb::class_<ColorLabels>(m, "ColorLabels", "The labels, below 256, of the colours of many images.")
      .def(nb::new_(&make_color_labels), "colors"_a, "labels"_a)
      .def("map", &run_map, "pixels"_a, "out"_a.noconvert(), "team"_a,
           "Writes the label of each pixel's colour, which is one of them.");
  m.def("remap", &run_remap<std::uint16_t, std::uint8_t>, "pixels"_a, "colors"_a, "labels"_a,
        "out"_a.noconvert(), "team"_a, "Writes the label of each pixel's colour.");
  m.def("remap", &run_remap<std::uint16_t, std::uint16_t>, "pixels"_a, "colors"_a, "labels"_a,
        "out"_a.noconvert(), "team"_a);
  m.def("remap", &run_remap<std::int32_t, std::int32_t>, "pixels"_a, "colors"_a, "labels"_a,
        "out"_a.noconvert(), "team"_a);

  def_dithering<std::uint8_t>(m);
  def_dithering<std::uint16_t>(m);
  m.def(
      "mask",
      [](const std::string& name) {
        const DitherName dither = choose(kDithers, "dither", name);
        require(dither == DitherName::blue_noise || dither == DitherName::bayer,
                "expected a dither that has a mask");
        const Mask mask = mask_of(dither);
        return hand_over<OutRanks>(std::vector<std::uint16_t>(mask.ranks.begin(), mask.ranks.end()),
                                   {mask.side, mask.side});
      },
      "name"_a, "The ranks of a mask, uint16 (side, side).");

  m.def(
      "mixtures",
      [](const Bytes& colors, const Bytes& palette) {
        require(channels_of(colors) == 3 && channels_of(palette) == 3, "expected 3 channels");
        require(palette.shape(0) >= 1, "expected at least one entry");
        return hand_over<Out<float, nb::ndim<2>>>(
            without_gil([&] { return mixtures(view(colors), view(palette)); }),
            {colors.shape(0), palette.shape(0)});
      },
      "colors"_a, "palette"_a, "The shares of entries that mix to colours, float32 (n, k).");
  m.def(
      "palette_places",
      [](std::size_t height, std::size_t width) {
        const Places places = palette_places(height, width);
        const auto out = [](const std::vector<std::size_t>& some) {
          return hand_over<OutCounts>(std::vector<std::int64_t>(some.begin(), some.end()),
                                      {some.size()});
        };
        return std::tuple(out(places.rows), out(places.columns));
      },
      "height"_a, "width"_a,
      "The rows, int64 (m,), and columns, int64 (n,), of an image that its palette is moved by.");
  m.def(
      "spatial_palette",
      [](const std::vector<Part>& parts, const Bytes& palette, const Bytes& colors,
         const Counts& counts, const Labels<std::uint16_t>& labels,
         const std::optional<std::vector<PartWeights>>& weights, const std::optional<Bytes>& fixed,
         float strength, Team& team) {
        const int channels = channels_of(palette);
        require_pairs(colors, counts);
        require(channels_of(colors) == channels && (!fixed || channels_of(*fixed) == channels),
                "expected equal numbers of channels");
        require(colors.shape(0) == labels.shape(0), "expected one label per colour");
        require(palette.shape(0) >= 1 && palette.shape(0) <= kMostMixed,
                "expected 1 to 256 colours");
        require(
            std::ranges::all_of(view(labels), [&](auto label) { return label < palette.shape(0); }),
            "expected labels that the palette has");
        require(!weights || weights->size() == parts.size(), "expected weights of each part");
        std::vector<PalettePart> rasters;
        for (std::size_t i = 0; i < parts.size(); ++i) {
          const std::size_t height = parts[i].shape(0);
          const std::size_t width = parts[i].shape(1);
          require(parts[i].shape(2) == palette.shape(1), "expected equal numbers of channels");
          rasters.push_back({{.pixels = view(parts[i]), .height = height, .width = width}, {}});
          if (!weights) continue;
          const PartWeights& some = (*weights)[i];
          require(some.shape(0) == height && some.shape(1) == width, "expected a weight per pixel");
          require(std::ranges::all_of(view(some), [](auto w) { return w <= kMostWeight; }),
                  "expected weights of at most 4096");
          rasters.back().weights = view(some);
        }
        auto moved = without_gil([&] {
          const auto stay = fixed ? view(*fixed) : std::span<const std::uint8_t>();
          const std::vector<char> stays = staying_entries(
              {view(colors), view(counts)}, view(labels), view(palette), channels, stay);
          return spatial_palette(rasters, view(palette), channels, stays, strength, team);
        });
        return hand_over<OutBytes>(std::move(moved), {palette.shape(0), palette.shape(1)});
      },
      "parts"_a, "palette"_a, "colors"_a, "counts"_a, "labels"_a, nb::kw_only(),
      "weights"_a = nb::none(), "fixed"_a.none() = nb::none(), "strength"_a, "team"_a,
      "The palette, uint8 (k, channels), moved to where spatial dithering shows images, uint8 (h, "
      "w, channels), best; weights, uint16 (h, w), of up to 4096.");
}
