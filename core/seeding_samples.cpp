// Greedy k-means++ and maximin for samples, dense and sparse.
//
// What a start costs is reading the data once per centre. So all candidates for a centre are tried
// in the same sweep, and so is what the centre before changes: until then, only the chunks that
// candidates are drawn from know of it.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "random.hpp"
#include "seeding.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerChunk = 16;

/// Squared distances from dense samples to some of them, in scaled floats.
template <class T>
class DenseReach {
 public:
  DenseReach(const Samples& samples, std::span<const T> values)
      : samples_(samples), values_(values) {}

  const Samples& samples() const { return samples_; }
  BlockMaker<T> scratch() const { return {samples_.origin(), samples_.scale()}; }

  /// Points (dim, count) that squares() is to be told of.
  std::vector<float> place(std::span<const std::size_t> chosen) const {
    const auto dim = static_cast<std::size_t>(samples_.dim());
    std::vector<float> points(dim * chosen.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i] = samples_.at(chosen[i % chosen.size()], i / chosen.size());
    }
    return points;
  }

  /// (count, 64)
  void squares(const std::vector<float>& points, std::size_t count, std::size_t block,
               BlockMaker<T>& maker, float* out) const {
    const auto dim = static_cast<std::size_t>(samples_.dim());
    const Block made = samples_.block(block, values_.data() + block * kBlock * dim, maker);
    kernels().rows.squares_to(made.coords, samples_.dim(), points.data(), static_cast<int>(count),
                              out);
  }

 private:
  const Samples& samples_;
  std::span<const T> values_;
};

/// The same for sparse samples.
template <class T, class Index>
class SparseReach {
 public:
  SparseReach(const SparseSamples& samples, const Csr<T, Index>& matrix)
      : samples_(samples), matrix_(matrix) {}

  const SparseSamples& samples() const { return samples_; }
  std::vector<double> scratch() const { return {}; }

  Panel place(std::span<const std::size_t> chosen) const {
    const auto dim = static_cast<std::size_t>(samples_.dim());
    std::vector<double> points(chosen.size() * dim);
    for (std::size_t j = 0; j < chosen.size(); ++j) {
      samples_.coordinates(chosen[j], points.data() + j * dim);
    }
    Panel panel(chosen.size(), samples_.dim());
    panel.set(points);
    return panel;
  }

  void squares(const Panel& panel, std::size_t count, std::size_t block, std::vector<double>& dots,
               float* out) const {
    dots.resize(panel.width());
    std::fill_n(out, count * kBlock, 0.0f);
    for (std::size_t lane = 0; lane < samples_.filled(block); ++lane) {
      const std::size_t i = block * kBlock + lane;
      panel.dots(matrix_.row(i), dots.data());
      for (std::size_t j = 0; j < count; ++j) {
        const double square = samples_.square(i) + panel.square(j) - 2 * dots[j];
        out[j * kBlock + lane] =
            static_cast<float>(std::max(0.0, square) * samples_.scale() * samples_.scale());
      }
    }
  }

 private:
  const SparseSamples& samples_;
  const Csr<T, Index>& matrix_;
};

/// Squared distances of all samples to the nearest of a growing set of them, and what of their
/// weighted sum falls to each chunk. Sums go chunk by chunk, so they do not depend on threads.
template <class Reach>
class Distances {
 public:
  Distances(const Reach& reach, Team& team)
      : reach_(reach),
        samples_(reach.samples()),
        team_(team),
        chunks_((samples_.blocks() + kBlocksPerChunk - 1) / kBlocksPerChunk),
        nearest_(samples_.blocks() * kBlock, std::numeric_limits<float>::max()),
        costs_(chunks_),
        current_(chunks_, 1) {}

  /// Adds the best of some samples to the set: the one with which the cost is least, the first of
  /// equals. Returns which.
  std::size_t add_best(std::span<const std::size_t> candidates) {
    const std::size_t count = candidates.size();
    const auto points = reach_.place(candidates);
    std::vector<double> costs(chunks_ * count);
    team_.run(chunks_, [&](std::size_t chunk, int) {
      auto scratch = reach_.scratch();
      std::vector<float> squares(count * kBlock);
      for_blocks(chunk, [&](std::size_t block) {
        if (!current_[chunk]) update(block, scratch);
        reach_.squares(points, count, block, scratch, squares.data());
        for (std::size_t j = 0; j < count; ++j) {
          costs[chunk * count + j] += cost_of(block, squares.data() + j * kBlock, nullptr);
        }
      });
      current_[chunk] = 1;
    });
    std::vector<double> sums(count);
    for (std::size_t i = 0; i < costs.size(); ++i) sums[i % count] += costs[i];
    const auto best =
        static_cast<std::size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
    for (std::size_t chunk = 0; chunk < chunks_; ++chunk)
      costs_[chunk] = costs[chunk * count + best];
    add_later(candidates[best]);
    return candidates[best];
  }

  /// Adds a sample to the set, whose effect is not asked for yet.
  void add_later(std::size_t sample) {
    last_ = reach_.place({&sample, 1});
    std::fill(current_.begin(), current_.end(), char{0});
  }

  double cost() const {
    double cost = 0;
    for (const double part : costs_) cost += part;
    return cost;
  }

  /// The sample at `target` in [0, cost()) when samples are laid end to end by their cost.
  std::size_t find(double target) {
    for (std::size_t chunk = 0; chunk < chunks_; ++chunk) {
      if (target >= costs_[chunk]) {
        target -= costs_[chunk];
        continue;
      }
      settle(chunk);
      std::size_t last = samples_.size();  // of those with a cost, in case rounding overshoots
      const std::size_t end = std::min(samples_.size(), (chunk + 1) * kBlocksPerChunk * kBlock);
      for (std::size_t i = chunk * kBlocksPerChunk * kBlock; i < end; ++i) {
        const double cost = samples_.weight(i) * static_cast<double>(nearest_[i]);
        if (cost > 0) last = i;
        if (target < cost) return i;
        target -= cost;
      }
      if (last < samples_.size()) return last;
    }
    return farthest();
  }

  /// The sample of positive weight that is farthest from the set, the lowest index among equals.
  std::size_t farthest() {
    std::vector<std::size_t> far(chunks_, samples_.size());
    const auto farther = [&](std::size_t i, std::size_t than) {
      return samples_.weight(i) > 0 && (than == samples_.size() || nearest_[i] > nearest_[than]);
    };
    team_.run(chunks_, [&](std::size_t chunk, int) {
      settle(chunk);
      const std::size_t end = std::min(samples_.size(), (chunk + 1) * kBlocksPerChunk * kBlock);
      for (std::size_t i = chunk * kBlocksPerChunk * kBlock; i < end; ++i) {
        if (farther(i, far[chunk])) far[chunk] = i;
      }
    });
    std::size_t best = samples_.size();
    for (const std::size_t i : far) {
      if (i < samples_.size() && farther(i, best)) best = i;
    }
    return best;
  }

 private:
  template <class Body>
  void for_blocks(std::size_t chunk, const Body& body) const {
    const std::size_t end = std::min(samples_.blocks(), (chunk + 1) * kBlocksPerChunk);
    for (std::size_t block = chunk * kBlocksPerChunk; block < end; ++block) body(block);
  }

  /// Lets a chunk know of the sample added last.
  void settle(std::size_t chunk) {
    if (current_[chunk]) return;
    auto scratch = reach_.scratch();
    for_blocks(chunk, [&](std::size_t block) { update(block, scratch); });
    current_[chunk] = 1;
  }

  template <class Scratch>
  void update(std::size_t block, Scratch& scratch) {
    float squares[kBlock];
    reach_.squares(*last_, 1, block, scratch, squares);
    cost_of(block, squares, nearest_.data() + block * kBlock);
  }

  /// What a block would cost with these squared distances, and the lesser ones in `out`.
  double cost_of(std::size_t block, const float* squares, float* out) const {
    const double* weights = samples_.weights(block);
    const std::size_t filled = samples_.filled(block);
    const float* nearest = nearest_.data() + block * kBlock;
    if (filled == kBlock) return kernels().rows.sum_least(squares, nearest, weights, out);
    double padded[kBlock] = {};
    for (std::size_t lane = 0; lane < filled; ++lane) {
      padded[lane] = weights == nullptr ? 1.0 : weights[lane];
    }
    return kernels().rows.sum_least(squares, nearest, padded, out);
  }

  const Reach& reach_;
  const std::remove_cvref_t<decltype(std::declval<Reach>().samples())>& samples_;
  Team& team_;
  std::size_t chunks_;
  std::vector<float> nearest_;
  std::vector<double> costs_;
  std::vector<char> current_;  // by chunk: whether it knows of the sample added last
  std::optional<decltype(std::declval<Reach>().place({}))> last_;
};

/// A sample, with probability proportional to its weight.
template <class Data>
std::size_t draw_by_weight(const Data& samples, Random& random) {
  if (samples.weights(0) == nullptr) {
    return static_cast<std::size_t>(random.below(samples.size()));
  }
  double target = random.uniform() * samples.total_weight();
  std::size_t last = 0;  // of those with a weight, in case rounding overshoots
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples.weight(i) <= 0) continue;
    last = i;
    if (target < samples.weight(i)) break;
    target -= samples.weight(i);
  }
  return last;
}

template <class Data>
std::vector<double> coordinates_of(const Data& samples, std::span<const std::size_t> chosen) {
  const auto dim = static_cast<std::size_t>(samples.dim());
  std::vector<double> centers(chosen.size() * dim);
  for (std::size_t j = 0; j < chosen.size(); ++j) {
    samples.coordinates(chosen[j], centers.data() + j * dim);
  }
  return centers;
}

template <class Reach>
std::vector<double> kmeanspp(const Reach& reach, int k, std::uint64_t seed, Team& team) {
  Random random(seed);
  Distances<Reach> distances(reach, team);
  const std::size_t first = draw_by_weight(reach.samples(), random);
  std::vector<std::size_t> chosen{first};
  if (k > 1) distances.add_best(chosen);
  std::vector<std::size_t> candidates(2 + static_cast<std::size_t>(std::log(k)));
  while (chosen.size() < static_cast<std::size_t>(k)) {
    const double cost = distances.cost();
    for (std::size_t& candidate : candidates) candidate = distances.find(random.uniform() * cost);
    chosen.push_back(distances.add_best(candidates));
  }
  return coordinates_of(reach.samples(), chosen);
}

template <class Reach>
std::vector<double> maximin(const Reach& reach, int k, std::uint64_t seed, Team& team) {
  Random random(seed);
  Distances<Reach> distances(reach, team);
  std::vector<std::size_t> chosen{draw_by_weight(reach.samples(), random)};
  while (chosen.size() < static_cast<std::size_t>(k)) {
    distances.add_later(chosen.back());
    chosen.push_back(distances.farthest());
  }
  return coordinates_of(reach.samples(), chosen);
}

/// Calls body(reach) with what measures distances among the samples.
template <class Body>
std::vector<double> with_reach(const Samples& samples, const Body& body) {
  return std::visit([&](const auto values) { return body(DenseReach(samples, values)); },
                    samples.values());
}
template <class Body>
std::vector<double> with_reach(const SparseSamples& samples, const Body& body) {
  return std::visit([&](const auto& matrix) { return body(SparseReach(samples, matrix)); },
                    samples.matrix());
}

}  // namespace

std::vector<double> seed_kmeanspp(const Samples& samples, int k, std::uint64_t seed, Team& team) {
  return with_reach(samples, [&](const auto& reach) { return kmeanspp(reach, k, seed, team); });
}

std::vector<double> seed_kmeanspp(const SparseSamples& samples, int k, std::uint64_t seed,
                                  Team& team) {
  return with_reach(samples, [&](const auto& reach) { return kmeanspp(reach, k, seed, team); });
}

std::vector<double> seed_maximin(const Samples& samples, int k, std::uint64_t seed, Team& team) {
  return with_reach(samples, [&](const auto& reach) { return maximin(reach, k, seed, team); });
}

std::vector<double> seed_maximin(const SparseSamples& samples, int k, std::uint64_t seed,
                                 Team& team) {
  return with_reach(samples, [&](const auto& reach) { return maximin(reach, k, seed, team); });
}

}  // namespace kpalette
