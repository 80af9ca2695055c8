// Wu's cuts for samples of any dimension.

#include <algorithm>
#include <cstdint>
#include <queue>
#include <vector>

#include "seeding.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBins = 64;

/// Samples first to last of an order, and the cut across its most varied axis that saves most.
struct Part {
  std::size_t first;
  std::size_t last;
  std::vector<double> sums;  // (dim + 1): weight, weighted values relative to the origin
  double gain = 0;
  std::size_t axis = 0;
  float low = 0;  // of the bins
  float width = 0;
  std::size_t bin = 0;  // the first one on the right of the cut
};

class Cutter {
 public:
  explicit Cutter(const Samples& samples)
      : samples_(samples), dim_(static_cast<std::size_t>(samples.dim())) {
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
  std::size_t bin_of(const Part& part, std::size_t i) const {
    const float x = samples_.at(i, static_cast<int>(part.axis));
    return std::min(static_cast<std::size_t>((x - part.low) / part.width), kBins - 1);
  }

  void add(std::size_t i, double* sums) const {
    const double weight = samples_.weight(i);
    sums[0] += weight;
    for (std::size_t a = 0; a < dim_; ++a) {
      sums[1 + a] += weight * static_cast<double>(samples_.at(i, static_cast<int>(a)));
    }
  }

  /// What one centre at the mean saves over one at the origin: |sum|^2 / weight.
  double saving(const double* sums) const {
    double square = 0;
    for (std::size_t a = 1; a <= dim_; ++a) square += sums[a] * sums[a];
    return sums[0] > 0 ? square / sums[0] : 0;
  }

  Part plan(std::size_t first, std::size_t last) const {
    Part part{first, last, std::vector<double>(dim_ + 1)};
    std::vector<double> squares(dim_);
    for (std::size_t rank = first; rank < last; ++rank) {
      const std::size_t i = order_[rank];
      add(i, part.sums.data());
      for (std::size_t a = 0; a < dim_; ++a) {
        const auto x = static_cast<double>(samples_.at(i, static_cast<int>(a)));
        squares[a] += samples_.weight(i) * x * x;
      }
    }
    double most = 0;
    for (std::size_t a = 0; a < dim_; ++a) {
      const double variance = squares[a] - part.sums[1 + a] * part.sums[1 + a] / part.sums[0];
      if (variance > most) {
        most = variance;
        part.axis = a;
      }
    }
    choose_bin(part);
    return part;
  }

  void choose_bin(Part& part) const {
    const int axis = static_cast<int>(part.axis);
    part.low = samples_.at(order_[part.first], axis);
    float high = part.low;
    for (std::size_t rank = part.first; rank < part.last; ++rank) {
      const float x = samples_.at(order_[rank], axis);
      part.low = std::min(part.low, x);
      high = std::max(high, x);
    }
    part.width = (high - part.low) / kBins;
    if (!(part.width > 0)) return;
    std::vector<double> bins(kBins * (dim_ + 1));
    for (std::size_t rank = part.first; rank < part.last; ++rank) {
      add(order_[rank], bins.data() + bin_of(part, order_[rank]) * (dim_ + 1));
    }
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
  std::size_t dim_;
  std::vector<std::size_t> order_;
};

}  // namespace

std::vector<double> seed_wu(const Samples& samples, int k, std::uint64_t, Team&) {
  std::vector<double> centers;
  const auto dim = static_cast<std::size_t>(samples.dim());
  for (const Part& part : Cutter(samples).cut(k)) {
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
