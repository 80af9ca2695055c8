// Fits: points and labels, seeds, passes of k-means, leaving local minima, and palettes.
#include <array>
#include <numeric>
#include <optional>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "improve.hpp"
#include "kernels.hpp"
#include "lloyd.hpp"
#include "palette.hpp"

namespace {

// ---- points and labels ----

void test_points() {
  current_case = "points";
  Team team(3);
  const Bytes colors{1, 2, 3, 4, 5, 6};
  const std::int64_t most = (std::int64_t{1} << 62) / space_of(3).max_coord();
  CHECK_EQUAL(Points(colors, space_of(3), Counts{most - 1, 1}, team).total_weight(), most);
  CHECK_THROWS(std::overflow_error, Points(colors, space_of(3), Counts{most, 1}, team));
  CHECK_THROWS(
      std::overflow_error,
      Points(colors, space_of(3), Counts{std::numeric_limits<std::int64_t>::max(), 1}, team));

  for (const int channels : {3, 4}) {
    const Colors data = make_colors(5000, channels, Kind::smooth, 8, true);
    const Points points(data.colors, space_of(channels), data.counts, team);
    const Coords coords = place_all(data.colors, channels);
    Coords got;
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (int axis = 0; axis < channels; ++axis) {
        got.push_back(static_cast<double>(points.at(i, axis)) + points.origin()[axis]);
      }
    }
    CHECK_EQUAL(got, coords);
    CHECK_EQUAL(points.dim(), channels);
    const Coords origin(points.origin().begin(), points.origin().end());
    const double square =
        reference_cost(coords, data.counts, Labels(data.size()), origin, channels);
    CHECK_NEAR(points.total_square(), square, rounding(points));
  }
}

void check_assignment(const Assignment& assignment, const Coords& points, const Counts& weights,
                      const Coords& centers) {
  const int dim = assignment.points().dim();
  const int k = assignment.k();
  const Labels labels = reference_labels(points, centers, dim);
  CHECK_EQUAL(labels_of(assignment), labels);

  const Sums sums = reference_sums(points, weights, labels, k, dim);
  Counts got_weights;
  Coords got_means;
  Coords means;
  for (int j = 0; j < k; ++j) {
    got_weights.push_back(assignment.weight(j));
    if (sums.weights[j] == 0) continue;
    std::array<double, kMaxDim> mean{};
    assignment.mean(j, mean.data());
    for (int axis = 0; axis < dim; ++axis) {
      got_means.push_back(mean[axis]);
      means.push_back(static_cast<double>(sums.coords[j * dim + axis]) /
                      static_cast<double>(sums.weights[j]));
    }
  }
  CHECK_EQUAL(got_weights, sums.weights);
  CHECK_EQUAL(got_means, means);

  // Centres far off add their own large squares that cancel.
  double far = 0;
  for (const double value : centers) far = std::max(far, std::abs(value));
  const double tolerance =
      rounding(assignment.points()) +
      1e-13 * dim * far * far * static_cast<double>(assignment.points().total_weight());
  CHECK_NEAR(assignment.cost(centers), reference_cost(points, weights, labels, centers, dim),
             tolerance);
}

std::int64_t count_changes(const Labels& from, const Labels& to, const Counts& weights) {
  std::int64_t changes = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    changes += weights[i] > 0 && (from.empty() || from[i] != to[i]);
  }
  return changes;
}

void test_assignment(const Colors& data, int k, Team& team) {
  const int dim = data.channels;
  const Points points(data.colors, space_of(dim), data.counts, team);
  const Coords coords = place_all(data.colors, dim);
  Assignment assignment(points, k, team);
  Random random(static_cast<std::uint64_t>(k));
  Labels before;
  const auto update = [&](const Coords& centers, const std::string& name) {
    current_case = text(name, ": n = ", data.size(), ", k = ", k, ", dim = ", dim,
                        ", threads = ", team.size());
    const std::int64_t changed = assignment.update(centers);
    check_assignment(assignment, coords, data.counts, centers);
    const Labels labels = labels_of(assignment);
    CHECK_EQUAL(changed, count_changes(before, labels, data.counts));
    before = labels;
  };
  for (int style = 0; style < 4; ++style) {
    Coords centers = make_centers(coords, k, dim, style, random);
    update(centers, text("centres of style ", style));
    for (double& value : centers) value += 4 * random.uniform() - 2;
    update(centers, "a short move");
    if (style % 2) centers.back() = std::floor(centers.back());
    update(centers, "one centre moves");
  }

  // Clusters get other numbers, and all else stays.
  const Coords last = make_centers(coords, k, dim, 0, random);
  update(last, "before renumbering");
  std::vector<int> order(k);
  std::iota(order.begin(), order.end(), 0);
  for (int j = k - 1; j > 0; --j) std::swap(order[j], order[random.below(j + 1)]);
  Coords renumbered;
  for (const int j : order) {
    renumbered.insert(renumbered.end(), last.begin() + j * dim, last.begin() + (j + 1) * dim);
  }
  assignment.permute(order);
  Labels names(k);
  for (int j = 0; j < k; ++j) names[order[j]] = static_cast<std::uint16_t>(j);
  for (std::uint16_t& label : before) label = names[label];
  CHECK_EQUAL(labels_of(assignment), before);
  update(renumbered, "after renumbering");

  const Coords equal(k * dim, 100.0);
  update(equal, "equal centres");
  CHECK_EQUAL(assignment.update(equal), 0);
}

void test_assignments() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const int k : {1, 2, 3, 4, 8, 15, 16, 17, 33, 64, 255, 256, 257, 300}) {
      test_assignment(make_colors(1500, channels, Kind::noise, 9, k % 2), k, k % 3 ? one : three);
    }
    for (const std::size_t n : {1, 2, 63, 64, 65, 129}) {
      test_assignment(make_colors(n, channels, Kind::noise, 10), 5, one);
    }
    // Trees of two and three levels, and clusters that fill whole blocks.
    test_assignment(make_colors(6000, channels, Kind::smooth, 11), 12, three);
    test_assignment(make_colors(40000, channels, Kind::noise, 12), 37, three);
  }
  // A grid of colours and centres between them: every distance is tied.
  Colors grid(3, {}, {});
  for (int i = 0; i < 16 * 16 * 16; ++i) {
    for (const int shift : {8, 4, 0}) {
      grid.colors.push_back(static_cast<std::uint8_t>((i >> shift & 15) * 2));
    }
    grid.counts.push_back(1 + i % 7);
  }
  test_assignment(grid, 300, one);
  const Points points(grid.colors, space_of(3), grid.counts, one);
  Assignment assignment(points, 300, one);
  Coords centers;
  Random random(13);
  for (int i = 0; i < 900; ++i) centers.push_back(1.0 + 2 * static_cast<double>(random.below(15)));
  current_case = "centres between the colours of a grid";
  assignment.update(centers);
  check_assignment(assignment, place_all(grid.colors, 3), grid.counts, centers);
}

// ---- k-means ----

void test_seedings(const Colors& data, int k, Team& team) {
  const int dim = data.channels;
  const Points points(data.colors, space_of(dim), data.counts, team);
  const Coords coords = place_all(data.colors, dim);
  Coords weighted;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data.counts[i] == 0) continue;
    weighted.insert(weighted.end(), coords.begin() + i * dim, coords.begin() + (i + 1) * dim);
  }
  const auto known = rows_of(weighted, dim);
  const auto [low, high] = std::minmax_element(weighted.begin(), weighted.end());
  for (const auto& [name, seeding] : kSeedings) {
    current_case = text(name, ": n = ", data.size(), ", k = ", k, ", dim = ", dim);
    const Coords centers = seeding(points, k, 14, team);
    CHECK_EQUAL(centers.size(), static_cast<std::size_t>(k * dim));
    CHECK_EQUAL(seeding(points, k, 14, team), centers);
    const auto rows = rows_of(centers, dim);
    CHECK_EQUAL(rows.size(), static_cast<std::size_t>(k));
    CHECK_AT_MOST(*low - 1e-6, *std::min_element(centers.begin(), centers.end()));
    CHECK_AT_MOST(*std::max_element(centers.begin(), centers.end()), *high + 1e-6);
    if (name != "wu") {
      CHECK(std::includes(known.begin(), known.end(), rows.begin(), rows.end()));
    }
  }
}

/// Each centre of maximin is as far from those before it as any point of positive weight is.
void test_maximin_is_farthest(const Colors& data, Team& team) {
  const int dim = data.channels;
  current_case = text("maximin takes the farthest, dim = ", dim);
  const Points points(data.colors, space_of(dim), data.counts, team);
  const Coords coords = place_all(data.colors, dim);
  const Coords centers = seed_maximin(points, 20, 15, team);
  Coords nearest(data.size(), std::numeric_limits<double>::infinity());
  for (int j = 0; j + 1 < 20; ++j) {
    double most = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      nearest[i] = std::min(nearest[i], square_between(&coords[i * dim], &centers[j * dim], dim));
      if (data.counts[i] > 0) most = std::max(most, nearest[i]);
    }
    double got = std::numeric_limits<double>::infinity();
    for (int other = 0; other <= j; ++other) {
      got = std::min(got, square_between(&centers[(j + 1) * dim], &centers[other * dim], dim));
    }
    CHECK_NEAR(got, most, 1e-6 * most);
  }
}

void test_seedings() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const Kind kind : {Kind::noise, Kind::smooth}) {
      const Colors data = make_colors(3000, channels, kind, 16, true);
      for (const int k : {1, 2, 7, 256}) test_seedings(data, k, k % 2 ? one : three);
    }
    const Colors small = make_colors(50, channels, Kind::noise, 17);
    test_seedings(small, static_cast<int>(small.size()), one);
    test_seedings(make_colors(1, channels, Kind::same, 18), 1, one);
    test_maximin_is_farthest(make_colors(3000, channels, Kind::noise, 19, true), three);
  }

  current_case = "draws follow the weights and the seed";
  const Counts counts{3000, 1000};
  const Points points(Bytes{0, 0, 0, 9, 9, 9}, space_of(3), counts, one);
  for (const auto& name : {"k-means++", "maximin", "random"}) {
    int first = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      first += choose(kSeedings, "seeding", name)(points, 1, seed, one)[0] == 0;
    }
    CHECK_NEAR(first, 300, 40);
  }
}

void test_lloyd(const Colors& data, int k, Team& team) {
  const int dim = data.channels;
  current_case = text("Lloyd: k = ", k, ", dim = ", dim);
  const Points points(data.colors, space_of(dim), data.counts, team);
  const Coords coords = place_all(data.colors, dim);
  const Coords start = seed_kmeanspp(points, k, 20, team);

  const auto fit_from = [&](const Coords& from, const LloydOptions& options) {
    Assignment assignment(points, k, team);
    return lloyd(assignment, from, options);
  };

  // Passes against the definition. Seeds are points, so no cluster is empty at first.
  Coords centers = start;
  double cost = std::numeric_limits<double>::infinity();
  for (int pass = 1; pass <= 12; ++pass) {
    const Labels labels = reference_labels(coords, centers, dim);
    const Sums sums = reference_sums(coords, data.counts, labels, k, dim);
    CHECK_AT_MOST(reference_cost(coords, data.counts, labels, centers, dim), cost);
    if (std::count(sums.weights.begin(), sums.weights.end(), 0) > 0) break;
    for (int i = 0; i < k * dim; ++i) {
      centers[i] = static_cast<double>(sums.coords[i]) / static_cast<double>(sums.weights[i / dim]);
    }
    const double next = reference_cost(coords, data.counts, labels, centers, dim);
    CHECK_AT_MOST(next, cost);
    cost = next;
    const Fit fit = fit_from(start, {.max_iter = pass});
    CHECK_AT_MOST(fit.n_iter, pass);
    CHECK_EQUAL(fit.centers, centers);
    CHECK_NEAR(fit.inertia, cost, rounding(points));
  }

  // At convergence nothing moves, whatever the way there, and whatever the labels were before.
  Assignment assignment(points, k, team);
  for (const int relaxed : {0, 3, 10, 0}) {
    const Fit fit = lloyd(assignment, start, {.max_iter = 1000, .relaxed = relaxed});
    CHECK(fit.converged);
    CHECK_AT_MOST(fit.inertia, reference_cost(coords, data.counts,
                                              reference_labels(coords, start, dim), start, dim));
    check_assignment(assignment, coords, data.counts, fit.centers);
    CHECK_EQUAL(lloyd(assignment, fit.centers, {}).centers, fit.centers);
    CHECK_EQUAL(lloyd(assignment, fit.centers, {}).n_iter, 1);
  }

  // A fit continues from labels that its own centres may have led to.
  Assignment used(points, k, team);
  lloyd(used, start, {.max_iter = 1});
  CHECK_EQUAL(lloyd(used, start, {.max_iter = 3}).centers,
              fit_from(start, {.max_iter = 3}).centers);

  // Passes some at a time come to the same, as long as those that may be over-relaxed come first.
  for (const int relaxed : {0, 4}) {
    Assignment apart(points, k, team);
    Fit some{start, 0, 0, false};
    for (int made = 0; made < 9 && !some.converged; made += some.n_iter) {
      const int left = std::max(0, relaxed - made);
      some = lloyd(apart, some.centers, {.max_iter = std::min(2, 9 - made), .relaxed = left});
    }
    CHECK_EQUAL(some.centers, fit_from(start, {.max_iter = 9, .relaxed = relaxed}).centers);
  }

  // Equal centres leave all clusters but one empty, which is mended.
  const Coords equal(start.size(), 0.0);
  const Fit mended = lloyd(assignment, equal, {});
  CHECK_EQUAL(rows_of(mended.centers, dim).size(), static_cast<std::size_t>(k));
  for (int j = 0; j < k; ++j) CHECK(assignment.weight(j) > 0);
}

void test_lloyd() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const int k : {1, 2, 10, 100}) {
      test_lloyd(make_colors(3000, channels, Kind::smooth, 21), k, one);
      test_lloyd(make_colors(1000, channels, Kind::noise, 22, true), k, three);
    }
    current_case = text("as many clusters as colours, ", channels, " channels");
    const Colors data = make_colors(40, channels, Kind::few, 23);
    const int k = static_cast<int>(data.size());
    const Points points(data.colors, space_of(channels), data.counts, one);
    Assignment assignment(points, k, one);
    for (const auto& [name, seeding] : kSeedings) {
      const Fit fit = lloyd(assignment, seeding(points, k, 24, one), {});
      CHECK_NEAR(fit.inertia, 0.0, rounding(points));
      CHECK(rows_of(fit.centers, channels) == rows_of(place_all(data.colors, channels), channels));
    }
  }
}

void test_improve() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const int k : {1, 2, 3, 30, 256}) {
      current_case = text("leaving local minima: k = ", k, ", dim = ", channels);
      const Colors data = make_colors(3000, channels, Kind::smooth, 34, k == 30);
      Team& team = k % 2 ? one : three;
      const Points points(data.colors, space_of(channels), data.counts, team);
      const Coords coords = place_all(data.colors, channels);
      Assignment assignment(points, k, team);
      const Fit fit = lloyd(assignment, seed_random(points, k, 35, team), {});
      Coords centers = fit.centers;
      const int n_iter = improve(assignment, centers, {.rounds = 5, .passes = 4});
      CHECK(0 <= n_iter && n_iter <= 5 * (4 + 1));
      CHECK_EQUAL(centers.size(), fit.centers.size());
      const Labels labels = reference_labels(coords, centers, channels);
      CHECK_AT_MOST(reference_cost(coords, data.counts, labels, centers, channels),
                    fit.inertia + rounding(points));
    }
  }
}

void test_grow() {
  Team team(1);
  for (const int channels : {3, 4}) {
    const Colors data = make_colors(3000, channels, Kind::smooth, 36);
    const Points points(data.colors, space_of(channels), data.counts, team);
    const Coords coords = place_all(data.colors, channels);
    for (const int k : {1, 2, 30}) {
      Assignment assignment(points, k, team);
      const Coords centers = lloyd(assignment, seed_wu(points, k, 0, team), {}).centers;
      for (const int more : {0, 1, k / 2, k}) {
        current_case = text("growing from ", k, " by ", more, ", dim = ", channels);
        const Coords grown = grow(assignment, centers, k + more);
        CHECK_EQUAL(grown.size(), static_cast<std::size_t>((k + more) * channels));
        // Each new centre lies opposite to one that was there, which stood between them.
        int moved = 0;
        for (int j = 0; j < k; ++j) {
          const bool stays = std::equal(&grown[j * channels], &grown[j * channels] + channels,
                                        &centers[j * channels]);
          moved += !stays;
          bool found = stays;
          for (int i = k; i < k + more; ++i) {
            double square = 0;
            for (int a = 0; a < channels; ++a) {
              const double middle = (grown[j * channels + a] + grown[i * channels + a]) / 2;
              square += std::pow(middle - centers[j * channels + a], 2);
            }
            found |= square < 1e-6;
          }
          CHECK(found);
        }
        CHECK_EQUAL(moved, more);
        const Labels labels = reference_labels(coords, grown, channels);
        CHECK_AT_MOST(reference_cost(coords, data.counts, labels, grown, channels),
                      assignment.cost(centers) + rounding(points));
      }
    }
  }
  current_case = "growing by the widest, and by copies where nothing can be split";
  const Bytes colors = {0, 0, 0, 1, 0, 0, 200, 0, 0, 255, 0, 0};
  const Counts counts = {1, 1, 1, 1};
  const Space srgb(SpaceName::srgb, 3);
  const Points points(colors, srgb, counts, team);
  Assignment wide(points, 2, team);
  const Coords two = lloyd(wide, {0, 0, 0, 255, 0, 0}, {}).centers;
  const Coords three = grow(wide, two, 3);
  CHECK_EQUAL(three[0], two[0]);
  CHECK(three[3] < 227.5 && 227.5 < three[6]);
  const Counts five = {5};
  const Points alone(Bytes{9, 9, 9}, srgb, five, team);
  Assignment single(alone, 1, team);
  const Coords one = lloyd(single, {9, 9, 9}, {}).centers;
  CHECK_EQUAL(grow(single, one, 2), (Coords{one[0], one[1], one[2], one[0], one[1], one[2]}));
}

/// Clusters whose centres must not move, whatever is done with the others.
void test_pinned() {
  Team team(3);
  for (const int channels : {3, 4}) {
    for (const int n_pinned : {1, 3, 12}) {
      const int k = 12;
      current_case = text("pinned: ", n_pinned, " of ", k, ", dim = ", channels);
      const Colors data = make_colors(3000, channels, Kind::smooth, 40);
      const Points points(data.colors, space_of(channels), data.counts, team);
      const Bytes colors = make_pixels(n_pinned, channels, Kind::noise, 41);
      const Coords pins = place_all(make_visible(colors, channels), channels);
      Coords centers = pins;
      const Coords seeds = seed_random(points, k, 42, team);
      centers.insert(centers.end(), seeds.begin() + n_pinned * channels, seeds.end());
      const auto pins_of = [&](const Coords& all) {
        return Coords(all.begin(), all.begin() + n_pinned * channels);
      };
      Assignment assignment(points, k, team);
      assignment.pin(n_pinned);
      Fit fit = lloyd(assignment, centers, {.max_iter = 20, .relaxed = 4});
      CHECK_EQUAL(pins_of(fit.centers), pins);
      const double cost = fit.inertia;
      improve(assignment, fit.centers, {.rounds = 6, .passes = 4, .shaken = 6});
      CHECK_EQUAL(pins_of(fit.centers), pins);
      CHECK_AT_MOST(assignment.cost(fit.centers), cost + rounding(points));
      if (n_pinned < k) CHECK(fit.centers != centers);
      assignment.update(fit.centers);
      const Coords more = grow(assignment, fit.centers, k + 5);
      CHECK_EQUAL(pins_of(more), pins);

      const Bytes fixed = make_visible(colors, channels);
      const Bytes rounded = round_centers(assignment, fit.centers, fixed);
      std::set<Bytes> entries;
      for (std::size_t i = 0; i < rounded.size(); i += channels) {
        entries.insert(Bytes(rounded.begin() + i, rounded.begin() + i + channels));
      }
      CHECK_EQUAL(entries.size(), static_cast<std::size_t>(k));
      for (std::size_t i = 0; i < fixed.size(); i += channels) {
        CHECK(entries.contains(Bytes(fixed.begin() + i, fixed.begin() + i + channels)));
      }
    }
  }
}

// ---- palettes ----

void test_round_centers(const Colors& data, int k, Team& team) {
  const int dim = data.channels;
  const Points points(data.colors, space_of(dim), data.counts, team);
  const Coords coords = place_all(data.colors, dim);
  Assignment assignment(points, k, team);
  Random random(25);
  for (int style = 0; style < 5; ++style) {
    current_case =
        text("rounding: n = ", data.size(), ", k = ", k, ", dim = ", dim, ", style = ", style);
    Coords centers = style < 4 ? make_centers(coords, k, dim, style, random)
                               : lloyd(assignment, seed_wu(points, k, 0, team), {}).centers;
    const Bytes colors = round_centers(assignment, centers);
    const Coords placed = place_all(colors, dim);
    CHECK_EQUAL(rows_of(placed, dim).size(), static_cast<std::size_t>(k));
    check_assignment(assignment, coords, data.counts, placed);
    for (int j = 0; j + 1 < k; ++j) CHECK(assignment.weight(j) >= assignment.weight(j + 1));

    Bytes plain(colors.size());
    for (int j = 0; j < k; ++j) space_of(dim).unplace(&centers[j * dim], &plain[j * dim]);
    const Coords plain_coords = place_all(plain, dim);
    CHECK_AT_MOST(reference_cost(coords, data.counts, labels_of(assignment), placed, dim),
                  reference_cost(coords, data.counts, reference_labels(coords, plain_coords, dim),
                                 plain_coords, dim));
  }
}

void test_palettes() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const int k : {1, 2, 16, 256}) {
      test_round_centers(make_colors(2000, channels, Kind::smooth, 26), k, one);
      test_round_centers(make_colors(1000, channels, Kind::noise, 27), k, three);
    }
    const Colors few = make_colors(30, channels, Kind::few, 28);
    test_round_centers(few, static_cast<int>(few.size()), one);
    test_round_centers(make_colors(1, channels, Kind::same, 29), 1, one);
  }
}

}  // namespace

void test_fits() {
  for (const SpaceName name : {SpaceName::srgb, SpaceName::oklab}) {
    current_space = name;
    test_points();
    test_assignments();
    test_seedings();
    test_lloyd();
    test_improve();
    test_pinned();
    test_grow();
    test_palettes();
  }
}
