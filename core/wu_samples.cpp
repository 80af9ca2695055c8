// Wu's cuts for samples of any dimension.

#include <algorithm>
#include <cstdint>
#include <queue>
#include <vector>

#include "seeding.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBins = 64;
constexpr std::size_t kRanksPerTask = 8192;
constexpr std::size_t kSome = 256;  // samples of a part by which its most varied axis is chosen

/// Samples first to last of an order, and the cut across its most varied axis that saves most.
struct Part {
  std::size_t first;
  std::size_t last;
  std::vector<double> sums;  // (dim + 1): weight, weighted values relative to the origin
  double gain = 0;
  std::size_t axis = 0;
  double low = 0;  // of the bins
  double width = 0;
  std::size_t bin = 0;  // the first one on the right of the cut
};

template <class T>
class Cutter {
 public:
  Cutter(const Samples& samples, std::span<const T> values, Team& team)
      : samples_(samples),
        values_(values),
        dim_(static_cast<std::size_t>(samples.dim())),
        origin_(samples.origin().begin(), samples.origin().end()),
        team_(team) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (samples.weight(i) > 0) order_.push_back(i);
    }
  }

  std::vector<Part> cut(int k) {
    std::vector<Part> parts{plan(0, order_.size())};
    // The part with the largest gain on top; of equals, the one made first.
    const auto later = [&](std::size_t a, std::size_t b) {
      return parts[a].gain != parts[b].gain ? parts[a].gain < parts[b].gain : a > b;
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> queue(later);
    queue.push(0);
    while (parts.size() < static_cast<std::size_t>(k)) {
      const std::size_t index = queue.top();
      queue.pop();
      const Part part = parts[index];
      if (part.gain <= 0) break;
      const auto begin = order_.begin();
      const auto middle =
          std::stable_partition(begin + static_cast<std::ptrdiff_t>(part.first),
                                begin + static_cast<std::ptrdiff_t>(part.last),
                                [&](std::size_t i) { return bin_of(part, i) < part.bin; });
      const auto cut = static_cast<std::size_t>(middle - begin);
      parts[index] = plan(part.first, cut);
      parts.push_back(plan(cut, part.last));
      queue.push(index);
      queue.push(parts.size() - 1);
    }
    return parts;
  }

 private:
  double at(std::size_t i, std::size_t axis) const {
    return (static_cast<double>(values_[i * dim_ + axis]) - origin_[axis]) * samples_.scale();
  }

  std::size_t bin_of(const Part& part, std::size_t i) const {
    const double x = at(i, part.axis);
    return std::min(static_cast<std::size_t>((x - part.low) / part.width), kBins - 1);
  }

  /// What one centre at the mean saves over one at the origin: |sum|^2 / weight.
  double saving(const double* sums) const {
    double square = 0;
    for (std::size_t a = 1; a <= dim_; ++a) square += sums[a] * sums[a];
    return sums[0] > 0 ? square / sums[0] : 0;
  }

  Part plan(std::size_t first, std::size_t last) const {
    Part part{first, last, std::vector<double>(dim_ + 1)};
    if (!choose_axis(part, (last - first + kSome - 1) / kSome)) choose_axis(part, 1);
    choose_bin(part);
    return part;
  }

  /// Looks at one sample of every `step`; whether they vary.
  bool choose_axis(Part& part, std::size_t step) const {
    std::vector<double> sums(dim_);
    std::vector<double> squares(dim_);
    double total = 0;
    for (std::size_t rank = part.first; rank < part.last; rank += step) {
      const double weight = samples_.weight(order_[rank]);
      total += weight;
      for (std::size_t a = 0; a < dim_; ++a) {
        const double x = at(order_[rank], a);
        sums[a] += weight * x;
        squares[a] += weight * x * x;
      }
    }
    double most = 0;
    for (std::size_t a = 0; a < dim_; ++a) {
      const double variance = squares[a] - sums[a] * sums[a] / total;
      if (variance > most) {
        most = variance;
        part.axis = a;
      }
    }
    return most > 0;
  }

  void choose_bin(Part& part) const {
    part.low = at(order_[part.first], part.axis);
    double high = part.low;
    for (std::size_t rank = part.first; rank < part.last; ++rank) {
      const double x = at(order_[rank], part.axis);
      part.low = std::min(part.low, x);
      high = std::max(high, x);
    }
    part.width = (high - part.low) / kBins;
    const bool cut = part.width > 0;
    const std::vector<double> bins = sum_up(part, cut ? kBins : 1);
    for (std::size_t i = 0; i < bins.size(); ++i) part.sums[i % (dim_ + 1)] += bins[i];
    if (!cut) return;
    const double whole = saving(part.sums.data());
    std::vector<double> left(dim_ + 1);
    std::vector<double> right(dim_ + 1);
    for (std::size_t bin = 1; bin < kBins; ++bin) {
      for (std::size_t a = 0; a <= dim_; ++a) {
        left[a] += bins[(bin - 1) * (dim_ + 1) + a];
        right[a] = part.sums[a] - left[a];
      }
      const double gain = saving(left.data()) + saving(right.data()) - whole;
      if (left[0] > 0 && right[0] > 0 && gain > part.gain) {
        part.gain = gain;
        part.bin = bin;
      }
    }
  }

  /// Sums of the samples of a part by bin: (bins, dim + 1), weight and scaled values.
  std::vector<double> sum_up(const Part& part, std::size_t bins) const {
    struct Piece {
      std::vector<double> sums;
      std::vector<double> totals;
    };
    std::vector<Piece> pieces((part.last - part.first + kRanksPerTask - 1) / kRanksPerTask);
    team_.run(pieces.size(), [&](std::size_t index, int) {
      Piece& piece = pieces[index];
      piece.sums.resize(bins * dim_);
      piece.totals.resize(bins);
      const std::size_t end = std::min(part.last, part.first + (index + 1) * kRanksPerTask);
      for (std::size_t rank = part.first + index * kRanksPerTask; rank < end; ++rank) {
        const std::size_t i = order_[rank];
        const std::int32_t bin = bins > 1 ? static_cast<std::int32_t>(bin_of(part, i)) : 0;
        const double weight = samples_.weight(i);
        loops_.add(values_.data() + i * dim_, 1, samples_.dim(), origin_.data(), &weight, &bin,
                   piece.sums.data(), piece.totals.data());
      }
    });
    std::vector<double> sums(bins * (dim_ + 1));
    for (const Piece& piece : pieces) {
      for (std::size_t bin = 0; bin < bins; ++bin) {
        double* sum = sums.data() + bin * (dim_ + 1);
        sum[0] += piece.totals[bin];
        for (std::size_t a = 0; a < dim_; ++a) {
          sum[1 + a] += piece.sums[bin * dim_ + a] * samples_.scale();
        }
      }
    }
    return sums;
  }

  const Samples& samples_;
  std::span<const T> values_;
  std::size_t dim_;
  std::vector<double> origin_;
  const RowLoops<T>& loops_ = row_loops<T>();
  Team& team_;
  std::vector<std::size_t> order_;
};

}  // namespace

std::vector<double> seed_wu(const Samples& samples, int k, std::uint64_t, Team& team) {
  const std::vector<Part> parts = std::visit(
      [&](const auto values) { return Cutter(samples, values, team).cut(k); }, samples.values());
  std::vector<double> centers;
  const auto dim = static_cast<std::size_t>(samples.dim());
  for (const Part& part : parts) {
    for (std::size_t a = 0; a < dim; ++a) {
      centers.push_back(part.sums[1 + a] / part.sums[0] / samples.scale() + samples.origin()[a]);
    }
  }
  // Where too few samples differ, copies make up for the rest.
  while (centers.size() < static_cast<std::size_t>(k) * dim) {
    centers.push_back(centers[centers.size() - dim]);
  }
  return centers;
}

}  // namespace kpalette
