#include "lzw_choice.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <vector>

#include "buffer.hpp"
#include "lzw.hpp"
#include "rate_band.hpp"
#include "spaces.hpp"
#include "texture.hpp"

namespace kpalette {
namespace {

constexpr float kStill = 4e-4f;    // the squared distance in Oklab below which a source is still
constexpr int kMoved = 1;          // levels
constexpr float kWorthIt = 0.5f;   // of a bit's price: an error below that draws nothing anew

/// Writes coordinates in Oklab, relative to the middle.
void place(const Space& space, std::span<const std::uint8_t> colors, Point4* out) {
  constexpr std::size_t kBatch = 256;
  std::array<std::int32_t, kMaxDim * kBatch> placed;
  const auto d = static_cast<std::size_t>(space.channels());
  const auto middle = space.middle();
  const float unit = 1 / static_cast<float>(space.steps());
  const std::size_t n = colors.size() / d;
  for (std::size_t first = 0; first < n; first += kBatch) {
    const std::size_t count = std::min(kBatch, n - first);
    space.place(colors.subspan(first * d, count * d), placed.data(), kBatch);
    for (std::size_t i = 0; i < count; ++i) {
      Point4 point{};
      for (std::size_t axis = 0; axis < d; ++axis) {
        point[axis] = static_cast<float>(placed[axis * kBatch + i] - middle[axis]) * unit;
      }
#ifdef CHROMA
      point[1] *= CHROMA; point[2] *= CHROMA;
#endif
      out[first + i] = point;
    }
  }
}

/// The rectangle that holds some pixels of a picture.
struct Part {
  std::size_t top, left, bottom, right;
  bool is_empty() const { return top >= bottom; }
  std::size_t size() const { return (bottom - top) * (right - left); }
};

template <class Is>
Part around(std::size_t height, std::size_t width, const Is& is) {
  Part part{height, width, 0, 0};
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      if (!is(y * width + x)) continue;
      part.top = std::min(part.top, y);
      part.left = std::min(part.left, x);
      part.bottom = y + 1;
      part.right = std::max(part.right, x + 1);
    }
  }
  return part;
}

/// The values of a part, row by row.
template <class Range>
auto cut(const Range& values, std::size_t width, const Part& part) {
  std::vector<std::remove_cvref_t<decltype(values[0])>> out;
  out.reserve(part.size());
  for (std::size_t y = part.top; y < part.bottom; ++y) {
    for (std::size_t x = part.left; x < part.right; ++x) out.push_back(values[y * width + x]);
  }
  return out;
}

}  // namespace

void choose_by_lzw(std::span<const std::uint8_t> pixels, int channels, std::size_t width,
                   std::span<const std::uint8_t> palette, float per_bit, const FrameBefore& before,
                   std::uint8_t* indices, Team& team) {
  if (pixels.empty()) return;
  const Space space(SpaceName::oklab, channels);
  const auto d = static_cast<std::size_t>(channels);
  const std::size_t n = pixels.size() / d;
  const std::size_t height = n / width;
  const std::size_t k = palette.size() / d;
  std::vector<Point4> entries(k);
  place(space, palette, entries.data());
  Buffer<Point4> wanted(n);
  team.run(height, [&](std::size_t y, int) {
    place(space, pixels.subspan(y * width * d, width * d), &wanted[y * width]);
  });
  Buffer<float> weights(n);
#ifdef NOW
  std::fill(weights.begin(), weights.end(), 1.0f);
#else
  weigh_by_texture({wanted.data(), n}, width, weights.data(), team);
#endif
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t* const pixel = &pixels[i * d];
    const std::uint8_t* const entry = &palette[indices[i] * d];
    const bool clear = d == 4 && (pixel[3] == 0 || entry[3] == 0);
    if (clear || std::equal(entry, entry + d, pixel)) weights[i] = kExact;
  }
  Part part{0, 0, height, width};
  const bool may_keep = !before.indices.empty() && k < 256;
  std::vector<Point4> shown;
  std::vector<std::uint8_t> still;
  if (may_keep) {
    std::vector<Point4> last(n);
    place(space, before.pixels, last.data());
    for (std::size_t i = 0; i < n; ++i) {
      shown.push_back(entries[before.indices[i]]);
      still.push_back(square4(wanted[i] - last[i]) < kStill);
    }
    part = around(height, width, [&](std::size_t i) {
      int moved = 0;
      for (std::size_t c = 0; c < d; ++c) {
        moved = std::max(moved, std::abs(pixels[i * d + c] - before.pixels[i * d + c]));
      }
      return moved > kMoved && weights[i] * square4(wanted[i] - shown[i]) > kWorthIt * per_bit;
    });
    if (part.is_empty()) {
      std::copy(before.indices.begin(), before.indices.end(), indices);
      return;
    }
  }
  const auto nearest = cut(indices, width, part);
  const auto some_wanted = cut(wanted, width, part);
  const auto some_weights = cut(weights, width, part);
  const auto some_shown = may_keep ? cut(shown, width, part) : shown;
  const auto some_still = may_keep ? cut(still, width, part) : still;
  const std::vector<std::uint8_t> kept(may_keep ? part.size() : 0, 1);
  const int keep = may_keep ? static_cast<int>(k) : -1;
  const std::size_t codes = k + (may_keep ? 1 : 0);
  const LzwFrame frame{.bits = std::max(1, static_cast<int>(std::bit_width(codes - 1))),
                       .indices = nearest,
                       .keep = keep,
                       .kept = kept};
  const LzwPrices prices{.per_bit = per_bit,
                         .entries = entries,
                         .wanted = some_wanted,
                         .weights = some_weights,
                         .shown = some_shown,
                         .still = some_still};
  std::vector<std::uint8_t> written(part.size());
  choose_by_lzw(frame, prices, written.data());
  if (may_keep) std::copy(before.indices.begin(), before.indices.end(), indices);
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == keep) continue;
    const std::size_t columns = part.right - part.left;
    indices[(part.top + i / columns) * width + part.left + i % columns] = written[i];
  }
}

}  // namespace kpalette
