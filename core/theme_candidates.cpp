#include "theme_candidates.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sort_few.hpp"
#include "theme_hues.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kMostBins = 768;
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
// Of about a mix with an ignored colour, at most that many of the pixels.
constexpr double kMixedWithLost = 0.03;

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

/// Indices of crowded bins: those that enough pixels have come first, by how prominent they are;
/// then the others, by how many pixels have about their colour.
std::vector<std::size_t> by_prominence(const std::vector<ColorBin>& bins,
                                       const std::vector<std::size_t>& crowded,
                                       const std::vector<double>& about) {
  std::vector<double> rank(crowded.size());
  for (std::size_t i = 0; i < crowded.size(); ++i) {
    rank[i] = prominence_of(about[i], bins[crowded[i]].chroma);
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
  return order;
}

/// The bins that may be entries, found in several rounds.
class Candidates {
 public:
  /// `about` has, for each crowded bin, the share of the pixels of about its colour.
  Candidates(const std::vector<ColorBin>& bins, const std::vector<std::size_t>& crowded,
             const std::vector<double>& about, Edges edges)
      : bins_(bins),
        crowded_(crowded),
        about_(about),
        edges_(std::move(edges)),
        order_(by_prominence(bins, crowded, about)) {}

  /// Adds the ground, and what enough pixels have and is apart from all before.
  void add_common(std::optional<std::size_t> ground) {
    if (ground) found_.push_back(*ground);
    for (const std::size_t i : order_) {
      if (found_.size() == kMostCandidates) break;
      if (crowded_[i] == ground || is_edge(i)) continue;
      const bool is_common = about_[i] >= kLeastShare && is_from_all(bin(i), kApart);
      (is_common ? found_ : others_).push_back(crowded_[i]);
    }
  }

  /// Adds one for each hue that none shows yet.
  void add_hues() {
    std::uint32_t shown = 0;
    for (const std::size_t i : found_) shown |= shown_by(bins_[i]);
    for (const std::size_t i : order_) {
      const std::uint32_t more = shown_by(bin(i)) & ~shown;
      if (more == 0 || about_[i] < kLeastOfHue || is_edge(i)) continue;
      found_.push_back(crowded_[i]);
      shown |= more;
    }
  }

  /// Adds what is far from all before, if enough pixels are somewhere around it.
  void add_lonely() {
    for (const std::size_t i : order_) {
      if (!is_from_all(bin(i), kAlone) || is_edge(i)) continue;
      double around = 0;
      for (const std::size_t other : crowded_) {
        if (squared_distance(bin(i).at, bins_[other].at) <= kAround * kAround) {
          around += bins_[other].share;
        }
      }
      if (around >= kLeastShare) found_.push_back(crowded_[i]);
    }
  }

  /// Adds others that do not look like any before, up to k in all.
  void fill_up(std::size_t k) {
    for (std::size_t i = 0; found_.size() < k && i < others_.size(); ++i) {
      if (is_from_all(bins_[others_[i]], kSame)) found_.push_back(others_[i]);
    }
  }

  const std::vector<std::size_t>& found() const { return found_; }

 private:
  const ColorBin& bin(std::size_t i) const { return bins_[crowded_[i]]; }
  bool is_edge(std::size_t i) const { return edges_.hold(bin(i), about_[i]); }

  bool is_from_all(const ColorBin& bin, double apart) const {
    return std::ranges::none_of(found_, [&](std::size_t other) {
      return squared_distance(bin.at, bins_[other].at) < apart * apart;
    });
  }

  const std::vector<ColorBin>& bins_;
  const std::vector<std::size_t>& crowded_;
  const std::vector<double>& about_;
  Edges edges_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> found_;
  std::vector<std::size_t> others_;  // that are no edges, either
};

}  // namespace

std::vector<std::size_t> most_crowded(const std::vector<ColorBin>& bins) {
  std::vector<std::size_t> order(bins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    const double of_a = prominence_of(bins[a].share, bins[a].chroma);
    const double of_b = prominence_of(bins[b].share, bins[b].chroma);
    return of_a != of_b ? of_a > of_b : a < b;
  };
  if (order.size() > kMostBins) {
    std::nth_element(order.begin(), order.begin() + kMostBins, order.end(), before);
    order.resize(kMostBins);
  }
  sort_few(order, before);
  return order;
}

std::vector<std::size_t> find_candidates(const std::vector<ColorBin>& bins,
                                         const std::vector<std::size_t>& crowded, std::size_t k,
                                         std::optional<std::size_t> ground,
                                         const std::vector<ColorBin>& ignored) {
  const std::vector<double> about = count_about(bins, crowded);
  Candidates candidates(bins, crowded, about, Edges(bins, crowded, about, ignored));
  candidates.add_common(ground);
  candidates.add_hues();
  candidates.add_lonely();
  candidates.fill_up(k);
  return candidates.found();
}

}  // namespace kpalette
