#include "resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "kernels.hpp"

namespace kpalette {
namespace {

constexpr double kLobes = 3;
/// Averaging goes no further than to so many times the new size.
constexpr double kGap = 3;
/// Values of tables are multiples of this, so that all machines have the same.
constexpr double kGrid = 1 << 20;
/// Steps of linear light, of which sRGB's darkest levels are twenty apart.
constexpr int kSteps = 1 << 16;
/// Columns of values that are filtered together, so that their rows stay in a cache.
constexpr std::size_t kStrip = 512;
constexpr std::size_t kRowsAtOnce = 16;

float on_grid(double value) { return static_cast<float>(std::round(value * kGrid) / kGrid); }

/// The linear light of each 8-bit level, and back (IEC 61966-2-1).
struct Tables {
  std::array<float, 256> light;
  std::vector<std::uint8_t> level = std::vector<std::uint8_t>(kSteps);

  Tables() {
    for (std::size_t i = 0; i < light.size(); ++i) {
      const double share = static_cast<double>(i) / 255;
      light[i] = on_grid(share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4));
    }
    for (std::size_t i = 0; i < level.size(); ++i) {
      const double at = static_cast<double>(i) / (kSteps - 1);
      const double share = at <= 0.0031308 ? 12.92 * at : 1.055 * std::pow(at, 1 / 2.4) - 0.055;
      level[i] = static_cast<std::uint8_t>(std::lround(255 * share));
    }
  }

  std::uint8_t level_of(float value) const {
    const float share = std::min(1.0f, std::max(0.0f, value));
    return level[static_cast<std::size_t>(share * (kSteps - 1) + 0.5f)];
  }
};

const Tables& tables() {
  static const Tables made;
  return made;
}

double lanczos(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x;
  return kLobes * std::sin(angle) * std::sin(angle / kLobes) / (angle * angle);
}

/// Along one side: each new value is the weighted sum of `taps` old ones, from `first` on.
struct Filter {
  std::size_t factor;  // of whole pixels that are averaged before
  std::size_t count;   // of values that are then there
  std::size_t taps;
  std::vector<std::size_t> first;
  std::vector<float> weights;

  Filter(std::size_t from, std::size_t to) {
    const double ratio = static_cast<double>(from) / static_cast<double>(to);
    factor = std::max<std::size_t>(1, static_cast<std::size_t>(ratio / kGap));
    count = (from + factor - 1) / factor;
    const double scale = ratio / static_cast<double>(factor);
    const double wide = std::max(1.0, scale);
    taps = std::min(count, static_cast<std::size_t>(2 * std::ceil(kLobes * wide) + 1));
    std::vector<double> some(taps);
    for (std::size_t i = 0; i < to; ++i) {
      const double center = (static_cast<double>(i) + 0.5) * scale;
      const double begin = std::floor(center - kLobes * wide);
      const std::size_t at = std::min(count - taps, static_cast<std::size_t>(std::max(0.0, begin)));
      double sum = 0;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const double place = static_cast<double>(at + tap) + 0.5;
        some[tap] = lanczos((place - center) / wide);
        sum += some[tap];
      }
      first.push_back(at);
      for (double weight : some) weights.push_back(on_grid(weight / sum));
    }
  }

  const float* weights_of(std::size_t i) const { return weights.data() + i * taps; }
};

/// Old pixels as linear light, premultiplied by alpha, averaged over factors, a strip at a time.
class Light {
 public:
  Light(std::span<const std::uint8_t> pixels, Sides sides, int channels, std::size_t across,
        std::size_t down)
      : pixels_(pixels.data()),
        sides_(sides),
        channels_(static_cast<std::size_t>(channels)),
        across_(across),
        down_(down) {}

  /// The values of a row from pixel `begin` up to `end`, in units of what was averaged.
  void load(std::size_t row, std::size_t begin, std::size_t end, float* to) const {
    if (across_ == 1 && down_ == 1) {
      load_plain(row, begin, end, to);
      return;
    }
    const std::size_t top = row * down_;
    const std::size_t bottom = std::min(sides_.height, top + down_);
    for (std::size_t column = begin; column < end; ++column, to += channels_) {
      const std::size_t left = column * across_;
      const std::size_t right = std::min(sides_.width, left + across_);
      float sums[4] = {};
      for (std::size_t y = top; y < bottom; ++y) {
        const std::uint8_t* from = pixels_ + (y * sides_.width + left) * channels_;
        for (std::size_t x = left; x < right; ++x, from += channels_) {
          float values[4];
          light_of(from, values);
          for (std::size_t c = 0; c < channels_; ++c) sums[c] += values[c];
        }
      }
      const float share = 1.0f / static_cast<float>((bottom - top) * (right - left));
      for (std::size_t c = 0; c < channels_; ++c) to[c] = sums[c] * share;
    }
  }

 private:
  void light_of(const std::uint8_t* from, float* to) const {
    const float alpha = channels_ == 4 ? static_cast<float>(from[3]) / 255 : 1.0f;
    for (std::size_t c = 0; c < 3; ++c) to[c] = light_[from[c]] * alpha;
    if (channels_ == 4) to[3] = alpha;
  }

  void load_plain(std::size_t row, std::size_t begin, std::size_t end, float* to) const {
    const std::uint8_t* from = pixels_ + (row * sides_.width + begin) * channels_;
    if (channels_ == 3) {
      for (std::size_t i = 0; i < 3 * (end - begin); ++i) to[i] = light_[from[i]];
      return;
    }
    for (std::size_t i = begin; i < end; ++i, from += 4, to += 4) light_of(from, to);
  }

  const std::uint8_t* pixels_;
  Sides sides_;
  std::size_t channels_;
  std::size_t across_;
  std::size_t down_;
  const std::array<float, 256>& light_ = tables().light;
};

typedef float Pixel __attribute__((vector_size(16)));
typedef float LoosePixel __attribute__((vector_size(16), aligned(4)));

/// Filters one row of values across and writes its levels. After the row there is one more value.
template <std::size_t kChannels>
void finish(const float* values, const Filter& across, std::uint8_t* out) {
  const Tables& table = tables();
  for (std::size_t x = 0; x < across.first.size(); ++x, out += kChannels) {
    const float* from = values + across.first[x] * kChannels;
    const float* weights = across.weights_of(x);
    // Pairs of sums, so that one addition need not wait for another.
    Pixel even = {};
    Pixel odd = {};
    std::size_t tap = 0;
    for (; tap + 2 <= across.taps; tap += 2, from += 2 * kChannels) {
      even += *reinterpret_cast<const LoosePixel*>(from) * weights[tap];
      odd += *reinterpret_cast<const LoosePixel*>(from + kChannels) * weights[tap + 1];
    }
    if (tap < across.taps) even += *reinterpret_cast<const LoosePixel*>(from) * weights[tap];
    Pixel sum = even + odd;
    if (kChannels == 3) {
      for (int c = 0; c < 3; ++c) out[c] = table.level_of(sum[c]);
      continue;
    }
    const float alpha = std::min(1.0f, std::max(0.0f, sum[3]));
    const auto level = static_cast<std::uint8_t>(255 * alpha + 0.5f);
    for (int c = 0; c < 3; ++c) out[c] = level == 0 ? 0 : table.level_of(sum[c] / alpha);
    out[3] = level;
  }
}

}  // namespace

void resample(std::span<const std::uint8_t> pixels, Sides from, int channels, Sides to,
              std::span<std::uint8_t> out, Team& team) {
  const Filter across(from.width, to.width);
  const Filter down(from.height, to.height);
  const Light light(pixels, from, channels, across.factor, down.factor);
  const auto n = static_cast<std::size_t>(channels);
  const std::size_t width = across.count * n;
  // Down first, by whole rows, so that vectors are full.
  std::vector<float> rows(to.height * width + 1);
  const std::size_t wide = kStrip / n;
  team.run((across.count + wide - 1) / wide, [&](std::size_t strip, int) {
    const std::size_t begin = strip * wide;
    const std::size_t end = std::min(across.count, begin + wide);
    const std::size_t values = (end - begin) * n;
    std::vector<float> kept(down.taps * kStrip);
    std::vector<const float*> sources(down.taps);
    std::size_t loaded = 0;
    for (std::size_t y = 0; y < to.height; ++y) {
      const std::size_t first = down.first[y];
      for (loaded = std::max(loaded, first); loaded < first + down.taps; ++loaded) {
        light.load(loaded, begin, end, kept.data() + loaded % down.taps * kStrip);
      }
      for (std::size_t tap = 0; tap < down.taps; ++tap) {
        sources[tap] = kept.data() + (first + tap) % down.taps * kStrip;
      }
      kernels().rows.mix(sources.data(), down.weights_of(y), down.taps, values,
                         rows.data() + y * width + begin * n);
    }
  });
  team.run((to.height + kRowsAtOnce - 1) / kRowsAtOnce, [&](std::size_t some, int) {
    const std::size_t end = std::min(to.height, (some + 1) * kRowsAtOnce);
    for (std::size_t y = some * kRowsAtOnce; y < end; ++y) {
      std::uint8_t* line = out.data() + y * to.width * n;
      if (n == 3) {
        finish<3>(rows.data() + y * width, across, line);
      } else {
        finish<4>(rows.data() + y * width, across, line);
      }
    }
  });
}

}  // namespace kpalette
