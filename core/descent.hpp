// The descent of spatial dithering, over the pixels of an image or of a part of one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "buffer.hpp"
#include "dither.hpp"
#include "nearest_grid.hpp"
#include "parallel.hpp"
#include "placing.hpp"
#include "spaces.hpp"
#include "spatial.hpp"
#include "unseen.hpp"

namespace kpalette {

// Coordinates are those of the space divided by this. Errors are integers below 2^15 then, and
// blurred ones, which are not divided by the kernel's sum of 256, below 2^23: exact in floats.
inline constexpr std::int32_t kFine = 64;

inline constexpr float kOwn = 36;  // the kernel's middle
inline constexpr std::size_t kReach = 2;
inline constexpr float kLight = 18;  // l in 256ths
inline constexpr float kColor = 9;

// With less all pixels have their nearest entries, and numbers grow too large.
inline constexpr float kLeastStrength = 0.01f;

// Errors are bounded as in error diffusion: what a pixel takes of its neighbours' is at most so
// many times its distance to its nearest entry.
inline constexpr float kDiffused = (kSpatialBound - 1) / 2;

inline constexpr std::size_t kStripRows = 24;  // a multiple of 3, and more than twice the reach

/// Sums by which a palette is improved: over pairs of pixels by their entries, and over pixels by
/// their entry of the blurred errors, of the errors themselves, and of the weights.
struct Sums {
  explicit Sums(std::size_t k) : pairs(k * k), blurred(k), errors(k), counts(k) {}

  void operator+=(const Sums& other) {
    for (std::size_t j = 0; j < pairs.size(); ++j) pairs[j] += other.pairs[j];
    for (std::size_t j = 0; j < counts.size(); ++j) {
      counts[j] += other.counts[j];
      for (std::size_t axis = 0; axis < 3; ++axis) {
        blurred[j][axis] += other.blurred[j][axis];
        errors[j][axis] += other.errors[j][axis];
      }
    }
  }

  std::vector<std::int64_t> pairs;
  std::vector<std::array<std::int64_t, 3>> blurred;
  std::vector<std::array<std::int64_t, 3>> errors;
  std::vector<std::int64_t> counts;
};

/// The indices of a part of an image while they are sought.
template <int D, class Index>
class Descent {
 public:
  /// `indices` are the nearest entries, and are written to.
  Descent(const Raster& raster, std::span<const std::uint8_t> palette, float strength,
          Index* indices, Team& team)
      : raster_(raster),
        palette_(palette),
        indices_(indices),
        team_(team),
        centers_(palette.size() / D),
        width_(raster.width + 2 * kReach),
        wanted_(raster.width * raster.height),
        bounds_(raster.width * raster.height),
        blurred_(width_ * (raster.height + 2 * kReach), Point4{}) {
    share_ = strength / 16;
    strength = std::max(strength, kLeastStrength);
    const float light = kLight / (strength * strength);
    const float color = kColor / (strength * strength);
    additions_ = Point4{light, color, color, light};
    const Point4 whole = additions_ + all4(kOwn);
    per_whole_ = all4(1) / whole;
    for (int axis = 0; axis < 4; ++axis) scale_[axis] = std::sqrt(whole[axis] / kOwn);
    place(palette, [&](std::size_t j, const Point4& point) { centers_[j] = point; });
    std::vector<Point4> scaled;
    std::vector<std::int32_t> every;
    std::vector<std::int32_t> opaque;
    for (std::size_t j = 0; j < centers_.size(); ++j) {
      scaled.push_back(centers_[j] * scale_);
      every.push_back(static_cast<std::int32_t>(j));
      if (D == 4 && palette[4 * j + 3] == 255) opaque.push_back(static_cast<std::int32_t>(j));
    }
    // The others' errors are 220 times the largest at most, and divided by more than kOwn.
    const float most = static_cast<float>(space_.max_coord() / kFine);
    const float reach = 16 * most * std::max(scale_[0], scale_[1]);
    for (int worker = 0; worker < team.size(); ++worker) {
      grids_.emplace_back();
      grids_.back().emplace_back(scaled, every, D, reach);
      if (!opaque.empty()) grids_.back().emplace_back(scaled, opaque, D, reach);
    }
  }

  /// Diffuses errors within blocks, and makes passes over the pixels.
  void run(int passes) {
    start();
    for (int pass = 0; pass < passes; ++pass) sweep();
  }

  /// Writes the nearest entry of every pixel.
  void find_nearest() {
    team_.run(raster_.height, [&](std::size_t y, int worker) {
      auto& grids = grids_[static_cast<std::size_t>(worker)];
      const std::size_t first = y * raster_.width;
      place(raster_.pixels.subspan(first * D, raster_.width * D), [&](std::size_t x, Point4 point) {
        indices_[first + x] = static_cast<Index>(grids[0].template find<D>(point * scale_));
      });
    });
  }

  /// Adds what pixels and pairs of them sum up to; `weights` are those of the pixels, or none.
  void add_to(Sums& all, std::span<const std::uint16_t> weights) const {
    std::vector<Sums> parts(static_cast<std::size_t>(team_.size()), Sums(centers_.size()));
    strips([&](std::size_t first, std::size_t last, int worker) {
      Sums& part = parts[static_cast<std::size_t>(worker)];
      for (std::size_t y = first; y < last; ++y) {
        weights.empty() ? add_row(y, part) : add_row(y, part, weights);
      }
    });
    for (const Sums& part : parts) all += part;
  }

  float addition(int axis) const { return additions_[axis]; }

 private:
  /// Calls take(i, point) for each colour.
  template <class Take>
  void place(std::span<const std::uint8_t> colors, const Take& take) const {
    const auto convert = [](std::int32_t coordinate, std::size_t) {
      return static_cast<float>(coordinate / kFine);
    };
    for_each_placed(space_, colors, convert, take);
  }

  typedef std::int16_t Short4 __attribute__((vector_size(8)));

  Point4 wanted(std::size_t at) const { return __builtin_convertvector(wanted_[at], Point4); }

  /// How many rows, or columns, are left of the block that the first one is in.
  static std::size_t first_block(std::size_t origin) {
    return kSpatialBlock - origin % kSpatialBlock;
  }

  /// Calls body(begin, end) for each block in one direction.
  template <class Body>
  static void blocks(std::size_t origin, std::size_t size, const Body& body) {
    std::size_t end = 0;
    for (std::size_t begin = 0; begin < size; begin = end) {
      end = std::min(size, begin == 0 ? first_block(origin) : begin + kSpatialBlock);
      body(begin, end);
    }
  }

  /// Calls body(first row, last row, worker) for strips, in two turns: those of a turn are so far
  /// apart that none writes what another one reads or writes.
  template <class Body>
  void strips(const Body& body) const {
    const std::size_t strips = (raster_.height + kStripRows - 1) / kStripRows;
    for (std::size_t odd = 0; odd < 2; ++odd) {
      team_.run((strips + 1 - odd) / 2, [&](std::size_t task, int worker) {
        const std::size_t first = (2 * task + odd) * kStripRows;
        body(first, std::min(raster_.height, first + kStripRows), worker);
      });
    }
  }

  /// Diffuses errors within blocks, and blurs those that are left.
  void start() {
    std::vector<std::pair<std::size_t, std::size_t>> rows;
    blocks(raster_.y0, raster_.height,
           [&](std::size_t begin, std::size_t end) { rows.emplace_back(begin, end); });
    team_.run(rows.size(), [&](std::size_t task, int worker) {
      auto& grids = grids_[static_cast<std::size_t>(worker)];
      const auto [top, bottom] = rows[task];
      prepare(top, bottom);
      blocks(raster_.x0, raster_.width, [&, top = top, bottom = bottom](auto left, auto right) {
        diffuse(top, bottom, left, right, grids);
      });
    });
    strips([&](std::size_t first, std::size_t last, int) {
      for (std::size_t y = first; y < last; ++y) {
        for (std::size_t x = 0; x < raster_.width; ++x) {
          const std::size_t at = y * raster_.width + x;
          spread(blurred_.data() + y * width_ + x, centers_[indices_[at]] - wanted(at));
        }
      }
    });
  }

  /// Places pixels, and bounds their errors.
  void prepare(std::size_t top, std::size_t bottom) {
    const float unseen = unseen_levels(centers_.size());
    const std::size_t first = top * raster_.width;
    const auto pixels = raster_.pixels.subspan(first * D, (bottom - top) * raster_.width * D);
    place(pixels, [&](std::size_t i, Point4 point) {
      const std::size_t at = first + i;
      const std::size_t found = indices_[at];
      const Point4 error = centers_[found] - point;
      const bool seen = level_square<D>(&pixels[i * D], &palette_[found * D]) > unseen * unseen;
      bounds_[at] = seen ? kSpatialBound * kSpatialBound * square4(error) : 0;
      if constexpr (D == 4) {
        const std::uint8_t alpha = pixels[4 * i + 3];
        if (alpha == 0) {  // invisible: has no error
          point = centers_[found];
          bounds_[at] = 0;
        } else if (alpha == 255 && palette_[4 * found + 3] == 255) {
          bounds_[at] = -bounds_[at];  // only opaque entries are allowed
        }
      }
      if (!raster_.kept.empty() && raster_.kept[at] != 0) bounds_[at] = 0;
      wanted_[at] = __builtin_convertvector(point, Short4);
    });
  }

  std::size_t find(std::size_t at, Point4 target, std::vector<NearestGrid>& grids) const {
    const bool solid = D == 4 && std::signbit(bounds_[at]);
    return static_cast<std::size_t>(grids[solid].template find<D>(target * scale_));
  }

  /// Diffuses errors within a block, as Floyd and Steinberg do, with rows in alternating
  /// directions.
  void diffuse(std::size_t top, std::size_t bottom, std::size_t left, std::size_t right,
               std::vector<NearestGrid>& grids) {
    constexpr float kBounded = kDiffused * kDiffused / (kSpatialBound * kSpatialBound);
    std::array<Point4, kSpatialBlock + 2> errors[2]{};  // of the row above and of this one
    const std::size_t n = right - left;
    for (std::size_t y = top; y < bottom; ++y) {
      const bool back = (raster_.y0 + y) % 2 != 0;
      const std::ptrdiff_t step = back ? -1 : 1;
      Point4 before{};
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t x = back ? n - 1 - i : i;
        const std::size_t at = y * raster_.width + left + x;
        const Point4* above = errors[0].data() + 1 + x;
        const Point4 sum =
            (((all4(3) * above[-step] + all4(5) * above[0]) + above[step]) + all4(7) * before) *
            all4(share_);
        const float bound = kBounded * std::abs(bounds_[at]);
        const float most = std::max(std::max(bound, square4(sum)), 1e-30f);
        const Point4 target = wanted(at) + sum * all4(bound / most);
        // Entries that differ may lie at one place.
        const std::size_t found = bounds_[at] == 0 ? indices_[at] : find(at, target, grids);
        before = target - centers_[found];
        errors[1][1 + x] = before;
        indices_[at] = static_cast<Index>(found);
      }
      std::swap(errors[0], errors[1]);
    }
  }

  /// Adds an error to the blurred ones around it; `corner` is the first of them.
  void spread(Point4* corner, Point4 error) const {
    const Point4 e4 = error * all4(4);
    const Point4 e6 = error * all4(6);
    const Point4 e16 = e4 * all4(4);
    const Point4 e24 = e4 * all4(6);
    const Point4 e36 = e6 * all4(6);
    const auto row = [](Point4* at, Point4 a, Point4 b, Point4 c) {
      at[0] += a;
      at[1] += b;
      at[2] += c;
      at[3] += b;
      at[4] += a;
    };
    row(corner, error, e4, e6);
    row(corner + width_, e4, e16, e24);
    row(corner + 2 * width_, e6, e24, e36);
    row(corner + 3 * width_, e4, e16, e24);
    row(corner + 4 * width_, error, e4, e6);
  }

  /// Visits every pixel once.
  void sweep() {
    for (std::size_t phase = 0; phase < 3; ++phase) {
      strips([&](std::size_t first, std::size_t last, int worker) {
        const std::size_t skipped = (phase + 3 - (raster_.y0 + first) % 3) % 3;
        for (std::size_t y = first + skipped; y < last; y += 3) {
          for (std::size_t x = 0; x < 3; ++x) {
            visit(y, (x + 3 - raster_.x0 % 3) % 3, grids_[static_cast<std::size_t>(worker)]);
          }
        }
      });
    }
  }

  /// Visits every third pixel of a row. With all others as they are, the sum is least for the entry
  /// nearest to x - (B e - b e) / (b + l), where b is the kernel's middle, if each axis is scaled
  /// by the root of b + l.
  void visit(std::size_t y, std::size_t from, std::vector<NearestGrid>& grids) {
    for (std::size_t x = from; x < raster_.width; x += 3) {
      const std::size_t at = y * raster_.width + x;
      if (bounds_[at] == 0) continue;
      Point4* corner = blurred_.data() + y * width_ + x;
      const Point4 here = wanted(at);
      const std::size_t now = indices_[at];
      const Point4 others = corner[kReach * width_ + kReach] - (centers_[now] - here) * all4(kOwn);
      const std::size_t found = find(at, here - others * per_whole_, grids);
      if (found == now || square4(centers_[found] - here) > std::abs(bounds_[at])) continue;
      spread(corner, centers_[found] - centers_[now]);
      indices_[at] = static_cast<Index>(found);
    }
  }

  void add_row(std::size_t y, Sums& sums) const {
    const std::size_t k = centers_.size();
    for (std::size_t x = 0; x < raster_.width; ++x) {
      const std::size_t at = y * raster_.width + x;
      const std::size_t entry = indices_[at];
      const Point4 error = centers_[entry] - wanted(at);
      const Point4 blurred = blurred_[(y + kReach) * width_ + x + kReach];
      add(sums.errors[entry], 1, error);
      add(sums.blurred[entry], 1, blurred);
      ++sums.counts[entry];
      std::int64_t* pairs = sums.pairs.data() + entry * k;
      for (std::size_t down = 0; down <= kReach && y + down < raster_.height; ++down) {
        const std::size_t first = down > 0 ? x - std::min(x, kReach) : x;
        const std::size_t last = std::min(raster_.width - 1, x + kReach);
        for (std::size_t other = first; other <= last; ++other) {
          pairs[indices_[(y + down) * raster_.width + other]] +=
              kWeights[kReach + down] * kWeights[kReach + other - x];
        }
      }
    }
  }

  /// The same by weights. Blurred errors are summed anew, each by the smaller weight of its pair:
  /// with that the matrix of pairs stays positive semidefinite, as a product by Schur.
  void add_row(std::size_t y, Sums& sums, std::span<const std::uint16_t> weights) const {
    const std::size_t k = centers_.size();
    for (std::size_t x = 0; x < raster_.width; ++x) {
      const std::size_t at = y * raster_.width + x;
      const std::size_t entry = indices_[at];
      const std::int64_t weight = weights[at];
      if (weight == 0) continue;
      sums.counts[entry] += weight;
      add(sums.errors[entry], weight, centers_[entry] - wanted(at));
      std::int64_t* pairs = sums.pairs.data() + entry * k;
      const std::size_t bottom = std::min(raster_.height - 1, y + kReach);
      const std::size_t right = std::min(raster_.width - 1, x + kReach);
      for (std::size_t v = y - std::min(y, kReach); v <= bottom; ++v) {
        for (std::size_t u = x - std::min(x, kReach); u <= right; ++u) {
          const std::size_t other = v * raster_.width + u;
          const std::int64_t share = kWeights[kReach + v - y] * kWeights[kReach + u - x] *
                                     std::min<std::int64_t>(weight, weights[other]);
          add(sums.blurred[entry], share, centers_[indices_[other]] - wanted(other));
          // Each pair of two is met twice.
          if (other >= at) pairs[indices_[other]] += share;
        }
      }
    }
  }

  static void add(std::array<std::int64_t, 3>& sum, std::int64_t weight, Point4 error) {
    for (int axis = 0; axis < 3; ++axis) {
      sum[static_cast<std::size_t>(axis)] += weight * static_cast<std::int64_t>(error[axis]);
    }
  }

  static constexpr std::array<std::int64_t, 5> kWeights{1, 4, 6, 4, 1};

  const Raster& raster_;
  std::span<const std::uint8_t> palette_;
  Index* indices_;
  Team& team_;
  Space space_{SpaceName::mixing, D};
  std::vector<Point4> centers_;
  std::size_t width_;      // of the blurred errors, whose margins take what goes past the edges
  Buffer<Short4> wanted_;  // where the pixels lie
  Buffer<float> bounds_;   // the square of the largest error; negative: of opaque entries only
  Buffer<Point4> blurred_;
  std::vector<std::vector<NearestGrid>> grids_;  // for each worker: of all entries, of opaque ones
  float share_ = 0;  // of a sixteenth of an error, that a neighbour takes
  Point4 additions_{};
  Point4 per_whole_{};
  Point4 scale_{};
};

}  // namespace kpalette
