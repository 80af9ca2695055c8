// Whole fits: their laws, and what a fitter keeps from one to the next.
#include <numeric>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "error.hpp"
#include "fit.hpp"
#include "vivid_regions.hpp"

namespace {

const Effort kBalanced = choose(kEfforts, "effort", "balanced");

int finish(Fitter& fitter) {
  int steps = 1;
  while (fitter.step()) ++steps;
  return steps;
}

Fitted fit_alone(const Colors& data, int k, const Effort& effort, const Bytes& fixed, Team& team) {
  const Histogram histogram = data.histogram();
  Fitter fitter(histogram, space_of(data.channels), team);
  fitter.fit(k, effort, 5, fixed);
  finish(fitter);
  return fitter.fitted();
}

void check_same(const Fitted& got, const Fitted& expected) {
  CHECK_EQUAL(got.colors, expected.colors);
  CHECK_EQUAL(got.counts, expected.counts);
  CHECK_EQUAL(got.labels, expected.labels);
  CHECK_EQUAL(got.centers, expected.centers);
  CHECK_EQUAL(got.cost, expected.cost);
  CHECK_EQUAL(got.mse, expected.mse);
  CHECK_EQUAL(got.n_iter, expected.n_iter);
}

/// What every result is: distinct colours, the most frequent first if `sorted`, and labels of the
/// nearest.
void check_fitted(const Fitted& found, const Colors& data, int k, const Bytes& fixed, Team& team,
                  bool sorted = true) {
  const int dim = data.channels;
  const Coords coords = place_all(data.colors, dim);
  const Coords placed = place_all(found.colors, dim);
  const std::size_t n = found.counts.size();
  CHECK_EQUAL(found.colors.size(), n * dim);
  CHECK_AT_MOST(static_cast<double>(n), k);
  CHECK_EQUAL(rows_of(placed, dim).size(), n);
  CHECK_EQUAL(found.labels, reference_labels(coords, placed, dim));
  CHECK_EQUAL(found.counts,
              reference_sums(coords, data.counts, found.labels, static_cast<int>(n), dim).weights);
  if (sorted) CHECK(std::is_sorted(found.counts.rbegin(), found.counts.rend()));
  const double unit = space_of(dim).steps();
  const double cost = reference_cost(coords, data.counts, found.labels, placed, dim);
  const double total =
      static_cast<double>(std::accumulate(data.counts.begin(), data.counts.end(), std::int64_t{0}));
  const Points points(data.colors, space_of(dim), data.counts, team);
  CHECK_NEAR(found.cost, cost / unit / unit, rounding(points) / unit / unit);
  CHECK_NEAR(found.mse,
             squared_error(data.colors, dim, data.counts, found.labels, found.colors, team) / total,
             1e-9 * (1 + found.mse));
  const auto entries = rows_of(placed, dim);
  for (const auto& color : rows_of(place_all(fixed, dim), dim)) CHECK(entries.contains(color));
}

void test_results() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    const Bytes fixed = make_visible(make_pixels(2, channels, Kind::noise, 50), channels);
    for (const auto& [name, effort] : kEfforts) {
      for (const int k : {2, 9, 40}) {
        if (name == "best" && k > 2) continue;  // which takes long
        for (const Kind kind : {Kind::smooth, Kind::few}) {
          current_case = text("a fit: ", name, ", k = ", k, ", dim = ", channels);
          const Colors data = make_colors(2500, channels, kind, 51);
          const Fitted found = fit_alone(data, k, effort, {}, one);
          // Those of bins are sorted by these.
          const bool sorted = !(effort.bins && current_space == SpaceName::srgb && channels == 3);
          check_fitted(found, data, k, {}, one, sorted);
          check_same(fit_alone(data, k, effort, {}, three), found);
          check_fitted(fit_alone(data, k, effort, fixed, three), data, k, fixed, one, sorted);
        }
      }
    }
  }
}

/// All colours are kept, and what is fixed besides, where there is room for them.
void test_all_kept() {
  Team team(1);
  current_case = "all colours kept";
  const Colors data(3, {9, 9, 9, 1, 2, 3, 1, 2, 4}, {4, 4, 7});
  const Fitted found = fit_alone(data, 5, kBalanced, {1, 2, 4, 0, 0, 0}, team);
  CHECK_EQUAL(found.colors, (Bytes{1, 2, 4, 1, 2, 3, 9, 9, 9, 0, 0, 0}));
  CHECK_EQUAL(found.counts, (Counts{7, 4, 4, 0}));
  CHECK_EQUAL(found.labels, (Labels{2, 1, 0}));
  CHECK_EQUAL(found.cost + found.mse + found.n_iter, 0.0);
  const Fitted few = fit_alone(data, 3, kBalanced, {1, 2, 4, 0, 0, 0}, team);
  CHECK_EQUAL(few.counts.size(), std::size_t{3});
  CHECK_EQUAL(few.colors, (Bytes{1, 2, 4, 9, 9, 9, 0, 0, 0}));
  CHECK_EQUAL(few.counts, (Counts{11, 4, 0}));
}

/// The cost falls from each k to the next, however badly the fits go: no pass is made here.
void test_growing(const Effort& effort, Team& team) {
  for (const int channels : {3, 4}) {
    for (const Kind kind : {Kind::noise, Kind::smooth, Kind::few}) {
      for (std::uint64_t seed = 60; seed < 63; ++seed) {
        current_case = text("growing, dim = ", channels, ", seed = ", seed);
        const Colors data = make_colors(300, channels, kind, seed);
        const Histogram histogram = data.histogram();
        Fitter fitter(histogram, space_of(channels), team);
        double before = std::numeric_limits<double>::infinity();
        for (const int k : {1, 2, 3, 4, 7, 8, 30, 31, 100, 299}) {
          fitter.grow(k, effort, 5);
          finish(fitter);
          check_fitted(fitter.fitted(), data, k, {}, team);
          CHECK(fitter.fitted().cost < before || fitter.fitted().cost == 0);
          before = fitter.fitted().cost;
        }
      }
    }
  }
}

/// What was fitted before, or given up, changes nothing in the next fit.
void test_reuse() {
  Team team(2);
  const Colors data = make_colors(30'000, 3, Kind::smooth, 70);  // so many that some are left out
  const Histogram histogram = data.histogram();
  Fitter fitter(histogram, space_of(3), team);
  for (const int k : {12, 3, 50, 12}) {
    current_case = text("a fitter used again, k = ", k);
    const Fitted expected = fit_alone(data, k, kBalanced, {}, team);
    fitter.fit(k, kBalanced, 5);
    const int steps = finish(fitter);
    check_same(fitter.fitted(), expected);
    CHECK_EQUAL(fitter.n_iter(), expected.n_iter);
    CHECK(!fitter.step());
    for (int given_up = 0; given_up < steps; given_up += 7) {
      fitter.grow(k, kBalanced, 5);
      for (int step = 0; step < given_up; ++step) fitter.step();
    }
  }
  current_case = "a fit that is given up while it grows";
  fitter.grow(4, kBalanced, 5);
  finish(fitter);
  fitter.grow(9, kBalanced, 5);
  fitter.step();
  CHECK_EQUAL(fitter.fitted().counts.size(), std::size_t{4});
  CHECK_THROWS(std::invalid_argument, (fitter.grow(3, kBalanced, 5), 0));
  fitter.grow(5, kBalanced, 5);
  finish(fitter);
  CHECK_EQUAL(fitter.fitted().counts.size(), std::size_t{5});
}

/// A few vivid pixels in many grey ones keep a colour, if they are looked for.
void test_vivid_regions() {
  Team team(2);
  current_case = "keeping a vivid spot";
  current_space = SpaceName::oklab;
  Random random(80);
  Bytes pixels;
  for (int i = 0; i < 90'000; ++i) {
    const bool spot = i % 900 == 0;
    for (const int level : {spot ? 215 : 120, spot ? 30 : 140, spot ? 35 : 110}) {
      int noise = 0;
      for (int draw = 0; draw < (spot ? 2 : 22); ++draw)
        noise += static_cast<int>(random.below(15)) - 7;
      pixels.push_back(static_cast<std::uint8_t>(std::clamp(level + noise, 0, 255)));
    }
  }
  const Colors data(count_colors(pixels, 3, team));
  const auto vivid = [](const Fitted& found) {
    for (std::size_t i = 0; i < found.colors.size(); i += 3) {
      if (found.colors[i] > found.colors[i + 1] + 120) return true;
    }
    return false;
  };
  Effort careless = kBalanced;
  careless.vivid_regions = false;
  const Fitted kept = fit_alone(data, 8, kBalanced, {}, team);
  const Fitted plain = fit_alone(data, 8, careless, {}, team);
  CHECK(vivid(kept));
  CHECK(!vivid(plain));
  CHECK(kept.n_iter > plain.n_iter);
  check_fitted(kept, data, 8, {}, team);
  CHECK(!vivid(fit_alone(data, 7, kBalanced, {}, team)));  // too few to give one away
}

void test_walk() {
  Team team(2);
  for (const auto& [name, seeding] : kSeedings) {
    for (const int channels : {3, 4}) {
      current_case = text("a walk from ", name, ", dim = ", channels);
      const Colors data = make_colors(2000, channels, Kind::smooth, 90);
      const Histogram histogram = data.histogram();
      Fitter fitter(histogram, space_of(channels), team);
      Walk walk(fitter, 10, seeding, 91);
      double before = std::numeric_limits<double>::infinity();
      int passes = 0;
      for (; !walk.done(); walk.step(), ++passes) {
        CHECK_AT_MOST(walk.cost(), before);
        before = walk.cost();
        std::int64_t all = 0;
        for (int j = 0; j < 10; ++j) all += walk.count(j);
        CHECK_EQUAL(all, fitter.points().total_weight());
        CHECK_EQUAL(walk.colors().size(), static_cast<std::size_t>(10 * channels));
      }
      CHECK(passes > 1);
      const Bytes last = walk.colors();
      walk.step();
      CHECK_EQUAL(walk.colors(), last);
      // From colours, of which the last is nobody's nearest: it stays.
      Bytes placed(histogram.colors.begin(), histogram.colors.begin() + 9 * channels);
      placed.insert(placed.end(), placed.begin(), placed.begin() + channels);
      Walk by_hand(fitter, placed);
      CHECK_EQUAL(by_hand.colors(), placed);
      CHECK_EQUAL(by_hand.count(9), std::int64_t{0});
      const double placed_cost = by_hand.cost();
      by_hand.step();
      CHECK(by_hand.cost() < placed_cost);
    }
  }
}

}  // namespace

void test_fitter() {
  Team one(1);
  for (const auto& [name, space] : kSpaces) {
    current_space = space;
    test_results();
    test_all_kept();
    test_growing({.start = 0, .rounds = 0, .passes = 0, .relaxed = 0, .plain = 0}, one);
    test_growing(kBalanced, one);
    test_reuse();
    test_walk();
  }
  test_vivid_regions();
}
