// The core as kpalette._core: check arrays, release the GIL, call, hand the results over.
//
// The Python package checks values and gives the errors that users see; what is checked here keeps
// a wrong call from reading outside an array.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "assignment.hpp"
#include "counter.hpp"
#include "delta_e.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "fit.hpp"
#include "gif_changes.hpp"
#include "histogram.hpp"
#include "improve.hpp"
#include "kernels.hpp"
#include "lloyd.hpp"
#include "looks.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "mix.hpp"
#include "palette.hpp"
#include "palette_order.hpp"
#include "parallel.hpp"
#include "png.hpp"
#include "points.hpp"
#include "predict.hpp"
#include "rate.hpp"
#include "remap.hpp"
#include "repeats.hpp"
#include "row_filters.hpp"
#include "saliency.hpp"
#include "sample_assignment.hpp"
#include "samples.hpp"
#include "seeding.hpp"
#include "spaces.hpp"
#include "sparse.hpp"
#include "spatial.hpp"
#include "vivid_regions.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace kpalette;

namespace {

using Bytes = nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Codes = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class Label>
using Labels = nb::ndarray<const Label, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Rows = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Coords = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class T, class Dims>
using Out = nb::ndarray<nb::numpy, T, Dims>;
using OutBytes = Out<std::uint8_t, nb::ndim<2>>;
using OutCodes = Out<std::uint32_t, nb::ndim<1>>;
using OutCounts = Out<std::int64_t, nb::ndim<1>>;
using OutLabels = Out<std::uint16_t, nb::ndim<1>>;
using OutCoords = Out<double, nb::ndim<2>>;
using OutSampleLabels = Out<std::int32_t, nb::ndim<1>>;
using OutDistances = Out<double, nb::ndim<1>>;
using OutRanks = Out<std::uint16_t, nb::ndim<2>>;
using OutHashes = Out<std::uint64_t, nb::ndim<1>>;

/// Gives a vector to Python without copying it.
template <class Array, class Vector>
Array hand_over(Vector&& values, std::initializer_list<std::size_t> shape) {
  static_assert(std::is_rvalue_reference_v<Vector&&>);
  auto* owned = new Vector(std::move(values));
  nb::capsule owner(owned, [](void* data) noexcept { delete static_cast<Vector*>(data); });
  return Array(owned->data(), shape, owner);
}

template <class Array>
auto view(const Array& array) {
  return std::span<const typename Array::Scalar>(array.data(), array.size());
}

/// What `call` returns, while other Python threads run.
template <class Call>
auto without_gil(const Call& call) {
  nb::gil_scoped_release release;
  return call();
}

/// Lets Ctrl-C end a job whose thread has released the GIL.
Watch watch_signals() {
  using Clock = std::chrono::steady_clock;
  return Watch([last = Clock::now()]() mutable {
    const auto now = Clock::now();
    if (now - last < std::chrono::milliseconds(50)) return;
    last = now;
    const nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  });
}

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

int channels_of(const Bytes& colors) {
  require(colors.shape(1) == 3 || colors.shape(1) == 4, "expected 3 or 4 channels");
  return static_cast<int>(colors.shape(1));
}

void require_pairs(const Bytes& colors, const Counts& counts) {
  channels_of(colors);
  require(colors.shape(0) == counts.shape(0), "expected one count per colour");
}

std::tuple<OutBytes, OutCounts> hand_over(Histogram&& histogram) {
  const std::size_t n = histogram.size();
  const auto channels = static_cast<std::size_t>(histogram.channels);
  return {hand_over<OutBytes>(std::move(histogram.colors), {n, channels}),
          hand_over<OutCounts>(std::move(histogram.counts), {n})};
}

OutCoords hand_over_coords(std::vector<double>&& coords, int dim) {
  const std::size_t n = coords.size() / static_cast<std::size_t>(dim);
  return hand_over<OutCoords>(std::move(coords), {n, static_cast<std::size_t>(dim)});
}

/// Points that keep the counts alive which weight them.
struct OwningPoints {
  Counts counts;
  std::unique_ptr<Points> points;
};

/// Besides those of a fit, there is the one for mixing.
Space space_named(const std::string& name, int channels) {
  if (name == "mixing") return {SpaceName::mixing, channels};
  return {choose(kSpaces, "space", name), channels};
}

/// One of those, or the space for mixing.
Space any_space_named(const std::string& name, int channels) {
  if (name == "mixing") return {SpaceName::mixing, channels};
  return space_named(name, channels);
}

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

template <class Table>
nb::tuple names_of(const Table& table) {
  nb::list names;
  for (const auto& entry : table) names.append(nb::str(entry.name.data(), entry.name.size()));
  return nb::tuple(names);
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

/// No weights: all are 1.
std::span<const double> view(const std::optional<Weights>& weights) {
  return weights ? view(*weights) : std::span<const double>();
}

/// Samples that keep their arrays alive.
struct OwningSamples {
  nb::object values;
  std::optional<Weights> weights;
  std::unique_ptr<Samples> points;
};

template <class T>
void require_rows(const Rows<T>& values) {
  require(values.shape(0) > 0 && values.shape(1) > 0, "expected a sample and a feature");
  require(values.shape(1) <= 1'000'000, "expected at most a million features");
}

template <class T>
std::shared_ptr<OwningSamples> make_samples(const Rows<T>& values,
                                            const std::optional<Weights>& weights, Team& team) {
  require_rows(values);
  require(!weights || values.shape(0) == weights->shape(0), "expected one weight per sample");
  auto owner = std::make_shared<OwningSamples>(OwningSamples{nb::cast(values), weights, nullptr});
  nb::gil_scoped_release release;
  owner->points = std::make_unique<Samples>(view(values), static_cast<int>(values.shape(1)),
                                            view(owner->weights), team);
  return owner;
}

/// The same for the rows of a sparse matrix.
struct OwningSparseSamples {
  std::vector<nb::object> arrays;
  std::optional<Weights> weights;
  std::unique_ptr<SparseSamples> points;
};

template <class T>
using Line = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T, class Index>
std::shared_ptr<OwningSparseSamples> make_sparse_samples(const Line<T>& values,
                                                         const Line<Index>& columns,
                                                         const Line<Index>& starts, int dim,
                                                         const std::optional<Weights>& weights,
                                                         Team& team) {
  require(starts.size() > 1 && dim > 0, "expected a sample and a feature");
  require(starts.size() <= std::numeric_limits<std::int32_t>::max(),
          "expected fewer than 2**31 rows");
  require(values.size() == columns.size(), "expected as many indices as values");
  require(!weights || starts.size() - 1 == weights->shape(0), "expected one weight per sample");
  auto owner = std::make_shared<OwningSparseSamples>(OwningSparseSamples{
      {nb::cast(values), nb::cast(columns), nb::cast(starts)}, weights, nullptr});
  nb::gil_scoped_release release;
  const Csr<T, Index> matrix{view(values), view(columns), view(starts)};
  require(matrix.valid(dim),
          "expected indices of columns that ascend along each row, "
          "from 0 to the number of features - 1");
  owner->points = std::make_unique<SparseSamples>(matrix, dim, view(owner->weights), team);
  return owner;
}

template <class Owner, auto seeding>
OutCoords seed_samples_with(const Owner& self, int k, std::uint64_t seed, Team& team) {
  const auto& samples = *self.points;
  require(k >= 1 && samples.total_weight() > 0, "expected k of at least 1 and a positive weight");
  return hand_over_coords(without_gil([&] { return seeding(samples, k, seed, team); }),
                          samples.dim());
}

template <class Data>
using SampleSeeding = std::vector<double> (*)(const Data&, int, std::uint64_t, Team&);

/// An assignment that keeps alive what it refers to.
template <class Owner, class Assigned>
struct Owning {
  Owning(std::shared_ptr<Owner> owner_in, int k, std::shared_ptr<Team> team_in)
      : owner(std::move(owner_in)),
        team(std::move(team_in)),
        assignment(*owner->points, k, *team) {}

  std::shared_ptr<Owner> owner;
  std::shared_ptr<Team> team;
  Assigned assignment;

  std::vector<double> checked(const Coords& centers) const {
    require(centers.shape(0) == static_cast<std::size_t>(assignment.k()) &&
                centers.shape(1) == static_cast<std::size_t>(owner->points->dim()),
            "expected centers of shape (k, dim)");
    return {centers.data(), centers.data() + centers.size()};
  }
};

using OwningAssignment = Owning<OwningPoints, Assignment>;
using OwningSampleAssignment = Owning<OwningSamples, SampleAssignment>;
using OwningSparseAssignment = Owning<OwningSparseSamples, SparseAssignment>;

std::unique_ptr<OwningAssignment> make_assignment(std::shared_ptr<OwningPoints> points, int k,
                                                  std::shared_ptr<Team> team) {
  require(k >= 1 && k <= kMaxCenters, "expected k from 1 to 65536");
  nb::gil_scoped_release release;
  return std::make_unique<OwningAssignment>(std::move(points), k, std::move(team));
}

template <class Assigned, class Owner>
std::unique_ptr<Assigned> make_sample_assignment(std::shared_ptr<Owner> samples, int k,
                                                 std::shared_ptr<Team> team) {
  require(k >= 1, "expected k of at least 1");
  nb::gil_scoped_release release;
  return std::make_unique<Assigned>(std::move(samples), k, std::move(team));
}

template <class Assigned>
std::int64_t update(Assigned& self, const Coords& centers) {
  const std::vector<double> values = self.checked(centers);
  nb::gil_scoped_release release;
  return self.assignment.update(values);
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

template <class Assigned>
OutSampleLabels sample_labels_of(const Assigned& self) {
  const std::int32_t* labels = self.assignment.labels();
  const std::size_t n = self.assignment.points().size();
  return hand_over<OutSampleLabels>(std::vector<std::int32_t>(labels, labels + n), {n});
}

template <class Assigned>
double cost_of(const Assigned& self, const Coords& centers) {
  const std::vector<double> values = self.checked(centers);
  return without_gil([&] { return self.assignment.cost(values); });
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

template <class Assigned>
std::tuple<OutCoords, double, int, bool> run_sample_lloyd(Assigned& self, const Coords& centers,
                                                          int max_iter, double tol, bool single,
                                                          bool settle) {
  std::vector<double> start = self.checked(centers);
  Fit fit = without_gil([&] {
    return lloyd(self.assignment, std::move(start),
                 {.max_iter = max_iter,
                  .tol = tol,
                  .single = single,
                  .settle = settle,
                  .watch = watch_signals()});
  });
  return {hand_over_coords(std::move(fit.centers), self.assignment.points().dim()), fit.inertia,
          fit.n_iter, fit.converged};
}

template <class Assigned>
double settle(Assigned& self, const Coords& centers) {
  const std::vector<double> values = self.checked(centers);
  return without_gil([&] { return self.assignment.settle(values); });
}

template <class Assigned>
void def_sample_assignment(nb::module_& m, const char* name, const char* doc) {
  using Owner = typename decltype(Assigned::owner)::element_type;
  nb::class_<Assigned>(m, name, doc)
      .def(nb::new_(&make_sample_assignment<Assigned, Owner>), "samples"_a, "k"_a, "team"_a)
      .def("update", &update<Assigned>, "centers"_a,
           "Labels samples with their nearest centres; how many labels changed.")
      .def("settle", &settle<Assigned>, "centers"_a,
           "Labels samples, without the sums that a pass needs; the inertia.")
      .def("cost", &cost_of<Assigned>, "centers"_a,
           "Weighted squared distances to the labels' centres.")
      .def_prop_ro("labels", &sample_labels_of<Assigned>, nb::rv_policy::move, "int32 (n,)");
  m.def("lloyd", &run_sample_lloyd<Assigned>, "assignment"_a, "centers"_a, nb::kw_only(),
        "max_iter"_a, "tol"_a, "single"_a, "settle"_a = true,
        "Passes of k-means: centers, inertia, n_iter, converged.");
}

template <class T>
std::tuple<OutSampleLabels, bool> run_predict(const Rows<T>& rows, const Coords& centers,
                                              Team& team) {
  require_rows(rows);
  require(centers.shape(0) > 0 && rows.shape(1) == centers.shape(1), "expected as many features");
  std::vector<std::int32_t> labels(rows.shape(0));
  const bool finite = without_gil([&] {
    return predict(view(rows), static_cast<int>(rows.shape(1)), view(centers), labels.data(), team,
                   watch_signals());
  });
  return {hand_over<OutSampleLabels>(std::move(labels), {rows.shape(0)}), finite};
}

template <class T, class Index>
OutSampleLabels run_sparse_predict(const Line<T>& values, const Line<Index>& columns,
                                   const Line<Index>& starts, const Coords& centers, Team& team) {
  require(starts.size() > 1 && centers.size() > 0, "expected a sample and a centre");
  require(values.size() == columns.size(), "expected as many indices as values");
  std::vector<std::int32_t> labels(starts.size() - 1);
  const bool good = without_gil([&] {
    const Csr<T, Index> matrix{view(values), view(columns), view(starts)};
    return sparse_predict(matrix, static_cast<int>(centers.shape(1)), view(centers), labels.data(),
                          team, watch_signals());
  });
  require(good, "expected indices of columns from 0 to the number of features - 1");
  const std::size_t n = labels.size();
  return hand_over<OutSampleLabels>(std::move(labels), {n});
}

template <class T, class Index>
void def_sparse_rows(nb::module_& m) {
  m.def("predict", &run_sparse_predict<T, Index>, "values"_a.noconvert(), "columns"_a.noconvert(),
        "starts"_a.noconvert(), "centers"_a, "team"_a);
}

template <class T>
double run_inertia(const Rows<T>& rows, const std::optional<Weights>& weights,
                   const Coords& centers, const Labels<std::int32_t>& labels, Team& team) {
  require_rows(rows);
  require(rows.shape(1) == centers.shape(1), "expected as many features");
  require(rows.shape(0) == labels.size(), "expected one label per sample");
  require(!weights || weights->size() == labels.size(), "expected one weight per sample");
  for (const std::int32_t label : view(labels)) {
    require(label >= 0 && static_cast<std::size_t>(label) < centers.shape(0),
            "expected labels that have a centre");
  }
  return without_gil([&] {
    return inertia(view(rows), static_cast<int>(rows.shape(1)), view(weights), view(centers),
                   labels.data(), team);
  });
}

template <class T>
void run_distances(const Rows<T>& rows, const Rows<T>& centers, const Out<T, nb::ndim<2>>& out,
                   Team& team) {
  require_rows(rows);
  require(rows.shape(1) == centers.shape(1), "expected as many features");
  require(out.shape(0) == rows.shape(0) && out.shape(1) == centers.shape(0),
          "expected an array (n, k)");
  without_gil([&] {
    distances(view(rows), static_cast<int>(rows.shape(1)), view(centers), out.data(), team,
              watch_signals());
  });
}

template <class T>
void run_sparse_distances(const OwningSparseSamples& samples, const Coords& centers,
                          const Out<T, nb::ndim<2>>& out, Team& team) {
  const SparseSamples& points = *samples.points;
  require(centers.shape(1) == static_cast<std::size_t>(points.dim()), "expected as many features");
  require(out.shape(0) == points.size() && out.shape(1) == centers.shape(0),
          "expected an array (n, k)");
  without_gil([&] { sparse_distances(points, view(centers), out.data(), team); });
}

template <class Owner>
double variance_of(const Owner& self, Team& team) {
  return without_gil([&] { return self.points->variance(team); });
}

template <class Owner>
void def_repeats(nb::module_& m) {
  m.def(
      "hash_samples",
      [](const Owner& self, Team& team) {
        const std::size_t n = self.points->size();
        return hand_over<OutHashes>(without_gil([&] { return hash_samples(*self.points, team); }),
                                    {n});
      },
      "samples"_a, "team"_a, "uint64 (n,), by the values of each sample alone.");
  m.def(
      "any_repeats",
      [](const Owner& self, Team& team) {
        return without_gil([&] { return any_repeats(*self.points, team); });
      },
      "samples"_a, "team"_a, "Whether some samples are alike.");
}

template <class T>
void def_rows(nb::module_& m) {
  m.def("predict", &run_predict<T>, "rows"_a.noconvert(), "centers"_a, "team"_a,
        "The nearest centre of each row, int32 (n,), and whether all rows are surely finite.");
  m.def("inertia", &run_inertia<T>, "rows"_a.noconvert(), "weights"_a.none(), "centers"_a,
        "labels"_a, "team"_a, "Weighted squared distances to the labels' centres.");
  m.def("distances", &run_distances<T>, "rows"_a.noconvert(), "centers"_a.noconvert(),
        "out"_a.noconvert(), "team"_a, "Writes the distances of rows to centres, (n, k).");
  m.def("distances", &run_sparse_distances<T>, "rows"_a, "centers"_a, "out"_a.noconvert(),
        "team"_a);
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

std::vector<OutTileSum> hand_over(const TileSums& sums) {
  std::vector<OutTileSum> out;
  for (const TileSum& sum : sums) {
    out.emplace_back(sum.pixels, sum.cubes.high, sum.cubes.low, sum.worst, sum.y, sum.x, sum.height,
                     sum.width);
  }
  return out;
}

/// A tiled image that keeps its pixels alive.
OutCoords run_saliency_map(const Bytes& pixels, std::size_t width, Team& team) {
  const int channels = channels_of(pixels);
  require(width > 0 && pixels.shape(0) > 0 && pixels.shape(0) % width == 0, "expected whole rows");
  const std::size_t height = pixels.shape(0) / width;
  std::vector<double> weights =
      without_gil([&] { return saliency_map(view(pixels), height, width, channels, team); });
  return hand_over<OutCoords>(std::move(weights), {height, width});
}

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
  return hand_over(without_gil([&] { return self.errors(view(labels), view(palette), team); }));
}

std::vector<OutTileSum> run_pixel_errors(const OwningTiles& self, const Bytes& pixels, Team& team) {
  require(pixels.shape(0) == self.pixels.shape(0) && pixels.shape(1) == self.pixels.shape(1),
          "expected as many pixels and channels");
  return hand_over(without_gil([&] { return self.tiles->errors(view(pixels), team); }));
}

template <class Label, class Index>
void run_remap(const Bytes& pixels, const Bytes& colors, const Labels<Label>& labels,
               nb::ndarray<Index, nb::ndim<1>, nb::c_contig, nb::device::cpu> out, Team& team) {
  require(channels_of(pixels) == channels_of(colors), "expected equal numbers of channels");
  require(colors.shape(0) == labels.shape(0), "expected one label per colour");
  require(pixels.shape(0) == out.shape(0), "expected one index per pixel");
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

template <class Index>
using Indices = nb::ndarray<Index, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Errors = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Part = nb::ndarray<const std::uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using PartWeights = nb::ndarray<const std::uint16_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// Pixels (height * width, channels) as a raster of the shape of their indices; `palette` must have
/// all that these name.
template <class Index>
Raster raster_of(const Bytes& pixels, const Bytes& palette, const Indices<Index>& indices,
                 std::tuple<std::size_t, std::size_t> origin) {
  require(channels_of(pixels) == channels_of(palette), "expected equal numbers of channels");
  require(palette.shape(0) >= 1 && palette.shape(0) <= kMaxCenters, "expected 1 to 65536 colours");
  require(pixels.shape(0) == indices.size(), "expected one index per pixel");
  const Index* data = indices.data();
  require(std::all_of(data, data + indices.size(),
                      [&](Index index) { return index < palette.shape(0); }),
          "expected indices that the palette has");
  return {view(pixels), indices.shape(0), indices.shape(1), std::get<0>(origin),
          std::get<1>(origin)};
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
  return hand_over(
      without_gil([&] { return self.tiles->errors(view(indices), view(palette), team); }));
}

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
std::tuple<OutCounts, double> run_tally(const Bytes& pixels, const Labels<Index>& indices,
                                        const Bytes& palette, Team& team) {
  require(channels_of(pixels) == channels_of(palette), "expected equal numbers of channels");
  require(pixels.shape(0) == indices.shape(0), "expected one index per pixel");
  Tally result = without_gil(
      [&] { return tally(view(pixels), channels_of(pixels), view(indices), view(palette), team); });
  const std::size_t k = result.counts.size();
  return {hand_over<OutCounts>(std::move(result.counts), {k}), result.squared_error};
}

template <class Index>
void def_dithering(nb::module_& m) {
  m.def("dither", &run_dither<Index>, "name"_a, "pixels"_a, "palette"_a, "indices"_a.noconvert(),
        "colors"_a, "labels"_a, nb::kw_only(), "strength"_a, "origin"_a, "team"_a,
        "above"_a = nb::none(), "errors"_a.noconvert() = nb::none(), "kept"_a = nb::none(),
        "Turns the indices (h, w) of nearest entries into dithered ones; labels are the nearest "
        "entries of all colours of the pixels. Those kept are to stay: uint8 (h, w), not 0.");
  m.def("tally", &run_tally<Index>, "pixels"_a, "indices"_a.noconvert(), "palette"_a, "team"_a,
        "How often each entry is shown, and the squared error in 8-bit sRGB.");
}

std::int64_t run_choose_by_rate(const Bytes& pixels, const Bytes& palette,
                                const Indices<std::uint8_t>& indices, float per_bit, float strength,
                                Team& team) {
  require(palette.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
  require(per_bit >= 0 && per_bit <= 1, "expected a price from 0 to 1");
  require(strength >= 0 && strength <= 1, "expected a strength from 0 to 1");
  const Raster raster = raster_of(pixels, palette, indices, {0, 0});
  return without_gil([&] {
    return choose_by_rate(raster.pixels, channels_of(pixels), raster.width, view(palette), per_bit,
                          strength, indices.data(), team);
  });
}

bool run_choose_by_rate_after(const Bytes& pixels, const Bytes& palette,
                              const Indices<std::uint8_t>& indices, float per_bit,
                              const Bytes& pixels_before, const Bytes& indices_before,
                              const Indices<std::uint8_t>& drawn, Team& team) {
  const std::size_t k = palette.shape(0);
  require(channels_of(pixels) == 3, "expected pixels without alpha");
  require(k < kMostIndexed, "expected 1 to 255 colours");
  require(per_bit > 0 && per_bit <= 1, "expected a price above 0, to 1");
  require(indices.size() > 0, "expected at least one pixel");
  const Raster raster = raster_of(pixels, palette, indices, {0, 0});
  const auto are_entries = [&](std::span<const std::uint8_t> some) {
    return std::ranges::all_of(some, [&](auto index) { return index < k; });
  };
  require(are_entries({indices.data(), indices.size()}), "expected indices that the palette has");
  const RateFrame before{view(pixels_before), view(indices_before)};
  require(before.pixels.size() == pixels.size() && before.indices.size() == indices.size() &&
              drawn.size() == indices.size(),
          "expected frames of the same size");
  require(are_entries(before.indices), "expected indices before that the palette has");
  return without_gil([&] {
    return choose_by_rate_after(raster.pixels, raster.width, view(palette), per_bit, before,
                                indices.data(), drawn.data(), team);
  });
}

/// Left, top, width, height, the entry to keep or -1, whether it is cleared, and the data.
using WrittenImage =
    std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, int, bool, nb::bytes>;

std::optional<WrittenImage> written(const std::optional<GifImage>& image) {
  if (!image) return std::nullopt;
  const Rectangle& part = image->part;
  return WrittenImage{part.left,
                      part.top,
                      part.width(),
                      part.height(),
                      image->keep,
                      image->cleared,
                      nb::bytes(image->data.data(), image->data.size())};
}

/// Indices (h, w) and colours (k, 3 or 4).
using ShownFrame = std::tuple<Bytes, Bytes>;

std::vector<std::optional<WrittenImage>> run_code_changes(const std::vector<ShownFrame>& frames,
                                                          Team& team) {
  std::vector<GifFrame> given;
  for (const auto& [indices, colors] : frames) {
    const auto& [first, _] = frames.front();
    require(indices.size() > 0, "expected at least one pixel");
    require(indices.shape(0) == first.shape(0) && indices.shape(1) == first.shape(1),
            "expected frames of one size");
    require(colors.shape(0) >= 1 && colors.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
    require(std::ranges::all_of(view(indices), [&](auto i) { return i < colors.shape(0); }),
            "expected indices that the palette has");
    given.push_back({view(indices), view(colors), channels_of(colors)});
  }
  if (given.empty()) return {};
  const std::size_t width = std::get<0>(frames.front()).shape(1);
  std::vector<std::optional<WrittenImage>> images;
  for (const auto& image : without_gil([&] { return code_changes(given, width, team); })) {
    images.push_back(written(image));
  }
  return images;
}

std::unique_ptr<LossyFrames> make_lossy_frames(const Bytes& palette, std::size_t height,
                                               std::size_t width, float per_bit) {
  require(palette.shape(0) >= 1 && palette.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
  require(per_bit > 0 && per_bit <= 1, "expected a price above 0, to 1");
  require(height > 0 && width > 0, "expected at least one pixel");
  return std::make_unique<LossyFrames>(view(palette), channels_of(palette), width, height, per_bit);
}

std::optional<WrittenImage> run_choose(LossyFrames& self, const Bytes& pixels,
                                       const Indices<std::uint8_t>& indices, Team& team) {
  require(channels_of(pixels) == self.channels(), "expected equal numbers of channels");
  require(indices.shape(0) == self.height() && indices.shape(1) == self.width() &&
              pixels.shape(0) == indices.size(),
          "expected a frame of that size");
  require(std::all_of(indices.data(), indices.data() + indices.size(),
                      [&](auto index) { return index < self.k(); }),
          "expected indices that the palette has");
  return written(without_gil([&] { return self.choose(view(pixels), indices.data(), team); }));
}

// ---- indexed files ----

nb::bytes run_lzw(const Bytes& indices, int bits, int keep, const std::optional<Bytes>& kept) {
  require(bits >= 1 && bits <= 8, "expected 1 to 8 bits");
  require(keep >= -1 && keep < 1 << bits, "expected an entry to keep, or -1");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < 1 << bits; }),
          "expected indices of so many bits");
  require((keep >= 0) == kept.has_value(),
          "expected an entry to keep and what is kept, or neither");
  require(!kept || kept->size() == indices.size(), "expected as many pixels that are kept");
  const LzwFrame frame{.bits = bits,
                       .indices = view(indices),
                       .keep = keep,
                       .kept = kept ? view(*kept) : std::span<const std::uint8_t>()};
  const auto data = without_gil([&] { return lzw(frame); });
  return nb::bytes(data.data(), data.size());
}

using OutEntries = Out<std::uint8_t, nb::ndim<1>>;

std::span<const std::uint8_t> view(const nb::bytes& data) {
  return {static_cast<const std::uint8_t*>(data.data()), data.size()};
}

OutEntries run_lzw_entries(const nb::bytes& data) {
  const auto found = lzw_entries(view(data));
  return hand_over<OutEntries>(std::vector<std::uint8_t>(found.begin(), found.end()),
                               {found.size()});
}

nb::bytes run_recode_lzw(const nb::bytes& data, const Labels<std::uint8_t>& entries, int bits) {
  require(bits >= 1 && bits <= 8, "expected 1 to 8 bits");
  require(entries.size() == kMostIndexed, "expected 256 entries");
  std::array<std::uint8_t, kMostIndexed> table{};
  std::ranges::copy(view(entries), table.begin());
  const auto coded = without_gil([&] { return recode_lzw(view(data), table, bits); });
  return nb::bytes(coded.data(), coded.size());
}

OutEntries run_order_palette(const Bytes& indices, const Labels<std::uint8_t>& first, int passes) {
  const std::size_t k = first.shape(0);
  require(k >= 1 && k <= kMostIndexed, "expected 1 to 256 colours");
  require(indices.size() > 0, "expected at least one pixel");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < k; }),
          "expected indices that the palette has");
  return hand_over<OutEntries>(without_gil([&] {
                                 return order_palette(
                                     count_neighbours(view(indices), indices.shape(1), k),
                                     view(first), passes);
                               }),
                               {k});
}

OutBytes run_filter_rows(const Bytes& rows, const std::string& choice) {
  require(rows.size() > 0, "expected at least one byte");
  require(choice == "least sum" || choice == "model", "expected the name of a choice");
  const auto how = choice == "model" ? FilterChoice::model : FilterChoice::least_sum;
  return hand_over<OutBytes>(
      without_gil([&] { return filter_rows(view(rows), rows.shape(1), how); }),
      {rows.shape(0), rows.shape(1) + 1});
}

/// A Python function that compresses, as the core calls it, from any thread.
Deflate deflate_by(const nb::callable& function) {
  return [&function](std::span<const std::uint8_t> bytes, int level) {
    const nb::gil_scoped_acquire acquire;
    const auto size = static_cast<Py_ssize_t>(bytes.size());
    const auto given = nb::steal(PyMemoryView_FromMemory(
        reinterpret_cast<char*>(const_cast<std::uint8_t*>(bytes.data())), size, PyBUF_READ));
    const nb::object made = function(given, level);
    Py_buffer buffer;
    if (PyObject_GetBuffer(made.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
    const auto* first = static_cast<const std::uint8_t*>(buffer.buf);
    std::vector<std::uint8_t> compressed(first, first + buffer.len);
    PyBuffer_Release(&buffer);
    return compressed;
  };
}

std::tuple<nb::bytes, nb::bytes, nb::bytes> run_png(const Bytes& indices, const Bytes& colors,
                                                    PngEffort effort, bool keep_order,
                                                    bool may_be_grey, const nb::callable& deflate,
                                                    Team& team) {
  const std::size_t k = colors.shape(0);
  require(k >= 1 && k <= kMostIndexed, "expected 1 to 256 colours");
  require(indices.size() > 0, "expected at least one pixel");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < k; }),
          "expected indices that the palette has");
  const PngOptions options{.effort = effort, .keep_order = keep_order, .may_be_grey = may_be_grey};
  const PngChunks chunks = without_gil([&] {
    const Watch watch = watch_signals();
    PngEncoder encoder(view(indices), indices.shape(1), view(colors), channels_of(colors), options,
                       deflate_by(deflate), team);
    while (encoder.step()) watch.look(0);
    return encoder.chunks();
  });
  const auto bytes = [](const std::vector<std::uint8_t>& part) {
    return nb::bytes(part.data(), part.size());
  };
  return {bytes(chunks.header), bytes(chunks.palette), bytes(chunks.rows)};
}

void def_indexed_files(nb::module_& m) {
  m.attr("PER_BIT") = nb::tuple(nb::cast(std::vector<float>(kPerBit.begin(), kPerBit.end())));
  m.def("per_bit", &per_bit, "smaller"_a, "What a bit may cost in squared error in Oklab.");
  m.def("choose_by_rate", &run_choose_by_rate, "pixels"_a, "palette"_a, "indices"_a.noconvert(),
        nb::kw_only(), "per_bit"_a, "strength"_a, "team"_a,
        "Turns the indices (h, w) of nearest entries into such as deflate writes in fewer bits, of "
        "which `per_bit` in Oklab is what one may cost; returns the bits.");
  m.def("choose_by_rate_after", &run_choose_by_rate_after, "pixels"_a, "palette"_a,
        "indices"_a.noconvert(), nb::kw_only(), "per_bit"_a, "pixels_before"_a, "indices_before"_a,
        "drawn"_a.noconvert(), "team"_a,
        "The same after a frame of the same palette, whose pixels may stay. `drawn`, uint8 (h, w), "
        "becomes 1 where pixels are written; returns whether any are.");
  nb::class_<LossyFrames>(
      m, "LossyFrames",
      "Frames of one palette as LZW writes them in few bits, of which `per_bit` "
      "in squared error is what one may cost.")
      .def(nb::new_(&make_lossy_frames), "palette"_a, "height"_a, "width"_a, nb::kw_only(),
           "per_bit"_a)
      .def(
          "choose", &run_choose, "pixels"_a, "indices"_a.noconvert(), "team"_a,
          "Turns the indices (h, w) of nearest entries of the next frame into such as take fewer "
          "bits. Returns the left, top, width, height, entry to keep or -1, whether it is cleared, "
          "and data of the image, if there is one.")
      .def_prop_ro("cost", &LossyFrames::cost, "Of the last frame: its error, and its bits.");
  m.def(
      "lzw", &run_lzw, "indices"_a, "bits"_a, nb::kw_only(), "keep"_a = -1, "kept"_a = nb::none(),
      "The data of an image in a GIF; pixels that are `kept` may be written as the entry `keep`.");
  m.def("code_changes", &run_code_changes, "frames"_a, "team"_a,
        "What a GIF has of each frame, pairs of indices (h, w) and colours (k, 3 or 4): left, top, "
        "width, height, entry to keep or -1, whether it is cleared, and data; None for a frame "
        "that looks like the one before.");
  m.def("lzw_entries", &run_lzw_entries, "data"_a,
        "Whether an image's data have each entry, uint8 (256,).");
  m.def("recode_lzw", &run_recode_lzw, "data"_a, "entries"_a, "bits"_a,
        "The same data with other entries, uint8 (256,), of at most as many bits.");
  m.def("order_palette", &run_order_palette, "indices"_a, "first"_a, "passes"_a,
        "The order in which neighbours' indices are near, uint8 (k,); `first` marks who leads.");
  m.def("filter_rows", &run_filter_rows, "rows"_a, "choice"_a,
        "Rows (h, n) as differences, each after its filter's number, uint8 (h, 1 + n).");
  nb::enum_<PngEffort>(m, "PngEffort", "How long to look for the smallest file.")
      .value("QUICK", PngEffort::quick)
      .value("USUAL", PngEffort::usual)
      .value("THOROUGH", PngEffort::thorough);
  m.def("png", &run_png, "indices"_a, "colors"_a, nb::kw_only(), "effort"_a, "keep_order"_a,
        "may_be_grey"_a, "deflate"_a, "team"_a,
        "Chunks of the smallest PNG file found: IHDR; PLTE and tRNS, if there are any; and IDAT. "
        "`deflate` makes a zlib stream of bytes by a level.");
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "The native engine. Use the kpalette package: nothing here is public.";

  nb::class_<Team>(m, "Team", "Threads that the calls of one job share.")
      .def(nb::new_([](int threads) {
             require(threads >= 1, "expected at least one thread");
             return std::make_shared<Team>(threads);
           }),
           "threads"_a)
      .def_prop_ro("size", &Team::size);

  m.def("isa", [] { return kernels().name; }, "The instruction set in use.");
  m.def(
      "isas",
      [] {
        std::vector<std::string> names;
        for (const Kernels* table : runnable_kernels()) names.emplace_back(table->name);
        return names;
      },
      "Those that this processor can run, the best first.");

  m.def(
      "count_colors",
      [](const Bytes& pixels, Team& team) {
        const int channels = channels_of(pixels);
        return hand_over(without_gil([&] { return count_colors(view(pixels), channels, team); }));
      },
      "pixels"_a, "team"_a, "Distinct colours in Morton order, and their counts.");
  m.def(
      "collect",
      [](const Bytes& colors, const Counts& counts) {
        require_pairs(colors, counts);
        return hand_over(
            without_gil([&] { return collect(view(colors), view(counts), channels_of(colors)); }));
      },
      "colors"_a, "counts"_a, "The same for colours that may repeat, with a count each.");
  m.def(
      "thin_out",
      [](const Bytes& colors, const Counts& counts, std::size_t step) {
        require_pairs(colors, counts);
        require(step >= 1, "expected a step of at least 1");
        return hand_over(without_gil(
            [&] { return thin_out(view(colors), view(counts), channels_of(colors), step); }));
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
        return hand_over(without_gil([&] { return merge(a, b, channels_of(colors_a)); }));
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
            return hand_over(without_gil([&] { return self.total(team); }));
          },
          "team"_a);

  nb::class_<OwningPoints>(m, "Points", "Colours placed in a space, weighted by their counts.")
      .def(nb::new_(&make_points), "colors"_a, "counts"_a, "team"_a, "space"_a = "srgb")
      .def("__len__", [](const OwningPoints& self) { return self.points->size(); });
  m.def(
      "place",
      [](const Bytes& colors, const std::string& name) {
        const Space space = any_space_named(name, channels_of(colors));
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
        const auto middle = any_space_named(name, channels).middle();
        return std::vector<std::int32_t>(middle.begin(), middle.begin() + channels);
      },
      "channels"_a, "space"_a = "srgb", "About the centre of all colours' coordinates.");
  m.attr("SPACES") = names_of(kSpaces);
  m.attr("SEEDINGS") = names_of(kSeedings);
  m.attr("EFFORTS") = names_of(kEfforts);
  m.attr("DITHERS") = names_of(kDithers);
  m.attr("MOST_MIXED") = kMostMixed;

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
            return std::tuple(copy_of<OutBytes>(found.colors, {k, self.colors.shape(1)}),
                              copy_of<OutCounts>(found.counts, {k}),
                              copy_of<OutLabels>(found.labels, {found.labels.size()}), found.cost,
                              found.mse, found.n_iter);
          },
          "The result: colors, counts, labels, cost, mse, n_iter.");

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

  nb::class_<OwningSamples>(m, "Samples", "Rows of floats, with weights.")
      .def(nb::new_(&make_samples<float>), "values"_a.noconvert(), "weights"_a.none(), "team"_a)
      .def(nb::new_(&make_samples<double>), "values"_a.noconvert(), "weights"_a.none(), "team"_a)
      .def("variance", &variance_of<OwningSamples>, "team"_a, "The mean of those of the features.")
      .def("__len__", [](const OwningSamples& self) { return self.points->size(); });
  nb::class_<OwningSparseSamples>(m, "SparseSamples", "Rows of a sparse matrix, with weights.")
      .def(nb::new_(&make_sparse_samples<float, std::int32_t>), "values"_a.noconvert(),
           "columns"_a.noconvert(), "starts"_a.noconvert(), "dim"_a, "weights"_a.none(), "team"_a)
      .def(nb::new_(&make_sparse_samples<float, std::int64_t>), "values"_a.noconvert(),
           "columns"_a.noconvert(), "starts"_a.noconvert(), "dim"_a, "weights"_a.none(), "team"_a)
      .def(nb::new_(&make_sparse_samples<double, std::int32_t>), "values"_a.noconvert(),
           "columns"_a.noconvert(), "starts"_a.noconvert(), "dim"_a, "weights"_a.none(), "team"_a)
      .def(nb::new_(&make_sparse_samples<double, std::int64_t>), "values"_a.noconvert(),
           "columns"_a.noconvert(), "starts"_a.noconvert(), "dim"_a, "weights"_a.none(), "team"_a)
      .def("variance", &variance_of<OwningSparseSamples>, "team"_a,
           "The mean of those of the features.")
      .def("__len__", [](const OwningSparseSamples& self) { return self.points->size(); });
  def_repeats<OwningSamples>(m);
  def_repeats<OwningSparseSamples>(m);
  m.def("seed_kmeanspp", &seed_samples_with<OwningSamples, SampleSeeding<Samples>(seed_kmeanspp)>,
        "points"_a, "k"_a, "seed"_a, "team"_a);
  m.def("seed_maximin", &seed_samples_with<OwningSamples, SampleSeeding<Samples>(seed_maximin)>,
        "points"_a, "k"_a, "seed"_a, "team"_a);
  m.def("seed_wu", &seed_samples_with<OwningSamples, SampleSeeding<Samples>(seed_wu)>, "points"_a,
        "k"_a, "seed"_a, "team"_a);
  m.def("seed_kmeanspp",
        &seed_samples_with<OwningSparseSamples, SampleSeeding<SparseSamples>(seed_kmeanspp)>,
        "points"_a, "k"_a, "seed"_a, "team"_a);
  m.def("seed_maximin",
        &seed_samples_with<OwningSparseSamples, SampleSeeding<SparseSamples>(seed_maximin)>,
        "points"_a, "k"_a, "seed"_a, "team"_a);
  def_rows<float>(m);
  def_rows<double>(m);
  def_sparse_rows<float, std::int32_t>(m);
  def_sparse_rows<float, std::int64_t>(m);
  def_sparse_rows<double, std::int32_t>(m);
  def_sparse_rows<double, std::int64_t>(m);

  m.def("lloyd", &run_lloyd, "assignment"_a, "centers"_a, nb::kw_only(), "max_iter"_a, "tol"_a,
        "relaxed"_a = 0, "farthest"_a = false,
        "Passes of k-means: centers, inertia, n_iter, converged.");
  def_sample_assignment<OwningSampleAssignment>(m, "SampleAssignment",
                                                "Which centre each sample is nearest to.");
  def_sample_assignment<OwningSparseAssignment>(m, "SparseAssignment", "The same for sparse ones.");
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
  m.def("delta_e_2000", &run_delta_e_2000, "lab_a"_a, "lab_b"_a, "team"_a,
        "CIEDE2000 of pairs of rows, float64 (n,).");
  m.def("color_differences", &run_color_differences, "colors_a"_a, "colors_b"_a, "team"_a,
        "Of pairs: squared error in 8-bit sRGB, distance in Oklab, CIEDE2000; float64 (n, 3).");
  m.def("saliency_map", &run_saliency_map, "pixels"_a, "width"_a, "team"_a,
        "How much each pixel stands out, 0.1 to 1; float64 (h, w).");
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

  def_indexed_files(m);
}
