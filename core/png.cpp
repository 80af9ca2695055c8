#include "png.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "deflate_strips.hpp"
#include "palette_order.hpp"
#include "row_filters.hpp"
#include "sort_few.hpp"

namespace kpalette {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kGrey = 0;
constexpr int kIndexed = 3;

/// Where time matters most: a sixth of the time of level 10, for 5 to 7 % more.
constexpr int kQuickLevel = 7;
/// The highest takes a few times as long as 10, which on photos of 4 to 256 colours gives 5 to 7 %
/// less than zlib's 6, and saves half a percent there.
constexpr int kBestLevel = 12;
constexpr int kUsualLevel = 10;

// Bytes of rows up to which pictures are small: the highest level saves 1 to 8 % on graphics.
constexpr std::size_t kSmall = 1u << 17;
// The same where a sample shrinks to less than a quarter, as that of flat or few-coloured pictures
// does: 2 to 12 % are saved there, about 1 % on others, for .1 to .3 s more per megabyte and way.
constexpr double kShrinks = 4;
constexpr std::size_t kSmallAndFlat = 3u << 19;
// Rows from which on they are large: nobody waits for the last 4 %. Level 8 takes a third of 10's
// time. Where a sample shrinks to less than a sixteenth, level 12 gives 1 to 23 % less than 11 at
// twice its time, which is 50 to 70 ms per megabyte.
constexpr std::size_t kLarge = 4'000'000;
constexpr double kShrinksMost = 16;
constexpr int kLargeLevel = 8;
constexpr int kLargeFlatLevel = 11;

// Passes over the palette's order. On photos of 256 colours a first saves 4 % over none, the next
// two 2 %, and three more 0.8 %, at 3 ms each.
constexpr int kPasses = 3;
// Ways that are estimated to be so near to the least are tried in full: few bytes, and many, which
// take long.
constexpr double kMargin = 1.03;
constexpr double kNarrowMargin = 1.01;
// At most so many. Of a scan in 16 colours made smaller, the third is 3 % below the others.
constexpr std::size_t kTried = 3;
// Pictures that shrink to less than one part in so many are flat.
constexpr double kFlat = 8;
// Estimates are of about so many bytes in so many bands.
constexpr double kSample = 1u << 17;
constexpr std::size_t kBands = 4;
// They are by this level where all ways have 8 bits, and by the other where fewer are tried as
// well: level 6 takes up to 5 % more than it ought to for those of 8.
constexpr int kEstimateLevel = 6;
constexpr int kEstimateLevelOfDepths = 8;

constexpr std::array<int, 4> kDepths{1, 2, 4, 8};

int depth_for(std::size_t k) {
  return *std::ranges::find_if(kDepths, [&](int bits) { return k <= std::size_t{1} << bits; });
}

/// The difference of two levels of grey that are next to each other, of 255.
int step_of(int bits) { return 255 / ((1 << bits) - 1); }

/// The bytes of a row, without its filter's number.
std::size_t row_bytes(std::size_t width, int bits) {
  return (width * static_cast<std::size_t>(bits) + 7) / 8;
}

/// The place of each entry in an order.
std::array<std::uint8_t, kMostIndexed> ranks(const Bytes& order) {
  std::array<std::uint8_t, kMostIndexed> found{};
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    found[order[rank]] = static_cast<std::uint8_t>(rank);
  }
  return found;
}

// Rows that are renumbered as one task.
constexpr std::size_t kRowsOfTask = 64;

}  // namespace

std::size_t PngEncoder::Way::overhead() const {
  std::size_t bytes = 0;
  for (const std::size_t held : {palette.size(), alphas.size()}) bytes += held ? 12 + held : 0;
  return bytes;
}

PngEncoder::PngEncoder(std::span<const std::uint8_t> indices, std::size_t width,
                       std::span<const std::uint8_t> colors, int channels,
                       const PngOptions& options, Deflate deflate, Team& team)
    : indices_(indices),
      width_(width),
      options_(options),
      deflate_(std::move(deflate)),
      team_(team) {
  const auto from = static_cast<std::size_t>(channels);
  for (std::size_t at = 0; at < colors.size(); at += from) {
    for (std::size_t i = 0; i < 4; ++i) rgba_.push_back(i < from ? colors[at + i] : 255);
  }
}

bool PngEncoder::step() {
  switch (stage_) {
    case Stage::make:
      make_ways();
      stage_ =
          options_.effort == PngEffort::usual && ways_.size() > 1 ? Stage::estimate : Stage::level;
      return true;
    case Stage::estimate:
    case Stage::estimate_whole: {
      std::size_t area = 0;
      for (const Way& way : ways_) area = std::max(area, way.rows.size());
      const bool all = std::ranges::all_of(ways_, [](const Way& way) { return way.bits == 8; });
      const int level = all ? kEstimateLevel : kEstimateLevelOfDepths;
      const double share = flat_ ? 1 : kSample / static_cast<double>(area);
      if (for_all([&](Way& way) { way.estimate = estimate(way, share, level); })) return true;
      if (!flat_ && kFlat * std::ranges::min_element(ways_, {}, &Way::estimate)->estimate <
                        static_cast<double>(area)) {
        // A sample misses most of what repeats, and all of it is quickly compressed.
        flat_ = true;
        stage_ = Stage::estimate_whole;
      } else {
        keep_promising();
        stage_ = Stage::level;
      }
      return true;
    }
    case Stage::level:
      if (for_all([&](Way& way) { way.level = level_for(way); })) return true;
      cut();
      stage_ = Stage::compress;
      return true;
    case Stage::compress:
      if (compress()) return true;
      join();
      finish();
      stage_ = Stage::done;
      return true;
    case Stage::done:
      break;
  }
  return false;
}

/// Makes something of the next ways, one on each thread; whether there are more.
bool PngEncoder::for_all(const std::function<void(Way&)>& make) {
  const std::size_t some = std::min(ways_.size() - next_, static_cast<std::size_t>(team_.size()));
  team_.run(some, [&](std::size_t i, int) { make(ways_[next_ + i]); });
  next_ += some;
  if (next_ < ways_.size()) return true;
  next_ = 0;
  return false;
}

/// Cuts the rows of all ways: large ones into strips, unless time does not matter.
void PngEncoder::cut() {
  for (std::size_t way = 0; way < ways_.size(); ++way) {
    const std::size_t size = ways_[way].rows.size();
    const bool whole = size < kLarge || options_.effort == PngEffort::thorough;
    const std::size_t strip = whole ? size : kStrip;
    for (std::size_t first = 0; first < size; first += strip) {
      strips_.push_back({way, first, std::min(strip, size - first)});
    }
  }
}

/// Compresses the next strips, one on each thread; whether there are more.
bool PngEncoder::compress() {
  const std::size_t some = std::min(strips_.size() - next_, static_cast<std::size_t>(team_.size()));
  team_.run(some, [&](std::size_t i, int) {
    Strip& strip = strips_[next_ + i];
    Way& way = ways_[strip.way];
    Bytes compressed = deflate_(std::span(way.rows).subspan(strip.first, strip.size), way.level);
    if (strip.size == way.rows.size()) {
      way.compressed = std::move(compressed);
    } else {
      const bool is_last = strip.first + strip.size == way.rows.size();
      strip.deflated = open_strip(std::move(compressed), strip.size, is_last);
    }
  });
  next_ += some;
  return next_ < strips_.size();
}

/// Joins the strips of each way that was cut.
void PngEncoder::join() {
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    Bytes{}.swap(ways_[i].rows);
    if (!ways_[i].compressed.empty()) continue;
    std::vector<DeflatedStrip> parts;
    for (Strip& strip : strips_) {
      if (strip.way == i) parts.push_back(std::move(strip.deflated));
    }
    ways_[i].compressed = join_strips(parts);
  }
  strips_.clear();
}

/// Makes all ways that may be the smallest.
void PngEncoder::make_ways() {
  const std::size_t k = rgba_.size() / 4;
  Bytes as_given(k);
  std::iota(as_given.begin(), as_given.end(), std::uint8_t{0});
  const int least = depth_for(k);
  if (options_.effort == PngEffort::quick) return add_plain(ranks(as_given), as_given, least);
  const auto both = [](int bits) {
    return bits < 8 ? std::vector<int>{bits, 8} : std::vector<int>{8};
  };
  if (options_.keep_order) {
    for (const int bits : both(least)) {
      add_plain(ranks(as_given), as_given, bits);
      add_filtered(ranks(as_given), as_given, bits);
    }
    return;
  }
  const auto levels = options_.may_be_grey ? grey_levels() : std::nullopt;
  if (levels) {
    const int needed = *std::ranges::find_if(kDepths, [&](int bits) {
      return std::ranges::all_of(*levels, [&](int level) { return level % step_of(bits) == 0; });
    });
    for (const int bits : both(needed)) {
      Numbers grey{};
      std::ranges::transform(*levels, grey.begin(), [&](std::uint8_t level) {
        return static_cast<std::uint8_t>(level / step_of(bits));
      });
      add_plain(grey, {}, bits);
      add_filtered(grey, {}, bits);
    }
  }
  Bytes soft(k);
  for (std::size_t i = 0; i < k; ++i) soft[i] = rgba_[4 * i + 3] < 255;
  const Bytes by_count = order_by_count();
  const Bytes near = order_palette(count_neighbours(indices_, width_, k, team_), soft, kPasses);
  for (const int bits : both(least)) {
    if (!levels || bits < 8) add_plain(ranks(by_count), by_count, bits);
    add_filtered(ranks(near), near, bits);
  }
}

/// Orders entries for rows that are not filtered, of which the number that says so, 0, is a part.
///
/// The most frequent entry leads: runs of it then go on from row to row, which saves 5 % of a
/// chart. Then those that are not opaque, then the others, the more frequent first.
std::vector<std::uint8_t> PngEncoder::order_by_count() const {
  Bytes order(rgba_.size() / 4);
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  std::vector<std::size_t> counts(order.size());
  for (const std::uint8_t index : indices_) ++counts[index];
  const auto lead = static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin());
  const auto rank = [&](std::size_t entry) {
    return entry == lead ? 0 : rgba_[4 * entry + 3] < 255 ? 1 : 2;
  };
  sort_few(order, [&](std::size_t a, std::size_t b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
  });
  return order;
}

/// The levels (k) of colours that are all grey and opaque.
std::optional<std::vector<std::uint8_t>> PngEncoder::grey_levels() const {
  Bytes levels;
  for (std::size_t at = 0; at < rgba_.size(); at += 4) {
    const std::uint8_t level = rgba_[at];
    if (level != rgba_[at + 1] || level != rgba_[at + 2] || rgba_[at + 3] < 255) return {};
    levels.push_back(level);
  }
  return levels;
}

/// Writes a row's numbers, 8 / bits to a byte, the first in the highest bits.
void PngEncoder::make_row(const Numbers& numbers, int bits, std::size_t row,
                          std::uint8_t* to) const {
  const std::uint8_t* const from = indices_.data() + row * width_;
  if (bits == 8) {
    for (std::size_t x = 0; x < width_; ++x) to[x] = numbers[from[x]];
    return;
  }
  const auto per_byte = static_cast<std::size_t>(8 / bits);
  for (std::size_t x = 0; x < width_; x += per_byte, ++to) {
    unsigned byte = 0;
    for (std::size_t i = 0; i < per_byte; ++i) {
      byte = byte << bits | (x + i < width_ ? numbers[from[x + i]] : 0u);
    }
    *to = static_cast<std::uint8_t>(byte);
  }
}

void PngEncoder::add_plain(const Numbers& numbers, const Bytes& order, int bits) {
  const std::size_t wide = row_bytes(width_, bits);
  Bytes rows(height() * (1 + wide));
  const std::size_t tasks = (height() + kRowsOfTask - 1) / kRowsOfTask;
  team_.run(tasks, [&](std::size_t task, int) {
    const std::size_t last = std::min(height(), (task + 1) * kRowsOfTask);
    for (std::size_t y = task * kRowsOfTask; y < last; ++y) {
      make_row(numbers, bits, y, rows.data() + y * (1 + wide) + 1);
    }
  });
  add(order, bits, std::move(rows));
}

/// Adds those of one depth. A least sum beats the model by 1 to 6 % on a few small pictures.
void PngEncoder::add_filtered(const Numbers& numbers, const Bytes& order, int bits) {
  const std::size_t wide = row_bytes(width_, bits);
  const auto filtered = [&](FilterChoice choice) {
    const auto make = [&](std::size_t y, std::uint8_t* to) { make_row(numbers, bits, y, to); };
    add(order, bits, filter_rows(height(), wide, make, choice, team_));
  };
  filtered(FilterChoice::model);
  if (height() * wide <= kSmall && bits == 8) filtered(FilterChoice::least_sum);
}

/// Adds a way whose palette is in that order, or one of grey.
void PngEncoder::add(const Bytes& order, int bits, Bytes&& rows) {
  Way way{.palette = {}, .alphas = {}, .bits = bits, .rows = std::move(rows)};
  for (const std::size_t entry : order) {
    const auto color = rgba_.begin() + static_cast<std::ptrdiff_t>(4 * entry);
    way.palette.insert(way.palette.end(), color, color + 3);
    way.alphas.push_back(color[3]);
  }
  while (!way.alphas.empty() && way.alphas.back() == 255) way.alphas.pop_back();
  ways_.push_back(std::move(way));
}

/// About the bytes of a way, by a quick compression of bands of rows, or of all of them.
double PngEncoder::estimate(const Way& way, double share, int level) const {
  const auto band = std::max<std::size_t>(
      1, static_cast<std::size_t>(static_cast<double>(height()) * share / kBands));
  Bytes sample;
  std::span<const std::uint8_t> rows = way.rows;
  if (band * kBands < height()) {
    const std::size_t bytes = band * stride(way);
    for (std::size_t i = 0; i < kBands; ++i) {
      const std::size_t start = (height() - band) * i / (kBands - 1);
      const auto from = rows.subspan(start * stride(way), bytes);
      sample.insert(sample.end(), from.begin(), from.end());
    }
    rows = sample;
  }
  const std::size_t size = deflate_(rows, level).size();
  return static_cast<double>(way.overhead()) + static_cast<double>(size) *
                                                   static_cast<double>(way.rows.size()) /
                                                   static_cast<double>(rows.size());
}

/// Keeps those that are estimated to be about the smallest.
void PngEncoder::keep_promising() {
  sort_few_stably(ways_, [](const Way& a, const Way& b) { return a.estimate < b.estimate; });
  const double least = ways_[0].estimate;
  std::erase_if(ways_, [&](const Way& way) {
    const bool wide = flat_ || way.rows.size() <= kSmall;
    return way.estimate > (wide ? kMargin : kNarrowMargin) * least;
  });
  if (ways_.size() > kTried) ways_.erase(ways_.begin() + kTried, ways_.end());
}

int PngEncoder::level_for(const Way& way) const {
  const std::size_t size = way.rows.size();
  if (options_.effort == PngEffort::quick) return kQuickLevel;
  if (options_.effort == PngEffort::thorough || size <= kSmall) return kBestLevel;
  Bytes sample;
  for (std::size_t y = 0; y < height(); y += 8) {
    const auto row = std::span(way.rows).subspan(y * stride(way), stride(way));
    sample.insert(sample.end(), row.begin(), row.end());
  }
  const double shrinks =
      static_cast<double>(sample.size()) / static_cast<double>(deflate_(sample, 1).size());
  if (shrinks > kShrinks && size <= kSmallAndFlat) return kBestLevel;
  if (shrinks > kShrinksMost) return size < kLarge ? kBestLevel : kLargeFlatLevel;
  return size < kLarge ? kUsualLevel : kLargeLevel;
}

/// Writes the smallest.
void PngEncoder::finish() {
  const Way& best = *std::ranges::min_element(
      ways_, {}, [](const Way& way) { return way.overhead() + way.compressed.size(); });
  const bool grey = best.palette.empty();
  Bytes header;
  append_number(header, width_);
  append_number(header, height());
  const int kind = grey ? kGrey : kIndexed;
  for (const int value : {best.bits, kind, 0, 0, 0}) {
    header.push_back(static_cast<std::uint8_t>(value));
  }
  append_chunk(chunks_.header, "IHDR", header);
  if (!best.palette.empty()) append_chunk(chunks_.palette, "PLTE", best.palette);
  if (!best.alphas.empty()) append_chunk(chunks_.palette, "tRNS", best.alphas);
  append_chunk(chunks_.rows, "IDAT", best.compressed);
  ways_.clear();
}

}  // namespace kpalette
