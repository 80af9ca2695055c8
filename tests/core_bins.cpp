// Bins of colours: exact sums, the nearest entry of each pixel, and the same as by a histogram.
#include <map>

#include "bin_map.hpp"
#include "bins.hpp"
#include "core_checks.hpp"
#include "core_data.hpp"
#include "core_isas.hpp"
#include "error.hpp"
#include "morton.hpp"
#include "quick.hpp"
#include "remap.hpp"

namespace {

const Effort kFast = choose(kEfforts, "effort", "fast");

Bytes bytes_of(const Buffer<std::uint8_t>& values) { return {values.begin(), values.end()}; }
Counts counts_of(const Buffer<std::int64_t>& values) { return {values.begin(), values.end()}; }

void check_sums(const Bytes& pixels, Team& team) {
  std::map<std::uint32_t, std::array<std::int64_t, 4>> sums;  // by the Morton order of bins
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    auto& sum = sums[morton<3>(&pixels[i]) >> 9];
    ++sum[3];
    for (std::size_t c = 0; c < 3; ++c) sum[c] += pixels[i + c];
  }
  Bytes means;
  Counts counts;
  for (const auto& [code, sum] : sums) {
    for (std::size_t c = 0; c < 3; ++c) {
      means.push_back(static_cast<std::uint8_t>((2 * sum[c] + sum[3]) / (2 * sum[3])));
    }
    counts.push_back(sum[3]);
  }
  const Histogram counted = count_colors(pixels, 3, team);
  for (const Bins& bins : {Bins(pixels, team), Bins(counted)}) {
    const Histogram found = bins.means();
    CHECK_EQUAL(bytes_of(found.colors), means);
    CHECK_EQUAL(counts_of(found.counts), counts);
  }
}

void test_sums() {
  Team one(1);
  Team three(3);
  for (const Kind kind : kKinds) {
    current_case = text("bins are exact sums, kind ", static_cast<int>(kind));
    const Bytes pixels = make_pixels(200'000, 3, kind, 70);
    check_sums(pixels, one);
    check_sums(pixels, three);
  }
  current_case = "more pixels than sums of 32 bits hold";
  const std::size_t n = (std::size_t{1} << 24) + 999;
  Bytes pixels(3 * n, 255);
  for (std::size_t i = 0; i < n; i += 3) pixels[3 * i] = 7;
  const Histogram means = Bins(pixels, three).means();
  CHECK_EQUAL(bytes_of(means.colors), (Bytes{7, 255, 255, 255, 255, 255}));
  const auto sevens = static_cast<std::int64_t>((n + 2) / 3);
  CHECK_EQUAL(counts_of(means.counts), (Counts{sevens, static_cast<std::int64_t>(n) - sevens}));
}

/// Indices of the nearest entries, the first among equals.
Bytes reference_indices(const Bytes& pixels, const Bytes& palette) {
  Bytes indices;
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    double least = 1e9;
    std::uint8_t nearest = 0;
    for (std::size_t at = 0; at < palette.size(); at += 3) {
      const double square = square_between(&pixels[i], &palette[at], 3);
      if (square < least) nearest = static_cast<std::uint8_t>(at / 3);
      least = std::min(least, square);
    }
    indices.push_back(nearest);
  }
  return indices;
}

void test_mapping() {
  Team one(1);
  Team three(3);
  std::vector<Bytes> palettes;
  for (const std::size_t k : {1, 2, 9, 100, 256}) {
    palettes.push_back(make_pixels(k, 3, Kind::noise, 71 + k));
    palettes.push_back(make_pixels(k, 3, Kind::smooth, 71 + k));
  }
  // As far apart as can be, and ties everywhere.
  palettes.push_back({0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 255});
  palettes.push_back({255, 255, 255, 0, 0, 0});
  palettes.push_back({100, 100, 100, 102, 100, 100, 100, 102, 100, 100, 100, 102, 101, 101, 101});
  for (const Kind kind : {Kind::noise, Kind::smooth, Kind::same}) {
    const Bytes pixels = make_pixels(kind == Kind::same ? 1 : 66'000, 3, kind, 72);
    const Bins bins(pixels, one);
    for (const Bytes& palette : palettes) {
      const Bytes expected = reference_indices(pixels, palette);
      Counts counts(palette.size() / 3);
      for (const std::uint8_t index : expected) ++counts[index];
      for_each_isa([&](const char* isa) {
        for (Team* team : {&one, &three}) {
          current_case = text("nearest by bins, k = ", counts.size(), ", ", isa);
          Bytes indices(expected.size(), 77);
          CHECK_EQUAL(BinMap(palette, bins, *team).map(pixels, indices.data(), *team), counts);
          CHECK(indices == expected);
        }
      });
    }
  }
}

/// The quick way gives what a fit to the histogram gives, and the labels of its colours.
void test_quick() {
  Team one(1);
  Team three(3);
  const Bytes fixed{1, 2, 3, 250, 251, 252};
  for (const Kind kind : {Kind::noise, Kind::smooth}) {
    const Bytes pixels = make_pixels(70'000, 3, kind, 73);
    const Histogram histogram = count_colors(pixels, 3, one);
    for (const int k : {2, 20, kind == Kind::noise ? 256 : 30}) {
      for (const Bytes& stay : {Bytes(), fixed}) {
        Fitter fitter(histogram, Space(SpaceName::srgb, 3), one);
        fitter.fit(k, kFast, 5, stay);
        while (fitter.step()) continue;
        const Fitted& expected = fitter.fitted();
        Bytes shown(pixels.size() / 3);
        remap<std::uint16_t, std::uint8_t>(pixels, 3, histogram.colors, expected.labels,
                                           shown.data(), one);
        for_each_isa([&](const char* isa) {
          for (Team* team : {&one, &three}) {
            current_case = text("the quick way, k = ", k, ", ", isa);
            Bytes indices(pixels.size() / 3, 77);
            const auto found = quantize_quickly(pixels, k, kFast, 5, stay, indices.data(), *team);
            CHECK(found.has_value());
            if (!found) continue;
            CHECK_EQUAL(found->colors, expected.colors);
            CHECK_EQUAL(found->counts, expected.counts);
            CHECK_EQUAL(found->n_iter, expected.n_iter);
            CHECK(indices == shown);
          }
        });
        for (std::size_t at = 0; at < stay.size(); at += 3) {
          CHECK(std::equal(&stay[at], &stay[at] + 3, &expected.colors[at]) ||
                rows_of(place_all(expected.colors, 3), 3).size() == static_cast<std::size_t>(k));
        }
      }
    }
  }
}

/// Where bins do not suffice, every colour counts as ever.
void test_where_not() {
  Team team(1);
  Effort plain = kFast;
  plain.bins = false;
  const auto check = [&](const Bytes& pixels, int k, const char* why) {
    current_case = text("not by bins: ", why);
    Bytes indices(pixels.size() / 3);
    CHECK(!quantize_quickly(pixels, k, kFast, 5, {}, indices.data(), team));
    const Histogram histogram = count_colors(pixels, 3, team);
    Fitter fitter(histogram, Space(SpaceName::srgb, 3), team);
    std::vector<Bytes> palettes;
    for (const Effort& effort : {kFast, plain}) {
      fitter.fit(k, effort, 5);
      while (fitter.step()) continue;
      palettes.push_back(fitter.fitted().colors);
    }
    CHECK_EQUAL(palettes[0], palettes[1]);
  };
  const Bytes noise = make_pixels(70'000, 3, Kind::noise, 74);
  check({noise.begin(), noise.begin() + 3 * 65'535}, 9, "few pixels");
  check(make_pixels(70'000, 3, Kind::few, 74), 40, "no more colours than k");
  check(make_pixels(70'000, 3, Kind::few, 74), 9, "few bins");
  Bytes flat = noise;
  std::fill_n(flat.begin(), 3 * 10'000, std::uint8_t{250});
  check(flat, 9, "a large bin");
}

}  // namespace

void test_bins() {
  current_space = SpaceName::srgb;
  test_sums();
  test_mapping();
  test_quick();
  test_where_not();
}
