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
  /// Sums of `size` numbers that body(i, sums) adds to for the samples of a part, piece by piece.
  template <class Body>
  std::vector<double> total(const Part& part, std::size_t size, const Body& body) const {
    const std::size_t count = part.last - part.first;
    std::vector<std::vector<double>> pieces((count + kRanksPerTask - 1) / kRanksPerTask);
    team_.run(pieces.size(), [&](std::size_t piece, int) {
      pieces[piece].assign(size, 0.0);
      const std::size_t end = std::min(part.last, part.first + (piece + 1) * kRanksPerTask);
      for (std::size_t rank = part.first + piece * kRanksPerTask; rank < end; ++rank) {
        body(order_[rank], pieces[piece].data());
      }
    });
    std::vector<double> sums(size);
    for (const auto& piece : pieces) {
      for (std::size_t i = 0; i < size; ++i) sums[i] += piece[i];
    }
    return sums;
  }

  double at(std::size_t i, std::size_t axis) const {
    return (static_cast<double>(values_[i * dim_ + axis]) - origin_[axis]) * samples_.scale();
  }

  std::size_t bin_of(const Part& part, std::size_t i) const {
    const double x = at(i, part.axis);
    return std::min(static_cast<std::size_t>((x - part.low) / part.width), kBins - 1);
  }

  void add(std::size_t i, double* sums) const {
    const double weight = samples_.weight(i);
    const double scaled = weight * samples_.scale();
    const T* row = values_.data() + i * dim_;
    const double* origin = origin_.data();
    sums[0] += weight;
    for (std::size_t a = 0; a < dim_; ++a) {
      sums[1 + a] += scaled * (static_cast<double>(row[a]) - origin[a]);
    }
  }

  /// What one centre at the mean saves over one at the origin: |sum|^2 / weight.
  double saving(const double* sums) const {
    double square = 0;
    for (std::size_t a = 1; a <= dim_; ++a) square += sums[a] * sums[a];
    return sums[0] > 0 ? square / sums[0] : 0;
  }

  Part plan(std::size_t first, std::size_t last) const {
    Part part{first, last, {}};
    // (dim + 1) sums, then (dim) sums of squares.
    part.sums = total(part, 2 * dim_ + 1, [&](std::size_t i, double* sums) {
      add(i, sums);
      double* squares = sums + dim_ + 1;
      for (std::size_t a = 0; a < dim_; ++a) squares[a] += samples_.weight(i) * at(i, a) * at(i, a);
    });
    double most = 0;
    for (std::size_t a = 0; a < dim_; ++a) {
      const double sum = part.sums[1 + a];
      const double variance = part.sums[dim_ + 1 + a] - sum * sum / part.sums[0];
      if (variance > most) {
        most = variance;
        part.axis = a;
      }
    }
    part.sums.resize(dim_ + 1);
    choose_bin(part);
    return part;
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
    if (!(part.width > 0)) return;
    const std::vector<double> bins =
        total(part, kBins * (dim_ + 1),
              [&](std::size_t i, double* sums) { add(i, sums + bin_of(part, i) * (dim_ + 1)); });
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

  const Samples& samples_;
  std::span<const T> values_;
  std::size_t dim_;
  std::vector<double> origin_;
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
