#include "theme_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "sort_few.hpp"

namespace kpalette {
namespace {

// ---- what counts ----

constexpr double kGreyWeight = 0.02;    // added to chroma, so that greys count as well
constexpr double kSpeck = 0.0002;       // a bin of a lesser share …
constexpr double kSpeckWeight = 0.05;   // … counts by this part
constexpr std::size_t kMostBins = 768;  // the most crowded ones, which the sum is over
// Colours that are farther from the theme than this in Oklab all count as that far.
constexpr double kFar = 0.25;
// Entries that are nearer to each other than this look alike.
constexpr double kDistinct = 0.16;
// No two are nearer than this, which looks the same.
constexpr double kSame = 0.04;
constexpr double kSameTerm = 10;  // more than all else
constexpr double kVivid = 0.2;    // the chroma from which more is not better

constexpr double kHueTerm = 0.5;
constexpr double kLikenessTerm = 1;
constexpr double kVividTerm = 0.4;

// ---- candidates ----

constexpr double kAbout = 0.02;         // in Oklab: about the same colour
constexpr double kLeastShare = 0.0008;  // of the pixels, of about a candidate's colour
constexpr double kLeastOfHue = 0.0005;  // where no candidate has its hue
constexpr double kApart = 0.025;        // candidates, from each other
constexpr std::size_t kMostCandidates = 160;

// Small things that are like no other candidate: that far, and of so many pixels around.
constexpr double kAlone = 0.15;
constexpr double kAround = 0.06;

// Smooth edges between flat colours are mixes of them, which nobody names.
constexpr double kFlat = 0.01;          // of the pixels, that have just the colour
constexpr std::size_t kMostFlats = 16;  // the largest
constexpr double kMixed = 0.01;         // of the pixels, at most, of about a mix
constexpr double kMixedPart = 0.2;      // and of those of the lesser flat colour
constexpr double kOffLine = 6;          // levels of sRGB, from the line between both
constexpr double kOffGround = 12;       // or if one is most of the picture, or ignored
// So are shades beside a flat colour: this near in Oklab, and of at most this part of its share.
constexpr double kBeside = 0.06;
constexpr double kShadePart = 0.25;
// Where one flat colour is that much of the pixels, or is ignored, so are mixes of it with any
// colour that more pixels have: thin lines have no flat inside.
constexpr double kGround = 0.25;
constexpr double kMoreCommon = 1.2;  // that many times the pixels of about the mix
constexpr double kMixedWithLost =
    0.03;  // of the pixels, at most, of about a mix with an ignored one

// ---- hues ----

constexpr double kChromatic = 0.08;     // the chroma of pixels that have a hue
constexpr double kHasHue = 0.07;        // and of entries that show one,
constexpr double kCosine = 0.90630779;  // within 25 degrees of the middle of its sector
constexpr double kOfChromatic = 0.03;   // a sector counts in full from this share of those pixels
constexpr double kOfAll = 0.003;        // and this one of all pixels, and in part
constexpr double kLeastPart = 0.05;     // down to this part
constexpr std::size_t kSectors = 12;

// ---- greys ----

constexpr double kGreyTerm = 0.35;   // for each of dark, middle and light ones
constexpr double kNeutral = 0.03;    // pixels of less chroma are grey
constexpr double kFewGreys = 0.2;    // they count from this share of the pixels,
constexpr double kManyGreys = 0.35;  // and in full from this one
constexpr std::size_t kGreys = 3;
constexpr double kLightnesses[kGreys + 1] = {0, 0.4, 0.75, 2};
// An entry of less chroma shows a range that it is this near to; what is dark looks black.
constexpr double kShowsGrey[kGreys] = {0.08, 0.04, 0.04};
constexpr double kBeyond = 0.06;

/// The middles of sectors of 30 degrees in the plane of a and b: 15, 45, 75 … degrees.
constexpr double kFifteen[] = {0.96592583, 0.70710678, 0.25881905};
constexpr std::array<std::array<double, 2>, kSectors> make_middles() {
  std::array<std::array<double, 2>, kSectors> middles{};
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double near = kFifteen[i % 3];
    const double off = kFifteen[2 - i % 3];
    switch (i / 3) {
      case 0:
        middles[i] = {near, off};
        break;
      case 1:
        middles[i] = {-off, near};
        break;
      case 2:
        middles[i] = {-near, -off};
        break;
      default:
        middles[i] = {off, -near};
    }
  }
  return middles;
}
constexpr std::array<std::array<double, 2>, kSectors> kMiddles = make_middles();

std::size_t sector_of(const Oklab& at) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double along = at[1] * kMiddles[i][0] + at[2] * kMiddles[i][1];
    if (along <= most) continue;
    most = along;
    best = i;
  }
  return best;
}

/// The sectors whose hue a colour shows, as bits, and after them the ranges of greys.
std::uint32_t shown_by(const ColorBin& bin) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kGreys; ++i) {
    const bool is_within =
        kLightnesses[i] - kBeyond <= bin.at[0] && bin.at[0] < kLightnesses[i + 1] + kBeyond;
    if (bin.chroma < kShowsGrey[i] && is_within) bits |= 1u << (kSectors + i);
  }
  if (bin.chroma <= kHasHue) return bits;
  for (std::size_t i = 0; i < kSectors; ++i) {
    const double along = bin.at[1] * kMiddles[i][0] + bin.at[2] * kMiddles[i][1];
    if (along >= kCosine * bin.chroma) bits |= 1u << i;
  }
  return bits;
}

/// How much each hue matters, 0 to 1.
std::array<double, kSectors> hue_weights(const std::vector<ColorBin>& bins) {
  std::array<double, kSectors> shares{};
  double chromatic = 0;
  for (const ColorBin& bin : bins) {
    if (bin.chroma <= kChromatic) continue;
    shares[sector_of(bin.at)] += bin.share;
    chromatic += bin.share;
  }
  std::array<double, kSectors> weights{};
  for (std::size_t i = 0; i < kSectors; ++i) {
    if (shares[i] == 0) continue;
    const double of_chromatic = std::min(1.0, shares[i] / (kOfChromatic * chromatic));
    const double weight = of_chromatic * std::min(1.0, shares[i] / kOfAll);
    if (weight > kLeastPart) weights[i] = weight;
  }
  return weights;
}

/// How much the greys of each range matter, 0 to 1.
std::array<double, kGreys> grey_weights(const std::vector<ColorBin>& bins) {
  std::array<double, kGreys> weights{};
  for (std::size_t i = 0; i < kGreys; ++i) {
    double share = 0;
    for (const ColorBin& bin : bins) {
      if (bin.chroma < kNeutral && kLightnesses[i] <= bin.at[0] && bin.at[0] < kLightnesses[i + 1])
        share += bin.share;
    }
    weights[i] = std::clamp((share - kFewGreys) / (kManyGreys - kFewGreys), 0.0, 1.0);
  }
  return weights;
}

double weight_of(const ColorBin& bin) {
  const double weight = std::sqrt(bin.share) * (kGreyWeight + bin.chroma);
  return bin.share < kSpeck ? kSpeckWeight * weight : weight;
}

/// The places of the bins that matter most: the crowded ones, and vivid ones before grey ones.
std::vector<std::size_t> most_crowded(const std::vector<ColorBin>& bins) {
  std::vector<std::size_t> order(bins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    const double of_a = std::sqrt(bins[a].share) * (kGreyWeight + bins[a].chroma);
    const double of_b = std::sqrt(bins[b].share) * (kGreyWeight + bins[b].chroma);
    return of_a != of_b ? of_a > of_b : a < b;
  };
  if (order.size() > kMostBins) {
    std::nth_element(order.begin(), order.begin() + kMostBins, order.end(), before);
    order.resize(kMostBins);
  }
  sort_few(order, before);
  return order;
}

/// The shares of the pixels that are about of the colour of each of the `crowded` bins.
std::vector<double> count_about(const std::vector<ColorBin>& bins,
                                const std::vector<std::size_t>& crowded) {
  // By lightness, so that only bins of about the same one are compared: a tenth of the pairs.
  std::vector<std::size_t> order(crowded.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const double of_a = bins[crowded[a]].at[0];
    const double of_b = bins[crowded[b]].at[0];
    return of_a != of_b ? of_a < of_b : a < b;
  });
  std::vector<double> about(crowded.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ColorBin& bin = bins[crowded[order[i]]];
    about[order[i]] += bin.share;
    for (std::size_t j = i; j-- > 0;) {
      const ColorBin& other = bins[crowded[order[j]]];
      if (bin.at[0] - other.at[0] > kAbout) break;
      if (squared_distance(bin.at, other.at) > kAbout * kAbout) continue;
      about[order[i]] += other.share;
      about[order[j]] += bin.share;
    }
  }
  return about;
}

/// Whether a colour, in sRGB, is between two others.
bool is_between(const ColorBin& color, const ColorBin& a, const ColorBin& b, double most_off) {
  double along = 0;
  double whole = 0;
  double off = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    const double step = b.color[c] - static_cast<double>(a.color[c]);
    const double from_a = color.color[c] - static_cast<double>(a.color[c]);
    along += step * from_a;
    whole += step * step;
    off += from_a * from_a;
  }
  return 0 < along && along < whole && off - along * along / whole <= most_off * most_off;
}

/// Tells what flat colours leave at their edges: mixes of two, and shades of one.
class Edges {
 public:
  Edges(const std::vector<ColorBin>& bins, const std::vector<std::size_t>& crowded,
        const std::vector<double>& about, const std::vector<ColorBin>& ignored) {
    for (const ColorBin& color : ignored) grounds_.push_back({&color, kMixedWithLost});
    for (std::size_t i = 0; i < crowded.size(); ++i) {
      const ColorBin& bin = bins[crowded[i]];
      if (bin.flat >= kFlat && flats_.size() < kMostFlats) flats_.push_back(&bin);
      if (bin.flat >= kGround) grounds_.push_back({&bin, kMixed});
      if (about[i] >= kLeastShare) common_.push_back({&bin, about[i]});
    }
  }

  bool hold(const ColorBin& bin, double about) const {
    for (const ColorBin* flat : flats_) {
      if (bin.share > kShadePart * flat->flat) continue;
      if (squared_distance(bin.at, flat->at) <= kBeside * kBeside) return true;
    }
    for (const auto& [ground, most] : grounds_) {
      if (about > most) continue;
      for (const auto& [color, share] : common_) {
        if (share < kMoreCommon * about || !is_between(bin, *ground, *color, kOffGround)) continue;
        if (squared_distance(bin.at, color->at) > kBeside * kBeside) return true;
      }
    }
    if (about > kMixed) return false;
    for (std::size_t i = 0; i < flats_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double lesser = std::min(flats_[i]->flat, flats_[j]->flat);
        if (about > kMixedPart * lesser) continue;
        if (is_between(bin, *flats_[i], *flats_[j], kOffLine)) return true;
      }
    }
    return false;
  }

 private:
  std::vector<const ColorBin*> flats_;
  std::vector<std::pair<const ColorBin*, double>> grounds_;  // and the most of a mix with each
  std::vector<std::pair<const ColorBin*, double>> common_;   // and the pixels of about it
};

/// Bins among `crowded` of colours that enough pixels have about, no two of which are near to each
/// other: first the ground, if there is one, and those of which there is most; at last those whose
/// hue is lacking. If that leaves fewer than k, more bins follow, but no mixes or shades.
std::vector<std::size_t> find_candidates(const std::vector<ColorBin>& bins,
                                         const std::vector<std::size_t>& crowded,
                                         const std::vector<double>& about, std::size_t k,
                                         std::optional<std::size_t> ground,
                                         const std::vector<ColorBin>& ignored) {
  std::vector<double> rank(crowded.size());
  for (std::size_t i = 0; i < crowded.size(); ++i) {
    rank[i] = std::sqrt(about[i]) * (kGreyWeight + bins[crowded[i]].chroma);
  }
  std::vector<std::size_t> order(crowded.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  sort_few(order, [&](std::size_t a, std::size_t b) {
    const bool enough_a = about[a] >= kLeastShare;
    const bool enough_b = about[b] >= kLeastShare;
    if (enough_a != enough_b) return enough_a;
    const std::vector<double>& by = enough_a ? rank : about;
    return by[a] != by[b] ? by[a] > by[b] : a < b;
  });
  const Edges edges(bins, crowded, about, ignored);
  std::vector<std::size_t> found;
  std::vector<std::size_t> others;
  const auto is_from_all = [&](const ColorBin& bin, double apart) {
    return std::ranges::none_of(found, [&](std::size_t other) {
      return squared_distance(bin.at, bins[other].at) < apart * apart;
    });
  };
  const auto is_apart = [&](const ColorBin& bin) { return is_from_all(bin, kApart); };
  const auto looks_new = [&](const ColorBin& bin) { return is_from_all(bin, kSame); };
  if (ground) found.push_back(*ground);
  for (const std::size_t i : order) {
    if (found.size() == kMostCandidates) break;
    const ColorBin& bin = bins[crowded[i]];
    if (crowded[i] == ground || edges.hold(bin, about[i])) continue;
    if (about[i] >= kLeastShare && is_apart(bin)) {
      found.push_back(crowded[i]);
    } else {
      others.push_back(crowded[i]);
    }
  }
  std::uint32_t shown = 0;
  for (const std::size_t i : found) shown |= shown_by(bins[i]);
  for (const std::size_t i : order) {
    const ColorBin& bin = bins[crowded[i]];
    const std::uint32_t more = shown_by(bin) & ~shown;
    if (more == 0 || about[i] < kLeastOfHue || edges.hold(bin, about[i])) continue;
    found.push_back(crowded[i]);
    shown |= more;
  }
  for (const std::size_t i : order) {
    const ColorBin& bin = bins[crowded[i]];
    const bool alone = std::ranges::none_of(found, [&](std::size_t other) {
      return squared_distance(bin.at, bins[other].at) < kAlone * kAlone;
    });
    if (!alone || edges.hold(bin, about[i])) continue;
    double around = 0;
    for (const std::size_t other : crowded) {
      if (squared_distance(bin.at, bins[other].at) <= kAround * kAround)
        around += bins[other].share;
    }
    if (around >= kLeastShare) found.push_back(crowded[i]);
  }
  for (std::size_t i = 0; found.size() < k && i < others.size(); ++i) {
    if (looks_new(bins[others[i]])) found.push_back(others[i]);
  }
  return found;
}

// ---- the search ----

/// The sum, and the theme that lowers it.
class Search {
 public:
  Search(const std::vector<ColorBin>& bins, const std::vector<std::size_t>& crowded,
         const std::vector<std::size_t>& candidates, std::size_t k, bool pinned)
      : bins_(crowded.size()), candidates_(candidates.size()), k_(k), pinned_(pinned) {
    std::vector<double> weights;
    double total = 0;
    Oklab mean{};
    for (const std::size_t i : crowded) {
      weights.push_back(weight_of(bins[i]));
      total += weights.back();
      for (std::size_t axis = 0; axis < 3; ++axis) mean[axis] += weights.back() * bins[i].at[axis];
    }
    for (double& axis : mean) axis /= total;
    double spread = 0;
    for (std::size_t i = 0; i < bins_; ++i) {
      spread += weights[i] * std::min(kFar * kFar, squared_distance(bins[crowded[i]].at, mean));
    }
    for (double& weight : weights) weight /= spread + 1e-12;
    std::array<std::vector<double>, 3> at;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      for (const std::size_t i : crowded) at[axis].push_back(bins[i].at[axis]);
    }
    away_.resize(candidates_ * bins_);
    for (std::size_t j = 0; j < candidates_; ++j) {
      const ColorBin& candidate = bins[candidates[j]];
      for (std::size_t i = 0; i < bins_; ++i) {
        const double square = squared_distance(candidate.at, {at[0][i], at[1][i], at[2][i]});
        away_[j * bins_ + i] = std::min(kFar * kFar, square) * weights[i];
      }
      sectors_.push_back(shown_by(candidate));
      vividness_.push_back(kVividTerm / static_cast<double>(k) *
                           std::min(1.0, candidate.chroma / kVivid));
    }
    alike_.resize(candidates_ * candidates_);
    for (std::size_t a = 0; a < candidates_; ++a) {
      for (std::size_t b = 0; b < candidates_; ++b) {
        const double square = squared_distance(bins[candidates[a]].at, bins[candidates[b]].at);
        if (a == b || square >= kDistinct * kDistinct) continue;
        alike_[a * candidates_ + b] =
            kLikenessTerm / static_cast<double>(k) * (1 - std::sqrt(square) / kDistinct);
        if (square < kSame * kSame) alike_[a * candidates_ + b] += kSameTerm;
      }
    }
    const std::array<double, kSectors> hues = hue_weights(bins);
    double sum = 0;
    for (const double hue : hues) sum += hue;
    std::vector<double> terms;
    for (const double hue : hues) terms.push_back(kHueTerm / std::max(1.0, sum) * hue);
    for (const double grey : grey_weights(bins)) terms.push_back(kGreyTerm * grey);
    missed_.assign(1u << terms.size(), 0);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      for (std::uint32_t shown = 0; shown < 1u << i; ++shown) {
        missed_[shown | 1u << i] = missed_[shown];
        missed_[shown] += terms[i];
      }
    }
  }

  /// Chooses one candidate after the other, each the one that lowers the sum most; after the first,
  /// only while one lowers it by `least`.
  void build(double least) {
    nearest_.assign(bins_, std::numeric_limits<double>::infinity());
    double before = std::numeric_limits<double>::infinity();
    if (pinned_) {
      add(0);
      before = sum_now();
    }
    while (chosen_.size() < k_) {
      const auto [best, sum] = best_addition();
      if (before - sum < least) break;
      add(best);
      before = sum;
    }
  }

  /// Replaces entries while that lowers the sum: the best exchange each time.
  void exchange(int most) {
    for (int round = 0; round < most; ++round) {
      if (!exchange_best()) break;
    }
  }

  const std::vector<std::size_t>& chosen() const { return chosen_; }

 private:
  static constexpr double kLeastGain = 1e-9;  // more than rounding can feign

  std::uint32_t shown() const {
    std::uint32_t bits = 0;
    for (const std::size_t j : chosen_) bits |= sectors_[j];
    return bits;
  }
  bool is_chosen(std::size_t j) const { return std::ranges::find(chosen_, j) != chosen_.end(); }

  double sum_now() const {
    return own_ + missed_[shown()] + sum_of([&](std::size_t i) { return nearest_[i]; });
  }

  /// The sum over bins, in a fixed order that vector units can keep.
  double sum_of(auto&& term) const {
    constexpr std::size_t kLanes = 8;
    double lanes[kLanes] = {};
    std::size_t i = 0;
    for (; i + kLanes <= bins_; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
    }
    double sum = 0;
    for (; i < bins_; ++i) sum += term(i);
    for (const double lane : lanes) sum += lane;
    return sum;
  }

  /// The candidate that lowers the sum most, and what the sum is then.
  std::pair<std::size_t, double> best_addition() const {
    const std::uint32_t bits = shown();
    std::pair<std::size_t, double> best{0, std::numeric_limits<double>::infinity()};
    for (std::size_t j = 0; j < candidates_; ++j) {
      if (is_chosen(j)) continue;
      const double* away = &away_[j * bins_];
      double sum = own_ + missed_[bits | sectors_[j]] - vividness_[j];
      for (const std::size_t other : chosen_) sum += alike_[j * candidates_ + other];
      sum += sum_of([&](std::size_t i) { return std::min(nearest_[i], away[i]); });
      if (sum < best.second) best = {j, sum};
    }
    return best;
  }

  void add(std::size_t j) {
    for (const std::size_t other : chosen_) own_ += alike_[j * candidates_ + other];
    own_ -= vividness_[j];
    chosen_.push_back(j);
    for (std::size_t i = 0; i < bins_; ++i) {
      nearest_[i] = std::min(nearest_[i], away_[j * bins_ + i]);
    }
  }

  /// Makes the exchange of an entry for a candidate that lowers the sum most, as Schubert and
  /// Rousseeuw (2021), doi:10.1016/j.is.2021.101804, find it: all entries in one pass.
  bool exchange_best() {
    const std::size_t k = chosen_.size();
    std::vector<std::size_t> slot(bins_);
    std::vector<double> first(bins_, std::numeric_limits<double>::infinity());
    std::vector<double> second(bins_, std::numeric_limits<double>::infinity());
    for (std::size_t s = 0; s < k; ++s) {
      for (std::size_t i = 0; i < bins_; ++i) {
        const double away = away_[chosen_[s] * bins_ + i];
        if (away < first[i]) {
          second[i] = first[i];
          first[i] = away;
          slot[i] = s;
        } else if (away < second[i]) {
          second[i] = away;
        }
      }
    }
    if (k == 1) std::ranges::fill(second, kFar);  // more than any
    std::vector<double> removal(k);               // what the sum rises by without each entry
    std::vector<std::uint32_t> others(k);
    for (std::size_t i = 0; i < bins_; ++i) removal[slot[i]] += second[i] - first[i];
    const std::vector<double> farther = removal;  // what of that is distance
    for (std::size_t s = 0; s < k; ++s) {
      removal[s] += vividness_[chosen_[s]];
      for (std::size_t t = 0; t < k; ++t) {
        if (t == s) continue;
        others[s] |= sectors_[chosen_[t]];
        removal[s] -= alike_[chosen_[s] * candidates_ + chosen_[t]];
      }
      removal[s] -= missed_[shown()];
    }
    double best = -kLeastGain;
    std::size_t out = 0;
    std::size_t in = candidates_;
    std::vector<double> change(k);
    for (std::size_t j = 0; j < candidates_; ++j) {
      if (is_chosen(j)) continue;
      double shared = -vividness_[j];
      for (const std::size_t other : chosen_) shared += alike_[j * candidates_ + other];
      const double* away = &away_[j * bins_];
      const auto rest = [&](std::size_t s) {
        return missed_[others[s] | sectors_[j]] - alike_[j * candidates_ + chosen_[s]];
      };
      // Most candidates are ruled out by two sums. One is what each bin comes nearer by; the other
      // is by how much less any removal may cost, which costs no distance at best.
      const double nearer =
          sum_of([&](std::size_t i) { return std::min(away[i], first[i]) - first[i]; });
      const double taken = sum_of([&](std::size_t i) {
        return std::min(std::max(away[i], first[i]), second[i]) - second[i];
      });
      bool may_gain = false;
      for (std::size_t s = pinned_ ? 1 : 0; s < k; ++s) {
        const double saved = std::min(farther[s], -taken);
        may_gain |= removal[s] - saved + nearer + shared + rest(s) < best + kLeastGain;
      }
      if (!may_gain) continue;
      change = removal;
      for (std::size_t i = 0; i < bins_; ++i) {
        if (away[i] >= second[i]) continue;
        if (away[i] < first[i]) {
          shared += away[i] - first[i];
          change[slot[i]] += first[i] - second[i];
        } else {
          change[slot[i]] += away[i] - second[i];
        }
      }
      for (std::size_t s = 0; s < k; ++s) {
        const double sum = change[s] + shared + rest(s);
        if (sum >= best || (pinned_ && s == 0)) continue;
        best = sum;
        out = s;
        in = j;
      }
    }
    if (in == candidates_) return false;
    chosen_[out] = in;
    return true;
  }

  std::size_t bins_;
  std::size_t candidates_;
  std::size_t k_;
  bool pinned_;                // whether the first candidate is the first entry, and stays
  std::vector<double> away_;   // (candidates, bins): what each bin adds to the sum
  std::vector<double> alike_;  // (candidates, candidates)
  std::vector<double> vividness_;
  std::vector<std::uint32_t> sectors_;  // that each candidate shows
  std::vector<double> missed_;          // what the hues that are not shown add, by those that are
  std::vector<double> nearest_;         // what each bin adds for now
  double own_ = 0;                      // what the entries' likeness and chroma add
  std::vector<std::size_t> chosen_;
};

constexpr int kExchanges = 24;

// Where k is chosen: at most so many colours, each of which lowers the sum by this.
constexpr int kMostByItself = 12;
constexpr double kMatters = 0.03;

}  // namespace

std::vector<std::size_t> choose_theme(const std::vector<ColorBin>& bins, int k,
                                      std::optional<std::size_t> ground,
                                      const std::vector<ColorBin>& ignored) {
  const std::vector<std::size_t> crowded = most_crowded(bins);
  const std::vector<double> about = count_about(bins, crowded);
  const auto wanted = static_cast<std::size_t>(k == 0 ? kMostByItself : k);
  const std::vector<std::size_t> candidates =
      find_candidates(bins, crowded, about, wanted, ground, ignored);
  Search search(bins, crowded, candidates, std::min(wanted, candidates.size()), ground.has_value());
  search.build(k == 0 ? kMatters : -kSameTerm / 2);
  search.exchange(kExchanges);
  std::vector<std::size_t> theme;
  for (const std::size_t j : search.chosen()) theme.push_back(candidates[j]);
  return theme;
}

}  // namespace kpalette
