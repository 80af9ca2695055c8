// Tests of k-means on float samples against its definition in doubles.
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core_checks.hpp"
#include "core_isas.hpp"
#include "kernels.hpp"
#include "lloyd.hpp"
#include "predict.hpp"
#include "random.hpp"
#include "repeats.hpp"
#include "samples.hpp"
#include "seeding.hpp"

using namespace kpalette;

namespace {

using Values = std::vector<double>;

enum class Kind { uniform, far_from_zero, tiny, whole, outlier, constant };
constexpr Kind kKinds[] = {Kind::uniform, Kind::far_from_zero, Kind::tiny,
                           Kind::whole,   Kind::outlier,       Kind::constant};

template <class T>
std::vector<T> make_values(std::size_t n, int dim, Kind kind, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (std::size_t i = 0; i < n * static_cast<std::size_t>(dim); ++i) {
    double value = random.uniform();
    if (kind == Kind::far_from_zero) value += 1e6;
    if (kind == Kind::tiny) value *= 1e-30;
    if (kind == Kind::whole) value = std::floor(4 * value);
    if (kind == Kind::outlier && i == 0) value = 1e12;
    if (kind == Kind::constant) value = 0.1;
    values.push_back(static_cast<T>(value));
  }
  return values;
}

std::vector<double> make_weights(std::size_t n, bool even, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> weights(n, 1.0);
  if (!even) {
    for (double& weight : weights) weight = random.below(4) == 0 ? 0.0 : random.uniform();
  }
  return weights;
}

double square_between(const double* a, const double* b, int dim) {
  double square = 0;
  for (int axis = 0; axis < dim; ++axis) square += (a[axis] - b[axis]) * (a[axis] - b[axis]);
  return square;
}

std::vector<std::int32_t> reference_labels(const Values& x, const Values& centers, int dim) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(dim)) {
    std::int32_t best = 0;
    for (std::size_t j = 0; j < centers.size() / static_cast<std::size_t>(dim); ++j) {
      const double* center = &centers[j * static_cast<std::size_t>(dim)];
      if (square_between(&x[i], center, dim) <
          square_between(&x[i], &centers[static_cast<std::size_t>(best * dim)], dim)) {
        best = static_cast<std::int32_t>(j);
      }
    }
    labels.push_back(best);
  }
  return labels;
}

std::vector<std::int32_t> labels_of(const SampleAssignment& assignment) {
  const std::int32_t* labels = assignment.labels();
  return {labels, labels + assignment.points().size()};
}

template <class T>
void test_labels(std::size_t n, int dim, int k, Kind kind, bool even, Team& team) {
  current_case = text("samples: n = ", n, ", dim = ", dim, ", k = ", k, ", kind ",
                      static_cast<int>(kind), ", ", sizeof(T), " bytes");
  const std::vector<T> values = make_values<T>(n, dim, kind, 1);
  const Values x(values.begin(), values.end());
  const std::vector<double> weights = make_weights(n, even, 2);
  const Samples samples(std::span<const T>(values), dim, weights, team);
  SampleAssignment assignment(samples, k, team);
  const auto width = static_cast<std::size_t>(dim);

  std::vector<double> row(width);
  samples.coordinates(n - 1, row.data());
  CHECK_EQUAL(row, Values(x.end() - dim, x.end()));

  Random random(3);
  Values centers;
  for (int style = 0; style < 4; ++style) {
    centers.clear();
    for (std::size_t i = 0; i < static_cast<std::size_t>(k) * width; ++i) {
      const double value = x[random.below(n) * width + i % width];
      // Samples; near them; all alike; too far off for floats.
      centers.push_back(style == 0   ? value
                        : style == 1 ? value * (1 + 1e-9 * random.uniform())
                        : style == 2 ? x[i % width]
                                     : value + 1e30 * random.uniform());
    }
    const std::vector<std::int32_t> expected = reference_labels(x, centers, dim);
    assignment.update(centers);
    CHECK_EQUAL(labels_of(assignment), expected);
    CHECK_EQUAL(assignment.update(centers), std::int64_t{0});

    double cost = 0;
    std::vector<double> cluster_weights(static_cast<std::size_t>(k));
    Values sums(centers.size());
    for (std::size_t i = 0; i < n; ++i) {
      const auto label = static_cast<std::size_t>(expected[i]);
      cost += weights[i] * square_between(&x[i * width], &centers[label * width], dim);
      cluster_weights[label] += weights[i];
      for (std::size_t a = 0; a < width; ++a) {
        sums[label * width + a] += weights[i] * x[i * width + a];
      }
    }
    CHECK_NEAR(assignment.cost(centers) / (cost > 0 ? cost : 1), cost > 0 ? 1.0 : 0.0, 1e-12);
    for (int j = 0; j < k; ++j) {
      const auto label = static_cast<std::size_t>(j);
      CHECK_NEAR(assignment.weight(j), cluster_weights[label], 1e-9);
      if (!(assignment.weight(j) > 0)) continue;
      assignment.mean(j, row.data());
      for (std::size_t a = 0; a < width; ++a) {
        const double mean = sums[label * width + a] / cluster_weights[label];
        CHECK_NEAR(row[a], mean, 1e-12 * (std::abs(mean) + 2 / samples.scale()));
      }
    }
  }
}

/// Passes by the definition, with scikit-learn's rule for empty clusters.
void reference_pass(const Values& x, const std::vector<double>& weights, Values& centers, int dim) {
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t k = centers.size() / width;
  const std::vector<std::int32_t> labels = reference_labels(x, centers, dim);
  std::vector<double> total(k);
  Values sums(centers.size());
  std::vector<std::pair<double, std::size_t>> far;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    total[label] += weights[i];
    for (std::size_t a = 0; a < width; ++a) {
      sums[label * width + a] += weights[i] * x[i * width + a];
    }
    const double square = square_between(&x[i * width], &centers[label * width], dim);
    if (square > 0 && weights[i] > 0) far.push_back({-square, i});
  }
  std::sort(far.begin(), far.end());
  const std::vector<double> before = total;
  std::size_t next = 0;
  for (std::size_t j = 0; j < k; ++j) {
    if (before[j] > 0 || next >= far.size()) continue;
    const std::size_t i = far[next++].second;
    const auto label = static_cast<std::size_t>(labels[i]);
    total[label] -= weights[i];
    total[j] = weights[i];
    for (std::size_t a = 0; a < width; ++a) {
      sums[label * width + a] -= weights[i] * x[i * width + a];
      sums[j * width + a] = weights[i] * x[i * width + a];
    }
  }
  for (std::size_t i = 0; i < centers.size(); ++i) {
    if (total[i / width] > 1e-12) centers[i] = sums[i] / total[i / width];
  }
}

void test_passes(int dim, int k, bool even, bool equal, Team& team) {
  current_case = text("passes over samples: dim = ", dim, ", k = ", k, ", even ", even);
  const std::size_t n = 700;
  const std::vector<double> x = make_values<double>(n, dim, Kind::uniform, 4);
  const std::vector<double> weights = make_weights(n, even, 5);
  const Samples samples(std::span<const double>(x), dim, weights, team);
  Values start(x.begin(), x.begin() + k * dim);
  if (equal) std::copy_n(start.begin(), dim, start.begin() + (k - 1) * dim);
  Values centers = start;
  for (int pass = 1; pass <= 8; ++pass) {
    reference_pass(x, weights, centers, dim);
    SampleAssignment assignment(samples, k, team);
    const Fit fit = lloyd(assignment, start, {.max_iter = pass});
    double worst = 0;
    for (std::size_t i = 0; i < centers.size(); ++i) {
      worst = std::max(worst, std::abs(fit.centers[i] - centers[i]));
    }
    CHECK_NEAR(worst, 0.0, 1e-11);
  }
  SampleAssignment assignment(samples, k, team);
  const Fit fit = lloyd(assignment, start, {.max_iter = 1000});
  CHECK(fit.converged);
  CHECK_EQUAL(lloyd(assignment, fit.centers, {}).n_iter, 1);
  CHECK_EQUAL(labels_of(assignment), reference_labels(x, fit.centers, dim));
}

/// What a way to start must give: rows that are samples (or means, for Wu), different where they
/// can be, and a lower cost than centres that are all alike.
void test_seedings(int dim, Team& team) {
  using Seeding = std::vector<double> (*)(const Samples&, int, std::uint64_t, Team&);
  const std::pair<const char*, Seeding> seedings[] = {
      {"k-means++", seed_kmeanspp}, {"maximin", seed_maximin}, {"wu", seed_wu}};
  const std::size_t n = 500;
  const std::vector<float> values = make_values<float>(n, dim, Kind::uniform, 6);
  const Values x(values.begin(), values.end());
  const std::vector<double> weights = make_weights(n, false, 7);
  const Samples samples(std::span<const float>(values), dim, weights, team);
  for (const auto& [name, seeding] : seedings) {
    for (const int k : {1, 2, 17}) {
      current_case = text(name, " on samples: dim = ", dim, ", k = ", k);
      const Values centers = seeding(samples, k, 8, team);
      CHECK_EQUAL(centers.size(), static_cast<std::size_t>(k * dim));
      CHECK_EQUAL(seeding(samples, k, 8, team), centers);
      SampleAssignment assignment(samples, k, team);
      assignment.update(centers);
      for (int j = 0; j < k; ++j) CHECK(assignment.weight(j) > 0);
      if (std::string(name) == "wu") continue;
      const std::vector<std::int32_t> nearest = reference_labels(centers, x, dim);
      for (int j = 0; j < k; ++j) {
        const auto i = static_cast<std::size_t>(nearest[static_cast<std::size_t>(j)]);
        CHECK(weights[i] > 0);
        CHECK(std::equal(x.begin() + static_cast<std::ptrdiff_t>(i) * dim,
                         x.begin() + static_cast<std::ptrdiff_t>(i + 1) * dim,
                         centers.begin() + j * dim));
      }
    }
    current_case = text(name, " on samples that are all alike: dim = ", dim);
    const std::vector<double> same(64 * static_cast<std::size_t>(dim), 0.25);
    const std::vector<double> ones(64, 1.0);
    const Samples alike(std::span<const double>(same), dim, ones, team);
    CHECK_EQUAL(seeding(alike, 3, 9, team), Values(3 * static_cast<std::size_t>(dim), 0.25));
  }
}

void test_wu_cuts_where_clusters_part() {
  current_case = "wu on three far clusters";
  Team one(1);
  const std::vector<double> x = {0, 1, 0, 3, 90, 0, 92, 0, 50, 50};
  const std::vector<double> weights = {1, 1, 1, 3, 1};
  const Samples samples(std::span<const double>(x), 2, weights, one);
  Values centers = seed_wu(samples, 3, 0, one);
  std::vector<std::pair<double, double>> rows;
  for (std::size_t i = 0; i < centers.size(); i += 2) rows.push_back({centers[i], centers[i + 1]});
  std::sort(rows.begin(), rows.end());
  CHECK_NEAR(rows[0].second, 2.0, 1e-5);
  CHECK_NEAR(rows[1].first, 50.0, 1e-5);
  CHECK_NEAR(rows[2].first, 91.5, 1e-5);
}

void test_hashes(Team& team) {
  current_case = "hashes of samples";
  const std::vector<double> x = {0.0, 1.0, -0.0, 1.0, 1.0, 0.0, 0.5, 0.25};
  const std::vector<float> y(x.begin(), x.end());
  const std::vector<double> ones(4, 1.0);
  const auto hashes = hash_samples(Samples(std::span<const double>(x), 2, ones, team), team);
  CHECK_EQUAL(hashes[0], hashes[1]);
  CHECK(hashes[0] != hashes[2] && hashes[2] != hashes[3] && hashes[0] != hashes[3]);
  CHECK_EQUAL(hash_samples(Samples(std::span<const float>(y), 2, ones, team), team), hashes);
}

/// A matrix that owns its arrays.
template <class T, class Index>
struct OwnedCsr {
  std::vector<T> values;
  std::vector<Index> columns;
  std::vector<Index> starts{0};

  OwnedCsr(const std::vector<T>& dense, int dim) {
    for (std::size_t i = 0; i < dense.size(); ++i) {
      if (dense[i] != 0) {
        values.push_back(dense[i]);
        columns.push_back(static_cast<Index>(i % static_cast<std::size_t>(dim)));
      }
      if ((i + 1) % static_cast<std::size_t>(dim) == 0) {
        starts.push_back(static_cast<Index>(values.size()));
      }
    }
  }
  Csr<T, Index> view() const { return {values, columns, starts}; }
};

template <class T>
std::vector<T> make_sparse(std::size_t n, int dim, std::uint64_t seed) {
  std::vector<T> values = make_values<T>(n, dim, Kind::uniform, seed);
  Random random(seed + 1);
  for (T& value : values) value = random.below(4) == 0 ? value : T{0};
  return values;
}

/// Sparse samples, against the same ones dense.
template <class T, class Index>
void test_sparse(std::size_t n, int dim, int k, bool even, Team& team) {
  current_case = text("sparse: n = ", n, ", dim = ", dim, ", k = ", k, ", ", sizeof(T),
                      " bytes, indices of ", sizeof(Index));
  const std::vector<T> values = make_sparse<T>(n, dim, 20);
  const Values x(values.begin(), values.end());
  const std::vector<double> weights = make_weights(n, even, 21);
  const OwnedCsr<T, Index> csr(values, dim);
  CHECK(csr.view().valid(dim));
  const SparseSamples samples(csr.view(), dim, even ? std::span<const double>() : weights, team);
  const Samples dense(std::span<const T>(values), dim, even ? std::span<const double>() : weights,
                      team);
  CHECK_NEAR(samples.variance(team), dense.variance(team), 1e-12);
  CHECK(hash_samples(samples, team) == hash_samples(dense, team));
  CHECK_EQUAL(any_repeats(samples, team), any_repeats(dense, team));
  Values row(static_cast<std::size_t>(dim));
  samples.coordinates(n - 1, row.data());
  CHECK_EQUAL(row, Values(x.end() - dim, x.end()));

  const Values start = make_values<double>(static_cast<std::size_t>(k), dim, Kind::uniform, 22);
  SparseAssignment assignment(samples, k, team);
  SampleAssignment other(dense, k, team);
  const Fit fit = lloyd(assignment, start, {.max_iter = 5});
  const Fit expected = lloyd(other, start, {.max_iter = 5});
  CHECK_EQUAL(fit.n_iter, expected.n_iter);
  CHECK_NEAR(fit.inertia / expected.inertia, 1.0, 1e-10);
  double worst = 0;
  for (std::size_t i = 0; i < fit.centers.size(); ++i) {
    worst = std::max(worst, std::abs(fit.centers[i] - expected.centers[i]));
  }
  CHECK_NEAR(worst, 0.0, 1e-11);
  std::vector<std::int32_t> labels(assignment.labels(), assignment.labels() + n);
  CHECK_EQUAL(labels, labels_of(other));
  for (const auto& centers :
       {seed_kmeanspp(samples, k, 3, team), seed_maximin(samples, k, 3, team)}) {
    CHECK_EQUAL(centers.size(), start.size());
  }
  std::vector<double> far(n * static_cast<std::size_t>(k));
  std::vector<T> far_dense(far.size());
  std::vector<T> typed(fit.centers.begin(), fit.centers.end());
  sparse_distances(samples, fit.centers, far.data(), team);
  distances(std::span<const T>(values), dim, std::span<const T>(typed), far_dense.data(), team, {});
  for (std::size_t i = 0; i < far.size(); ++i) {
    CHECK_NEAR(far[i], static_cast<double>(far_dense[i]), 1e-4);
  }
}

void test_broken_matrices() {
  current_case = "matrices that are none";
  const std::vector<float> values(4, 1.0f);
  using Line = std::vector<std::int32_t>;
  const auto valid = [&](const Line& columns, const Line& starts) {
    return Csr<float, std::int32_t>{values, columns, starts}.valid(3);
  };
  CHECK(valid({0, 2, 0, 1}, {0, 2, 2, 4}));
  CHECK(!valid({0, 3, 0, 1}, {0, 2, 2, 4}));
  CHECK(!valid({0, -1, 0, 1}, {0, 2, 2, 4}));
  CHECK(!valid({2, 0, 0, 1}, {0, 2, 2, 4}));
  CHECK(!valid({0, 0, 0, 1}, {0, 2, 2, 4}));
  CHECK(!valid({0, 2, 0, 1}, {0, 2, 1, 4}));
  CHECK(!valid({0, 2, 0, 1}, {1, 2, 2, 4}));
  CHECK(!valid({0, 2, 0, 1}, {0, 2, 2, 5}));
}

template <class T>
void test_predict(std::size_t n, int dim, int k, Kind kind, Team& team) {
  current_case = text("predict: n = ", n, ", dim = ", dim, ", k = ", k, ", kind ",
                      static_cast<int>(kind), ", ", sizeof(T), " bytes");
  const std::vector<T> values = make_values<T>(n, dim, kind, 30);
  const Values x(values.begin(), values.end());
  const auto count = static_cast<std::size_t>(k * dim);
  const Values centers = make_values<double>(static_cast<std::size_t>(k), dim, kind, 31);
  std::vector<std::int32_t> labels(n);
  predict(std::span<const T>(values), dim, centers, labels.data(), team, {});
  CHECK_EQUAL(labels, reference_labels(x, centers, dim));
  double cost = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    cost += square_between(&x[i * static_cast<std::size_t>(dim)],
                           &centers[label * static_cast<std::size_t>(dim)], dim);
  }
  const double sum = inertia(std::span<const T>(values), dim, {}, centers, labels.data(), team);
  CHECK_NEAR(sum / (cost > 0 ? cost : 1), cost > 0 ? 1.0 : 0.0, 1e-12);
  if (kind != Kind::uniform) return;
  const std::vector<T> typed(centers.begin(), centers.end());
  CHECK_EQUAL(typed.size(), count);
  std::vector<T> far(n * static_cast<std::size_t>(k));
  distances(std::span<const T>(values), dim, std::span<const T>(typed), far.data(), team, {});
  for (std::size_t i = 0; i < far.size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(k);
    const std::size_t j = i % static_cast<std::size_t>(k);
    const Values center(typed.begin() + static_cast<std::ptrdiff_t>(j) * dim,
                        typed.begin() + static_cast<std::ptrdiff_t>(j + 1) * dim);
    const double square =
        square_between(&x[row * static_cast<std::size_t>(dim)], center.data(), dim);
    CHECK_NEAR(static_cast<double>(far[i]), std::sqrt(square), sizeof(T) == 4 ? 1e-5 : 1e-13);
  }
}

void test_repeats(Team& team) {
  current_case = "samples that are alike";
  std::vector<double> x = make_values<double>(20000, 3, Kind::uniform, 40);
  const auto repeats = [&] {
    return any_repeats(Samples(std::span<const double>(x), 3, {}, team), team);
  };
  CHECK(!repeats());
  std::copy_n(x.begin() + 60, 3, x.begin() + 45000);
  CHECK(repeats());
  std::iota(x.begin(), x.end(), 0.0);  // small whole numbers, all different
  CHECK(!repeats());
}

/// All that a fit makes.
Values run_job(int dim, int k, int threads) {
  Team team(threads);
  const std::size_t n = 20000;
  const std::vector<float> values = make_values<float>(n, dim, Kind::uniform, 10);
  const std::vector<double> weights = make_weights(n, false, 11);
  const Samples samples(std::span<const float>(values), dim, weights, team);
  SampleAssignment assignment(samples, k, team);
  Values all = seed_kmeanspp(samples, k, 12, team);
  const Fit fit = lloyd(assignment, all, {.max_iter = 9});
  all.insert(all.end(), fit.centers.begin(), fit.centers.end());
  all.push_back(fit.inertia);
  all.insert(all.end(), assignment.labels(), assignment.labels() + n);
  all.push_back(samples.variance(team));
  for (const std::uint64_t hash : hash_samples(samples, team)) {
    all.push_back(static_cast<double>(hash));
  }
  const Values wu = seed_wu(samples, k, 0, team);
  all.insert(all.end(), wu.begin(), wu.end());
  std::vector<float> far(n * static_cast<std::size_t>(k));
  const std::vector<float> centers(fit.centers.begin(), fit.centers.end());
  distances(std::span<const float>(values), dim, std::span<const float>(centers), far.data(), team,
            {});
  all.insert(all.end(), far.begin(), far.end());

  const std::vector<float> some = make_sparse<float>(3000, dim, 13);
  const OwnedCsr<float, std::int64_t> csr(some, dim);
  const SparseSamples sparse(csr.view(), dim, {}, team);
  SparseAssignment sparsely(sparse, k, team);
  const Fit other = lloyd(sparsely, seed_kmeanspp(sparse, k, 14, team), {.max_iter = 5});
  all.insert(all.end(), other.centers.begin(), other.centers.end());
  all.push_back(other.inertia);
  return all;
}

void test_same_bytes() {
  const std::string used = kernels().name;
  for (const int dim : {2, 9}) {
    const Values expected = run_job(dim, 25, 1);
    current_case = text("samples on three threads, dim = ", dim);
    CHECK(run_job(dim, 25, 3) == expected);
    for_each_isa([&](const char* isa) {
      if (isa == used) return;
      current_case = text("samples with ", isa, ", dim = ", dim);
      CHECK(run_job(dim, 25, 1) == expected);
    });
  }
}

}  // namespace

void test_samples() {
  Team one(1);
  Team three(3);
  for (const Kind kind : kKinds) {
    for (const int dim : {1, 2, 3, 8, 33}) {
      for (const int k : {1, 2, 5, 6, 7, 40}) {
        test_labels<double>(150, dim, k, kind, k % 2 == 0, one);
        test_labels<float>(70, dim, k, kind, k % 2 == 1, three);
      }
    }
    test_labels<double>(9000, 3, 7, kind, true, three);
  }
  for (const int dim : {1, 2, 5, 20}) {
    for (const int k : {1, 2, 9}) {
      for (const bool even : {true, false}) test_passes(dim, k, even, false, one);
      if (k > 1) test_passes(dim, k, true, true, three);
    }
    test_seedings(dim, three);
  }
  for (const int dim : {1, 7, 30}) {
    for (const int k : {1, 3, 9, 70}) {
      test_sparse<float, std::int32_t>(500, dim, k, true, one);
      test_sparse<double, std::int64_t>(1100, dim, k, false, three);
    }
  }
  test_sparse<float, std::int64_t>(300, 5, 4, false, one);
  test_sparse<double, std::int32_t>(300, 5, 4, true, three);
  test_broken_matrices();
  for (const Kind kind : kKinds) {
    for (const int dim : {1, 3, 8, 33}) {
      for (const int k : {1, 2, 7, 40}) {
        test_predict<float>(150, dim, k, kind, one);
        test_predict<double>(1100, dim, k, kind, three);
      }
    }
  }
  test_repeats(three);
  test_wu_cuts_where_clusters_part();
  test_hashes(three);
  test_same_bytes();
}
