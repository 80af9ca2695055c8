#include "theme_search.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "theme_candidates.hpp"
#include "theme_hues.hpp"

namespace kpalette {
namespace {

constexpr double kSpeck = 0.0002;      // a bin of a lesser share …
constexpr double kSpeckWeight = 0.05;  // … counts by this part
// Colours that are farther from the theme than this in Oklab all count as that far.
constexpr double kFar = 0.25;
// Entries that are nearer to each other than this look alike.
constexpr double kDistinct = 0.16;
constexpr double kSameTerm = 10;  // of two that look the same: more than all else
constexpr double kVivid = 0.2;    // the chroma from which more is not better

constexpr double kHueTerm = 0.5;
constexpr double kGreyTerm = 0.35;  // for each of dark, middle and light ones
constexpr double kLikenessTerm = 1;
constexpr double kVividTerm = 0.4;

double weight_of(const ColorBin& bin) {
  const double weight = prominence_of(bin.share, bin.chroma);
  return bin.share < kSpeck ? kSpeckWeight * weight : weight;
}

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
  const auto wanted = static_cast<std::size_t>(k == 0 ? kMostByItself : k);
  const std::vector<std::size_t> candidates =
      find_candidates(bins, crowded, wanted, ground, ignored);
  Search search(bins, crowded, candidates, std::min(wanted, candidates.size()), ground.has_value());
  search.build(k == 0 ? kMatters : -kSameTerm / 2);
  search.exchange(kExchanges);
  std::vector<std::size_t> theme;
  for (const std::size_t j : search.chosen()) theme.push_back(candidates[j]);
  return theme;
}

}  // namespace kpalette
