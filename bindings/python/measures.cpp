// Measures of colour, error and saliency.
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "delta_e.hpp"
#include "looks.hpp"
#include "saliency.hpp"

namespace {

OutDistances run_delta_e_2000(const Coords& a, const Coords& b, Team& team) {
  require(a.shape(1) == 3 && b.shape(1) == 3, "expected L, a and b");
  require(a.shape(0) == b.shape(0), "expected equal numbers of colours");
  const std::size_t n = a.shape(0);
  std::vector<double> distances(n);
  without_gil([&] { ciede2000(view(a), view(b), distances.data(), team); });
  return hand_over<OutDistances>(std::move(distances), {n});
}

OutCoords run_color_differences(const Bytes& a, const Bytes& b, Team& team) {
  const int channels = channels_of(a);
  require(channels == channels_of(b), "expected equal numbers of channels");
  require(a.shape(0) == b.shape(0), "expected equal numbers of colours");
  std::vector<double> measures(kMeasures * a.shape(0));
  without_gil([&] { color_differences(view(a), view(b), channels, measures.data(), team); });
  return hand_over_coords(std::move(measures), kMeasures);
}

/// Of a sum over tiles: its pixels, both halves of its cubes, and of the tile that adds most: how
/// much, and its place.
using OutTileSum = std::tuple<std::int64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                              std::size_t, std::size_t, std::size_t, std::size_t>;

std::vector<OutTileSum> hand_over_sums(const TileSums& sums) {
  std::vector<OutTileSum> out;
  for (const TileSum& sum : sums) {
    out.emplace_back(sum.pixels, sum.cubes.high, sum.cubes.low, sum.worst, sum.y, sum.x, sum.height,
                     sum.width);
  }
  return out;
}

OutCoords run_saliency_map(const Bytes& pixels, std::size_t width, Team& team) {
  const int channels = channels_of(pixels);
  require(width > 0 && pixels.shape(0) > 0 && pixels.shape(0) % width == 0, "expected whole rows");
  const std::size_t height = pixels.shape(0) / width;
  std::vector<double> weights =
      without_gil([&] { return saliency_map(view(pixels), height, width, channels, team); });
  return hand_over<OutCoords>(std::move(weights), {height, width});
}

OutCounts run_weigh_salient(const Bytes& pixels, std::size_t width, const Bytes& colors,
                            Team& team) {
  const int channels = channels_of(pixels);
  require(width > 0 && pixels.shape(0) > 0 && pixels.shape(0) % width == 0, "expected whole rows");
  require(channels_of(colors) == channels, "expected equal numbers of channels");
  std::vector<std::int64_t> counts = without_gil([&] {
    return weigh_salient(view(pixels), pixels.shape(0) / width, width, view(colors), channels,
                         team);
  });
  return hand_over<OutCounts>(std::move(counts), {colors.shape(0)});
}

OutCounts run_weigh(
    const Bytes& pixels,
    const nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>& weights,
    double steps, const Bytes& colors, Team& team) {
  const int channels = channels_of(pixels);
  require(weights.shape(0) == pixels.shape(0), "expected one weight per pixel");
  require(channels_of(colors) == channels, "expected equal numbers of channels");
  std::vector<std::int64_t> counts = without_gil(
      [&] { return weigh(view(pixels), view(weights), steps, view(colors), channels, team); });
  return hand_over<OutCounts>(std::move(counts), {colors.shape(0)});
}

/// A tiled image that keeps its pixels alive.
struct OwningTiles {
  Bytes pixels;
  std::unique_ptr<TiledImage> tiles;
};

std::unique_ptr<OwningTiles> make_tiles(const Bytes& pixels, std::size_t width, Team& team) {
  const int channels = channels_of(pixels);
  require(width > 0 && pixels.shape(0) % width == 0, "expected whole rows");
  const Extent extent{pixels.shape(0) / width, width, channels};
  auto owner = std::make_unique<OwningTiles>(OwningTiles{pixels, nullptr});
  nb::gil_scoped_release release;
  owner->tiles = std::make_unique<TiledImage>(view(owner->pixels), extent, team);
  return owner;
}

std::unique_ptr<TiledRuns> make_runs(
    const nb::ndarray<const std::int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>& which,
    const Bytes& colors, Team& team) {
  const auto n = static_cast<std::int32_t>(colors.shape(0));
  const std::int32_t* data = which.data();
  require(std::all_of(data, data + which.size(), [&](std::int32_t i) { return i >= 0 && i < n; }),
          "expected indices of the colours");
  const Extent extent{which.shape(0), which.shape(1), channels_of(colors)};
  nb::gil_scoped_release release;
  return std::make_unique<TiledRuns>(view(which), view(colors), extent, team);
}

std::vector<OutTileSum> run_label_errors(const TiledRuns& self, const Labels<std::uint16_t>& labels,
                                         const Bytes& palette, Team& team) {
  require(channels_of(palette) == self.extent().channels, "expected equal numbers of channels");
  require(labels.size() == self.colors(), "expected one label per colour");
  return hand_over_sums(
      without_gil([&] { return self.errors(view(labels), view(palette), team); }));
}

std::vector<OutTileSum> run_pixel_errors(const OwningTiles& self, const Bytes& pixels, Team& team) {
  require(pixels.shape(0) == self.pixels.shape(0) && pixels.shape(1) == self.pixels.shape(1),
          "expected as many pixels and channels");
  return hand_over_sums(without_gil([&] { return self.tiles->errors(view(pixels), team); }));
}

template <class Index>
std::vector<OutTileSum> run_entry_errors(
    const OwningTiles& self,
    const nb::ndarray<const Index, nb::ndim<2>, nb::c_contig, nb::device::cpu>& indices,
    const Bytes& palette, Team& team) {
  const Extent& extent = self.tiles->extent();
  require(channels_of(palette) == extent.channels, "expected equal numbers of channels");
  require(indices.shape(0) == extent.height && indices.shape(1) == extent.width,
          "expected one index per pixel");
  return hand_over_sums(
      without_gil([&] { return self.tiles->errors(view(indices), view(palette), team); }));
}

}  // namespace

void def_measures(nb::module_& m) {
  m.def("delta_e_2000", &run_delta_e_2000, "lab_a"_a, "lab_b"_a, "team"_a,
        "CIEDE2000 of pairs of rows, float64 (n,).");
  m.def("color_differences", &run_color_differences, "colors_a"_a, "colors_b"_a, "team"_a,
        "Of pairs: squared error in 8-bit sRGB, distance in Oklab, CIEDE2000; float64 (n, 3).");
  m.def("saliency_map", &run_saliency_map, "pixels"_a, "width"_a, "team"_a,
        "How much each pixel stands out, 0.1 to 1; float64 (h, w).");
  m.def("weigh_salient", &run_weigh_salient, "pixels"_a, "width"_a, "colors"_a, "team"_a,
        "How much the pixels of each colour stand out together, int64 (n,): 65,536 is 1.");
  m.def("weigh", &run_weigh, "pixels"_a, "weights"_a, "steps"_a, "colors"_a, "team"_a,
        "The sum of each colour's weights, int64 (n,), of which 1 is `steps`; each is rounded.");
  m.attr("LOOKS_TILE") = kLooksTile;
  m.def("looks", static_cast<double (*)(double)>(&looks), "mean_cube"_a,
        "How errors of that mean cube look: 100 is without any.");
  nb::class_<OwningTiles>(m, "Tiles", "An image whose tiles are compared with other images'.")
      .def(nb::new_(&make_tiles), "pixels"_a, "width"_a, "team"_a)
      .def("errors", &run_entry_errors<std::uint8_t>, "indices"_a, "palette"_a, "team"_a)
      .def("errors", &run_entry_errors<std::uint16_t>, "indices"_a, "palette"_a, "team"_a)
      .def("errors", &run_pixel_errors, "pixels"_a, "team"_a,
           "Over black and over white, of tiles that differ: pixels, the sum of cubes as two "
           "halves, what the worst adds to it, its top, left, height and width.");
  nb::class_<TiledRuns>(m, "Runs", "The same by colours, for images with long runs of one.")
      .def(nb::new_(&make_runs), "which"_a, "colors"_a, "team"_a)
      .def("errors", &run_label_errors, "labels"_a, "palette"_a, "team"_a);
}
