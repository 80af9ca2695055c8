#include "lzw_choice.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "gif_changes.hpp"
#include "lzw_coder.hpp"
#include "placing.hpp"
#include "rate_band.hpp"
#include "runs.hpp"
#include "spaces.hpp"
#include "texture.hpp"

namespace kpalette {
namespace {
constexpr float kColor = 2;          // the scale of both colour axes
constexpr float kFar = 1e9f;         // where clear colours lie: no other one is near
constexpr float kStill = 4e-4f;      // the squared distance below which a source is still
constexpr int kMoved = 1;            // levels: what differs by more is drawn,
constexpr float kWorth = 0.5f;       // if its error is above so much of a bit's price
constexpr float kFirstOver = 4;      // bits: of a first pixel, over its nearest entry
constexpr float kFlicker = 1;        // bits: for another colour where the source is still
constexpr float kFlat = 0.5f;        // the share of pixels as their left neighbours in graphics
constexpr unsigned kTried = 8;       // rules are tried on one of so many frames
constexpr float kNoise = 12;         // bits: of a pixel that is still but for noise, at most,
constexpr float kMostNoise = 8e-4f;  // and its squared distance
constexpr float kNoiseMean = 1e-5f;  // the squared mean of noise in 5 by 5 pixels, at most
constexpr float kNew = 0.15f;        // the share of a new pixel in the mean over frames

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

std::vector<Point4> placed_entries(std::span<const std::uint8_t> palette, int channels) {
  const auto d = static_cast<std::size_t>(channels);
  std::vector<Point4> entries(palette.size() / d);
  place(Space(SpaceName::oklab, channels), palette, entries.data());
  set_apart(palette, d, entries.data());
  return entries;
}

/// The largest difference of two colours in a channel.
int difference(const std::uint8_t* a, const std::uint8_t* b, std::size_t d) {
  int most = 0;
  for (std::size_t c = 0; c < d; ++c) most = std::max(most, std::abs(a[c] - b[c]));
  return most;
}

/// Whether so many pixels are as their left neighbours that it is a drawing or a screen: .53 and
/// more are in these, 0 to .42 in films.
bool is_flat(std::span<const std::uint8_t> pixels, std::size_t d, std::size_t width) {
  std::size_t same = 0;
  for (std::size_t i = 1; i < pixels.size() / d; ++i) {
    const std::uint8_t* const here = &pixels[i * d];
    same += i % width != 0 && std::equal(here, here + d, here - d);
  }
  return static_cast<float>(same) >= kFlat * static_cast<float>(pixels.size() / d);
}

constexpr std::uint8_t kMayDraw = 1;  // the entry that is shown
constexpr std::uint8_t kMayKeep = 2;

/// Prices where errors are weighed against bits, of the pixels of a rectangle.
struct Seen {
  float per_bit;
  std::span<const Point4> entries;
  const NearEntries& near;
  int keep;  // or -1
  std::vector<std::uint8_t> nearest;
  std::vector<Point4> wanted;
  std::vector<float> weights;
  std::vector<float> least;  // the squared error of the nearest
  std::vector<std::uint8_t> shown;
  std::vector<std::uint8_t> still;
  std::span<const std::uint8_t> allowed;

  float bit() const { return per_bit; }
  bool is_only() const { return false; }
  int entry(std::size_t i) const { return nearest[i]; }

  template <class Take>
  void first(std::size_t i, const Take& take) const {
    const float most = kFirstOver * bit();
    // No entry that is farther from the nearest one has so small an error.
    const float reach =
        (std::sqrt(least[i]) + std::sqrt(least[i] + most / weights[i])) * 1.0001f + 1e-6f;
    for (const auto& [distance, entry] : near.of(nearest[i])) {
      if (distance > reach) break;
      const float found = price(i, entry);
      if (found <= most) take(entry, found);
    }
    if (keep < 0) return;
    const float found = price(i, keep);
    if (found <= most) take(keep, found);
  }

  template <class Take>
  void next(std::size_t i, int code, Dictionary& dictionary, const Take& take) const {
    if (weights[i] == kExact) {  // few entries do, so that they are looked for
      const auto take_if = [&](int entry) {
        const int found = entry < 0 ? 0 : dictionary.find(code, entry);
        if (found != 0 && price(i, entry) < kNever) take(found, price(i, entry));
      };
      take_if(nearest[i]);
      if (keep >= 0 && shown[i] == nearest[i]) take_if(keep);
      return;
    }
    const float most = kPixelOver * bit();
    for (int next = dictionary.child(code); next != 0; next = dictionary.sibling(next)) {
      const float found = price(i, dictionary.entry(next));
      if (found <= most) take(next, found);
    }
  }

  float price(std::size_t i, int entry) const {
    if (entry == keep) {
      if (!(allowed[i] & kMayKeep)) return kNever;
      entry = shown[i];
      return weights[i] *
             (square4(wanted[i] - entries[static_cast<std::size_t>(entry)]) - least[i]);
    }
    if (entry >= static_cast<int>(entries.size())) return kNever;
    if (keep >= 0 && entry == shown[i] && !(allowed[i] & kMayDraw)) return kNever;
    const float found =
        weights[i] * (square4(wanted[i] - entries[static_cast<std::size_t>(entry)]) - least[i]);
    const bool flickers = keep >= 0 && still[i] != 0 && entry != shown[i];
    return flickers ? found + kFlicker * bit() : found;
  }
};

}  // namespace

NearEntries::NearEntries(std::span<const Point4> entries) : k_(entries.size()), near_(k_ * k_) {
  for (std::size_t a = 0; a < k_; ++a) {
    Near* const first = &near_[a * k_];
    for (std::size_t b = 0; b < k_; ++b) {
      first[b] = {std::sqrt(square4(entries[a] - entries[b])), static_cast<std::uint8_t>(b)};
    }
    std::sort(first, first + k_, [](const Near& one, const Near& other) {
      return one.distance != other.distance ? one.distance < other.distance
                                            : one.entry < other.entry;
    });
  }
}

/// What is known of a frame before it is chosen.
struct LossyFrames::Frame {
  bool keeps;    // whether pixels can stay as they are
  bool is_flat;  // whether it is a drawing or a screen
  Buffer<Point4> wanted;
  Buffer<float> weights;
  std::vector<float> least;
  std::vector<std::uint8_t> still;
  std::vector<float> staying;  // the price of what is shown
  Rectangle part;
  double outside = 0;  // the price of what stays outside of the part
};

/// How a frame can be written.
struct LossyFrames::Way {
  std::optional<GifImage> image;
  std::vector<std::uint8_t> written;  // of the image's part, or nothing
  double cost;
};

LossyFrames::LossyFrames(std::span<const std::uint8_t> palette, int channels, std::size_t width,
                         std::size_t height, float per_bit)
    : palette_(palette.begin(), palette.end()),
      channels_(channels),
      width_(width),
      height_(height),
      per_bit_(per_bit),
      entries_(placed_entries(palette, channels)),
      near_(entries_) {}

LossyFrames::Frame LossyFrames::prepare(std::span<const std::uint8_t> pixels,
                                        const std::uint8_t* nearest, Team& team) {
  const Space space(SpaceName::oklab, channels_);
  const auto d = static_cast<std::size_t>(channels_);
  const std::size_t n = width_ * height_;
  Frame frame;
  frame.keeps = !shown_.empty() && entries_.size() < 256 && channels_ == 3;
  frame.wanted.resize(n);
  team.run(height_, [&](std::size_t y, int) {
    place(space, pixels.subspan(y * width_ * d, width_ * d), frame.wanted.data() + y * width_);
  });
  frame.weights.resize(n);
  weigh_by_lightness({frame.wanted.data(), n}, width_, frame.weights.data(), team);
  set_apart(pixels, d, frame.wanted.data());
  frame.is_flat = is_flat(pixels, d, width_);
  if (frame.keeps && !frame.is_flat) smooth(frame.wanted.data(), team);
  frame.least.resize(n);
  const Runs picture{pixels.data(), d, width_, height_};
  for (std::size_t i = 0; i < n; ++i) {
    const Point4 nearest_entry = entries_[nearest[i]];
    frame.least[i] = square4(frame.wanted[i] - nearest_entry);
    // What a mean over frames has moved is not exact any more.
    const std::uint8_t* const entry = &palette_[nearest[i] * d];
    const bool exact = frame.least[i] == 0 && std::equal(entry, entry + d, &pixels[i * d]);
    if (nearest_entry[0] == kFar || (exact && picture.is_in_run(i % width_, i / width_))) {
      frame.weights[i] = kExact;
      frame.wanted[i] = nearest_entry;
      frame.least[i] = 0;
    }
  }
  frame.part = {0, 0, height_, width_};
  if (!frame.keeps) return frame;
  frame.still.resize(n);
  frame.staying.resize(n);
  const float worth = kWorth * per_bit_;
  for (std::size_t i = 0; i < n; ++i) {
    const float error = square4(frame.wanted[i] - entries_[shown_[i]]);
    frame.still[i] = square4(frame.wanted[i] - held_[i]) < kStill;
    // Within a level, what stays need not be exact.
    frame.staying[i] = std::min(1.0f, frame.weights[i]) * (error - frame.least[i]);
  }
  frame.part = around(height_, width_, [&](std::size_t i) {
    return difference(&pixels[i * d], &pixels_[i * d], d) > kMoved &&
           frame.weights[i] * square4(frame.wanted[i] - entries_[shown_[i]]) > worth;
  });
  for (std::size_t y = 0; y < height_; ++y) {
    for (std::size_t x = 0; x < width_; ++x) {
      const bool in = y >= frame.part.top && y < frame.part.bottom && x >= frame.part.left &&
                      x < frame.part.right;
      if (!in) frame.outside += frame.staying[y * width_ + x];
    }
  }
  return frame;
}

void LossyFrames::smooth(Point4* wanted, Team& team) const {
  constexpr int kReach = 2;
  const auto within = [](std::size_t at, int offset, std::size_t n) {
    const auto last = static_cast<std::ptrdiff_t>(n) - 1;
    return static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at) + offset, 0, last));
  };
  const float most = std::min(kMostNoise, kNoise * per_bit_);
  Buffer<Point4> across(width_ * height_);
  team.run(height_, [&](std::size_t y, int) {
    for (std::size_t x = 0; x < width_; ++x) {
      Point4 sum{};
      for (int offset = -kReach; offset <= kReach; ++offset) {
        const std::size_t i = y * width_ + within(x, offset, width_);
        sum += wanted[i] - held_[i];
      }
      across[y * width_ + x] = sum;
    }
  });
  team.run(height_, [&](std::size_t y, int) {
    for (std::size_t x = 0; x < width_; ++x) {
      const std::size_t i = y * width_ + x;
      const Point4 step = wanted[i] - held_[i];
      if (square4(step) >= most) continue;
      Point4 sum{};
      for (int offset = -kReach; offset <= kReach; ++offset) {
        sum += across[within(y, offset, height_) * width_ + x];
      }
      if (square4(all4(1 / 25.0f) * sum) < kNoiseMean) wanted[i] = held_[i] + all4(kNew) * step;
    }
  });
}

LossyFrames::Way LossyFrames::search(const Frame& frame, const std::uint8_t* nearest,
                                     std::span<const std::uint8_t> allowed) const {
  const Rectangle& part = frame.part;
  const std::size_t k = entries_.size();
  const int keep = frame.keeps ? static_cast<int>(k) : -1;
  const auto of_part = [&](const auto& values) {
    return frame.keeps ? cut(values.data(), width_, part)
                       : std::vector<std::remove_cvref_t<decltype(values[0])>>();
  };
  const Seen prices{.per_bit = per_bit_,
                    .entries = entries_,
                    .near = near_,
                    .keep = keep,
                    .nearest = cut(nearest, width_, part),
                    .wanted = cut(frame.wanted.data(), width_, part),
                    .weights = cut(frame.weights.data(), width_, part),
                    .least = cut(frame.least.data(), width_, part),
                    .shown = of_part(shown_),
                    .still = of_part(frame.still),
                    .allowed = allowed};
  Way way;
  way.written.resize(part.size());
  const int bits = std::max(1, static_cast<int>(std::bit_width(frame.keeps ? k : k - 1)));
  Coder coder(part.size(), bits, prices, true, way.written.data());
  way.image = GifImage{part, keep, false, coder.run()};
  way.cost =
      frame.outside + coder.paid() + 8.0 * per_bit_ * static_cast<double>(way.image->data.size());
  return way;
}

LossyFrames::Way LossyFrames::lossless(const Frame& frame, const std::uint8_t* nearest) const {
  const std::size_t n = width_ * height_;
  const GifFrame now{{nearest, n}, palette_, channels_};
  const GifFrame before{shown_, palette_, channels_};
  Way way{code_change(frame.keeps ? &before : nullptr, now, width_), {}, 0};
  if (!way.image) return way;
  way.written = cut(nearest, width_, way.image->part);
  for (std::size_t i = 0; frame.keeps && i < n; ++i) {
    if (frame.still[i] && nearest[i] != shown_[i]) way.cost += kFlicker * per_bit_;
  }
  way.cost += 8.0 * per_bit_ * static_cast<double>(way.image->data.size());
  return way;
}

void LossyFrames::take(Frame&& frame, std::span<const std::uint8_t> pixels, std::uint8_t* indices,
                       const Way& way) {
  const std::size_t n = width_ * height_;
  const auto d = static_cast<std::size_t>(channels_);
  if (frame.keeps) std::ranges::copy(shown_, indices);
  if (way.image) {
    const Rectangle& part = way.image->part;
    for (std::size_t i = 0; i < way.written.size(); ++i) {
      const std::size_t at = (part.top + i / part.width()) * width_ + part.left + i % part.width();
      if (way.written[i] != way.image->keep) indices[at] = way.written[i];
    }
  }
  shown_.assign(indices, indices + n);
  held_ = std::move(frame.wanted);
  // What a slow change moves outside of the part adds up.
  if (pixels_.empty()) pixels_.resize(n * d);
  const std::size_t pitch = width_ * d;
  for (std::size_t y = frame.part.top; y < frame.part.bottom; ++y) {
    const std::size_t first = y * pitch + frame.part.left * d;
    std::copy_n(&pixels[first], frame.part.width() * d, &pixels_[first]);
  }
  cost_ = way.cost;
}

std::vector<std::uint8_t> LossyFrames::allowed(Rule rule, const Frame& frame,
                                               const std::uint8_t* nearest) const {
  const Rectangle& part = frame.part;
  if (rule == Rule::any) return std::vector<std::uint8_t>(part.size(), kMayDraw | kMayKeep);
  if (rule == Rule::drawn) return std::vector<std::uint8_t>(part.size(), kMayDraw);
  std::vector<std::uint8_t> allowed(part.size(), kMayKeep);
  for (std::size_t y = part.top; y < part.bottom; ++y) {
    const std::uint8_t* const now = nearest + y * width_;
    const std::uint8_t* const before = &shown_[y * width_];
    for (std::size_t x = part.left; x < part.right;) {
      std::size_t end = x;
      bool is_one = true;
      for (; end < part.right && before[end] == now[end]; ++end) {
        is_one = is_one && now[end] == now[x];
      }
      if (end > x && is_one) {
        const auto first = allowed.begin() + static_cast<std::ptrdiff_t>(
                                                 (y - part.top) * part.width() + x - part.left);
        std::fill(first, first + static_cast<std::ptrdiff_t>(end - x), kMayDraw);
      }
      x = std::max(end, x + 1);
    }
  }
  return allowed;
}

std::optional<GifImage> LossyFrames::choose(std::span<const std::uint8_t> pixels,
                                            std::uint8_t* indices, Team& team) {
  Frame frame = prepare(pixels, indices, team);
  std::vector<Way> ways;
  if (frame.part.size() == 0) {
    ways.push_back({std::nullopt, {}, frame.outside});
  } else if (!frame.keeps || !frame.is_flat) {
    ways.push_back(search(frame, indices, allowed(Rule::any, frame, indices)));
  } else {
    // Of drawings and screens, rules save 1 to 4 %. Frames are much like those before.
    const bool tries_all = n_flat_++ % kTried == 0;
    const std::vector<Rule> rules =
        tries_all ? std::vector(kRules.begin(), kRules.end()) : std::vector{rule_};
    for (const Rule rule : rules)
      ways.push_back(search(frame, indices, allowed(rule, frame, indices)));
    rule_ = rules[static_cast<std::size_t>(std::ranges::min_element(ways, {}, &Way::cost) -
                                           ways.begin())];
  }
  // Nor is there anything to lose where the palette has all colours.
  const bool is_exact = std::ranges::all_of(frame.least, [](float square) { return square == 0; });
  if (frame.is_flat || is_exact) ways.push_back(lossless(frame, indices));
  const auto best = std::ranges::min_element(ways, {}, &Way::cost);
  take(std::move(frame), pixels, indices, *best);
  return std::move(best->image);
}

}  // namespace kpalette
