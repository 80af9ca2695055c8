#include "palette.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "lloyd.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

// After a fit, four passes recover what rounding can recover: eight end 0.01 % lower on photos.
constexpr int kMovingPasses = 4;
// Colours given to empty entries have points at once, so a few more passes fill them all.
constexpr int kMaxPasses = 64;
constexpr int kSortRounds = 8;

/// An 8-bit colour and where it lies.
struct Entry {
  std::array<std::uint8_t, kMaxDim> color{};
  std::array<double, kMaxDim> coords{};
};

Entry entry_near(const double* target, int dim) {
  Entry entry;
  std::array<std::int32_t, kMaxDim> placed{};
  unplace(target, dim, entry.color.data());
  place({entry.color.data(), static_cast<std::size_t>(dim)}, dim, placed.data(), 1);
  std::copy(placed.begin(), placed.end(), entry.coords.begin());
  return entry;
}

double square_between(const double* a, const double* b, int dim) {
  double sum = 0;
  for (int axis = 0; axis < dim; ++axis) sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
  return sum;
}

/// Puts the entry with the most points first, and gives points that are equally near to two entries
/// to the first of them. That can change the order again, if rarely and hardly ever twice.
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
    std::sort(order.begin(), order.end(), before);
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

}  // namespace

std::vector<std::uint8_t> round_centers(Assignment& assignment, std::vector<double> centers) {
  const int dim = assignment.points().dim();
  std::vector<std::uint8_t> colors(centers.size());
  const auto set = [&](int j, const Entry& entry) {
    std::copy_n(entry.color.begin(), dim, colors.begin() + j * dim);
    std::copy_n(entry.coords.begin(), dim, centers.begin() + j * dim);
  };
  for (int j = 0; j < assignment.k(); ++j) set(j, entry_near(centers.data() + j * dim, dim));
  assignment.update(centers);

  std::array<double, kMaxDim> mean{};
  bool sorted = false;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    bool moved = false;
    std::vector<int> empty;
    for (int j = 0; j < assignment.k(); ++j) {
      if (assignment.weight(j) == 0) {
        empty.push_back(j);
      } else if (pass < kMovingPasses) {
        assignment.mean(j, mean.data());
        const Entry entry = entry_near(mean.data(), dim);
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
      for (const int j : empty) set(j, entry_near(centers.data() + j * dim, dim));
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
      pass = std::max(pass, kMovingPasses - 1);
    }
  }
  if (!sorted) sort_by_frequency(assignment, centers, colors);
  return colors;
}

}  // namespace kpalette
