// Dithering: exact search, laws, and the same bytes for every team.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "core_checks.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "histogram.hpp"
#include "mix.hpp"
#include "near_tree.hpp"
#include "nearest_grid.hpp"
#include "remap.hpp"
#include "spatial.hpp"

using namespace kpalette;

namespace {

std::vector<std::uint8_t> random_bytes(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(n);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

template <int D>
void test_nearest_grid(int k, float extent) {
  std::mt19937 random(static_cast<unsigned>(k));
  std::uniform_real_distribution<float> inside(-extent, extent);
  std::vector<Point4> centers(static_cast<std::size_t>(k));
  for (auto& center : centers) {
    for (int axis = 0; axis < D; ++axis) center[axis] = inside(random);
  }
  centers.back() = centers.front();  // never nearest: the lowest index wins
  std::vector<std::int32_t> ids;
  for (int j = 0; j < k; j += 1 + (k > 5 && j % 3 == 0)) ids.push_back(j);
  NearestGrid grid(centers, ids, D, 4 * extent);
  int wrong = 0;
  for (int i = 0; i < 3000; ++i) {
    Point4 point{};
    const float scale = i % 3 == 0 ? 4 : 1;
    for (int axis = 0; axis < D; ++axis) point[axis] = scale * inside(random);
    if (i % 7 == 0) point = centers[static_cast<std::size_t>(i % k)];
    std::int32_t nearest = -1;
    float best = 0;
    for (const std::int32_t j : ids) {
      float square = 0;
      for (int axis = 0; axis < D; ++axis) {
        const float offset = point[axis] - centers[static_cast<std::size_t>(j)][axis];
        square = axis == 0 ? offset * offset : square + offset * offset;
      }
      if (nearest < 0 || square < best) {
        best = square;
        nearest = j;
      }
    }
    wrong += grid.find<D>(point) != nearest;
  }
  CHECK_EQUAL(wrong, 0);
}

/// Few places and many equal distances, so that points coincide and indices decide.
template <int D>
void test_near_tree(int k, int levels) {
  std::mt19937 random(static_cast<unsigned>(k + levels));
  std::vector<Point4> points(static_cast<std::size_t>(k));
  for (auto& point : points) {
    for (int axis = 0; axis < D; ++axis) {
      point[axis] = static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(levels)));
    }
  }
  std::vector<std::int32_t> ids;
  for (int j = 0; j < k; j += 1 + (k > 5 && j % 3 == 0)) ids.push_back(j);
  const NearTree tree(points, ids);
  int wrong = 0;
  for (int i = 0; i < std::min(k, 300); ++i) {
    const Point4 place = points[static_cast<std::size_t>(i)];
    std::vector<NearTree::Near> expected;
    for (const std::int32_t j : ids) {
      float square = 0;
      for (int axis = 0; axis < D; ++axis) {
        const float offset = points[static_cast<std::size_t>(j)][axis] - place[axis];
        square = square + offset * offset;
      }
      if (square > 0) expected.emplace_back(square, j);
    }
    std::ranges::sort(expected);
    for (const std::size_t most : {0, 1, 7, 32}) {
      auto first = expected;
      if (first.size() > most) first.resize(most);
      wrong += tree.find(place, most) != first;
    }
  }
  CHECK_EQUAL(wrong, 0);
}

/// An image, a palette, and what is nearest.
struct Case {
  Case(SpaceName name, int channels, std::size_t height_in, std::size_t width_in, std::size_t k)
      : space(name, channels),
        height(height_in),
        width(width_in),
        pixels(random_bytes(height * width * static_cast<std::size_t>(channels), 5)),
        palette(random_bytes(k * static_cast<std::size_t>(channels), 9)) {
    const auto c = static_cast<std::size_t>(channels);
    for (std::size_t i = 0; i < pixels.size() / c; ++i) {
      const std::size_t shade = (i % width + i / width) % 256;
      for (std::size_t a = 0; a < 3; ++a) {
        pixels[i * c + a] = static_cast<std::uint8_t>(pixels[i * c + a] / 8 + shade * 7 / 8);
      }
      if (c == 4 && i % 3 != 0) pixels[i * c + 3] = i % 3 == 1 ? 0 : 255;
    }
    if (c == 4) {
      for (std::size_t j = 0; j < k; j += 2) palette[j * c + 3] = 255;
    }
    Team team(1);
    histogram = count_colors(pixels, channels, team);
    std::vector<std::int32_t> placed(histogram.size() * c);
    std::vector<std::int32_t> entries(palette.size());
    space.place(histogram.colors, placed.data(), histogram.size());
    space.place(palette, entries.data(), k);
    for (std::size_t i = 0; i < histogram.size(); ++i) {
      std::size_t nearest = 0;
      double best = 1e300;
      for (std::size_t j = 0; j < k; ++j) {
        double square = 0;
        for (std::size_t a = 0; a < c; ++a) {
          const double offset = placed[a * histogram.size() + i] - entries[a * k + j];
          square += offset * offset;
        }
        if (square < best) {
          best = square;
          nearest = j;
        }
      }
      labels.push_back(static_cast<std::uint16_t>(nearest));
    }
    plain.resize(height * width);
    remap<std::uint16_t, std::uint16_t>(pixels, channels, histogram.colors, labels, plain.data(),
                                        team);
  }

  Raster raster(std::size_t y0 = 0, std::size_t x0 = 0) const {
    return {pixels, height, width, y0, x0};
  }

  std::vector<std::uint16_t> diffused(float strength, int threads) const {
    Team team(threads);
    auto indices = plain;
    diffuse_error(raster(), palette, space.channels(), strength, indices.data(), team);
    return indices;
  }

  /// The same in bands of `rows`.
  std::vector<std::uint16_t> diffused_in_bands(float strength, std::size_t rows) const {
    Team team(2);
    auto indices = plain;
    const std::size_t stride = width * static_cast<std::size_t>(space.channels());
    std::vector<float> errors(4 * width);
    for (std::size_t y = 0; y < height; y += rows) {
      const std::size_t last = std::min(height, y + rows);
      const auto all = std::span(pixels);
      Raster band{all.subspan(y * stride, (last - y) * stride), last - y, width, y, 0};
      if (y > 0) band.above = all.subspan((y - 1) * stride, stride);
      diffuse_error(band, palette, space.channels(), strength, indices.data() + y * width, team,
                    errors);
    }
    return indices;
  }

  std::vector<std::uint16_t> ordered(const Mask& mask, float strength, int threads,
                                     std::size_t y0 = 0, std::size_t x0 = 0) const {
    Team team(threads);
    auto indices = plain;
    dither_ordered(raster(y0, x0), palette, space.channels(), histogram.colors, std::span(labels),
                   mask, strength, indices.data(), team);
    return indices;
  }

  std::vector<std::uint16_t> spatial(float strength, int threads, std::size_t y0 = 0,
                                     std::span<const std::uint8_t> kept = {}) const {
    Team team(threads);
    auto indices = plain;
    Raster whole = raster(y0);
    whole.kept = kept;
    map_spatially(whole, palette, space.channels(), strength, indices.data(), team);
    return indices;
  }

  /// Two palettes, one after the other: for mixing, and moved for spatial dithering.
  std::vector<std::uint8_t> moved(int threads) const {
    Team team(threads);
    const int channels = space.channels();
    const std::size_t k = palette.size() / static_cast<std::size_t>(channels);
    std::vector<char> stays(k);
    stays.front() = 1;
    auto colors = mix_palette(histogram, palette, channels, stays, team);
    const PalettePart whole{raster()};
    const auto last = spatial_palette({&whole, 1}, colors, channels, stays, 1, team);
    const std::vector<std::uint16_t> weights(plain.size(), 1);
    const PalettePart weighted{raster(), weights};
    CHECK_EQUAL(spatial_palette({&weighted, 1}, colors, channels, stays, 1, team), last);
    CHECK(std::equal(palette.begin(), palette.begin() + channels, colors.begin()));
    CHECK(std::equal(palette.begin(), palette.begin() + channels, last.begin()));
    colors.insert(colors.end(), last.begin(), last.end());
    return colors;
  }

  Space space;
  std::size_t height;
  std::size_t width;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> palette;
  Histogram histogram;
  std::vector<std::uint16_t> labels;
  std::vector<std::uint16_t> plain;
};

void test_one(const Case& image) {
  CHECK_EQUAL(image.diffused(0, 2), image.plain);
  const auto diffused = image.diffused(1, 1);
  CHECK_EQUAL(image.diffused(1, 3), diffused);
  for (const std::size_t rows : {1, 2, 7}) {
    CHECK_EQUAL(image.diffused_in_bands(1, rows), diffused);
  }
  for (const Mask& mask : {bayer_mask(), blue_noise_mask()}) {
    CHECK_EQUAL(image.ordered(mask, 0, 2), image.plain);
    const auto ordered = image.ordered(mask, 1, 1);
    CHECK_EQUAL(image.ordered(mask, 1, 3), ordered);
    CHECK_EQUAL(image.ordered(mask, 1, 2, 3 * mask.side, mask.side), ordered);
  }
  CHECK_EQUAL(image.spatial(0, 2), image.plain);
  const auto spatial = image.spatial(1, 1);
  CHECK_EQUAL(image.spatial(1, 3), spatial);
  CHECK_EQUAL(image.spatial(1, 2, 3 * kSpatialBlock), spatial);
  const std::vector<std::uint8_t> kept(image.plain.size(), 1);
  CHECK_EQUAL(image.spatial(1, 2, 0, kept), image.plain);
  const auto k = image.palette.size() / static_cast<std::size_t>(image.space.channels());
  CHECK(std::ranges::all_of(diffused, [&](std::uint16_t index) { return index < k; }));
  CHECK(std::ranges::all_of(spatial, [&](std::uint16_t index) { return index < k; }));
  if (k <= kMostMixed) CHECK_EQUAL(image.moved(3), image.moved(1));
  if (k > 2 && image.plain.size() > 100) CHECK(diffused != image.plain);
}

void test_masks() {
  for (const Mask& mask : {bayer_mask(), blue_noise_mask()}) {
    CHECK_EQUAL(mask.ranks.size(), mask.side * mask.side);
    const std::set<std::uint16_t> ranks(mask.ranks.begin(), mask.ranks.end());
    CHECK_EQUAL(ranks.size(), mask.ranks.size());
    CHECK_EQUAL(std::size_t{*ranks.rbegin()} + 1, mask.ranks.size());
  }
}

void test_tally() {
  const Case image(SpaceName::srgb, 3, 40, 50, 7);
  Team team(3);
  const Tally got = tally<std::uint16_t>(image.pixels, 3, image.plain, image.palette, team);
  const double expected = squared_error(image.histogram.colors, 3, image.histogram.counts,
                                        image.labels, image.palette, team);
  CHECK_EQUAL(got.squared_error, expected);
  CHECK_EQUAL(std::accumulate(got.counts.begin(), got.counts.end(), std::int64_t{0}),
              std::int64_t{2000});
  CHECK_THROWS(
      std::invalid_argument,
      tally<std::uint16_t>(image.pixels, 3, image.plain, std::span(image.palette).first(3), team));
}

}  // namespace

void test_dithering() {
  test_masks();
  test_tally();
  for (const int k : {1, 2, 5, 40, 256, 300, 2000}) {
    current_case = text("nearest grid, k ", k);
    test_nearest_grid<3>(k, 5e5f);
    test_nearest_grid<4>(k, 5e5f);
    test_nearest_grid<3>(k, 1e-3f);
    for (const int levels : {1, 2, 9, 1 << 20}) {
      current_case = text("near tree, k ", k, ", levels ", levels);
      test_near_tree<3>(k, levels);
      test_near_tree<4>(k, levels);
    }
  }
  for (const auto& [word, name] : kSpaces) {
    for (const int channels : {3, 4}) {
      for (const std::size_t k : {1, 2, 16, 300}) {
        current_case = text("dither, space ", word, ", channels ", channels, ", k ", k);
        test_one(Case(name, channels, 33, 47, k));
      }
      test_one(Case(name, channels, 1, 60, 4));
      test_one(Case(name, channels, 60, 1, 4));
    }
  }
}
