// Fits of palettes to histograms.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
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
#include "assignment.hpp"
#include "fit.hpp"
#include "improve.hpp"
#include "lloyd.hpp"
#include "owning.hpp"
#include "points.hpp"
#include "quick.hpp"
#include "seeding.hpp"
#include "vivid_regions.hpp"

namespace {

/// Points that keep the counts alive which weight them.
struct OwningPoints {
  Counts counts;
  std::unique_ptr<Points> points;
};

std::shared_ptr<OwningPoints> make_points(const Bytes& colors, const Counts& counts, Team& team,
                                          const std::string& space) {
  require_pairs(colors, counts);
  require(colors.shape(0) > 0, "expected at least one colour");
  const Space placed = space_named(space, channels_of(colors));
  auto owner = std::make_shared<OwningPoints>(OwningPoints{counts, nullptr});
  nb::gil_scoped_release release;
  owner->points = std::make_unique<Points>(view(colors), placed, view(owner->counts), team);
  return owner;
}

/// A fitter that keeps alive what it was made from.
struct OwningFitter {
  Bytes colors;
  Counts counts;
  std::shared_ptr<Team> team;
  Fitter fitter;
};

std::unique_ptr<OwningFitter> make_fitter(const Bytes& colors, const Counts& counts,
                                          const std::string& space, std::shared_ptr<Team> team) {
  require_pairs(colors, counts);
  require(colors.shape(0) > 0, "expected at least one colour");
  Team& threads = *team;
  return std::unique_ptr<OwningFitter>(new OwningFitter{
      colors, counts, std::move(team),
      Fitter({view(colors), view(counts)}, space_named(space, channels_of(colors)), threads)});
}

void require_k(int k) { require(k >= 1 && k <= kMaxCenters, "expected k from 1 to 65536"); }

void start_fit(OwningFitter& self, int k, const std::string& effort, std::uint64_t seed,
               const std::optional<Bytes>& fixed, bool mixing) {
  require_k(k);
  require(!fixed || (fixed->shape(0) <= static_cast<std::size_t>(k) &&
                     fixed->shape(1) == self.colors.shape(1)),
          "expected at most k fixed colours of as many channels");
  const auto stay = fixed ? view(*fixed) : std::span<const std::uint8_t>();
  self.fitter.fit(k, choose(kEfforts, "effort", effort), seed, stay, mixing);
}

std::optional<std::tuple<OutBytes, OutCounts, int>> run_quickly(
    const Bytes& pixels, int k, const std::string& effort, std::uint64_t seed,
    const std::optional<Bytes>& fixed,
    nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> out, Team& team) {
  require(k >= 1 && k <= 256, "expected 1 to 256 colours");
  require(pixels.shape(1) == 3 && (!fixed || fixed->shape(1) == 3), "expected 3 channels");
  require(!fixed || fixed->shape(0) <= static_cast<std::size_t>(k),
          "expected at most k fixed colours");
  require(pixels.shape(0) == out.shape(0), "expected one index per pixel");
  const auto stay = fixed ? view(*fixed) : std::span<const std::uint8_t>();
  const Effort& how = choose(kEfforts, "effort", effort);
  std::optional<Quick> found = without_gil(
      [&] { return quantize_quickly(view(pixels), k, how, seed, stay, out.data(), team); });
  if (!found) return {};
  const std::size_t size = found->counts.size();
  return std::tuple(hand_over<OutBytes>(std::move(found->colors), {size, 3}),
                    hand_over<OutCounts>(std::move(found->counts), {size}), found->n_iter);
}

void start_growing(OwningFitter& self, int k, const std::string& effort, std::uint64_t seed) {
  require_k(k);
  self.fitter.grow(k, choose(kEfforts, "effort", effort), seed);
}

void assign_colors(OwningFitter& self, const Bytes& colors, bool by_frequency) {
  require(colors.shape(1) == self.colors.shape(1), "expected equal numbers of channels");
  require(colors.shape(0) >= 1 && colors.shape(0) <= kMaxCenters, "expected 1 to 65536 colours");
  without_gil([&] { self.fitter.assign(view(colors), by_frequency); });
}

template <class Array, class T>
Array copy_of(const std::vector<T>& values, std::initializer_list<std::size_t> shape) {
  return hand_over<Array>(std::vector<T>(values), shape);
}

OutCoords seed_points(const OwningPoints& self, Seeding seeding, int k, std::uint64_t seed,
                      Team& team) {
  const Points& points = *self.points;
  require(k >= 1 && k <= kMaxCenters && static_cast<std::size_t>(k) <= points.size(),
          "expected k from 1 to the number of points, at most 65536");
  return hand_over_coords(without_gil([&] { return seeding(points, k, seed, team); }),
                          points.dim());
}

template <Seeding seeding>
OutCoords seed_with(const OwningPoints& self, int k, std::uint64_t seed, Team& team) {
  return seed_points(self, seeding, k, seed, team);
}

using OwningAssignment = Owning<OwningPoints, Assignment>;

std::unique_ptr<OwningAssignment> make_assignment(std::shared_ptr<OwningPoints> points, int k,
                                                  std::shared_ptr<Team> team) {
  require(k >= 1 && k <= kMaxCenters, "expected k from 1 to 65536");
  nb::gil_scoped_release release;
  return std::make_unique<OwningAssignment>(std::move(points), k, std::move(team));
}

OutLabels labels_of(const OwningAssignment& self) {
  const std::uint16_t* labels = self.assignment.labels();
  const std::size_t n = self.assignment.points().size();
  return hand_over<OutLabels>(std::vector<std::uint16_t>(labels, labels + n), {n});
}

OutCounts counts_of(const OwningAssignment& self) {
  std::vector<std::int64_t> counts;
  for (int j = 0; j < self.assignment.k(); ++j) counts.push_back(self.assignment.weight(j));
  const std::size_t k = counts.size();
  return hand_over<OutCounts>(std::move(counts), {k});
}

std::tuple<OutCoords, double, int, bool> run_lloyd(OwningAssignment& self, const Coords& centers,
                                                   int max_iter, double tol, int relaxed,
                                                   bool farthest) {
  std::vector<double> start = self.checked(centers);
  const Relocation relocation = farthest ? Relocation::farthest : Relocation::dearest;
  Fit fit = without_gil([&] {
    return lloyd(self.assignment, std::move(start),
                 {.max_iter = max_iter,
                  .tol = tol,
                  .relaxed = relaxed,
                  .relocation = relocation,
                  .watch = watch_signals()});
  });
  return {hand_over_coords(std::move(fit.centers), self.assignment.points().dim()), fit.inertia,
          fit.n_iter, fit.converged};
}

std::tuple<OutCoords, int> run_improve(OwningAssignment& self, const Coords& centers, int rounds,
                                       int passes, int shaken, std::uint64_t seed) {
  std::vector<double> values = self.checked(centers);
  const int n_iter = without_gil([&] {
    return improve(self.assignment, values,
                   {.rounds = rounds, .passes = passes, .shaken = shaken, .seed = seed});
  });
  return {hand_over_coords(std::move(values), self.assignment.points().dim()), n_iter};
}

OutBytes run_find_vivid_regions(OwningAssignment& self, const Coords& centers, int most) {
  const std::vector<double> values = self.checked(centers);
  std::vector<std::uint8_t> colors =
      without_gil([&] { return find_vivid_regions(self.assignment, values, most); });
  const auto dim = static_cast<std::size_t>(self.assignment.points().dim());
  const std::size_t n = colors.size() / dim;
  return hand_over<OutBytes>(std::move(colors), {n, dim});
}

}  // namespace

void def_fits(nb::module_& m) {
  nb::class_<OwningPoints>(m, "Points", "Colours placed in a space, weighted by their counts.")
      .def(nb::new_(&make_points), "colors"_a, "counts"_a, "team"_a, "space"_a = "srgb")
      .def("__len__", [](const OwningPoints& self) { return self.points->size(); });

  m.attr("SEEDINGS") = names_of(kSeedings);
  m.attr("EFFORTS") = names_of(kEfforts);

  nb::class_<OwningFitter>(m, "Fitter", "Fits palettes to one histogram, a step at a time.")
      .def(nb::new_(&make_fitter), "colors"_a, "counts"_a, "space"_a, "team"_a)
      .def("fit", &start_fit, "k"_a, "effort"_a, "seed"_a, "fixed"_a = nb::none(),
           "mixing"_a = false,
           "Begins to fit k colours alone; for mixing, a palette for dithering.")
      .def("grow", &start_growing, "k"_a, "effort"_a, "seed"_a,
           "Begins to fit k colours from the last ones that grew.")
      .def(
          "step",
          [](OwningFitter& self) { return without_gil([&] { return self.fitter.step(); }); },
          "Makes the next step; false where none was left.")
      .def("assign", &assign_colors, "colors"_a, "by_frequency"_a = false,
           "Takes a palette that is given, and perhaps sorts it.")
      .def_prop_ro("n_iter", [](const OwningFitter& self) { return self.fitter.n_iter(); })
      .def(
          "fitted",
          [](const OwningFitter& self) {
            const Fitted& found = self.fitter.fitted();
            const std::size_t k = found.counts.size();
            return std::tuple(copy_of<ViewedBytes>(found.colors, {k, self.colors.shape(1)}),
                              copy_of<ViewedCounts>(found.counts, {k}),
                              copy_of<ViewedLabels>(found.labels, {found.labels.size()}),
                              found.cost, found.mse, found.n_iter);
          },
          "The result: colors, counts, labels, which are memoryviews, cost, mse, n_iter.");

  m.def("quantize_quickly", &run_quickly, "pixels"_a, "k"_a, "effort"_a, "seed"_a, "fixed"_a,
        "out"_a.noconvert(), "team"_a,
        "Fits to bins in sRGB, and writes the nearest entries: colors, counts, n_iter. None, where "
        "bins do not suffice.");

  m.def(
      "seed",
      [](const OwningPoints& points, const std::string& seeding, int k, std::uint64_t seed,
         Team& team) {
        return seed_points(points, choose(kSeedings, "seeding", seeding), k, seed, team);
      },
      "points"_a, "seeding"_a, "k"_a, "seed"_a, "team"_a,
      "Where a fit can start, float64 (k, channels): the seeding is one of SEEDINGS.");
  m.def("seed_kmeanspp", &seed_with<seed_kmeanspp>, "points"_a, "k"_a, "seed"_a, "team"_a);
  m.def("seed_maximin", &seed_with<seed_maximin>, "points"_a, "k"_a, "seed"_a, "team"_a);
  m.def("seed_wu", &seed_with<seed_wu>, "points"_a, "k"_a, "seed"_a, "team"_a);

  nb::class_<OwningAssignment>(m, "Assignment", "Which centre each point is nearest to.")
      .def(nb::new_(&make_assignment), "points"_a, "k"_a, "team"_a)
      .def(
          "pin",
          [](OwningAssignment& self, int n) {
            require(n >= 0 && n <= self.assignment.k(), "expected 0 to k clusters");
            self.assignment.pin(n);
          },
          "n"_a, "Keeps the centres of the first n clusters where they are.")
      .def("update", &update<OwningAssignment>, "centers"_a,
           "Moves points to their nearest centres; how many moved.")
      .def("cost", &cost_of<OwningAssignment>, "centers"_a,
           "Weighted squared distances to the labels' centres.")
      .def_prop_ro("labels", &labels_of, nb::rv_policy::move, "uint16 (n,)")
      .def_prop_ro("counts", &counts_of, nb::rv_policy::move, "int64 (k,)");

  m.def("lloyd", &run_lloyd, "assignment"_a, "centers"_a, nb::kw_only(), "max_iter"_a, "tol"_a,
        "relaxed"_a = 0, "farthest"_a = false,
        "Passes of k-means: centers, inertia, n_iter, converged.");

  m.def("improve", &run_improve, "assignment"_a, "centers"_a, nb::kw_only(), "rounds"_a, "passes"_a,
        "shaken"_a = 0, "seed"_a = 0,
        "Leaves local minima by merging and splitting: centers, n_iter.");
  m.def("find_vivid_regions", &run_find_vivid_regions, "assignment"_a, "centers"_a, "most"_a,
        "Colours (m, channels) of small vivid regions that the centers lost.");
  m.def(
      "fourth_powers",
      [](OwningAssignment& self, const Coords& centers) {
        const std::vector<double> values = self.checked(centers);
        return without_gil([&] { return fourth_powers(self.assignment, values); });
      },
      "assignment"_a, "centers"_a, "Weighted sum of the fourth powers of distances.");
}
