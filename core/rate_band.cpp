#include "rate_band.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <variant>

#include "deflate_costs.hpp"
#include "similar_places.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kAgePixels = 1u << 15;  // what deflate may put into one block, about

// Prices are those of the rows before, but rows of few pixels share them: 100,000 rows of one pixel
// would take 18 times as long.
constexpr std::size_t kPricedPixels = 32;

// Where matches are looked for. Means of four photos of 256 colours, in files at equal SSIMULACRA2:
// without the nearest ones files are 6 % larger, without similar places 3 %; with twice as many
// open matches or similar places 0.5 % smaller, in 1.3 times the time.
constexpr std::uint32_t kNearest = 8;  // pixels to the left: what `last` holds
constexpr std::size_t kRowsAbove = 2;
constexpr std::size_t kAside = 4;  // columns, on both sides of the same pixel in these
constexpr int kSimilar = 12;
constexpr std::size_t kOpen = 32;

typedef std::int32_t Whole4 __attribute__((vector_size(16)));

/// A way through the first pixels of a row.
struct Way {
  Point4 carried{};        // from the last pixel to the next
  std::uint64_t last = 0;  // the last 8 indices, the newest in the lowest byte
  float cost = 0;
};

/// A way that ends in a match which may go on.
struct Match : Way {
  float opening = 0;  // what its distance costs
  std::uint32_t distance = 0;
  std::uint32_t begin = 0;
};

/// The last symbol of the best way to a place: a literal has length 1.
struct Symbol {
  std::uint16_t length;
  std::uint8_t index;  // of a literal
  std::uint32_t distance;
};

/// Some rows. At each pixel of a row there is one way that has written all pixels before, the best
/// one, and up to kOpen matches that started from earlier ones.
template <int D>
class Band {
 public:
  Band(const RateScene& scene, std::size_t first, std::size_t rows, std::uint8_t* indices)
      : scene_(scene),
        width_(scene.width),
        pitch_(scene.width + 1),
        first_(first),
        rows_(rows),
        indices_(indices),
        nearest_(looked_for(scene, first, rows, indices)),
        written_(rows * pitch_),
        similar_(scene.groups, rows * pitch_),
        costs_(frequencies()),
        symbols_(width_ + 1),
        above_(width_ + 2, Point4{}),
        below_(width_ + 2, Point4{}),
        squares_(scene.stride),
        literals_(scene.stride, kNever),
        opaque_literals_(scene.stride, kNever),
        slots_(DeflateCosts::kMostDistance + 1, kNoSlot) {
    open_.reserve(kOpen);
    set_prices();
  }

  /// Writes a row; returns false after the last.
  bool step() {
    if (y_ == rows_) return false;
    find_way(y_);
    write(y_);
    if (scene_.below[0] > 0) diffuse(y_);
    since_age_ += width_;
    if (since_age_ >= kAgePixels) {
      costs_.age();
      since_age_ = 0;
    }
    unpriced_ += width_;
    if (unpriced_ >= kPricedPixels) {
      costs_.update();
      set_prices();
      unpriced_ = 0;
    }
    return ++y_ < rows_;
  }

  std::int64_t bits() const { return bits_; }

 private:
  static constexpr float kNever = 1e30f;
  static constexpr std::uint8_t kNoSlot = 0xff;

  /// The nearest entries; what shall stay is most likely to be kept.
  static std::vector<std::uint8_t> looked_for(const RateScene& scene, std::size_t first,
                                              std::size_t rows, const std::uint8_t* indices) {
    std::vector<std::uint8_t> nearest(indices, indices + rows * scene.width);
    if (scene.before.keep < 0) return nearest;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      if (scene.before.still[first * scene.width + i]) {
        nearest[i] = static_cast<std::uint8_t>(scene.before.keep);
      }
    }
    return nearest;
  }

  std::vector<std::uint32_t> frequencies() const {
    std::vector<std::uint32_t> counts(scene_.groups.size());
    for (const std::uint8_t index : nearest_) ++counts[index];
    return counts;
  }

  /// What bits cost in squared error.
  float priced(std::int32_t bits) const {
    return scene_.per_bit * (static_cast<float>(bits) * 0x1p-16f);
  }

  void set_prices() {
    for (std::size_t j = 0; j < scene_.entries.size(); ++j) {
      literals_[j] = priced(costs_.literal(static_cast<std::uint8_t>(j)));
      if (scene_.opaque[j]) opaque_literals_[j] = literals_[j];
    }
    if (keep_ >= 0) keeping_ = priced(costs_.literal(static_cast<std::uint8_t>(keep_)));
    for (int length = DeflateCosts::kLeastLength; length <= DeflateCosts::kMostLength; ++length) {
      lengths_[static_cast<std::size_t>(length)] = priced(costs_.length(length));
    }
    for (int code = 0; code < DeflateCosts::kDistanceCodes; ++code) {
      distances_[static_cast<std::size_t>(code)] = priced(costs_.distance(code));
    }
  }

  /// Sets squares_ to the squared distances of entries from a point; returns the entry for which
  /// weight times that plus the price of its literal is least, the first among equals.
  std::size_t cheapest_literal(Point4 point, float weight) {
    Point4 least = all4(kNever);
    Whole4 found{};
    Whole4 id{0, 1, 2, 3};
    const float* const prices = solid_ ? opaque_literals_.data() : literals_.data();
    for (std::size_t j = 0; j < scene_.stride; j += 4, id += 4) {
      Point4 square{};
      for (int axis = 0; axis < D; ++axis) {
        const Point4 offset =
            all4(point[axis]) -
            load(&scene_.axes[static_cast<std::size_t>(axis) * scene_.stride + j]);
        square = axis == 0 ? offset * offset : square + offset * offset;
      }
      std::memcpy(&squares_[j], &square, sizeof square);
      const Point4 cost = all4(weight) * square + load(prices + j);
      const Whole4 less = cost < least;
      least = less ? cost : least;
      found = less ? id : found;
    }
    int lane = 0;
    for (int other = 1; other < 4; ++other) {
      const bool first = found[other] < found[lane];
      if (least[other] < least[lane] || (least[other] == least[lane] && first)) lane = other;
    }
    const auto cheapest = static_cast<std::size_t>(found[lane]);
    return keep_ < 0 ? cheapest : or_what_is_shown(cheapest, least[lane], point, weight);
  }

  /// That entry, the entry that is shown or the one that keeps it, whichever costs least.
  std::size_t or_what_is_shown(std::size_t entry, float cost, Point4 point, float weight) {
    const auto keep = static_cast<std::size_t>(keep_);
    const std::size_t same = scene_.before.indices[at_];
    squares_[keep] = square4(point - scene_.before.shown[at_]);
    const float error = weight * squares_[keep];
    float least = cost + flicker(entry);
    if (error + literals_[same] < least) {
      entry = same;
      least = error + literals_[same];
    }
    return error + keeping_ < least ? keep : entry;
  }

  /// What it costs to show an entry where the source is still.
  float flicker(std::size_t entry) const {
    if (keep_ < 0 || !scene_.before.still[at_]) return 0;
    const bool stays =
        entry == static_cast<std::size_t>(keep_) || entry == scene_.before.indices[at_];
    return stays ? 0 : scene_.before.flicker;
  }

  float literal_price(std::size_t entry) const {
    return keep_ >= 0 && entry == static_cast<std::size_t>(keep_) ? keeping_ : literals_[entry];
  }

  Point4 color(std::size_t entry) const {
    return keep_ >= 0 && entry == static_cast<std::size_t>(keep_) ? scene_.before.shown[at_]
                                                                  : scene_.entries[entry];
  }

  static Point4 load(const float* four) {
    Point4 loaded;
    std::memcpy(&loaded, four, sizeof loaded);
    return loaded;
  }

  /// The index that lies so far back from column x, or -1 if that is not known yet.
  int index_back(std::size_t y, std::size_t x, std::uint32_t distance, std::uint64_t last) const {
    if (distance > x) return written_[y * pitch_ + 1 + x - distance];
    return distance <= kNearest ? static_cast<int>(last >> (8 * (distance - 1)) & 0xff) : -1;
  }

  void find_way(std::size_t y) {
    Way here;
    for (std::size_t x = 0; x < width_; ++x) {
      look_at(y, x);
      const std::size_t index = cheapest_literal(wanted(here), weight_);
      Way next = here;
      append(next, index, literal_price(index));
      symbols_[x + 1] = {1, static_cast<std::uint8_t>(index), 0};
      go_on(y, x, next.cost);
      open_matches(y, x, here, next.cost - here.cost);
      for (const Match& match : open_) {  // which may end here
        const std::size_t length = x + 1 - match.begin;
        if (length < DeflateCosts::kLeastLength) continue;
        const float cost = match.cost + lengths_[length];
        if (cost < next.cost) {
          next = match;
          next.cost = cost;
          symbols_[x + 1] = {static_cast<std::uint16_t>(length), 0, match.distance};
        }
      }
      here = next;
    }
    for (const Match& match : open_) slots_[match.distance] = kNoSlot;
    open_.clear();
  }

  /// Makes a pixel the one that ways append an index for.
  void look_at(std::size_t y, std::size_t x) {
    at_ = (first_ + y) * width_ + x;
    weight_ = scene_.weights[at_];
    taken_ = all4(weight_ == kExact ? 0.0f : 1.0f);
    target_ = scene_.coords[at_] + taken_ * above_[x + 1];
    if constexpr (D == 4) solid_ = scene_.solid[at_] != 0;
  }

  bool is_allowed(std::size_t index) const { return !solid_ || scene_.opaque[index]; }

  Point4 wanted(const Way& way) const { return target_ + taken_ * way.carried; }

  void append(Way& way, std::size_t index, float price) const {
    const Point4 error = wanted(way) - color(index);
    way.cost += weight_ * square4(error) + flicker(index) + price;
    way.carried = scene_.right * error;
    way.last = way.last << 8 | index;
  }

  /// Lets open matches take the pixel at x. One that costs more than the best literal and a match
  /// of its distance after that is given up.
  void go_on(std::size_t y, std::size_t x, float literal) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Match& match = open_[i];
      slots_[match.distance] = kNoSlot;
      const int index = index_back(y, x, match.distance, match.last);
      if (index < 0 || x - match.begin == DeflateCosts::kMostLength) continue;
      const auto entry = static_cast<std::size_t>(index);
      if (!is_allowed(entry)) continue;
      append(match, entry, 0);
      if (match.cost > literal + match.opening) continue;
      slots_[match.distance] = static_cast<std::uint8_t>(kept);
      if (kept != i) open_[kept] = match;
      ++kept;
    }
    open_.resize(kept);
  }

  /// Opens matches at x, if their first pixel costs no more than a literal, `literal`.
  void open_matches(std::size_t y, std::size_t x, const Way& here, float literal) {
    struct Place {
      std::uint32_t distance;
      std::uint8_t index;  // that lies there
    };
    std::array<Place, kNearest + kRowsAbove * (2 * kAside + 1) + kSimilar> places;
    std::size_t n = 0;
    const std::size_t start = y * pitch_ + x;
    const auto look = [&](std::size_t distance, std::uint8_t index) {
      const float error = weight_ * squares_[index] + flicker(index);
      places[n] = {static_cast<std::uint32_t>(distance), index};  // without a branch
      n += error <= literal && is_allowed(index) ? 1 : 0;
    };
    const std::size_t most_near = std::min<std::size_t>(kNearest, x);
    for (std::size_t distance = 1; distance <= most_near; ++distance) {
      look(distance, static_cast<std::uint8_t>(here.last >> (8 * (distance - 1))));
    }
    const std::uint8_t* const at_x = written_.data() + start + 1;
    const std::size_t far = std::min<std::size_t>(start, DeflateCosts::kMostDistance);
    for (std::size_t row = 1; row <= kRowsAbove; ++row) {
      const std::size_t most = std::min(far, row * pitch_ + kAside);
      const std::size_t least = std::max(x + 1, row * pitch_ - std::min(row * pitch_, kAside));
      for (std::size_t distance = most; distance >= least; --distance) {
        look(distance, *(at_x - distance));
      }
    }
    if (x + SimilarPlaces::kAlike <= width_) {
      const auto at = static_cast<std::uint32_t>(start + 1);
      std::uint32_t place = similar_.latest(&nearest_[y * width_ + x]);
      for (int i = 0; i < kSimilar && place != SimilarPlaces::kNone && at - place <= far; ++i) {
        look(at - place, written_[place]);
        place = similar_.earlier(place);
      }
    }
    dearest_ = kNever;
    for (std::size_t i = 0; i < n; ++i) {
      const auto [distance, index] = places[i];
      const auto code =
          static_cast<std::size_t>(DeflateCosts::distance_code(static_cast<int>(distance)));
      const float opening = distances_[code];
      Match* const place =
          place_for(distance, here.cost + weight_ * squares_[index] + flicker(index) + opening);
      if (place == nullptr) continue;
      *place = {here, opening, distance, static_cast<std::uint32_t>(x)};
      append(*place, index, opening);
    }
  }

  /// Where a match goes that has such a cost: that of the same distance, a free one, or the
  /// dearest, if they cost more; otherwise null.
  Match* place_for(std::uint32_t distance, float cost) {
    std::size_t at = slots_[distance];
    if (at == kNoSlot) {
      at = open_.size();
      if (at < kOpen) {
        slots_[distance] = static_cast<std::uint8_t>(at);
        return &open_.emplace_back();
      }
      if (!(cost < dearest_)) return nullptr;
      at = 0;
      for (std::size_t i = 1; i < kOpen; ++i) at = open_[i].cost > open_[at].cost ? i : at;
      dearest_ = open_[at].cost;
    }
    if (open_[at].cost <= cost) return nullptr;
    slots_[open_[at].distance] = kNoSlot;
    slots_[distance] = static_cast<std::uint8_t>(at);
    return &open_[at];
  }

  /// Writes the indices of the way that was found, and counts its symbols.
  void write(std::size_t y) {
    std::uint8_t* const row = &written_[y * pitch_ + 1];
    ends_.clear();
    for (std::size_t end = width_; end > 0; end -= symbols_[end].length) ends_.push_back(end);
    for (std::size_t i = ends_.size(), x = 0; i-- > 0;) {
      const Symbol& symbol = symbols_[ends_[i]];
      if (symbol.length == 1) {
        row[x++] = symbol.index;
        bits_ += costs_.literal(symbol.index);
        costs_.count_literal(symbol.index);
        continue;
      }
      for (; x < ends_[i]; ++x) row[x] = *(row + x - symbol.distance);
      const auto distance = static_cast<int>(symbol.distance);
      bits_ +=
          costs_.length(symbol.length) + costs_.distance(DeflateCosts::distance_code(distance));
      costs_.count_match(symbol.length, distance);
    }
    std::copy_n(row, width_, indices_ + y * width_);
    const auto place = static_cast<std::uint32_t>(y * pitch_ + 1);
    for (std::size_t x = 0; x + SimilarPlaces::kAlike <= width_; ++x) {
      similar_.add(&nearest_[y * width_ + x], place + static_cast<std::uint32_t>(x));
    }
  }

  /// Hands the errors of a row to the next.
  void diffuse(std::size_t y) {
    std::ranges::fill(below_, Point4{});
    Way way;
    for (std::size_t x = 0; x < width_; ++x) {
      look_at(y, x);
      const Point4 error = wanted(way) - scene_.entries[indices_[y * width_ + x]];
      way.carried = scene_.right * error;
      below_[x] += scene_.below_left * error;
      below_[x + 1] += scene_.below * error;
      below_[x + 2] += scene_.below_right * error;
    }
    std::swap(above_, below_);
  }

  const RateScene& scene_;
  std::size_t width_;
  std::size_t pitch_;  // of rows in a file, each after a byte for its filter, 0
  std::size_t first_;
  std::size_t rows_;
  std::uint8_t* indices_;
  std::vector<std::uint8_t> nearest_;
  std::vector<std::uint8_t> written_;
  SimilarPlaces similar_;  // by the nearest entries, of rows that are written
  DeflateCosts costs_;
  std::vector<Symbol> symbols_;  // that end before each column
  std::vector<Match> open_;
  std::vector<std::size_t> ends_;
  Buffer<Point4> above_;  // the errors that a row takes and leaves, a pixel wider on each side
  Buffer<Point4> below_;
  Buffer<float> squares_;
  Buffer<float> literals_;         // prices
  Buffer<float> opaque_literals_;  // the same of opaque entries, kNever of others
  std::array<float, DeflateCosts::kMostLength + 1> lengths_{};
  std::array<float, DeflateCosts::kDistanceCodes> distances_{};
  std::vector<std::uint8_t> slots_;  // of each distance in open_
  float dearest_ = kNever;           // nothing in open_, once it is full, costs more
  float weight_ = 0;                 // of the pixel that is looked at
  bool solid_ = false;
  Point4 taken_{};  // 0 where no error is taken, otherwise 1
  Point4 target_{};
  std::size_t at_ = 0;
  int keep_ = scene_.before.keep;
  float keeping_ = kNever;  // the price of its literal
  std::int64_t bits_ = 0;
  std::size_t y_ = 0;          // the next row
  std::size_t since_age_ = 0;  // pixels
  std::size_t unpriced_ = 0;
};

}  // namespace

struct BandSearch::State {
  std::variant<Band<3>, Band<4>> band;
};

BandSearch::BandSearch(const RateScene& scene, int channels, std::size_t first, std::size_t rows,
                       std::uint8_t* indices) {
  if (channels == 3) {
    state_.reset(new State{Band<3>(scene, first, rows, indices)});
  } else {
    state_.reset(new State{Band<4>(scene, first, rows, indices)});
  }
}

BandSearch::~BandSearch() = default;

bool BandSearch::step() {
  return std::visit([](auto& band) { return band.step(); }, state_->band);
}

std::int64_t BandSearch::bits() const {
  return std::visit([](const auto& band) { return band.bits(); }, state_->band);
}

}  // namespace kpalette
