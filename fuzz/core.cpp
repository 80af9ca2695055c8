// The core under libFuzzer and sanitizers: pixels of any values, counts up to where sums overflow,
// rows of any floats, and palettes of any colours.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "assignment.hpp"
#include "counter.hpp"
#include "deflate_strips.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "gif_changes.hpp"
#include "histogram.hpp"
#include "improve.hpp"
#include "lloyd.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "mix.hpp"
#include "palette.hpp"
#include "parallel.hpp"
#include "png_reader.hpp"
#include "points.hpp"
#include "rate.hpp"
#include "remap.hpp"
#include "repeats.hpp"
#include "runs.hpp"
#include "samples.hpp"
#include "seeding.hpp"
#include "spaces.hpp"
#include "spatial.hpp"
#include "vivid_regions.hpp"

using namespace kpalette;

namespace {

#define EXPECT(condition)                                                           \
  do {                                                                              \
    if (!(condition)) {                                                             \
      std::fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                 \
    }                                                                               \
  } while (false)

/// Decisions and values from bytes, zeros once they are used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> data) : data_(data) {}

  template <class T>
  T take() {
    std::uint8_t bytes[sizeof(T)] = {};
    const std::size_t n = std::min(sizeof(T), data_.size());
    std::copy_n(data_.data(), n, bytes);
    data_ = data_.subspan(n);
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }

  /// Uniform in [0, bound), bound up to 256.
  int below(int bound) { return take<std::uint8_t>() % bound; }

  std::size_t left() const { return data_.size(); }

 private:
  std::span<const std::uint8_t> data_;
};

constexpr std::size_t kMost = 4096;  // pixels, colours or values

std::vector<std::uint8_t> pixels_of(Choices& choices, int channels) {
  std::vector<std::uint8_t> pixels;
  while (choices.left() > 0 && pixels.size() < kMost * static_cast<std::size_t>(channels)) {
    // A short run of one colour, so that few bytes are many pixels.
    std::uint8_t color[4];
    for (int i = 0; i < channels; ++i) color[i] = choices.take<std::uint8_t>();
    const int run = 1 + choices.below(16);
    for (int i = 0; i < run; ++i) pixels.insert(pixels.end(), color, color + channels);
  }
  if (pixels.empty()) pixels.resize(static_cast<std::size_t>(channels));
  return pixels;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

/// Fits points and gives the palette; the assignment has its labels.
std::vector<std::uint8_t> fit(const Points& points, Assignment& assignment, Choices& choices,
                              Team& team) {
  const Seeding seeding = kSeedings[choices.below(4)].value;
  std::vector<double> start = seeding(points, assignment.k(), choices.take<std::uint8_t>(), team);
  EXPECT(start.size() == static_cast<std::size_t>(assignment.k() * points.dim()));
  EXPECT(all_finite(start));
  Fit found = lloyd(assignment, start, {.max_iter = 4 + choices.below(8), .relaxed = 3});
  EXPECT(all_finite(found.centers) && found.inertia >= 0);
  const double before = assignment.cost(found.centers);
  improve(assignment, found.centers, {.rounds = 2, .shaken = choices.below(2)});
  EXPECT(assignment.cost(found.centers) <= before);
  if (points.space().name() == SpaceName::oklab) find_vivid_regions(assignment, found.centers, 3);
  return round_centers(assignment, found.centers, {}, choices.below(2) == 1);
}

/// Counts pixels, fits, maps and dithers.
void check_pixels(Choices& choices) {
  const int channels = 3 + choices.below(2);
  const Space space(kSpaces[choices.below(4)].value, channels);
  Team team(1 + choices.below(3));
  const int wanted = 1 + choices.below(64);
  const int dithering = choices.below(4);
  const float strength = static_cast<float>(choices.below(256)) / 255;
  Choices decisions(choices);
  const std::vector<std::uint8_t> pixels = pixels_of(choices, channels);
  const std::size_t n = pixels.size() / static_cast<std::size_t>(channels);

  const Histogram colors = count_colors(pixels, channels, team);
  std::int64_t total = 0;
  for (const std::int64_t count : colors.counts) total += count;
  EXPECT(total == static_cast<std::int64_t>(n));
  if (channels == 3) {
    Counter counter;
    counter.add(pixels, team);
    counter.add(colors.colors, colors.counts);
    const Histogram twice = counter.total(team);
    const Histogram sum = merge(colors, colors, 3);
    EXPECT(twice.colors == sum.colors && twice.counts == sum.counts);
  }
  const Buffer<std::uint32_t> codes = to_codes(colors.colors, channels);
  EXPECT(from_codes(codes, channels) == colors.colors);

  const Points points(colors.colors, space, colors.counts, team);
  const int k = static_cast<int>(std::min<std::size_t>(wanted, points.size()));
  Assignment assignment(points, k, team);
  const std::vector<std::uint8_t> palette = fit(points, assignment, decisions, team);
  EXPECT(palette.size() == static_cast<std::size_t>(k * channels));
  const std::vector<std::uint16_t> labels(assignment.labels(), assignment.labels() + points.size());
  std::vector<std::uint16_t> indices(n);
  remap<std::uint16_t, std::uint16_t>(pixels, channels, colors.colors, labels, indices.data(),
                                      team);
  const auto in_palette = [&](std::uint16_t index) { return index < k; };
  EXPECT(std::all_of(indices.begin(), indices.end(), in_palette));
  const double error = squared_error(colors.colors, channels, colors.counts, labels, palette, team);
  const Tally tallied = tally<std::uint16_t>(pixels, channels, indices, palette, team);
  // Of opaque colours both are sums of whole numbers.
  EXPECT(std::abs(tallied.squared_error - error) <= (channels == 3 ? 0 : 1e-9 * error));

  const std::size_t width = 1 + static_cast<std::size_t>(decisions.below(64)) % n;
  const std::size_t height = n / width;
  const Raster raster{std::span(pixels).first(height * width * channels), height, width,
                      static_cast<std::size_t>(decisions.below(256)),
                      static_cast<std::size_t>(decisions.below(256))};
  if (dithering == 0) {
    diffuse_error(raster, palette, space.channels(), strength, indices.data(), team);
  } else if (dithering == 3) {
    map_spatially(raster, palette, channels, strength, indices.data(), team);
    const std::vector<char> stays = staying_entries(colors, labels, palette, channels, {});
    const auto mixed = mix_palette(colors, palette, channels, stays, team);
    EXPECT(mixed.size() == palette.size());
    std::vector<std::uint16_t> weights(indices.size());
    for (std::uint16_t& weight : weights) {
      weight = static_cast<std::uint16_t>(16 * decisions.below(256));
    }
    const PalettePart parts[]{{raster}, {raster, std::span(weights).first(height * width)}};
    EXPECT(spatial_palette(parts, mixed, channels, stays, strength, team).size() == mixed.size());
  } else {
    dither_ordered(raster, palette, space.channels(), colors.colors, labels,
                   dithering == 1 ? bayer_mask() : blue_noise_mask(), strength, indices.data(),
                   team);
  }
  EXPECT(std::all_of(indices.begin(), indices.end(), in_palette));
}

/// A picture, and a palette of 1 to 256 entries.
struct Picture {
  std::size_t width;
  std::vector<std::uint8_t> palette;  // (k, channels)
  std::vector<std::uint8_t> pixels;   // (height, width, channels)
};

Picture picture_of(Choices& choices, int channels) {
  const auto d = static_cast<std::size_t>(channels);
  const std::size_t wanted = 1 + static_cast<std::size_t>(choices.below(256));
  const std::size_t k = 1 + static_cast<std::size_t>(choices.below(256));
  Picture picture{.width = wanted, .palette = std::vector<std::uint8_t>(k * d), .pixels = {}};
  for (std::uint8_t& level : picture.palette) level = choices.take<std::uint8_t>();
  picture.pixels = pixels_of(choices, channels);
  const std::size_t n = picture.pixels.size() / d;
  picture.width = std::min(wanted, n);
  picture.pixels.resize(n / picture.width * picture.width * d);
  return picture;
}

/// Chooses indices by rate, from the nearest entries of any palette, whose colours may repeat.
void check_rate(Choices& choices) {
  const int channels = 3 + choices.below(2);
  const auto d = static_cast<std::size_t>(channels);
  const int threads = 2 + choices.below(2);
  const float strength = static_cast<float>(choices.below(256)) / 255;
  constexpr float kPrices[] = {0, kPerBit[1], kPerBit.back(), 1};
  const float per_bit = kPrices[choices.below(4)];
  Picture picture = picture_of(choices, channels);
  const std::size_t width = picture.width;
  const std::vector<std::uint8_t>& palette = picture.palette;
  std::vector<std::uint8_t>& pixels = picture.pixels;
  const std::size_t k = palette.size() / d;
  const std::size_t n = pixels.size() / d;
  for (std::size_t i = 0; i < n; i += 1 + pixels[i * d] % 4) {
    std::copy_n(&palette[pixels[i * d + 1] % k * d], d, &pixels[i * d]);
  }

  const Space space(SpaceName::oklab, channels);
  const std::vector<double> coords = space.place(pixels);
  const std::vector<double> entries = space.place(palette);
  const auto square = [&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t axis = 0; axis < d; ++axis) {
      const double offset = coords[i * d + axis] - entries[j * d + axis];
      sum += offset * offset;
    }
    return sum;
  };
  std::vector<std::uint8_t> nearest(n);
  for (std::size_t i = 0; i < n; ++i) {
    double least = square(i, 0);
    for (std::size_t j = 1; j < k; ++j) {
      if (const double next = square(i, j); next < least) {
        least = next;
        nearest[i] = static_cast<std::uint8_t>(j);
      }
    }
  }
  const auto choose = [&](int team_size, std::int64_t& bits) {
    std::vector<std::uint8_t> indices = nearest;
    Team team(team_size);
    bits =
        choose_by_rate(pixels, channels, width, palette, per_bit, strength, indices.data(), team);
    return indices;
  };
  const auto is_in_run = [&](std::size_t at) {  // across, and begins here
    if (at % width + kRun > width) return false;
    const std::uint8_t* const pixel = &pixels[at * d];
    return std::equal(pixel, pixel + (kRun - 1) * d, pixel + d);
  };
  std::int64_t bits = 0;
  std::int64_t again = 0;
  const std::vector<std::uint8_t> chosen = choose(1, bits);
  EXPECT(choose(threads, again) == chosen && again == bits);
  EXPECT(bits >= 0 && bits <= static_cast<std::int64_t>(64 * n));
  const double unit = std::pow(space.steps(), 2);
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT(chosen[i] < k);
    const std::uint8_t* const pixel = &pixels[i * d];
    const std::uint8_t* const before = &palette[nearest[i] * d];
    const std::uint8_t* const after = &palette[chosen[i] * d];
    if (std::equal(pixel, pixel + d, before) && is_in_run(i)) {
      EXPECT(std::equal(pixel, pixel + d, after));
    }
    if (d == 4 && pixel[3] == 255 && before[3] == 255) EXPECT(after[3] == 255);
    if (d == 4 && pixel[3] == 0 && before[3] == 0) EXPECT(after[3] == 0);
    if (per_bit == 0 && strength == 0) {  // the nearest, but for the rounding of floats
      EXPECT(square(i, chosen[i]) <= square(i, nearest[i]) * (1 + 1e-5) + 1e-6 * unit);
    }
  }
}

/// Writes two frames as LZW has them in few bits, the second upside down, and what they show
/// without loss.
void check_frames(Choices& choices) {
  const int channels = 3 + choices.below(2);
  const auto d = static_cast<std::size_t>(channels);
  constexpr float kPrices[] = {1e-9f, kPerBit[1], kPerBit.back(), 1};
  const float per_bit = kPrices[choices.below(4)];
  Picture picture = picture_of(choices, channels);
  const std::size_t width = picture.width;
  const std::vector<std::uint8_t>& palette = picture.palette;
  std::vector<std::uint8_t>& pixels = picture.pixels;
  const std::size_t k = palette.size() / d;
  const std::size_t n = pixels.size() / d;

  LossyFrames one(palette, channels, width, n / width, per_bit);
  LossyFrames other(palette, channels, width, n / width, per_bit);
  Team alone(1);
  Team team(2 + choices.below(2));
  std::vector<std::vector<std::uint8_t>> shown;
  for (int number = 0; number < 2; ++number) {
    std::vector<std::uint8_t> indices(n);
    for (std::size_t i = 0; i < n; ++i) indices[i] = static_cast<std::uint8_t>(pixels[i * d] % k);
    std::vector<std::uint8_t> again = indices;
    const auto image = one.choose(pixels, indices.data(), alone);
    const auto same = other.choose(pixels, again.data(), team);
    EXPECT(indices == again && image.has_value() == same.has_value());
    EXPECT(std::ranges::all_of(indices, [&](auto index) { return index < k; }));
    if (image) {
      EXPECT(image->data == same->data);
      EXPECT(image->part.right <= width && image->part.bottom <= n / width);
      const auto used = lzw_entries(image->data);
      EXPECT(std::ranges::find(used, true) != used.end());
    }
    shown.push_back(indices);
    std::ranges::reverse(pixels);
  }
  const std::vector<GifFrame> frames{{shown[0], palette, channels}, {shown[1], palette, channels}};
  const auto images = code_changes(frames, width, alone);
  EXPECT(images[0].has_value());
  if (shown[0] == shown[1]) EXPECT(!images[1].has_value());
}

/// Collects colours with any counts, and fits them if their sums fit.
void check_counts(Choices& choices) {
  const int channels = 3 + choices.below(2);
  const Space space(kSpaces[choices.below(4)].value, channels);
  Team team(1 + choices.below(3));
  const int wanted = 1 + choices.below(32);
  Choices decisions(choices);
  std::vector<std::uint8_t> colors;
  std::vector<std::int64_t> counts;
  while (choices.left() > 0 && counts.size() < kMost / 4) {
    for (int i = 0; i < channels; ++i) colors.push_back(choices.take<std::uint8_t>());
    const auto bits = choices.take<std::uint64_t>() >> (1 + choices.below(63));
    counts.push_back(static_cast<std::int64_t>(bits));
  }
  try {
    const Histogram once = collect(colors, counts, channels);
    const Histogram twice = merge(once, once, channels);
    EXPECT(once.size() == twice.size() && once.colors == twice.colors);
    if (channels == 3) {
      Counter counter;
      counter.add(colors, counts);
      EXPECT(counter.total(team).counts == once.counts);
    }
    // What Python refuses, too.
    std::int64_t total = 0;
    for (const std::int64_t count : once.counts) {
      if (__builtin_add_overflow(total, count, &total)) return;
    }
    if (once.size() == 0) return;
    thin_out(once.colors, once.counts, channels, 3, team);
    const Points points(once.colors, space, once.counts, team);
    const int k = static_cast<int>(std::min<std::size_t>(wanted, points.size()));
    Assignment assignment(points, k, team);
    fit(points, assignment, decisions, team);
  } catch (const std::overflow_error&) {
  }
}

/// Reads rows of a PNG: at once, and where there is one pass, some at a time.
void check_png(Choices& choices) {
  constexpr int kColors[] = {0, 2, 3, 4, 6, 1};
  PngFormat format{.width = 1 + choices.take<std::uint16_t>() % 300u,
                   .height = 1u + choices.below(40),
                   .depth = 1 << choices.below(5),
                   .color = kColors[choices.below(6)],
                   .interlaced = choices.below(2) == 1};
  const std::size_t first = choices.below(40);
  const auto fill = [&](std::vector<std::uint8_t>& bytes, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) bytes.push_back(choices.take<std::uint8_t>());
  };
  fill(format.palette, choices.below(50));
  fill(format.transparency, choices.below(8));
  if (!format.is_valid()) return;
  std::vector<std::uint8_t> rows;
  fill(rows, format.size());
  if (choices.below(4) > 0) {  // otherwise few filters are right
    for (std::size_t at = 0; at < rows.size(); at += format.stride(format.width)) rows[at] %= 5;
  }
  const auto d = static_cast<std::size_t>(format.channels());
  const std::size_t n = format.width * format.height;
  std::vector<std::uint8_t> some = rows;
  std::vector<std::uint8_t> pixels(n * d);
  std::vector<std::uint8_t> taken = rows;
  const int channels = read_png(format, taken, pixels.data());
  EXPECT(channels == 0 || channels == 3 || channels == static_cast<int>(d));
  if (format.is_plain()) {
    EXPECT(read_png(format, rows, rows.data()) == channels);
    if (channels > 0) EXPECT(std::equal(rows.begin(), rows.begin() + n * channels, pixels.begin()));
  }
  if (format.interlaced) return;
  PngRows reader(format, format.width);
  const std::size_t rows_first = std::min(first, format.height);
  const auto cut = rows_first * format.stride(format.width);
  std::vector<std::uint8_t> parts(n * d);
  const bool whole =
      reader.read(std::span(some).first(cut), parts.data()) &&
      reader.read(std::span(some).subspan(cut), parts.data() + rows_first * format.width * d);
  EXPECT(whole == (channels > 0));
  if (channels == static_cast<int>(d)) EXPECT(parts == pixels);
}

/// Opens a stream of any bytes, if it is a stream.
void check_stream(Choices& choices) {
  const std::size_t size = choices.take<std::uint16_t>();
  const bool is_last = choices.below(2) == 1;
  std::vector<std::uint8_t> stream;
  for (std::size_t n = choices.take<std::uint16_t>() % 600u; n > 0; --n) {
    stream.push_back(choices.take<std::uint8_t>());
  }
  const std::size_t before = stream.size();
  try {
    const DeflatedStrip strip = open_strip(std::move(stream), size, is_last);
    EXPECT(strip.blocks.size() + 6 >= before && strip.blocks.size() <= before + 5);
  } catch (const std::invalid_argument&) {
  }
}

/// Fits rows of floats.
template <class T>
void check_rows(Choices& choices) {
  const int dim = 1 + choices.below(9);
  Team team(1 + choices.below(3));
  const int wanted = 1 + choices.below(32);
  const auto method = choices.below(3);
  std::vector<T> values;
  std::vector<double> weights;
  // What Python's check lets through: finite, and weights that are not all 0.
  const auto finite = [&] {
    const T value = choices.take<T>();
    return std::isfinite(value) ? value : T{1};
  };
  while (choices.left() > 0 && values.size() < kMost) {
    for (int i = 0; i < dim; ++i) values.push_back(finite());
    weights.push_back(choices.below(4) == 0 ? choices.below(256) / 16.0 : 1);
  }
  if (weights.empty()) return;
  weights[0] += 1;
  const Samples samples(std::span<const T>(values), dim, weights, team);
  const int k = static_cast<int>(std::min<std::size_t>(wanted, samples.size()));
  std::vector<double> start = method == 0   ? seed_wu(samples, k, 1, team)
                              : method == 1 ? seed_kmeanspp(samples, k, 1, team)
                                            : seed_maximin(samples, k, 1, team);
  hash_samples(samples, team);
  start.resize(static_cast<std::size_t>(k * dim), start[0]);
  SampleAssignment assignment(samples, k, team);
  lloyd(assignment, start, {.max_iter = 6});
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT(assignment.labels()[i] >= 0 && assignment.labels()[i] < k);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices({data, size});
  switch (choices.below(8)) {
    case 0:
      check_pixels(choices);
      break;
    case 1:
      check_counts(choices);
      break;
    case 2:
      check_rows<float>(choices);
      break;
    case 3:
      check_rate(choices);
      break;
    case 4:
      check_frames(choices);
      break;
    case 5:
      check_png(choices);
      break;
    case 6:
      check_stream(choices);
      break;
    default:
      check_rows<double>(choices);
  }
  return 0;
}
