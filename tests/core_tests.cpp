// Tests of the core against plain references, without Python.
//
// `make core-test` runs them under sanitizers, once for each instruction set that the machine has.
// Exit status: 0 if all is well, 1 if a check failed, 77 if KPALETTE_ISA cannot run here.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "assignment.hpp"
#include "core_checks.hpp"
#include "delta_e.hpp"
#include "histogram.hpp"
#include "improve.hpp"
#include "kernels.hpp"
#include "lloyd.hpp"
#include "morton.hpp"
#include "palette.hpp"
#include "parallel.hpp"
#include "points.hpp"
#include "random.hpp"
#include "remap.hpp"
#include "seeding.hpp"
#include "spaces.hpp"

using namespace kpalette;

namespace {

// ---- data ----

using Bytes = std::vector<std::uint8_t>;
using Counts = std::vector<std::int64_t>;
using Labels = std::vector<std::uint16_t>;
using Coords = std::vector<double>;  // (n, dim), absolute

/// A histogram in plain vectors.
struct Colors {
  int channels = 3;
  Bytes colors;
  Counts counts;

  Colors(int channels, const Bytes& colors, const Counts& counts)
      : channels(channels), colors(colors), counts(counts) {}
  explicit Colors(const Histogram& histogram)
      : channels(histogram.channels),
        colors(histogram.colors.begin(), histogram.colors.end()),
        counts(histogram.counts.begin(), histogram.counts.end()) {}

  std::size_t size() const { return counts.size(); }
  Histogram histogram() const {
    return {channels, {colors.begin(), colors.end()}, {counts.begin(), counts.end()}};
  }
};

enum class Kind { noise, same, few, smooth };
constexpr Kind kKinds[] = {Kind::noise, Kind::same, Kind::few, Kind::smooth};

/// Pixels (n, channels) of uniform noise, of one colour, of 40 colours, or like a photo's.
/// Some have an alpha of 0 and a hidden colour.
Bytes make_pixels(std::size_t n, int channels, Kind kind, std::uint64_t seed) {
  Random random(seed);
  const auto width = static_cast<std::size_t>(channels);
  Bytes few(40 * width);
  for (std::uint8_t& value : few) value = static_cast<std::uint8_t>(random.below(256));
  Bytes pixels(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t color = kind == Kind::few ? random.below(40) : 0;
    const auto level = static_cast<std::size_t>(i * 200 / n);
    for (std::size_t channel = 0; channel < width; ++channel) {
      std::uint8_t& value = pixels[i * width + channel];
      if (kind == Kind::noise) {
        value = static_cast<std::uint8_t>(random.below(256));
      } else if (kind == Kind::smooth) {
        value = static_cast<std::uint8_t>(level / (1 + channel) + random.below(24));
      } else {
        value = few[color * width + channel];
      }
    }
    if (channels == 4 && pixels[i * 4 + 3] < 8) pixels[i * 4 + 3] = 0;
  }
  return pixels;
}

/// The same without the hidden colours.
Bytes make_visible(Bytes pixels, int channels) {
  for (std::size_t i = 0; channels == 4 && i < pixels.size(); i += 4) {
    if (pixels[i + 3] == 0) std::fill_n(pixels.data() + i, 4, std::uint8_t{0});
  }
  return pixels;
}

/// At most n distinct colours in Morton order; a fifth of the counts are 0 where `with_zeros`.
Colors make_colors(std::size_t n, int channels, Kind kind, std::uint64_t seed,
                   bool with_zeros = false) {
  Team team(1);
  Random random(seed + 1);
  Colors colors(count_colors(make_pixels(2 * n, channels, kind, seed), channels, team));
  const std::size_t size = std::min(n, colors.size());
  colors.colors.resize(size * static_cast<std::size_t>(channels));
  colors.counts.resize(size);
  for (std::int64_t& count : colors.counts) {
    count = 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(24)));
    if (with_zeros && random.below(5) == 0) count = 0;
  }
  colors.counts[0] = 1;
  return colors;
}

/// What the tests of fits run in.
SpaceName current_space = SpaceName::srgb;

Space space_of(int channels) { return {current_space, channels}; }

constexpr SpaceName kSpaces[] = {SpaceName::srgb, SpaceName::linear, SpaceName::oklab,
                                 SpaceName::lab};

Coords place_all(const Bytes& colors, int channels) {
  const std::size_t n = colors.size() / channels;
  std::vector<std::int32_t> by_axis(colors.size());
  space_of(channels).place(colors, by_axis.data(), n);
  Coords coords;
  for (std::size_t i = 0; i < n; ++i) {
    for (int axis = 0; axis < channels; ++axis) coords.push_back(by_axis[axis * n + i]);
  }
  return coords;
}

/// Centres near the data: points, integers, reals, or those with copies and some far away.
Coords make_centers(const Coords& points, int k, int dim, int style, Random& random) {
  const auto [low, high] = std::minmax_element(points.begin(), points.end());
  const double extent = *high - *low + 1;
  Coords centers;
  for (int j = 0; j < k; ++j) {
    const std::size_t point = random.below(points.size() / dim) * dim;
    for (int axis = 0; axis < dim; ++axis) {
      double value = points[point + axis];
      if (style >= 1) value = std::floor(*low + extent * random.uniform());
      if (style >= 2) value = *low + extent * random.uniform();
      centers.push_back(value);
    }
    const int other = static_cast<int>(random.below(j + 1));
    for (int axis = 0; axis < dim && style == 3 && j % 3 == 2; ++axis) {
      centers[j * dim + axis] = j % 2 ? 3 * centers[j * dim + axis] : centers[other * dim + axis];
    }
  }
  return centers;
}

// ---- references ----

/// The bits of a colour interleaved, the most significant first; 0 for transparent ones.
std::uint32_t interleave(const std::uint8_t* color, int channels) {
  if (channels == 4 && color[3] == 0) return 0;
  std::uint32_t code = 0;
  for (int bit = 7; bit >= 0; --bit) {
    if (channels == 4) code = code << 1 | (color[3] >> bit & 1u);
    for (int channel = 0; channel < 3; ++channel) code = code << 1 | (color[channel] >> bit & 1u);
  }
  return code;
}

Colors reference_histogram(const Bytes& colors, const Counts& counts, int channels) {
  std::map<std::uint32_t, std::int64_t> sums;
  std::map<std::uint32_t, const std::uint8_t*> color_of;
  const Bytes visible = make_visible(colors, channels);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint8_t* color = visible.data() + i * channels;
    const std::uint32_t code = interleave(color, channels);
    sums[code] += counts[i];
    color_of[code] = color;
  }
  Colors histogram(channels, {}, {});
  for (const auto& [code, sum] : sums) {
    if (sum == 0) continue;
    const std::uint8_t* color = color_of[code];
    histogram.colors.insert(histogram.colors.end(), color, color + channels);
    histogram.counts.push_back(sum);
  }
  return histogram;
}

double square_between(const double* a, const double* b, int dim) {
  double sum = 0;
  for (int axis = 0; axis < dim; ++axis) {
    const double offset = a[axis] - b[axis];
    sum += offset * offset;
  }
  return sum;
}

Labels reference_labels(const Coords& points, const Coords& centers, int dim) {
  Labels labels;
  for (std::size_t i = 0; i < points.size(); i += dim) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j * dim < centers.size(); ++j) {
      const double square = square_between(&points[i], &centers[j * dim], dim);
      if (square < least) {
        least = square;
        best = j;
      }
    }
    labels.push_back(static_cast<std::uint16_t>(best));
  }
  return labels;
}

struct Sums {
  Counts weights;  // (k)
  Counts coords;   // (k, dim)
};

Sums reference_sums(const Coords& points, const Counts& weights, const Labels& labels, int k,
                    int dim) {
  Sums sums{Counts(k), Counts(k * dim)};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    sums.weights[labels[i]] += weights[i];
    for (int axis = 0; axis < dim; ++axis) {
      sums.coords[labels[i] * dim + axis] +=
          weights[i] * static_cast<std::int64_t>(points[i * dim + axis]);
    }
  }
  return sums;
}

double reference_cost(const Coords& points, const Counts& weights, const Labels& labels,
                      const Coords& centers, int dim) {
  long double cost = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    cost += static_cast<long double>(weights[i]) *
            square_between(&points[i * dim], &centers[labels[i] * dim], dim);
  }
  return static_cast<double>(cost);
}

Labels labels_of(const Assignment& assignment) {
  return {assignment.labels(), assignment.labels() + assignment.points().size()};
}

/// The core adds up large squares of which most cancels: what that may lose.
double rounding(const Points& points) { return 1e-13 * points.total_square(); }

std::set<std::vector<double>> rows_of(const Coords& coords, int dim) {
  std::set<std::vector<double>> rows;
  for (std::size_t i = 0; i < coords.size(); i += dim) {
    rows.insert({coords.begin() + i, coords.begin() + i + dim});
  }
  return rows;
}

// ---- threads ----

void test_team() {
  for (const int threads : {1, 2, 3}) {
    current_case = text("team of ", threads);
    Team team(threads);
    CHECK_EQUAL(team.size(), threads);
    team.run(0, [](std::size_t, int) { throw std::logic_error("there is no task"); });

    std::vector<int> calls(10000);
    std::atomic<bool> known_workers{true};
    team.run(calls.size(), [&](std::size_t task, int worker) {
      ++calls[task];
      if (worker < 0 || worker >= threads) known_workers = false;
    });
    CHECK(known_workers);
    CHECK_EQUAL(calls, std::vector<int>(calls.size(), 1));

    for (const std::size_t culprit : {0, 1, 99}) {
      const auto fail = [&](std::size_t task, int) {
        if (task == culprit) throw std::domain_error("task");
      };
      CHECK_THROWS(std::domain_error, (team.run(100, fail), 0));
    }
    CHECK_THROWS(std::runtime_error,
                 (team.run(50, [](std::size_t, int) { throw std::runtime_error("all"); }), 0));

    // The team works on after failures, through many short rounds.
    std::atomic<std::int64_t> sum{0};
    for (int round = 0; round < 3000; ++round) {
      team.run(5, [&](std::size_t task, int) { sum += static_cast<std::int64_t>(task); });
    }
    CHECK_EQUAL(sum.load(), 30000);
  }
  current_case = "teams that start and stop";
  std::atomic<int> tasks{0};
  for (int round = 0; round < 100; ++round) {
    Team team(3);
    if (round % 2) team.run(4, [&](std::size_t, int) { ++tasks; });
  }
  CHECK_EQUAL(tasks.load(), 200);
}

// ---- colours ----

template <int Channels>
void test_morton() {
  current_case = text("Morton codes, ", Channels, " channels");
  const Bytes colors = make_pixels(2000, Channels, Kind::noise, 1);
  const Bytes visible = make_visible(colors, Channels);
  bool codes_agree = true;
  bool inverse = true;
  for (std::size_t i = 0; i < colors.size(); i += Channels) {
    std::uint8_t color[Channels];
    const std::uint32_t code = morton<Channels>(&colors[i]);
    codes_agree &= code == interleave(&colors[i], Channels);
    unmorton<Channels>(code, color);
    inverse &= std::equal(color, color + Channels, &visible[i]);
  }
  CHECK(codes_agree);
  CHECK(inverse);
}

void test_round_trips(int channels) {
  current_case = text("space ", static_cast<int>(current_space), ", ", channels, " channels");
  Bytes colors = make_pixels(20000, channels, Kind::noise, 2);
  for (int corner = 0; corner < 1 << channels; ++corner) {
    for (int channel = 0; channel < channels; ++channel) {
      colors.push_back(static_cast<std::uint8_t>((corner >> channel & 1) * 255));
    }
  }
  const Space space = space_of(channels);
  const Coords coords = place_all(colors, channels);
  const auto middle = space.middle();
  Bytes back(colors.size());
  double reach = 0;
  for (std::size_t i = 0; i < coords.size(); i += channels) {
    space.unplace(&coords[i], &back[i]);
    for (int axis = 0; axis < channels; ++axis) {
      const double value = coords[i + axis];
      reach = std::max({reach, std::abs(value), std::abs(value - middle[axis])});
    }
  }
  if (channels == 3 || current_space == SpaceName::srgb) {
    CHECK_EQUAL(back, make_visible(colors, channels));
  } else {
    // Little is left of a hardly visible colour on this grid.
    int worst = 0;
    for (std::size_t i = 0; i < colors.size(); ++i) {
      if (colors[i / 4 * 4 + 3] >= 16) worst = std::max(worst, std::abs(back[i] - colors[i]));
    }
    CHECK_AT_MOST(worst, 1);
  }
  CHECK_AT_MOST(reach, space.max_coord());
}

/// Squared distances with alpha: the mean of those over black and over white, mixed in the space.
void test_alpha() {
  current_case = text("alpha in space ", static_cast<int>(current_space));
  const Bytes a = make_pixels(2000, 4, Kind::noise, 3);
  const Bytes b = make_pixels(2000, 4, Kind::noise, 4);
  const Coords coords_a = place_all(a, 4);
  const Coords coords_b = place_all(b, 4);
  const double unit = space_of(4).steps();
  const auto over = [&](const Bytes& colors, std::size_t i, std::uint8_t backdrop) {
    const Bytes opaque{colors[i], colors[i + 1], colors[i + 2], backdrop, backdrop, backdrop};
    const Coords coords = place_all(opaque, 3);
    const double alpha = colors[i + 3] / 255.0;
    std::array<double, 3> mixed;
    for (int axis = 0; axis < 3; ++axis) {
      mixed[axis] = (alpha * coords[axis] + (1 - alpha) * coords[3 + axis]) / space_of(3).steps();
    }
    return mixed;
  };
  double worst = 0;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); i += 4) {
    double expected = 0;
    for (const std::uint8_t backdrop : {0, 255}) {
      expected += square_between(over(a, i, backdrop).data(), over(b, i, backdrop).data(), 3) / 2;
    }
    const double square = square_between(&coords_a[i], &coords_b[i], 4) / (unit * unit);
    worst = std::max(worst, std::abs(square - expected));
    most = std::max(most, expected);
  }
  CHECK_AT_MOST(worst, 1e-5 * most);  // coordinates are rounded to a grid
}

/// Known colours of the perceptual spaces.
void test_known_colors() {
  struct Known {
    SpaceName name;
    Bytes color;
    std::array<double, 3> coords;
  };
  const Known known[] = {
      // Ottosson (2020) and CIE 15:2018 by way of other implementations, which round their
      // constants in other ways.
      {SpaceName::oklab, {255, 0, 0}, {0.62796, 0.22486, 0.12585}},
      {SpaceName::oklab, {0, 255, 0}, {0.86644, -0.23389, 0.17950}},
      {SpaceName::oklab, {0, 0, 255}, {0.45201, -0.03246, -0.31153}},
      {SpaceName::oklab, {255, 255, 255}, {1, 0, 0}},
      {SpaceName::oklab, {0, 0, 0}, {0, 0, 0}},
      {SpaceName::lab, {255, 0, 0}, {0.53241, 0.80092, 0.67203}},
      {SpaceName::lab, {0, 255, 0}, {0.87735, -0.86183, 0.83179}},
      {SpaceName::lab, {0, 0, 255}, {0.32297, 0.79188, -1.07860}},
      {SpaceName::lab, {255, 255, 255}, {1, 0, 0}},
      {SpaceName::lab, {0, 0, 0}, {0, 0, 0}},
      {SpaceName::linear, {255, 0, 188}, {1, 0, 0.50289}},
      {SpaceName::linear, {10, 11, 128}, {0.0030353, 0.0033465, 0.21586}},
  };
  for (const Known& one : known) {
    current_case = text("known colour in space ", static_cast<int>(one.name), ", ", +one.color[0],
                        " ", +one.color[1], " ", +one.color[2]);
    current_space = one.name;
    const Coords coords = place_all(one.color, 3);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      CHECK_NEAR(coords[axis] / space_of(3).steps(), one.coords[axis], 1e-4);
    }
  }
}

void test_spaces() {
  test_known_colors();
  for (const SpaceName name : kSpaces) {
    current_space = name;
    test_round_trips(3);
    test_round_trips(4);
    test_alpha();
  }
}

// ---- histograms ----

void check_histogram(const Histogram& histogram, const Colors& expected) {
  const Colors got(histogram);
  CHECK_EQUAL(got.channels, expected.channels);
  CHECK_EQUAL(got.colors, expected.colors);
  CHECK_EQUAL(got.counts, expected.counts);
}

void test_histogram(int channels) {
  constexpr std::size_t kChunk = 1u << 17;
  Team one(1);
  Team three(3);
  for (const Kind kind : kKinds) {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{999}, kChunk + 1}) {
      current_case = text("histogram of ", n, " pixels, kind ", static_cast<int>(kind), ", ",
                          channels, " channels");
      const Bytes pixels = make_pixels(n, channels, kind, n);
      const Colors expected = reference_histogram(pixels, Counts(n, 1), channels);
      check_histogram(count_colors(pixels, channels, one), expected);
      check_histogram(count_colors(pixels, channels, three), expected);
    }
  }

  current_case = text("histogram of distinct pixels, ", channels, " channels");
  Bytes distinct;
  for (std::uint32_t i = 0; i < 150000; ++i) {
    const std::uint32_t code = i * 0x9e3779b1u;  // odd: distinct in any number of low bits
    for (int channel = 0; channel < channels; ++channel) {
      distinct.push_back(static_cast<std::uint8_t>(code >> 8 * channel));
    }
  }
  check_histogram(count_colors(distinct, channels, three),
                  reference_histogram(distinct, Counts(150000, 1), channels));
}

void test_sums_of_histograms(int channels) {
  current_case = text("sums of histograms, ", channels, " channels");
  Team team(2);
  Bytes all;
  Histogram sum = Colors(channels, {}, {}).histogram();
  Histogram backwards = sum;
  for (const Kind kind : kKinds) {
    const Bytes pixels = make_pixels(5000, channels, kind, 5);
    const Histogram part = count_colors(pixels, channels, team);
    all.insert(all.end(), pixels.begin(), pixels.end());
    sum = merge(sum, part);
    backwards = merge(part, backwards);
  }
  check_histogram(sum, Colors(count_colors(all, channels, team)));
  check_histogram(backwards, Colors(sum));

  Random random(6);
  Counts counts(all.size() / channels);
  for (std::int64_t& count : counts) {
    count = static_cast<std::int64_t>(random.below(3) * random.below(1ull << 40));
  }
  check_histogram(collect(all, counts, channels), reference_histogram(all, counts, channels));
  check_histogram(collect(sum.colors, sum.counts, channels), Colors(sum));
  CHECK_EQUAL(collect(all, Counts(counts.size()), channels).size(), 0u);
  const Histogram thin = thin_out(sum.colors, sum.counts, channels, 3);
  CHECK_EQUAL(thin.size(), (sum.size() + 2) / 3);
  CHECK_EQUAL(std::accumulate(thin.counts.begin(), thin.counts.end(), std::int64_t{0}),
              std::accumulate(sum.counts.begin(), sum.counts.end(), std::int64_t{0}));

  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Bytes color = make_pixels(1, channels, Kind::same, 7);
  Bytes twice = color;
  twice.insert(twice.end(), color.begin(), color.end());
  check_histogram(collect(twice, Counts{kMost - 1, 1}, channels), {channels, color, {kMost}});
  CHECK_THROWS(std::overflow_error, collect(twice, Counts{kMost, 1}, channels));
  const Histogram full = Colors(channels, color, {kMost}).histogram();
  const Histogram little = Colors(channels, color, {1}).histogram();
  CHECK_THROWS(std::overflow_error, merge(full, little));
}

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

using Seeding = std::vector<double> (*)(const Points&, int, std::uint64_t, Team&);
const std::map<std::string, Seeding> kSeedings{{"k-means++", seed_kmeanspp},
                                               {"maximin", seed_maximin},
                                               {"random", seed_random},
                                               {"wu", seed_wu}};

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
      first += kSeedings.at(name)(points, 1, seed, one)[0] == 0;
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

// ---- indices ----

template <class Label, class Index>
void test_remap(int channels, std::size_t n, Kind kind, Team& team) {
  current_case = text("remap: n = ", n, ", ", channels, " channels, ", sizeof(Index), " bytes");
  const Bytes pixels = make_pixels(n, channels, kind, 30);
  const Colors colors(count_colors(pixels, channels, team));
  Random random(31);
  std::map<std::uint32_t, Label> label_of;
  std::vector<Label> labels;
  for (std::size_t i = 0; i < colors.size(); ++i) {
    labels.push_back(static_cast<Label>(random.below(std::uint64_t{1} << (8 * sizeof(Index) - 1))));
    label_of[interleave(&colors.colors[i * channels], channels)] = labels.back();
  }
  std::vector<Index> expected;
  for (std::size_t i = 0; i < n; ++i) {
    expected.push_back(
        static_cast<Index>(label_of.at(interleave(&pixels[i * channels], channels))));
  }
  std::vector<Index> indices(n);
  remap<Label, Index>(pixels, channels, colors.colors, labels, indices.data(), team);
  CHECK_EQUAL(indices, expected);
}

void test_remap() {
  Team one(1);
  Team three(3);
  for (const int channels : {3, 4}) {
    for (const Kind kind : kKinds) {
      for (const std::size_t n : {1, 1000, 70000}) {
        test_remap<std::uint16_t, std::uint8_t>(channels, n, kind, three);
        test_remap<std::uint16_t, std::uint16_t>(channels, n, kind, one);
        test_remap<std::int32_t, std::int32_t>(channels, n, kind, three);
      }
    }
  }
}

// ---- the same bytes, whatever runs ----

/// All that a job makes, as one vector of bytes.
Bytes run_job(const Bytes& pixels, int channels, int k, int threads) {
  Bytes all;
  const auto keep = [&](const auto& values) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(values.data());
    all.insert(all.end(), data, data + values.size() * sizeof values[0]);
  };
  Team team(threads);
  const Histogram colors = count_colors(pixels, channels, team);
  keep(colors.colors);
  keep(colors.counts);
  const Points points(colors.colors, space_of(channels), colors.counts, team);
  for (const auto& [name, seeding] : kSeedings) {
    const Coords start = seeding(points, k, 32, team);
    keep(start);
    Assignment assignment(points, k, team);
    Fit fit = lloyd(assignment, start, {.max_iter = 12, .relaxed = 8});
    keep(fit.centers);
    fit.n_iter += improve(assignment, fit.centers, {.rounds = 2});
    keep(fit.centers);
    keep(grow(assignment, fit.centers, k + k / 2));
    keep(std::vector{fit.inertia, static_cast<double>(fit.n_iter)});
    keep(round_centers(assignment, fit.centers));
    const Labels labels = labels_of(assignment);
    keep(labels);
    std::vector<std::uint16_t> indices(pixels.size() / channels);
    remap<std::uint16_t, std::uint16_t>(pixels, channels, colors.colors, labels, indices.data(),
                                        team);
    keep(indices);
  }
  // Empty clusters are mended in an order that all agree on.
  Assignment assignment(points, k, team);
  keep(lloyd(assignment, Coords(k * channels, 7.5), {.max_iter = 5}).centers);
  return all;
}

// ---- differences ----

void test_color_differences() {
  current_case = "published by Sharma, Wu and Dalal";
  const double pairs[][7] = {{50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425},
                             {50, 0, 0, 50, -1, 2, 2.3669},
                             {50, 2.49, -0.001, 50, -2.49, 0.001, 7.1792},
                             {50, 2.5, 0, 58, 24, 15, 19.4535},
                             {2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082}};
  for (const auto& pair : pairs) {
    CHECK_NEAR(ciede2000(pair, pair + 3), pair[6], 5e-5);
    CHECK_EQUAL(ciede2000(pair + 3, pair), ciede2000(pair, pair + 3));
  }
  for (const int channels : {3, 4}) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{65}, std::size_t{9000}}) {
      current_case = text(n, " pairs of ", channels, " channels");
      const Bytes a = make_pixels(n, channels, Kind::noise, 1);
      const Bytes b = make_pixels(n, channels, Kind::noise, 2);
      std::vector<double> serial(n * kMeasures), threaded(n * kMeasures), same(n * kMeasures);
      Team one(1), three(3);
      color_differences(a, b, channels, serial.data(), one);
      color_differences(a, b, channels, threaded.data(), three);
      color_differences(a, a, channels, same.data(), one);
      CHECK_EQUAL(threaded, serial);
      CHECK_EQUAL(same, std::vector<double>(n * kMeasures));
    }
  }
}

void test_same_bytes() {
  const Kernels& used = kernels();
  const char* wanted = std::getenv("KPALETTE_ISA");
  const std::string restore = wanted != nullptr ? wanted : "";
  for (const int channels : {3, 4}) {
    for (const Kind kind : {Kind::noise, Kind::smooth}) {
      const std::size_t n = kind == Kind::noise ? 20000 : 70000;
      const Bytes pixels = make_pixels(n, channels, kind, 33);
      const Bytes expected = run_job(pixels, channels, 40, 1);
      current_case = text("one thread equals three, ", channels, " channels");
      CHECK(run_job(pixels, channels, 40, 3) == expected);
      for (const Kernels* table : runnable_kernels()) {
        if (table == &used) continue;
        setenv("KPALETTE_ISA", table->name, 1);
        current_case = text(table->name, " equals ", used.name, ", ", channels, " channels");
        CHECK(run_job(pixels, channels, 40, 1) == expected);
      }
      setenv("KPALETTE_ISA", restore.c_str(), 1);
    }
  }
}

}  // namespace

int main() {
  std::string isa;
  try {
    isa = kernels().name;
  } catch (const std::invalid_argument& error) {
    std::cout << "skipped: " << error.what() << '\n';
    return 77;
  }
  test_team();
  test_morton<3>();
  test_morton<4>();
  test_spaces();
  for (const int channels : {3, 4}) {
    test_histogram(channels);
    test_sums_of_histograms(channels);
  }
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
  for (const SpaceName name : kSpaces) {
    current_space = name;
    test_same_bytes();
  }
  current_space = SpaceName::srgb;
  test_remap();
  test_color_differences();
  test_samples();
  test_dithering();
  std::cout << "kernels " << isa << ": " << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
