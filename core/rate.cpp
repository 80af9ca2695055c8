#include "rate.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <vector>

#include "placing.hpp"
#include "rate_band.hpp"
#include "runs.hpp"
#include "similar_places.hpp"
#include "spaces.hpp"
#include "texture.hpp"

namespace kpalette {
namespace {

// Bands of rows are independent. In bands of 64 rows, files of photos of 768 by 512 pixels are 2 %
// larger; as one band, 0.5 % smaller.
constexpr std::size_t kBandPixels = 1u << 18;
constexpr std::size_t kLeastRows = 64;

// The weights of Floyd and Steinberg (1976), all rows to the right.
constexpr float kRight = 7.0f / 16;
constexpr float kBelowLeft = 3.0f / 16;
constexpr float kBelow = 5.0f / 16;
constexpr float kBelowRight = 1.0f / 16;

// Of animations, as in lzw_choice.cpp.
constexpr float kStill = 4e-4f;   // the squared distance below which a source is still
constexpr int kMoved = 1;         // levels: what differs by more is drawn,
constexpr float kWorth = 0.5f;    // if its error is above so much of a bit's price
constexpr float kFlicker = 1.5f;  // bits that another colour costs where the source is still

/// Marks what keeps its nearest entry, and what stays opaque, in `rows` rows from `first` on.
void protect(const Runs& picture, std::size_t first, std::size_t rows, const std::uint8_t* palette,
             const std::uint8_t* indices, RateScene& scene) {
  const std::size_t d = picture.channels;
  for (std::size_t y = first; y < first + rows; ++y) {
    for (std::size_t x = 0; x < picture.width; ++x) {
      const std::size_t i = y * picture.width + x;
      const std::uint8_t* const pixel = picture.at(x, y);
      const std::uint8_t* const entry = palette + indices[i] * d;
      const bool clear = d == 4 && pixel[3] == 0 && entry[3] == 0;
      const bool exact = std::equal(entry, entry + d, pixel);
      if (clear || (exact && picture.is_in_run(x, y))) scene.weights[i] = kExact;
      if (d == 4) scene.solid[i] = pixel[3] == 255 && entry[3] == 255;
    }
  }
}

/// Writes coordinates in Oklab, relative to the middle.
void place(const Space& space, std::span<const std::uint8_t> colors, Point4* out) {
  const auto middle = space.middle();
  const float unit = 1 / static_cast<float>(space.steps());
  const auto convert = [&](std::int32_t coordinate, std::size_t axis) {
    return static_cast<float>(coordinate - middle[axis]) * unit;
  };
  for_each_placed(space, colors, convert, [&](std::size_t i, Point4 point) { out[i] = point; });
}

/// What there is to choose from: the palette's entries, and `keep` where that is one more.
RateScene scene_of(const Space& space, std::span<const std::uint8_t> palette, float per_bit,
                   float strength, bool keeps) {
  const auto d = static_cast<std::size_t>(space.channels());
  const std::size_t k = palette.size() / d;
  RateScene scene{};
  scene.per_bit = per_bit;
  scene.right = all4(strength * kRight);
  scene.below_left = all4(strength * kBelowLeft);
  scene.below = all4(strength * kBelow);
  scene.below_right = all4(strength * kBelowRight);
  scene.entries.resize(k);
  place(space, palette, scene.entries.data());
  for (std::size_t j = 0; j < k; ++j) scene.opaque.push_back(d == 3 || palette[j * d + 3] == 255);
  scene.groups = group_entries(scene.entries);
  const std::size_t symbols = k + (keeps ? 1 : 0);
  scene.opaque.resize(symbols, 1);
  scene.groups.resize(symbols, 255);  // of which there are no others: 4 entries share a group
  scene.stride = (symbols + 3) / 4 * 4;
  scene.axes = Buffer<float>(kMaxDim * scene.stride, 0.0f);
  for (std::size_t j = 0; j < k; ++j) {
    for (int axis = 0; axis < kMaxDim; ++axis) {
      scene.axes[static_cast<std::size_t>(axis) * scene.stride + j] = scene.entries[j][axis];
    }
  }
  return scene;
}

/// Rows that are searched without regard to others.
struct Strip {
  std::size_t first;
  std::size_t rows;
};

std::size_t rows_of_strip(const RateScene& scene) {
  return std::max(kLeastRows, kBandPixels / scene.width);
}

std::size_t count_strips(const RateScene& scene) {
  return (scene.height + rows_of_strip(scene) - 1) / rows_of_strip(scene);
}

Strip strip_of(const RateScene& scene, std::size_t number) {
  const std::size_t first = number * rows_of_strip(scene);
  return {first, std::min(rows_of_strip(scene), scene.height - first)};
}

/// What a search takes, and what it is about.
struct Search {
  Search(std::span<const std::uint8_t> all, int channels_of_all, std::size_t width,
         std::span<const std::uint8_t> palette_of_all, float per_bit, float strength,
         std::uint8_t* indices_of_all, Team& team)
      : pixels(all), channels(channels_of_all), palette(palette_of_all), indices(indices_of_all) {
    const Space space(SpaceName::oklab, channels);
    const auto d = static_cast<std::size_t>(channels);
    const std::size_t n = pixels.size() / d;
    scene = scene_of(space, palette, per_bit, strength, false);
    scene.width = width;
    scene.height = n / width;
    scene.coords.resize(n);
    scene.weights.resize(n);
    scene.solid.resize(d == 4 ? n : 0);
    team.run(count_strips(scene), [&](std::size_t band, int) {
      const auto [first, rows] = strip_of(scene, band);
      place(space, pixels.subspan(first * width * d, rows * width * d),
            &scene.coords[first * width]);
    });
    weigh_by_texture({scene.coords.data(), n}, width, scene.weights.data(), team);
  }

  /// Makes the search of a band, of which the indices are the nearest entries so far.
  std::unique_ptr<BandSearch> in_band(std::size_t band) {
    const auto [first, rows] = strip_of(scene, band);
    const Runs picture{pixels.data(), static_cast<std::size_t>(channels), scene.width,
                       scene.height};
    protect(picture, first, rows, palette.data(), indices, scene);
    return std::make_unique<BandSearch>(scene, channels, first, rows,
                                        indices + first * scene.width);
  }

  std::span<const std::uint8_t> pixels;
  int channels;
  std::span<const std::uint8_t> palette;
  std::uint8_t* indices;
  RateScene scene{};
};

}  // namespace

std::int64_t choose_by_rate(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
                            std::span<const std::uint8_t> palette, float per_bit, float strength,
                            std::uint8_t* indices, Team& team) {
  if (pixels.empty()) return 0;
  Search search(pixels, channels, width, palette, per_bit, strength, indices, team);
  std::vector<std::int64_t> bits(count_strips(search.scene));
  team.run(bits.size(), [&](std::size_t band, int) {
    const auto rows = search.in_band(band);
    while (rows->step()) {
    }
    bits[band] = rows->bits();
  });
  return std::accumulate(bits.begin(), bits.end(), std::int64_t{0}) >> 16;
}

struct RateSearch::State {
  Search search;
  std::size_t bands = 0;  // that were begun
  std::unique_ptr<BandSearch> band{};
};

RateSearch::RateSearch(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
                       std::span<const std::uint8_t> palette, float per_bit, float strength,
                       std::uint8_t* indices, Team& team)
    : state_(
          new State{Search(pixels, channels, width, palette, per_bit, strength, indices, team)}) {}

RateSearch::~RateSearch() = default;

bool RateSearch::step() {
  State& now = *state_;
  if (!now.band) now.band = now.search.in_band(now.bands++);
  if (now.band->step()) return true;
  now.band.reset();
  return now.bands < count_strips(now.search.scene);
}

bool choose_by_rate_after(std::span<const std::uint8_t> pixels, std::size_t width,
                          std::span<const std::uint8_t> palette, float per_bit,
                          const RateFrame& before, std::uint8_t* indices, std::uint8_t* drawn,
                          Team& team) {
  const Space space(SpaceName::oklab, 3);
  const std::size_t n = pixels.size() / 3;
  const std::size_t height = n / width;
  const std::size_t k = palette.size() / 3;
  RateScene scene = scene_of(space, palette, per_bit, 0, true);
  const auto place_rows = [&](std::span<const std::uint8_t> colors, Buffer<Point4>& out) {
    out.resize(n);
    team.run(height, [&](std::size_t y, int) {
      place(space, colors.subspan(y * width * 3, width * 3), &out[y * width]);
    });
  };
  Buffer<Point4> wanted;
  Buffer<Point4> last;
  place_rows(pixels, wanted);
  place_rows(before.pixels, last);
  Buffer<float> weights(n);
  weigh_by_texture({wanted.data(), n}, width, weights.data(), team);
  const Runs picture{pixels.data(), 3, width, height};
  std::size_t top = height, left = width, bottom = 0, right = 0;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t i = y * width + x;
      const std::uint8_t* const pixel = picture.at(x, y);
      const std::uint8_t* const entry = &palette[indices[i] * 3];
      if (std::equal(entry, entry + 3, pixel) && picture.is_in_run(x, y)) weights[i] = kExact;
      int moved = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        moved = std::max(moved, std::abs(pixel[c] - before.pixels[3 * i + c]));
      }
      const float square = square4(wanted[i] - scene.entries[before.indices[i]]);
      if (moved <= kMoved || !(weights[i] * square > kWorth * per_bit)) continue;
      top = std::min(top, y);
      left = std::min(left, x);
      bottom = y + 1;
      right = std::max(right, x + 1);
    }
  }
  std::fill_n(drawn, n, 0);
  if (bottom == 0) {
    std::ranges::copy(before.indices, indices);
    return false;
  }
  scene.width = right - left;
  scene.height = bottom - top;
  RateBefore& shown = scene.before;
  shown.keep = static_cast<int>(k);
  shown.flicker = kFlicker * per_bit;
  std::vector<std::uint8_t> written;
  for (std::size_t y = top; y < bottom; ++y) {
    for (std::size_t i = y * width + left; i < y * width + right; ++i) {
      scene.coords.push_back(wanted[i]);
      scene.weights.push_back(weights[i]);
      shown.shown.push_back(scene.entries[before.indices[i]]);
      shown.indices.push_back(before.indices[i]);
      shown.still.push_back(square4(wanted[i] - last[i]) < kStill);
      written.push_back(indices[i]);
    }
  }
  team.run(count_strips(scene), [&](std::size_t band, int) {
    const auto [first, rows] = strip_of(scene, band);
    BandSearch search(scene, 3, first, rows, &written[first * scene.width]);
    while (search.step()) {
    }
  });
  std::ranges::copy(before.indices, indices);
  for (std::size_t j = 0; j < written.size(); ++j) {
    const std::size_t i = (top + j / scene.width) * width + left + j % scene.width;
    drawn[i] = written[j] != k;
    if (drawn[i]) indices[i] = written[j];
  }
  return true;
}

}  // namespace kpalette
