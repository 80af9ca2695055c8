#include "lzw_choice.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "gif_changes.hpp"
#include "lzw_coder.hpp"
#include "rate_band.hpp"
#include "runs.hpp"
#include "stillness.hpp"

namespace kpalette {
namespace {
constexpr float kFirstOver = 3;  // bits: of a first pixel
constexpr float kFlicker = 1;    // bits: for another colour where the source is still
constexpr float kJump = 0.4f;    // and so much of the squared jump where it hardly changes at all
constexpr unsigned kTried = 8;   // rules are tried on one of so many frames
constexpr float kNoise = 12;     // bits: of a pixel that is still but for noise, at most,
constexpr float kMostNoise = 8e-4f;  // and its squared distance

/// The largest difference of two colours in a channel.
int difference(const std::uint8_t* a, const std::uint8_t* b, std::size_t d) {
  int most = 0;
  for (std::size_t c = 0; c < d; ++c) most = std::max(most, std::abs(a[c] - b[c]));
  return most;
}

constexpr std::uint8_t kMayDraw = 1;  // the entry that is shown
constexpr std::uint8_t kMayKeep = 2;

/// The price of another colour than is shown.
float flicker(Motion motion, float weight, Point4 entry, Point4 shown, float bit) {
  if (motion == Motion::moved) return 0;
  const float price = kFlicker * bit;
  if (motion == Motion::small) return price;
  return price + kJump * std::min(1.0f, weight) * square4(entry - shown);
}

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
  std::vector<Motion> motion;
  std::span<const std::uint8_t> allowed;

  float bit() const { return per_bit; }
  bool is_only() const { return false; }
  int entry(std::size_t i) const { return nearest[i]; }

  template <class Take>
  void first(std::size_t i, const Take& take) const {
    // One of both is taken always.
    const float cheapest = keep < 0 ? 0.0f : std::min(price(i, nearest[i]), price(i, keep));
    const float most = std::max(kFirstOver * bit(), cheapest);
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
    if (keep < 0 || entry == shown[i]) return found;
    return found + flicker(motion[i], weights[i], entries[static_cast<std::size_t>(entry)],
                           entries[shown[i]], bit());
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
  bool keeps;  // whether pixels can stay as they are
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
    : per_bit_(per_bit),
      seen_(palette, channels, width, height, std::min(kMostNoise, kNoise * per_bit)),
      near_(seen_.entries()) {}

LossyFrames::Frame LossyFrames::prepare(std::span<const std::uint8_t> pixels,
                                        const std::uint8_t* nearest, Team& team) {
  const auto d = static_cast<std::size_t>(seen_.channels());
  Frame frame;
  frame.keeps = !shown_.empty() && k() < 256 && seen_.channels() == 3;
  seen_.take(pixels, nearest, frame.keeps, team);
  frame.part = {0, 0, seen_.height(), seen_.width()};
  if (!frame.keeps) return frame;
  const auto error = [&](std::size_t i) {
    return square4(seen_.wanted()[i] - seen_.entries()[shown_[i]]);
  };
  const float worth = kWorth * per_bit_;
  const Rectangle near = grown(seen_.changed(), kRun, seen_.height(), seen_.width());
  frame.part = around(near, seen_.width(), [&](std::size_t i) {
    return difference(&pixels[i * d], &pixels_[i * d], d) > kMoved &&
           seen_.weights()[i] * error(i) > worth;
  });
  const auto staying = [&](std::size_t y, std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t i = y * seen_.width() + from; i < y * seen_.width() + to; ++i) {
      // Within a level, what stays need not be exact.
      sum += std::min(1.0f, seen_.weights()[i]) * (error(i) - seen_.least()[i]);
    }
    return sum;
  };
  const Rectangle& part = frame.part;
  staying_.resize(seen_.height());
  for (std::size_t y = 0; y < seen_.height(); ++y) {
    const bool is_beside = y >= part.top && y < part.bottom;
    const bool is_new =
        (y >= near.top && y < near.bottom) || (y >= drawn_.top && y < drawn_.bottom);
    if (is_new) staying_[y] = staying(y, 0, seen_.width());
    frame.outside +=
        is_beside ? staying(y, 0, part.left) + staying(y, part.right, seen_.width()) : staying_[y];
  }
  return frame;
}

LossyFrames::Way LossyFrames::search(const Frame& frame, const std::uint8_t* nearest,
                                     std::span<const std::uint8_t> allowed) const {
  const Rectangle& part = frame.part;
  const int keep = frame.keeps ? static_cast<int>(k()) : -1;
  const auto of_part = [&](const auto& values) {
    return frame.keeps ? cut(values.data(), seen_.width(), part)
                       : std::vector<std::remove_cvref_t<decltype(values[0])>>();
  };
  const Seen prices{.per_bit = per_bit_,
                    .entries = seen_.entries(),
                    .near = near_,
                    .keep = keep,
                    .nearest = cut(nearest, seen_.width(), part),
                    .wanted = cut(seen_.wanted().data(), seen_.width(), part),
                    .weights = cut(seen_.weights().data(), seen_.width(), part),
                    .least = cut(seen_.least().data(), seen_.width(), part),
                    .shown = of_part(shown_),
                    .motion = of_part(seen_.motion()),
                    .allowed = allowed};
  Way way;
  way.written.resize(part.size());
  const int bits = std::max(1, static_cast<int>(std::bit_width(frame.keeps ? k() : k() - 1)));
  Coder coder(part.size(), bits, prices, true, way.written.data());
  way.image = GifImage{part, keep, false, coder.run()};
  way.cost =
      frame.outside + coder.paid() + 8.0 * per_bit_ * static_cast<double>(way.image->data.size());
  return way;
}

std::optional<LossyFrames::Way> LossyFrames::lossless(const Frame& frame,
                                                      const std::uint8_t* nearest, double most) {
  const std::size_t n = seen_.width() * seen_.height();
  Way way{{}, {}, 0};
  for (std::size_t i = 0; frame.keeps && i < n; ++i) {
    if (nearest[i] == shown_[i]) continue;
    way.cost += flicker(seen_.motion()[i], seen_.weights()[i], seen_.entries()[nearest[i]],
                        seen_.entries()[shown_[i]], per_bit_);
  }
  if (way.cost >= most) return std::nullopt;
  const GifFrame now{{nearest, n}, seen_.palette(), seen_.channels()};
  const GifFrame before{shown_, seen_.palette(), seen_.channels()};
  way.image = code_change(frame.keeps ? &before : nullptr, now, seen_.width(), habit_);
  if (!way.image) return way;
  way.written = cut(nearest, seen_.width(), way.image->part);
  way.cost += 8.0 * per_bit_ * static_cast<double>(way.image->data.size());
  return way;
}

void LossyFrames::take(const Frame& frame, std::span<const std::uint8_t> pixels,
                       std::uint8_t* indices, const Way& way) {
  const std::size_t n = seen_.width() * seen_.height();
  const auto d = static_cast<std::size_t>(seen_.channels());
  if (frame.keeps) std::ranges::copy(shown_, indices);
  if (way.image) {
    const Rectangle& part = way.image->part;
    for (std::size_t i = 0; i < way.written.size(); ++i) {
      const std::size_t at =
          (part.top + i / part.width()) * seen_.width() + part.left + i % part.width();
      if (way.written[i] != way.image->keep) indices[at] = way.written[i];
    }
  }
  shown_.assign(indices, indices + n);
  drawn_ = way.image ? way.image->part : Rectangle{};
  // What a slow change moves outside of the part adds up.
  if (pixels_.empty()) pixels_.resize(n * d);
  const std::size_t pitch = seen_.width() * d;
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
    const std::uint8_t* const now = nearest + y * seen_.width();
    const std::uint8_t* const before = &shown_[y * seen_.width()];
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
  } else if (!frame.keeps || !seen_.is_flat()) {
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
  auto best = std::ranges::min_element(ways, {}, &Way::cost);
  // Nor is there anything to lose where the palette has all colours.
  const bool is_exact =
      std::ranges::all_of(seen_.least(), [](float square) { return square == 0; });
  if (n_frames_++ % kTried == 1) habit_.reset();
  if (seen_.is_flat() || is_exact) {
    if (auto way = lossless(frame, indices, best->cost); way && way->cost < best->cost) {
      *best = std::move(*way);
    }
  }
  take(frame, pixels, indices, *best);
  return std::move(best->image);
}

}  // namespace kpalette
