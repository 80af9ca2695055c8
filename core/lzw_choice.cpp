#include "lzw_choice.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <type_traits>

#include "buffer.hpp"
#include "lzw.hpp"
#include "placing.hpp"
#include "rate_band.hpp"
#include "runs.hpp"
#include "spaces.hpp"
#include "texture.hpp"

namespace kpalette {
namespace {

constexpr float kColor = 2;      // the scale of both colour axes
constexpr float kFar = 1e9f;     // where clear colours lie: no other one is near
constexpr float kStill = 4e-4f;  // the squared distance below which a source is still
constexpr int kMoved = 1;        // levels: what differs by more is drawn,
constexpr float kWorth = 0.5f;   // if its error is above so much of a bit's price

void place(const Space& space, std::span<const std::uint8_t> colors, Point4* out) {
  const auto middle = space.middle();
  const float unit = 1 / static_cast<float>(space.steps());
  const auto convert = [&](std::int32_t coord, std::size_t axis) {
    const float plain = static_cast<float>(coord - middle[axis]) * unit;
    return axis == 1 || axis == 2 ? kColor * plain : plain;
  };
  for_each_placed(space, colors, convert, [&](std::size_t i, Point4 point) { out[i] = point; });
}

/// Moves clear colours to where no other one is near.
void set_apart(std::span<const std::uint8_t> colors, std::size_t d, Point4* points) {
  for (std::size_t i = 0; d == 4 && i < colors.size() / 4; ++i) {
    if (colors[4 * i + 3] == 0) points[i] = all4(kFar);
  }
}

/// The largest difference of two colours in a channel.
int difference(const std::uint8_t* a, const std::uint8_t* b, std::size_t d) {
  int most = 0;
  for (std::size_t c = 0; c < d; ++c) most = std::max(most, std::abs(a[c] - b[c]));
  return most;
}

}  // namespace

std::optional<GifImage> choose_by_lzw(std::span<const std::uint8_t> pixels, int channels,
                                      std::size_t width, std::span<const std::uint8_t> palette,
                                      float per_bit, const FrameBefore& before,
                                      std::uint8_t* indices, Team& team) {
  const Space space(SpaceName::oklab, channels);
  const auto d = static_cast<std::size_t>(channels);
  const std::size_t n = pixels.size() / d;
  const std::size_t height = n / width;
  const std::size_t k = palette.size() / d;
  const auto place_rows = [&](std::span<const std::uint8_t> colors, Point4* out) {
    team.run(height, [&](std::size_t y, int) {
      place(space, colors.subspan(y * width * d, width * d), out + y * width);
    });
  };
  std::vector<Point4> entries(k);
  place(space, palette, entries.data());
  set_apart(palette, d, entries.data());
  Buffer<Point4> wanted(n);
  place_rows(pixels, wanted.data());
  Buffer<float> weights(n);
  weigh_by_texture({wanted.data(), n}, width, weights.data(), team);
  set_apart(pixels, d, wanted.data());
  const Runs picture{pixels.data(), d, width, height};
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t* const entry = &palette[indices[i] * d];
    const bool exact = std::equal(entry, entry + d, &pixels[i * d]);
    if (entries[indices[i]][0] == kFar || (exact && picture.is_in_run(i % width, i / width))) {
      weights[i] = kExact;
    }
  }
  Rectangle part{0, 0, height, width};
  std::vector<Point4> shown;
  std::vector<std::uint8_t> still;
  const bool keeps = !before.indices.empty() && k < 256;
  if (keeps) {
    Buffer<Point4> last(n);
    place_rows(before.pixels, last.data());
    for (std::size_t i = 0; i < n; ++i) {
      shown.push_back(entries[before.indices[i]]);
      still.push_back(square4(wanted[i] - last[i]) < kStill);
    }
    part = around(height, width, [&](std::size_t i) {
      return difference(&pixels[i * d], &before.pixels[i * d], d) > kMoved &&
             weights[i] * square4(wanted[i] - shown[i]) > kWorth * per_bit;
    });
    if (part.size() == 0) {
      std::ranges::copy(before.indices, indices);
      return std::nullopt;
    }
    shown = cut(shown.data(), width, part);
    still = cut(still.data(), width, part);
  }
  const auto nearest = cut(indices, width, part);
  const auto targets = cut(wanted.data(), width, part);
  const auto prices = cut(weights.data(), width, part);
  const std::vector<std::uint8_t> kept(keeps ? part.size() : 0, 1);
  const int keep = keeps ? static_cast<int>(k) : -1;
  const std::size_t most = keeps ? k : k - 1;
  std::vector<std::uint8_t> written(part.size());
  auto data = lzw_by_price({.bits = std::max(1, static_cast<int>(std::bit_width(most))),
                            .indices = nearest,
                            .keep = keep,
                            .kept = kept},
                           {.per_bit = per_bit,
                            .entries = entries,
                            .wanted = targets,
                            .weights = prices,
                            .shown = shown,
                            .still = still},
                           written.data());
  if (keeps) std::ranges::copy(before.indices, indices);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::size_t row = part.top + i / part.width();
    if (written[i] != keep) indices[row * width + part.left + i % part.width()] = written[i];
  }
  return GifImage{part, keep, false, std::move(data)};
}

}  // namespace kpalette
