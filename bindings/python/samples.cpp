// k-means on rows of floats: those of arrays, and of sparse matrices.
#include "samples.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "lloyd.hpp"
#include "owning.hpp"
#include "predict.hpp"
#include "repeats.hpp"
#include "sample_assignment.hpp"
#include "seeding.hpp"
#include "sparse.hpp"

namespace {

/// No weights: all are 1.
std::span<const double> weights_of(const std::optional<Weights>& weights) {
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
                                            weights_of(owner->weights), team);
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
  owner->points = std::make_unique<SparseSamples>(matrix, dim, weights_of(owner->weights), team);
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

using OwningSampleAssignment = Owning<OwningSamples, SampleAssignment>;
using OwningSparseAssignment = Owning<OwningSparseSamples, SparseAssignment>;

template <class Assigned, class Owner>
std::unique_ptr<Assigned> make_sample_assignment(std::shared_ptr<Owner> samples, int k,
                                                 std::shared_ptr<Team> team) {
  require(k >= 1, "expected k of at least 1");
  nb::gil_scoped_release release;
  return std::make_unique<Assigned>(std::move(samples), k, std::move(team));
}

template <class Assigned>
OutSampleLabels sample_labels_of(const Assigned& self) {
  const std::int32_t* labels = self.assignment.labels();
  const std::size_t n = self.assignment.points().size();
  return hand_over<OutSampleLabels>(std::vector<std::int32_t>(labels, labels + n), {n});
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
    return inertia(view(rows), static_cast<int>(rows.shape(1)), weights_of(weights), view(centers),
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

}  // namespace

void def_samples(nb::module_& m) {
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

  def_sample_assignment<OwningSampleAssignment>(m, "SampleAssignment",
                                                "Which centre each sample is nearest to.");
  def_sample_assignment<OwningSparseAssignment>(m, "SparseAssignment", "The same for sparse ones.");
}
