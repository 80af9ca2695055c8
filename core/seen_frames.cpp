#include "seen_frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "lzw_coder.hpp"
#include "placing.hpp"
#include "rate_band.hpp"
#include "runs.hpp"
#include "spaces.hpp"
#include "stillness.hpp"
#include "texture.hpp"

namespace kpalette {
namespace {

constexpr float kColor = 2;         // the scale of both colour axes
constexpr float kStillest = 3e-5f;  // the squared distance of a level or so
constexpr float kFlat = 0.5f;       // the share of pixels as their left neighbours in graphics
// The squared mean of noise in 5 by 5 pixels, at most, and the share of a frame that has to be
// still. So files of still films with grain are a tenth smaller, and what moves is not blurred: a
// sixth of such a frame seems to be noise, of one whose camera trembles half, of still ones .87 and
// more.
constexpr float kNoiseMean = 1e-4f;
constexpr float kStillShare = 0.6f;
constexpr float kNew = 0.1f;  // the share of a new pixel in the mean over frames

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

/// What is flat hardly flickers, so that it is left at that.
Motion motion_of(Point4 step, bool is_flat) {
  const float square = square4(step);
  if (square < kStillest && !is_flat) return Motion::still;
  return square < kStill ? Motion::small : Motion::moved;
}

std::size_t within(std::size_t at, int offset, std::size_t n) {
  const auto last = static_cast<std::ptrdiff_t>(n) - 1;
  return static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at) + offset, 0, last));
}

bool is_same(const std::uint8_t* a, const std::uint8_t* b, std::size_t d) {
  bool same = a[0] == b[0];
  for (std::size_t c = 1; c < d; ++c) same &= a[c] == b[c];
  return same;
}

/// The rectangle around what differs.
Rectangle around_changes(const std::uint8_t* before, const std::uint8_t* now, std::size_t height,
                         std::size_t width, std::size_t d) {
  const std::size_t pitch = width * d;
  const auto differs = [&](std::size_t y) {
    return std::memcmp(before + y * pitch, now + y * pitch, pitch) != 0;
  };
  Rectangle rows{0, 0, height, width};
  while (rows.top < height && !differs(rows.top)) ++rows.top;
  if (rows.top == height) return {};
  while (!differs(rows.bottom - 1)) --rows.bottom;
  return around(rows, width,
                [&](std::size_t i) { return !is_same(before + i * d, now + i * d, d); });
}

}  // namespace

std::vector<Point4> seen_entries(std::span<const std::uint8_t> palette, int channels) {
  const auto d = static_cast<std::size_t>(channels);
  std::vector<Point4> entries(palette.size() / d);
  place(Space(SpaceName::oklab, channels), palette, entries.data());
  set_apart(palette, d, entries.data());
  return entries;
}

SeenFrames::SeenFrames(std::span<const std::uint8_t> palette, int channels, std::size_t width,
                       std::size_t height, float most_noise)
    : palette_(palette.begin(), palette.end()),
      channels_(channels),
      width_(width),
      height_(height),
      most_noise_(most_noise),
      entries_(seen_entries(palette, channels)) {}

void SeenFrames::take(std::span<const std::uint8_t> pixels, const std::uint8_t* nearest,
                      bool follows, Team& team) {
  const auto d = static_cast<std::size_t>(channels_);
  const std::size_t n = width_ * height_;
  const Rectangle whole{0, 0, height_, width_};
  const bool was_flat = is_flat_;
  changed_ = follows ? around_changes(source_.data(), pixels.data(), height_, width_, d) : whole;
  const Rectangle beside{changed_.top, changed_.left, changed_.bottom,
                         std::min(width_, changed_.right + 1)};
  n_flat_ = follows
                ? n_flat_ + count_flat(pixels.data(), beside) - count_flat(source_.data(), beside)
                : count_flat(pixels.data(), whole);
  is_flat_ = static_cast<float>(n_flat_) >= kFlat * static_cast<float>(n);
  const bool is_part = follows && was_flat && is_flat_;
  if (is_part) {
    place_changed(pixels, team);
  } else {
    place_whole(pixels, follows, team);
  }
  const Rectangle part = is_part ? changed_ : whole;
  if (part.size() > 0) {
    // As far as runs and weights reach.
    const Rectangle near = grown(part, kRun - 1, height_, width_);
    if (is_part) weigh_by_lightness({wanted_.data(), n}, width_, near, weights_.data(), team);
    find_exact(pixels, nearest, part, team);
    keep_runs(nearest, near, team);
  }
  source_.assign(pixels.begin(), pixels.end());
}

void SeenFrames::place_whole(std::span<const std::uint8_t> pixels, bool follows, Team& team) {
  const Space space(SpaceName::oklab, channels_);
  const auto d = static_cast<std::size_t>(channels_);
  const std::size_t n = width_ * height_;
  held_.swap(wanted_);
  wanted_.resize(n);
  weights_.resize(n);
  least_.resize(n);
  exact_.resize(n);
  team.run(height_, [&](std::size_t y, int) {
    place(space, pixels.subspan(y * width_ * d, width_ * d), wanted_.data() + y * width_);
  });
  weigh_by_lightness({wanted_.data(), n}, width_, {0, 0, height_, width_}, weights_.data(), team);
  set_apart(pixels, d, wanted_.data());
  if (!follows) return;
  motion_.resize(n);
  for (std::size_t i = 0; i < n; ++i) motion_[i] = motion_of(wanted_[i] - held_[i], is_flat_);
  if (!is_flat_) smooth(team);
}

void SeenFrames::place_changed(std::span<const std::uint8_t> pixels, Team& team) {
  const Space space(SpaceName::oklab, channels_);
  const auto d = static_cast<std::size_t>(channels_);
  motion_.assign(width_ * height_, Motion::small);
  team.run(changed_.height(), [&](std::size_t row, int) {
    const std::size_t first = (changed_.top + row) * width_ + changed_.left;
    std::vector<Point4> placed(changed_.width());
    place(space, pixels.subspan(first * d, placed.size() * d), placed.data());
    for (std::size_t x = 0; x < placed.size(); ++x) {
      motion_[first + x] = motion_of(placed[x] - wanted_[first + x], true);
      wanted_[first + x] = placed[x];
    }
  });
}

void SeenFrames::smooth(Team& team) {
  constexpr int kReach = 2;
  Buffer<Point4> across(width_ * height_);
  team.run(height_, [&](std::size_t y, int) {
    for (std::size_t x = 0; x < width_; ++x) {
      Point4 sum{};
      for (int offset = -kReach; offset <= kReach; ++offset) {
        const std::size_t i = y * width_ + within(x, offset, width_);
        sum += wanted_[i] - held_[i];
      }
      across[y * width_ + x] = sum;
    }
  });
  Buffer<float> means(width_ * height_);  // squared; of what is no noise, kNever
  std::vector<std::size_t> still(height_);
  team.run(height_, [&](std::size_t y, int) {
    for (std::size_t x = 0; x < width_; ++x) {
      const std::size_t i = y * width_ + x;
      means[i] = kNever;
      if (square4(wanted_[i] - held_[i]) >= most_noise_) continue;
      Point4 sum{};
      for (int offset = -kReach; offset <= kReach; ++offset) {
        sum += across[within(y, offset, height_) * width_ + x];
      }
      means[i] = square4(all4(1 / 25.0f) * sum);
      still[y] += means[i] < kNoiseMean;
    }
  });
  const auto n_still =
      static_cast<float>(std::accumulate(still.begin(), still.end(), std::size_t{0}));
  if (n_still < kStillShare * static_cast<float>(width_ * height_)) return;
  for (std::size_t i = 0; i < width_ * height_; ++i) {
    if (means[i] >= kNoiseMean) continue;
    wanted_[i] = held_[i] + all4(kNew) * (wanted_[i] - held_[i]);
    motion_[i] = Motion::small;
  }
}

void SeenFrames::find_exact(std::span<const std::uint8_t> pixels, const std::uint8_t* nearest,
                            const Rectangle& part, Team& team) {
  const auto d = static_cast<std::size_t>(channels_);
  team.run(part.height(), [&](std::size_t row, int) {
    const std::size_t y = part.top + row;
    for (std::size_t i = y * width_ + part.left; i < y * width_ + part.right; ++i) {
      least_[i] = square4(wanted_[i] - entries_[nearest[i]]);
      // What a mean over frames has moved is not exact any more.
      exact_[i] = least_[i] == 0 && is_same(&palette_[nearest[i] * d], &pixels[i * d], d);
    }
  });
}

void SeenFrames::keep_runs(const std::uint8_t* nearest, const Rectangle& part, Team& team) {
  static_assert(kRun == 4);
  team.run(part.height(), [&](std::size_t row, int) {
    const std::size_t y = part.top + row;
    std::vector<std::uint8_t> in_run(width_);
    // Whether each of a row is as the one before it, `before` pixels ago: of the six around.
    std::array<std::vector<std::uint8_t>, 6> same;
    const auto find_runs = [&](std::size_t from, std::size_t to) {
      for (std::size_t x = from; x < to; ++x) {
        const auto three = [&](std::size_t j) {
          return same[j][x] & same[j + 1][x] & same[j + 2][x];
        };
        in_run[x] |= static_cast<std::uint8_t>(three(0) | three(1) | three(2) | three(3));
      }
    };
    const std::uint8_t* const exact = &exact_[y * width_];
    const std::uint8_t* const entry = &nearest[y * width_];
    std::vector<std::uint8_t> as_left(width_ + 6);  // beginning with 2 pixels to the left
    for (std::size_t x = 1; x < width_; ++x) {
      as_left[x + 2] =
          static_cast<std::uint8_t>(exact[x] & exact[x - 1] & (entry[x] == entry[x - 1]));
    }
    for (std::size_t j = 0; j < 6; ++j) {
      same[j].assign(as_left.begin() + static_cast<std::ptrdiff_t>(j),
                     as_left.begin() + static_cast<std::ptrdiff_t>(j + width_));
    }
    find_runs(part.left, part.right);
    for (std::size_t j = 0; j < 6; ++j) {
      std::ranges::fill(same[j], 0);
      const std::size_t lower = y + j;  // and 2 rows down, to be one of 0 to `height`
      if (lower < 3 || lower - 2 >= height_) continue;
      const std::size_t below = (lower - 2) * width_;
      const std::size_t above = below - width_;
      for (std::size_t x = part.left; x < part.right; ++x) {
        same[j][x] = static_cast<std::uint8_t>(exact_[below + x] & exact_[above + x] &
                                               (nearest[below + x] == nearest[above + x]));
      }
    }
    find_runs(part.left, part.right);
    for (std::size_t x = part.left; x < part.right; ++x) {
      const std::size_t i = y * width_ + x;
      const Point4 nearest_entry = entries_[nearest[i]];
      if (!in_run[x] && nearest_entry[0] != kFar) continue;
      weights_[i] = kExact;
      wanted_[i] = nearest_entry;
      least_[i] = 0;
    }
  });
}

std::ptrdiff_t SeenFrames::count_flat(const std::uint8_t* pixels, const Rectangle& part) const {
  const auto d = static_cast<std::size_t>(channels_);
  std::ptrdiff_t same = 0;
  for (std::size_t y = part.top; y < part.bottom; ++y) {
    for (std::size_t x = std::max<std::size_t>(1, part.left); x < part.right; ++x) {
      const std::uint8_t* const here = pixels + (y * width_ + x) * d;
      same += is_same(here, here - d, d);
    }
  }
  return same;
}

}  // namespace kpalette
