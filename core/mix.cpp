#include "mix.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "least_squares.hpp"
#include "palette.hpp"
#include "placing.hpp"
#include "point4.hpp"
#include "spaces.hpp"
#include "unseen.hpp"

namespace kpalette {
namespace {

// 8 rounds by 8,192 colours reach .3 more of SSIMULACRA2, in three times the time.
constexpr int kRounds = 5;
constexpr int kSteps = 5;              // of Frank and Wolfe's method, each of which adds an entry
constexpr float kNear = 0.1f;          // l
constexpr double kRelaxed = 1.3;       // how far to go towards the solution of least squares
constexpr double kHold = 1e-4;         // how much entries are held where no mixture needs them
constexpr std::size_t kEnough = 4096;  // colours, of which one stands for several if there are more
constexpr std::size_t kColorsPerTask = 256;
constexpr std::size_t kAxes = 3;

using Place = std::array<float, kAxes>;

const Space& space() {
  static const Space mixing(SpaceName::mixing, 3);
  return mixing;
}

std::vector<Place> place_all(std::span<const std::uint8_t> colors) {
  std::vector<Place> places(colors.size() / kAxes);
  const float unit = 1 / static_cast<float>(space().steps());
  const auto convert = [&](std::int32_t coordinate, std::size_t) {
    return static_cast<float>(coordinate) * unit;
  };
  for_each_placed(space(), colors, convert,
                  [&](std::size_t i, Point4 point) { places[i] = {point[0], point[1], point[2]}; });
  return places;
}

float dot(const Place& a, const Place& b) { return (a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]; }

/// Shares of entries, which add up to 1.
struct Mixture {
  int size = 0;
  std::array<std::size_t, 1 + kSteps> entries{};
  std::array<float, 1 + kSteps> shares{};
};

Mixture alone(std::size_t entry) { return {.size = 1, .entries = {entry}, .shares = {1}}; }

/// The entries of a palette, in pairs of four lanes: two searches whose steps overlap.
class Entries {
 public:
  explicit Entries(std::vector<Place> places) : places_(std::move(places)) {
    groups_.resize((places_.size() + 7) / 8);
    for (std::size_t j = 0; j < 8 * groups_.size(); ++j) {
      // The last is repeated, which the first of equals hides.
      const Place& place = places_[std::min(j, places_.size() - 1)];
      Four& four = groups_[j / 8][j / 4 % 2];
      for (std::size_t axis = 0; axis < kAxes; ++axis) four.coords[axis][j % 4] = place[axis];
      four.squares[j % 4] = dot(place, place);
    }
  }

  std::size_t size() const { return places_.size(); }
  const Place& operator[](std::size_t entry) const { return places_[entry]; }

  /// The entry c with the least c.d + scale |c|^2, the first of equals.
  std::size_t least(const Place& d, float scale) const {
    std::array<Point4, 2> best{all4(1e30f), all4(1e30f)};
    std::array<Point4, 2> found{};
    Point4 place{0, 1, 2, 3};
    for (const auto& group : groups_) {
      for (std::size_t half = 0; half < 2; ++half) {
        const Four& four = group[half];
        const Point4 value = ((four.coords[0] * all4(d[0]) + four.coords[1] * all4(d[1])) +
                              four.coords[2] * all4(d[2])) +
                             four.squares * all4(scale);
        const auto less = value < best[half];
        best[half] = less ? value : best[half];
        found[half] = less ? place : found[half];
        place = place + all4(4);
      }
    }
    float least = best[0][0];
    float entry = found[0][0];
    for (std::size_t other = 1; other < 8; ++other) {
      const float value = best[other / 4][other % 4];
      const float at = found[other / 4][other % 4];
      if (value < least || (value == least && at < entry)) {
        least = value;
        entry = at;
      }
    }
    return static_cast<std::size_t>(entry);
  }

  std::size_t nearest(const Place& x) const { return least({-2 * x[0], -2 * x[1], -2 * x[2]}, 1); }

  /// The mixture that is nearest to x, or almost, and of near entries; `first` is the nearest one.
  Mixture mix(const Place& x, std::size_t first) const {
    Mixture mixture = alone(first);
    Place mean = places_[first];
    float square = dot(mean, mean);  // the mean of those of the entries
    for (int step = 0; step < kSteps; ++step) {
      // The gradient is c.d + l |c|^2 for each entry c.
      Place d;
      for (std::size_t axis = 0; axis < kAxes; ++axis) {
        d[axis] = -2 * (x[axis] - mean[axis]) - 2 * kNear * x[axis];
      }
      const std::size_t entry = least(d, kNear);
      const Place& c = places_[entry];
      const float own = dot(c, c);
      const Place offset{c[0] - mean[0], c[1] - mean[1], c[2] - mean[2]};
      const float length = dot(offset, offset);
      const float gain = (dot(mean, d) + kNear * square) - (dot(c, d) + kNear * own);
      if (!(gain > 0 && length > 0)) break;
      const float share = std::min(gain / (2 * length), 1.0f);
      for (std::size_t axis = 0; axis < kAxes; ++axis) mean[axis] += share * offset[axis];
      square += share * (own - square);
      for (int i = 0; i < mixture.size; ++i)
        mixture.shares[static_cast<std::size_t>(i)] *= 1 - share;
      add(mixture, entry, share);
    }
    return mixture;
  }

 private:
  struct Four {
    Point4 coords[kAxes];
    Point4 squares;
  };

  static void add(Mixture& mixture, std::size_t entry, float share) {
    const auto end = mixture.entries.begin() + mixture.size;
    const auto found = std::find(mixture.entries.begin(), end, entry);
    if (found == end) {
      *end = entry;
      ++mixture.size;
    }
    mixture.shares[static_cast<std::size_t>(found - mixture.entries.begin())] += share;
  }

  std::vector<Place> places_;
  std::vector<std::array<Four, 2>> groups_;
};

using Row = LeastSquares::Row;

/// Where the entries that do not stay are best for the mixtures of the colours at `places`.
std::vector<Row> best_places(const std::vector<Place>& places, std::span<const std::int64_t> counts,
                             const std::vector<Mixture>& mixtures, const Entries& entries,
                             std::span<const char> stays) {
  const std::size_t k = entries.size();
  std::vector<std::size_t> moving(k, k);  // the row of each entry
  std::size_t m = 0;
  for (std::size_t j = 0; j < k; ++j) {
    if (!stays[j]) moving[j] = m++;
  }
  LeastSquares system(m);
  double total = 0;
  constexpr double near = kNear;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto n = static_cast<double>(counts[i]);
    const Mixture& mixture = mixtures[i];
    total += n;
    for (std::size_t a = 0; a < static_cast<std::size_t>(mixture.size); ++a) {
      const std::size_t row = moving[mixture.entries[a]];
      if (row == k) continue;
      const double share = n * mixture.shares[a];
      Row& right = system.right[row];
      for (std::size_t axis = 0; axis < kAxes; ++axis) {
        right[axis] += (1 + near) * share * places[i][axis];
      }
      system.at(row, row) += near * share;
      for (std::size_t b = 0; b < static_cast<std::size_t>(mixture.size); ++b) {
        const double both = share * mixture.shares[b];
        const std::size_t column = moving[mixture.entries[b]];
        if (column == k) {
          const Place& fixed = entries[mixture.entries[b]];
          for (std::size_t axis = 0; axis < kAxes; ++axis) right[axis] -= both * fixed[axis];
        } else if (column >= row) {
          system.at(row, column) += both;
        }
      }
    }
  }
  const double hold = kHold * total / static_cast<double>(k);
  for (std::size_t j = 0; j < k; ++j) {
    if (moving[j] == k) continue;
    system.at(moving[j], moving[j]) += hold;
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
      system.right[moving[j]][axis] += hold * entries[j][axis];
    }
  }
  system.solve();
  std::vector<Row> best(k);
  for (std::size_t j = 0; j < k; ++j) {
    if (moving[j] != k) best[j] = system.right[moving[j]];
  }
  return best;
}

}  // namespace

std::vector<float> mixtures(std::span<const std::uint8_t> colors,
                            std::span<const std::uint8_t> palette) {
  const Entries entries(place_all(palette));
  std::vector<float> shares;
  for (const Place& place : place_all(colors)) {
    const Mixture mixture = entries.mix(place, entries.nearest(place));
    const std::size_t first = shares.size();
    shares.resize(first + entries.size());
    for (std::size_t i = 0; i < static_cast<std::size_t>(mixture.size); ++i) {
      shares[first + mixture.entries[i]] = mixture.shares[i];
    }
  }
  return shares;
}

void keep_distinct(std::vector<std::uint8_t>& colors, std::span<const std::uint8_t> first,
                   std::span<const char> stays) {
  const std::size_t width = colors.size() / stays.size();
  const auto color = [&](std::size_t entry) {
    return std::span(colors).subspan(width * entry, width);
  };
  std::vector<char> back(stays.begin(), stays.end());
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t j = 0; j < back.size(); ++j) {
      for (std::size_t i = 0; i < back.size() && !back[j]; ++i) {
        if (i == j || !std::ranges::equal(color(i), color(j))) continue;
        std::ranges::copy(first.subspan(width * j, width), color(j).begin());
        back[j] = 1;
        changed = true;
      }
    }
  }
}

namespace {

/// The number of pixels above which a colour is that of a large flat area.
double most_dithered(const HistogramView& histogram, std::size_t k) {
  const double total = std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0.0);
  return kLargeFlat * total / static_cast<double>(k);
}

}  // namespace

std::vector<std::uint8_t> large_flats(const HistogramView& histogram, int channels, int k) {
  const auto width = static_cast<std::size_t>(channels);
  const double most = most_dithered(histogram, static_cast<std::size_t>(k));
  std::vector<std::uint8_t> flats;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const auto color = histogram.colors.subspan(width * i, width);
    const bool opaque = width == 3 || color[3] == 255;
    if (opaque && static_cast<double>(histogram.counts[i]) > most) {
      flats.insert(flats.end(), color.begin(), color.end());
    }
  }
  return flats;
}

std::vector<char> staying_entries(const HistogramView& histogram,
                                  std::span<const std::uint16_t> labels,
                                  std::span<const std::uint8_t> palette, int channels,
                                  std::span<const std::uint8_t> fixed) {
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t k = palette.size() / width;
  std::vector<std::int64_t> counts(k);
  std::vector<std::int64_t> same(k);
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const std::size_t label = labels[i];
    counts[label] += histogram.counts[i];
    if (std::equal(palette.begin() + static_cast<std::ptrdiff_t>(width * label),
                   palette.begin() + static_cast<std::ptrdiff_t>(width * (label + 1)),
                   histogram.colors.begin() + static_cast<std::ptrdiff_t>(width * i))) {
      same[label] += histogram.counts[i];
    }
  }
  const double most = most_dithered(histogram, k);
  std::vector<char> stays(k);
  for (std::size_t j = 0; j < k; ++j) {
    const auto color = palette.subspan(width * j, width);
    bool stay = same[j] > counts[j] - same[j] || static_cast<double>(same[j]) > most ||
                (width == 4 && color[3] != 255);
    for (std::size_t at = 0; at < fixed.size(); at += width) {
      stay |= std::ranges::equal(fixed.subspan(at, width), color);
    }
    stays[j] = stay;
  }
  return stays;
}

namespace {

/// For opaque colours, (n, 3).
std::vector<std::uint8_t> mix_opaque(const HistogramView& histogram,
                                     std::span<const std::uint8_t> palette,
                                     std::span<const char> stays, Team& team) {
  std::vector<std::uint8_t> colors(palette.begin(), palette.end());
  if (std::ranges::all_of(histogram.counts, [](auto count) { return count == 0; })) return colors;
  const std::size_t step = (histogram.size() + kEnough - 1) / kEnough;
  std::optional<Histogram> thinned;
  if (step > 1) thinned = thin_out(histogram.colors, histogram.counts, 3, step, team);
  const HistogramView few = thinned ? HistogramView(*thinned) : histogram;
  const std::vector<Place> places = place_all(few.colors);
  std::vector<Mixture> mixtures(places.size());
  const float unseen = busy_unseen_levels(stays.size());
  for (int round = 0; round < kRounds; ++round) {
    const Entries entries(place_all(colors));
    team.run((places.size() + kColorsPerTask - 1) / kColorsPerTask, [&](std::size_t task, int) {
      const std::size_t last = std::min(places.size(), (task + 1) * kColorsPerTask);
      for (std::size_t i = task * kColorsPerTask; i < last; ++i) {
        // What dithering leaves alone shows its nearest entry.
        const std::size_t nearest = entries.nearest(places[i]);
        const float part = seen_part<kAxes>(few.colors.data() + kAxes * i,
                                            colors.data() + kAxes * nearest, unseen);
        mixtures[i] = part == 0 ? alone(nearest) : entries.mix(places[i], nearest);
      }
    });
    const std::vector<Row> best = best_places(places, few.counts, mixtures, entries, stays);
    for (std::size_t j = 0; j < stays.size(); ++j) {
      if (stays[j]) continue;
      std::array<double, kAxes> target;
      for (std::size_t axis = 0; axis < kAxes; ++axis) {
        const double now = entries[j][axis];
        target[axis] = (now + kRelaxed * (best[j][axis] - now)) * space().steps();
      }
      std::ranges::copy_n(nearest_color(space(), target.data()).begin(), kAxes,
                          colors.begin() + static_cast<std::ptrdiff_t>(kAxes * j));
    }
  }
  keep_distinct(colors, palette, stays);
  return colors;
}

}  // namespace

std::vector<std::uint8_t> mix_palette(const HistogramView& histogram,
                                      std::span<const std::uint8_t> palette, int channels,
                                      std::span<const char> stays, Team& team) {
  if (channels == 3) return mix_opaque(histogram, palette, stays, team);
  Histogram shown;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const auto color = histogram.colors.subspan(4 * i, 4);
    if (color[3] != 255) continue;
    shown.colors.insert(shown.colors.end(), color.begin(), color.begin() + 3);
    shown.counts.push_back(histogram.counts[i]);
  }
  std::vector<std::size_t> entries;
  std::vector<std::uint8_t> opaque;
  std::vector<char> opaque_stay;
  for (std::size_t j = 0; j < stays.size(); ++j) {
    const auto color = palette.subspan(4 * j, 4);
    if (color[3] != 255) continue;
    entries.push_back(j);
    opaque.insert(opaque.end(), color.begin(), color.begin() + 3);
    opaque_stay.push_back(stays[j]);
  }
  std::vector<std::uint8_t> colors(palette.begin(), palette.end());
  if (entries.empty()) return colors;
  opaque = mix_opaque(shown, opaque, opaque_stay, team);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::copy_n(opaque.data() + 3 * i, 3, colors.data() + 4 * entries[i]);
  }
  return colors;
}

}  // namespace kpalette
