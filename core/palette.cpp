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
  const Space& space = assignment.points().space();
  const int dim = space.channels();
  std::vector<std::uint8_t> colors(centers.size());
  const auto set = [&](int j, const Entry& entry) {
    std::copy_n(entry.color.begin(), dim, colors.begin() + j * dim);
    std::copy_n(entry.coords.begin(), dim, centers.begin() + j * dim);
  };
  const int n_fixed = static_cast<int>(fixed.size()) / dim;
  std::copy(fixed.begin(), fixed.end(), colors.begin());
  const auto every = static_cast<std::size_t>(assignment.k());
  std::vector<Entry> entries(every);  // those that threads find
  const auto find_entries = [&](const auto& find) {
    assignment.team().run((every + kEntriesPerTask - 1) / kEntriesPerTask,
                          [&](std::size_t task, int) {
                            const std::size_t end = std::min(every, (task + 1) * kEntriesPerTask);
                            for (std::size_t j = task * kEntriesPerTask; j < end; ++j) {
                              if (!assignment.pinned(static_cast<int>(j))) entries[j] = find(j);
                            }
                          });
  };
  assignment.pin(n_fixed);
  find_entries([&](std::size_t j) {
    return entry_near(space, centers.data() + j * static_cast<std::size_t>(dim));
  });
  for (int j = n_fixed; j < assignment.k(); ++j) set(j, entries[static_cast<std::size_t>(j)]);
  assignment.update(centers);

  Majorities majorities{std::vector<std::optional<Entry>>(every), std::vector<char>(every)};
  if (faithful) majorities = find_majorities(assignment);
  std::array<double, kMaxDim> mean{};
  for (int j = n_fixed; j < assignment.k(); ++j) {
    const auto index = static_cast<std::size_t>(j);
    if (majorities.color[index]) {
      set(j, *majorities.color[index]);
    } else if (majorities.opaque[index]) {
      assignment.mean(j, mean.data());
      set(j, opaque_entry_near(space, mean.data()));
    }
  }
  if (faithful) assignment.update(centers);

  bool sorted = false;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    bool moved = false;
    std::vector<int> empty;
    const bool moving = pass < moving_passes;
    if (moving) {
      find_entries([&](std::size_t j) {
        const int cluster = static_cast<int>(j);
        std::array<double, kMaxDim> target{};
        if (assignment.weight(cluster) == 0 || majorities.color[j]) return Entry{};
        assignment.mean(cluster, target.data());
        return majorities.opaque[j] && target[3] > 0 ? opaque_entry_near(space, target.data())
                                                     : entry_near(space, target.data());
      });
    }
    for (int j = 0; j < assignment.k(); ++j) {
      if (assignment.pinned(j)) continue;
      const auto index = static_cast<std::size_t>(j);
      if (assignment.weight(j) == 0) {
        empty.push_back(j);
      } else if (moving && !majorities.color[index]) {
        assignment.mean(j, mean.data());
        const Entry& entry = entries[index];
        if (square_between(entry.coords.data(), mean.data(), dim) <
            square_between(centers.data() + j * dim, mean.data(), dim)) {
          set(j, entry);
          moved = true;
        }
      }
    }
    // Of equal colours all but the first are empty. Two that have just become equal show in the
    // next pass, which is made because they moved.
    if (!empty.empty() && relocate(assignment, centers, empty) > 0) {
      for (const int j : empty) set(j, entry_near(space, centers.data() + j * dim));
      moved = true;
    }
    if (moved && assignment.update(centers) > 0) {
      sorted = false;
    } else if (sorted) {
      break;
    } else {
      // Sorting settles ties, by which an entry can lose its last points: look once more.
      sort_by_frequency(assignment, centers, colors);
      sorted = true;
      pass = std::max(pass, moving_passes - 1);
    }
  }
  if (!sorted) sort_by_frequency(assignment, centers, colors);
  return colors;
}

}  // namespace kpalette
