// Colours: their order, spaces, counts, differences and indices.
#include <array>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "counter.hpp"
#include "delta_e.hpp"
#include "looks.hpp"
#include "morton.hpp"
#include "remap.hpp"
#include "resample.hpp"

namespace {

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
  const auto test_space = [](SpaceName name) {
    current_space = name;
    test_round_trips(3);
    test_round_trips(4);
    test_alpha();
  };
  for (const auto& [word, name] : kSpaces) test_space(name);
  test_space(SpaceName::mixing);
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

/// Parts, by any number of threads, and more pixels of one colour than a thread's counter holds.
void test_counter() {
  current_case = "counter";
  Team one(1);
  Team three(3);
  Counter counter;
  check_histogram(counter.total(three), Colors(3, {}, {}));
  Bytes all;
  for (const Kind kind : kKinds) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{999}, std::size_t{200000}}) {
      const Bytes pixels = make_pixels(n, 3, kind, n);
      counter.add(pixels, n == 999 ? one : three);
      all.insert(all.end(), pixels.begin(), pixels.end());
      check_histogram(counter.total(three), Colors(count_colors(all, 3, one)));
    }
  }
  const Histogram before = counter.total(three);
  counter.add(before.colors, before.counts);
  check_histogram(counter.total(three), Colors(merge(before, before, 3)));

  Counter full;
  const Bytes color{1, 2, 3};
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  full.add(color, Counts{kMost});
  CHECK_THROWS(std::overflow_error, full.add(color, Counts{1}));
  full.add(color, one);
  CHECK_THROWS(std::overflow_error, full.total(three));
}

/// Many pixels are counted in another way than few.
void test_many_pixels() {
  current_case = "many pixels";
  Team one(1);
  const Bytes pixels = make_pixels((1u << 22) + 7, 3, Kind::smooth, 1);
  const auto halves = std::span(pixels);
  const Histogram first = count_colors(halves.first(3 * 3'000'000), 3, one);
  const Histogram second = count_colors(halves.subspan(3 * 3'000'000), 3, one);
  check_histogram(count_colors(pixels, 3, one), Colors(merge(first, second, 3)));
}

void test_codes(int channels) {
  current_case = text("codes, ", channels, " channels");
  const Bytes colors = make_visible(make_pixels(5000, channels, Kind::noise, 3), channels);
  const auto back = from_codes(to_codes(colors, channels), channels);
  CHECK_EQUAL(Bytes(back.begin(), back.end()), colors);
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
    sum = merge(sum, part, channels);
    backwards = merge(part, backwards, channels);
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
  const Histogram thin = thin_out(sum.colors, sum.counts, channels, 3, team);
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
  CHECK_THROWS(std::overflow_error, merge(full, little, channels));
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

/// Pixels, runs and indices give the same sums, on any team.
void test_looks(std::size_t height, std::size_t width, int channels) {
  current_case = text("looks ", height, " ", width, " ", channels);
  const auto d = static_cast<std::size_t>(channels);
  const std::size_t n = height * width;
  const Extent extent{height, width, channels};
  std::mt19937 random(static_cast<unsigned>(n));
  std::vector<std::uint8_t> colors(7 * d);
  for (auto& byte : colors) byte = static_cast<std::uint8_t>(random());
  std::vector<std::uint8_t> palette(colors.begin(), colors.begin() + static_cast<int>(4 * d));
  const std::vector<std::uint16_t> labels{0, 1, 2, 3, 3, 1, 0};
  std::vector<std::int32_t> which(n);
  std::vector<std::uint8_t> indices(n);
  std::vector<std::uint8_t> a(n * d);
  std::vector<std::uint8_t> b(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    which[i] = i < n / 2 ? 1 : static_cast<std::int32_t>(random() % 7);
    const auto color = static_cast<std::size_t>(which[i]);
    indices[i] = static_cast<std::uint8_t>(labels[color]);
    std::copy_n(colors.data() + color * d, d, a.data() + i * d);
    std::copy_n(palette.data() + indices[i] * d, d, b.data() + i * d);
  }
  Team one(1);
  const TileSums expected = TiledImage(a, extent, one).errors(b, one);
  for (const int threads : {1, 3}) {
    Team team(threads);
    const TiledImage tiled(a, extent, team);
    CHECK(tiled.errors(b, team) == expected);
    CHECK(tiled.errors<std::uint8_t>(indices, palette, team) == expected);
    CHECK(TiledRuns(which, colors, extent, team).errors(labels, palette, team) == expected);
    CHECK(tiled.errors(a, team) == TileSums{});
    TileSums bands;  // of whole tiles add up to the same
    for (std::size_t first = 0; first < height; first += 2 * kLooksTile) {
      const Extent part{std::min(2 * kLooksTile, height - first), width, channels};
      const auto of = [&](const std::vector<std::uint8_t>& pixels) {
        return std::span(pixels).subspan(first * width * d, part.height * width * d);
      };
      TileSums more = TiledImage(of(a), part, team).errors(of(b), team);
      for (std::size_t backdrop = 0; backdrop < 2; ++backdrop) {
        more[backdrop].y += first;
        add(bands[backdrop], more[backdrop]);
      }
    }
    CHECK(bands == expected);
    CHECK_EQUAL(looks(TileSum{}), 100.0);
  }
}

void test_resample(Sides from, Sides to, int channels) {
  current_case = text("resampled from ", from.width, " to ", to.width, ", ", channels, " channels");
  const Bytes pixels = make_pixels(from.width * from.height, channels, Kind::noise, 3);
  const auto n = static_cast<std::size_t>(channels);
  Bytes one(to.width * to.height * n);
  Bytes many(one.size());
  Team alone(1);
  Team three(3);
  resample(pixels, from, channels, to, one, alone);
  resample(pixels, from, channels, to, many, three);
  CHECK(one == many);
  Bytes flat;
  for (std::size_t i = 0; i < from.width * from.height; ++i) {
    flat.insert(flat.end(), pixels.begin(), pixels.begin() + channels);
    if (channels == 4) flat.back() = 255;
  }
  resample(flat, from, channels, to, one, alone);
  for (std::size_t i = 0; i < one.size(); i += n) {
    CHECK(std::equal(one.begin() + i, one.begin() + i + channels, flat.begin()));
  }
}

}  // namespace

void test_colors() {
  test_morton<3>();
  test_morton<4>();
  test_spaces();
  for (const int channels : {3, 4}) {
    test_histogram(channels);
    test_sums_of_histograms(channels);
    test_codes(channels);
  }
  test_counter();
  test_many_pixels();
  current_space = SpaceName::srgb;
  test_remap();
  test_color_differences();
  for (const int channels : {3, 4}) {
    test_looks(1, 1, channels);
    test_looks(33, 70, channels);
    test_looks(600, 300, channels);
    test_resample({7, 5}, {3, 4}, channels);
    test_resample({1, 1}, {5, 3}, channels);
    test_resample({400, 301}, {97, 3}, channels);
    test_resample({400, 301}, {17, 13}, channels);
    test_resample({40, 3}, {401, 2}, channels);
  }
}
