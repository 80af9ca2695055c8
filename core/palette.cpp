#include "palette.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>

#include "lloyd.hpp"
#include "sort_few.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

// Colours given to empty entries have points at once, so a few more passes fill them all.
constexpr int kMaxPasses = 64;
constexpr int kSortRounds = 8;
constexpr std::size_t kEntriesPerTask = 16;

/// An 8-bit colour and where it lies.
struct Entry {
  std::array<std::uint8_t, kMaxDim> color{};
  std::array<double, kMaxDim> coords{};
};

double square_between(const double* a, const double* b, int dim) {
  double sum = 0;
  for (int axis = 0; axis < dim; ++axis) sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
  return sum;
}

/// The best of the 8-bit colours that differ from a given one by at most 1 per channel; greys only
/// where the target is grey, for the nearest colour may have a tint, by a fraction of a level.
Entry best_neighbour(const Space& space, const Entry& middle, const double* target) {
  const bool grey = space.is_grey(target);
  const auto channels = static_cast<std::size_t>(space.channels());
  const std::size_t n = channels == 3 ? 27 : 81;
  std::array<std::uint8_t, 81 * kMaxDim> colors;
  std::array<std::int32_t, 81 * kMaxDim> placed;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint8_t* color = colors.data() + i * channels;
    std::size_t digits = i;
    for (std::size_t channel = 0; channel < channels; ++channel, digits /= 3) {
      const int level = middle.color[channel] + static_cast<int>(digits % 3) - 1;
      color[channel] = static_cast<std::uint8_t>(std::clamp(level, 0, 255));
    }
    if (channels == 4 && color[3] == 0) std::fill_n(color, 3, std::uint8_t{0});
    if (grey) color[0] = color[2] = color[1];
  }
  space.place({colors.data(), n * channels}, placed.data(), n);
  Entry best = middle;
  for (std::size_t i = 0; i < n; ++i) {
    Entry entry;
    std::copy_n(colors.data() + i * channels, channels, entry.color.begin());
    for (std::size_t axis = 0; axis < channels; ++axis) entry.coords[axis] = placed[axis * n + i];
    if (square_between(entry.coords.data(), target, space.channels()) <
        square_between(best.coords.data(), target, space.channels())) {
      best = entry;
    }
  }
  return best;
}

/// The 8-bit colour nearest to the target, which is the one that costs least where the target is
/// the mean of a cluster. Rounding each channel finds it in sRGB; elsewhere, and above all outside
/// the gamut, it is where going on from there to ever nearer neighbours ends.
Entry entry_near(const Space& space, const double* target) {
  Entry entry;
  std::array<std::int32_t, kMaxDim> placed{};
  space.unplace(target, entry.color.data());
  if (space.is_grey(target)) entry.color[0] = entry.color[2] = entry.color[1];
  space.place({entry.color.data(), static_cast<std::size_t>(space.channels())}, placed.data(), 1);
  std::copy(placed.begin(), placed.end(), entry.coords.begin());
  if (space.name() == SpaceName::srgb && space.channels() == 3) return entry;
  for (;;) {
    const Entry better = best_neighbour(space, entry, target);
    if (better.color == entry.color) return entry;
    entry = better;
  }
}

/// The same among opaque colours.
Entry opaque_entry_near(const Space& space, const double* target) {
  std::array<double, kMaxDim> opaque{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    opaque[axis] = target[axis] * space.alpha_axis() / target[3];
  }
  opaque[3] = space.alpha_axis();
  Entry entry = entry_near(space, opaque.data());
  entry.color[3] = 255;
  std::array<std::int32_t, kMaxDim> placed{};
  space.place({entry.color.data(), 4}, placed.data(), 1);
  std::copy(placed.begin(), placed.end(), entry.coords.begin());
  return entry;
}

/// What clusters mostly are, so that their entries are it too, and not merely nearly so.
struct Majorities {
  std::vector<std::optional<Entry>> color;  // with more than half of the weight
  std::vector<char> opaque;                 // whether more than half is opaque
};

Majorities find_majorities(const Assignment& assignment) {
  const Points& points = assignment.points();
  const Space& space = points.space();
  const bool has_alpha = space.channels() == 4;
  // In sRGB numbers count, and nothing that is nearly white looks like white.
  const bool exact = space.name() != SpaceName::srgb;
  const auto k = static_cast<std::size_t>(assignment.k());
  Majorities majorities{std::vector<std::optional<Entry>>(k), std::vector<char>(k)};
  std::vector<std::int64_t> opaque(k);
  const double full = std::floor(space.alpha_axis() + 0.5);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t label = assignment.labels()[i];
    const std::int64_t weight = points.weight(i);
    const std::int64_t whole = assignment.weight(static_cast<int>(label));
    Entry entry;
    const auto alpha = [&] {
      points.coordinates(i, entry.coords.data());
      return entry.coords[3];
    };
    if (has_alpha && alpha() == full) opaque[label] += weight;
    // All that is wholly transparent is one point, and has an entry of its own.
    if ((exact && weight > whole - weight) || (has_alpha && k > 1 && alpha() == 0)) {
      points.coordinates(i, entry.coords.data());
      space.unplace(entry.coords.data(), entry.color.data());
      majorities.color[label] = entry;
    }
  }
  for (std::size_t j = 0; j < k && has_alpha; ++j) {
    const std::int64_t rest = assignment.weight(static_cast<int>(j)) - opaque[j];
    majorities.opaque[j] = opaque[j] > rest;
  }
  return majorities;
}

/// Centres that become 8-bit colours, and stay what these are while points change between them.
class Rounding {
 public:
  /// The first centres are those of the fixed colours, which stay.
  Rounding(Assignment& assignment, std::vector<double> centers, std::span<const std::uint8_t> fixed)
      : assignment_(assignment),
        space_(assignment.points().space()),
        dim_(static_cast<std::size_t>(space_.channels())),
        k_(static_cast<std::size_t>(assignment.k())),
        n_fixed_(fixed.size() / dim_),
        centers_(std::move(centers)),
        colors_(centers_.size()),
        entries_(k_),
        majorities_{std::vector<std::optional<Entry>>(k_), std::vector<char>(k_)} {
    std::copy(fixed.begin(), fixed.end(), colors_.begin());
    assignment_.pin(static_cast<int>(n_fixed_));
  }

  /// Takes the colour nearest to each centre.
  void round() {
    find_entries([&](std::size_t j) { return entry_near(space_, center(j)); });
    for (std::size_t j = n_fixed_; j < k_; ++j) set(j, entries_[j]);
    assignment_.update(centers_);
  }

  /// Takes the colour that most of a cluster has, or an opaque one where most of it is opaque.
  void keep_majorities() {
    majorities_ = find_majorities(assignment_);
    for (std::size_t j = n_fixed_; j < k_; ++j) {
      if (majorities_.color[j]) {
        set(j, *majorities_.color[j]);
      } else if (majorities_.opaque[j]) {
        set(j, opaque_entry_near(space_, mean_of(j).data()));
      }
    }
    assignment_.update(centers_);
  }

  /// Moves colours to the means of their points in the first passes, and empty ones to where they
  /// gain most, until nothing changes; then sorts them.
  void settle(int moving_passes) {
    bool sorted = false;
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      // Of equal colours all but the first are empty. Two that have just become equal show in the
      // next pass, which is made because they moved.
      const bool shifted = pass < moving_passes && follow_means();
      const bool moved = fill_empty() || shifted;
      if (moved && assignment_.update(centers_) > 0) {
        sorted = false;
      } else if (sorted) {
        break;
      } else {
        // Sorting settles ties, by which an entry can lose its last points: look once more.
        sort_by_frequency(assignment_, centers_, colors_);
        sorted = true;
        pass = std::max(pass, moving_passes - 1);
      }
    }
    if (!sorted) sort_by_frequency(assignment_, centers_, colors_);
  }

  std::vector<std::uint8_t> colors() && { return std::move(colors_); }

 private:
  const double* center(std::size_t j) const { return centers_.data() + j * dim_; }

  void set(std::size_t j, const Entry& entry) {
    std::copy_n(entry.color.begin(), dim_, colors_.data() + j * dim_);
    std::copy_n(entry.coords.begin(), dim_, centers_.data() + j * dim_);
  }

  std::array<double, kMaxDim> mean_of(std::size_t j) const {
    std::array<double, kMaxDim> mean{};
    assignment_.mean(static_cast<int>(j), mean.data());
    return mean;
  }

  bool is_empty(std::size_t j) const { return assignment_.weight(static_cast<int>(j)) == 0; }
  bool stays(std::size_t j) const { return assignment_.pinned(static_cast<int>(j)); }

  /// Finds an entry for each centre that does not stay, side by side.
  template <class Find>
  void find_entries(const Find& find) {
    assignment_.team().run((k_ + kEntriesPerTask - 1) / kEntriesPerTask,
                           [&](std::size_t task, int) {
                             const std::size_t end = std::min(k_, (task + 1) * kEntriesPerTask);
                             for (std::size_t j = task * kEntriesPerTask; j < end; ++j) {
                               if (!stays(j)) entries_[j] = find(j);
                             }
                           });
  }

  /// Takes the colours nearest to the means of clusters where they are nearer than those that there
  /// are; returns whether there was one.
  bool follow_means() {
    find_entries([&](std::size_t j) {
      if (is_empty(j) || majorities_.color[j]) return Entry{};
      const std::array<double, kMaxDim> mean = mean_of(j);
      return majorities_.opaque[j] && mean[3] > 0 ? opaque_entry_near(space_, mean.data())
                                                  : entry_near(space_, mean.data());
    });
    const int dim = static_cast<int>(dim_);
    bool moved = false;
    for (std::size_t j = 0; j < k_; ++j) {
      if (stays(j) || is_empty(j) || majorities_.color[j]) continue;
      const std::array<double, kMaxDim> mean = mean_of(j);
      const Entry& entry = entries_[j];
      if (square_between(entry.coords.data(), mean.data(), dim) <
          square_between(center(j), mean.data(), dim)) {
        set(j, entry);
        moved = true;
      }
    }
    return moved;
  }

  /// Moves colours that no point is nearest to; returns whether one gains by that.
  bool fill_empty() {
    std::vector<int> empty;
    for (std::size_t j = 0; j < k_; ++j) {
      if (!stays(j) && is_empty(j)) empty.push_back(static_cast<int>(j));
    }
    if (empty.empty() || relocate(assignment_, centers_, empty) == 0) return false;
    for (const int j : empty) {
      const auto index = static_cast<std::size_t>(j);
      set(index, entry_near(space_, center(index)));
    }
    return true;
  }

  Assignment& assignment_;
  const Space& space_;
  std::size_t dim_, k_, n_fixed_;
  std::vector<double> centers_;
  std::vector<std::uint8_t> colors_;
  std::vector<Entry> entries_;  // those that threads find
  Majorities majorities_;
};

}  // namespace

void sort_by_frequency(Assignment& assignment, std::vector<double>& centers,
                       std::vector<std::uint8_t>& colors) {
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  const auto color = [&](int j) {
    const std::uint8_t* first = colors.data() + static_cast<std::size_t>(j) * dim;
    return std::span<const std::uint8_t>(first, dim);
  };
  const auto before = [&](int a, int b) {
    if (assignment.weight(a) != assignment.weight(b)) {
      return assignment.weight(a) > assignment.weight(b);
    }
    return std::ranges::lexicographical_compare(color(a), color(b));
  };
  std::vector<int> order(static_cast<std::size_t>(assignment.k()));
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < kSortRounds; ++round) {
    sort_few(order, before);
    if (std::is_sorted(order.begin(), order.end())) return;
    std::vector<double> sorted_centers;
    std::vector<std::uint8_t> sorted_colors;
    for (const int j : order) {
      const auto first = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(j) * dim);
      const auto last = first + static_cast<std::ptrdiff_t>(dim);
      sorted_centers.insert(sorted_centers.end(), centers.begin() + first, centers.begin() + last);
      sorted_colors.insert(sorted_colors.end(), colors.begin() + first, colors.begin() + last);
    }
    centers = std::move(sorted_centers);
    colors = std::move(sorted_colors);
    assignment.permute(order);
    std::iota(order.begin(), order.end(), 0);
    assignment.update(centers);
  }
}

std::array<std::uint8_t, kMaxDim> nearest_color(const Space& space, const double* target) {
  return entry_near(space, target).color;
}

std::vector<std::uint8_t> round_centers(Assignment& assignment, std::vector<double> centers,
                                        std::span<const std::uint8_t> fixed, bool faithful,
                                        int moving_passes) {
  Rounding rounding(assignment, std::move(centers), fixed);
  rounding.round();
  if (faithful) rounding.keep_majorities();
  rounding.settle(moving_passes);
  return std::move(rounding).colors();
}

}  // namespace kpalette
