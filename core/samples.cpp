#include "samples.hpp"

#include <algorithm>
#include <limits>

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 64;
constexpr std::size_t kSome = 255;  // samples whose median is taken

/// Up to how many values blocks are kept. While they fit a cache, passes over them are quicker;
/// beyond it, memory is what a pass waits for, and making blocks anew asks for less of it.
constexpr std::size_t kKept = std::size_t{8} << 20;

std::size_t tasks_for(std::size_t blocks) { return (blocks + kBlocksPerTask - 1) / kBlocksPerTask; }

/// A value rounded to a sixteenth of the power of two next to the extent of the data.
double round_to_grid(double value, double extent) {
  if (extent == 0) return value;
  const double step = std::ldexp(1.0, std::max(std::ilogb(extent) - 5, -1000));
  const double steps = value / step;
  // Beside an outlier the data may be less than a step: there is nothing to round to.
  return std::abs(steps) >= 1 && std::abs(steps) < 0x1p52 ? std::nearbyint(steps) * step : value;
}

}  // namespace

Samples::Samples(Values values, int dim, std::span<const double> weights, Team& team)
    : values_(values), dim_(dim), size_(0), weights_(weights) {
  std::visit(
      [&](const auto typed) {
        using T = std::remove_cv_t<typename decltype(typed)::element_type>;
        size_ = typed.size() / width();
        total_weight_ = weights.empty() ? static_cast<double>(size_) : 0.0;
        for (const double weight : weights) total_weight_ += weight;
        measure(typed, team);
        if (typed.size() > kKept) return;
        coords_.resize(blocks() * width() * kBlock);
        norms_.resize(blocks() * kBlock);
        team.run(tasks_for(blocks()), [&](std::size_t task, int) {
          BlockMaker<T> maker(origin_, scale_);
          const std::size_t end = std::min(blocks(), (task + 1) * kBlocksPerTask);
          for (std::size_t b = task * kBlocksPerTask; b < end; ++b) {
            maker.make(typed.data() + b * kBlock * width(), filled(b),
                       coords_.data() + b * kBlock * width(), norms_.data() + b * kBlock);
          }
        });
      },
      values_);
}

/// The median of a part of the samples, spread evenly, which outliers do not move.
template <class T>
double Samples::typical(std::span<const T> values, std::size_t axis) const {
  std::vector<double> some;
  const std::size_t step = (size() + kSome - 1) / kSome;
  for (std::size_t i = 0; i < size(); i += step) {
    some.push_back(static_cast<double>(values[i * width() + axis]));
  }
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
  std::nth_element(some.begin(), middle, some.end());
  return *middle;
}

/// Chooses origin and scale.
template <class T>
void Samples::measure(std::span<const T> values, Team& team) {
  const std::size_t tasks = tasks_for(blocks());
  std::vector<std::vector<T>> lows(tasks);
  std::vector<std::vector<T>> highs(tasks);
  team.run(tasks, [&](std::size_t task, int) {
    const std::size_t first = task * kBlocksPerTask * kBlock;
    const std::size_t count = std::min(size() - first, kBlocksPerTask * kBlock);
    const T* rows = values.data() + first * width();
    lows[task].assign(rows, rows + width());
    highs[task] = lows[task];
    row_loops<T>().range(rows, count, dim_, lows[task].data(), highs[task].data());
  });
  double reach = 0;
  for (std::size_t axis = 0; axis < width(); ++axis) {
    T low = lows[0][axis];
    T high = highs[0][axis];
    for (std::size_t task = 1; task < tasks; ++task) {
      low = std::min(low, lows[task][axis]);
      high = std::max(high, highs[task][axis]);
    }
    const auto least = static_cast<double>(low);
    const auto most = static_cast<double>(high);
    // The grid keeps no more digits than a value has, so T holds the origin.
    origin_.push_back(round_to_grid(typical(values, axis), most - least));
    reach = std::max({reach, most - origin_[axis], origin_[axis] - least});
  }
  const int most = sizeof(T) == sizeof(float) ? 120 : 1000;
  if (reach > 0) scale_ = std::ldexp(1.0, std::clamp(-std::ilogb(reach), -most, most));
}

void Samples::coordinates(std::size_t i, double* out) const {
  std::visit(
      [&](const auto values) {
        const auto row = values.subspan(i * width(), width());
        std::copy(row.begin(), row.end(), out);
      },
      values_);
}

double Samples::variance(Team& team) const {
  // Relative to the origin, that digits are not lost where data are far from zero.
  const std::size_t tasks = tasks_for(blocks());
  std::vector<std::vector<double>> sums(tasks, std::vector<double>(width()));
  std::vector<double> squares(tasks);
  std::visit(
      [&](const auto values) {
        using T = std::remove_cv_t<typename decltype(values)::element_type>;
        team.run(tasks, [&](std::size_t task, int) {
          const std::int32_t labels[kBlock] = {};
          double parts[kBlock];
          double total = 0;
          const std::size_t end = std::min(blocks(), (task + 1) * kBlocksPerTask);
          for (std::size_t b = task * kBlocksPerTask; b < end; ++b) {
            const T* rows = values.data() + b * kBlock * width();
            row_loops<T>().add(rows, filled(b), dim_, origin_.data(), nullptr, labels,
                               sums[task].data(), &total);
            row_loops<T>().squares(rows, filled(b), dim_, origin_.data(), labels, parts);
            for (std::size_t lane = 0; lane < filled(b); ++lane) squares[task] += parts[lane];
          }
        });
      },
      values_);
  const auto n = static_cast<double>(size());
  double square = 0;
  for (const double part : squares) square += part;
  for (std::size_t axis = 0; axis < width(); ++axis) {
    double sum = 0;
    for (const auto& part : sums) sum += part[axis];
    square -= sum / n * sum;
  }
  return std::max(0.0, square) / n / static_cast<double>(dim_);
}

}  // namespace kpalette
