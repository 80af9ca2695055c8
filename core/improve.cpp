#include "improve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "lloyd.hpp"
#include "sort_few.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerChunk = 512;
constexpr std::size_t kMinBlocks = 1024;
// Halves of a normal distribution, cut through the middle, lie this share of its variance apart.
const double kSplitShare = 2 / 3.14159265358979323846;
// What a merge loses is estimated before its neighbours take over points, a split's gain likewise,
// so a round tries pairs that seem to lose up to 2.5 times what they gain. On photos 0.4 ends
// lower than 0.6, and no higher than 0.2 at half the passes.
constexpr double kLossShare = 0.4;
// Above this, comparing all pairs of centres takes longer than it saves.
constexpr int kMaxClusters = 4096;

/// What some points of a cluster say about its shape: weighted products of offsets from the centre.
struct Shape {
  double weight = 0;
  std::array<double, kMaxDim * kMaxDim> products{};  // upper triangle
};

struct Split {
  double gain;  // estimated
  int cluster;
  std::array<double, kMaxDim> offset;  // from the mean to the mean of one half
};

struct Merge {
  double loss;
  int into;
  int from;
};

/// The largest eigenvalue of a symmetric matrix, and its direction, by power iteration.
double principal_axis(const std::array<double, kMaxDim * kMaxDim>& matrix, std::size_t dim,
                      std::array<double, kMaxDim>& axis) {
  axis = {};
  std::size_t widest = 0;
  for (std::size_t a = 1; a < dim; ++a) {
    if (matrix[a * kMaxDim + a] > matrix[widest * kMaxDim + widest]) widest = a;
  }
  axis[widest] = 1;
  double value = 0;
  for (int step = 0; step < 12; ++step) {
    std::array<double, kMaxDim> image{};
    double square = 0;
    for (std::size_t a = 0; a < dim; ++a) {
      for (std::size_t b = 0; b < dim; ++b) {
        image[a] += matrix[std::min(a, b) * kMaxDim + std::max(a, b)] * axis[b];
      }
      square += image[a] * image[a];
    }
    value = std::sqrt(square);
    if (value == 0) return 0;
    for (std::size_t a = 0; a < dim; ++a) axis[a] = image[a] / value;
  }
  return value;
}

/// The shapes of all clusters by a part of the points, for splits only need a direction: whole
/// blocks, evenly spread, enough for 256 points per cluster.
template <int D>
std::vector<Shape> sketch_shapes(const Assignment& assignment, const std::vector<double>& centers) {
  const Points& points = assignment.points();
  const auto k = static_cast<std::size_t>(assignment.k());
  const std::size_t step = std::max<std::size_t>(1, points.blocks() / std::max(kMinBlocks, 4 * k));
  const std::size_t used = (points.blocks() + step - 1) / step;
  const std::size_t chunks = (used + kBlocksPerChunk - 1) / kBlocksPerChunk;
  // Weights, then products, each of all clusters: so nothing is read in wider pieces than it was
  // written in just before, which takes twice as long.
  constexpr std::size_t kSums = 1 + D * (D + 1) / 2;
  std::vector<std::vector<double>> partial(chunks);
  assignment.team().run(chunks, [&](std::size_t chunk, int) {
    partial[chunk].resize(kSums * k);
    double* const sums = partial[chunk].data();
    const std::size_t end = std::min(used, (chunk + 1) * kBlocksPerChunk);
    for (std::size_t index = chunk * kBlocksPerChunk; index < end; ++index) {
      const std::size_t block = index * step;
      double offsets[D][kBlock];
      for (std::size_t a = 0; a < D; ++a) {
        const float* coords = points.block(block) + a * kBlock;
        const double origin = points.origin()[a];
        for (std::size_t i = 0; i < kBlock; ++i)
          offsets[a][i] = static_cast<double>(coords[i]) + origin;
      }
      const std::int64_t* weights = points.weights(block);
      const std::uint16_t* labels = assignment.labels() + block * kBlock;
      for (std::size_t lane = 0; lane < kBlock; ++lane) {
        const std::size_t label = labels[lane];
        const auto weight = static_cast<double>(weights[lane]);
        double offset[D];
        for (std::size_t a = 0; a < D; ++a) offset[a] = offsets[a][lane] - centers[label * D + a];
        double* sum = sums + label;
        *sum += weight;
        for (std::size_t a = 0; a < D; ++a) {
          for (std::size_t b = a; b < D; ++b) *(sum += k) += weight * offset[a] * offset[b];
        }
      }
    }
  });
  std::vector<Shape> total(k);
  for (const std::vector<double>& sums : partial) {
    const double* sum = sums.data();
    for (std::size_t j = 0; j < k; ++j) total[j].weight += *sum++;
    for (std::size_t a = 0; a < D; ++a) {
      for (std::size_t b = a; b < D; ++b) {
        for (std::size_t j = 0; j < k; ++j) total[j].products[a * kMaxDim + b] += *sum++;
      }
    }
  }
  return total;
}

/// What splitting each cluster would gain, the largest first.
std::vector<Split> plan_splits(const Assignment& assignment, const std::vector<double>& centers) {
  const int dim = assignment.points().dim();
  const std::vector<Shape> shapes =
      dim == 3 ? sketch_shapes<3>(assignment, centers) : sketch_shapes<4>(assignment, centers);
  std::vector<Split> splits;
  for (int j = 0; j < assignment.k(); ++j) {
    const Shape& shape = shapes[static_cast<std::size_t>(j)];
    if (shape.weight == 0 || assignment.weight(j) == 0) continue;
    Split split{};
    split.cluster = j;
    const double variance =
        principal_axis(shape.products, static_cast<std::size_t>(dim), split.offset) / shape.weight;
    split.gain = kSplitShare * variance * static_cast<double>(assignment.weight(j));
    for (double& value : split.offset) value *= std::sqrt(kSplitShare * variance);
    splits.push_back(split);
  }
  sort_few(splits, [](const Split& a, const Split& b) {
    return a.gain != b.gain ? a.gain > b.gain : a.cluster < b.cluster;
  });
  return splits;
}

/// For each cluster the merge with another that costs least, the cheapest first.
std::vector<Merge> plan_merges(const Assignment& assignment, const std::vector<double>& centers) {
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  const int k = assignment.k();
  std::vector<Merge> merges(static_cast<std::size_t>(k));
  assignment.team().run(static_cast<std::size_t>(k), [&](std::size_t from, int) {
    Merge best{-1, 0, static_cast<int>(from)};
    const auto weight = static_cast<double>(assignment.weight(best.from));
    for (int into = 0; into < k; ++into) {
      if (into == best.from) continue;
      double square = 0;
      for (std::size_t a = 0; a < dim; ++a) {
        const double offset =
            centers[from * dim + a] - centers[static_cast<std::size_t>(into) * dim + a];
        square += offset * offset;
      }
      const auto other = static_cast<double>(assignment.weight(into));
      const double loss = weight + other > 0 ? weight * other / (weight + other) * square : 0.0;
      if (best.loss < 0 || loss < best.loss) {
        best.loss = loss;
        best.into = into;
      }
    }
    merges[from] = best;
  });
  sort_few(merges, [](const Merge& a, const Merge& b) {
    return a.loss != b.loss ? a.loss < b.loss : a.from < b.from;
  });
  return merges;
}

/// Moves the cluster's centre to the middle of one half of it, and `other` to that of the other. A
/// pinned centre stays, and the other goes to the middle of what it stands for.
void split_cluster(const Assignment& assignment, const Split& split, std::vector<double>& centers,
                   double* other) {
  if (assignment.pinned(split.cluster)) {
    assignment.mean(split.cluster, other);
    return;
  }
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  double* center = centers.data() + static_cast<std::size_t>(split.cluster) * dim;
  for (std::size_t a = 0; a < dim; ++a) {
    other[a] = center[a] + split.offset[a];
    center[a] -= split.offset[a];
  }
}

/// Merges and splits at most `limit` pairs of untouched clusters where that should gain, chosen
/// from a half of them if there is a `random`; how many.
int apply(const Assignment& assignment, std::vector<double>& centers, int limit, Random* random) {
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  std::vector<Split> splits = plan_splits(assignment, centers);
  std::vector<Merge> merges = plan_merges(assignment, centers);
  if (random != nullptr) {
    const auto drop = [&](const auto&) { return random->below(2) == 0; };
    std::erase_if(splits, drop);
    std::erase_if(merges, drop);
  }
  std::vector<bool> touched(static_cast<std::size_t>(assignment.k()));
  auto split = splits.begin();
  auto merge = merges.begin();
  int applied = 0;
  while (applied < limit) {
    while (split != splits.end() && touched[static_cast<std::size_t>(split->cluster)]) ++split;
    while (merge != merges.end() &&
           (assignment.pinned(merge->from) || touched[static_cast<std::size_t>(merge->from)] ||
            touched[static_cast<std::size_t>(merge->into)])) {
      ++merge;
    }
    if (split == splits.end() || merge == merges.end() || split->gain <= kLossShare * merge->loss)
      break;
    const auto s = static_cast<std::size_t>(split->cluster);
    const auto from = static_cast<std::size_t>(merge->from);
    const auto into = static_cast<std::size_t>(merge->into);
    if (s == from || s == into) {
      ++merge;
      continue;
    }
    const auto weight_from = static_cast<double>(assignment.weight(merge->from));
    const auto weight_into = static_cast<double>(assignment.weight(merge->into));
    const double share =
        weight_from + weight_into > 0 ? weight_from / (weight_from + weight_into) : 0.0;
    if (!assignment.pinned(merge->into)) {
      for (std::size_t a = 0; a < dim; ++a) {
        centers[into * dim + a] += share * (centers[from * dim + a] - centers[into * dim + a]);
      }
    }
    split_cluster(assignment, *split, centers, centers.data() + from * dim);
    touched[s] = touched[from] = touched[into] = true;
    ++applied;
  }
  return applied;
}

}  // namespace

Improvement::Improvement(Assignment& assignment, std::vector<double> centers,
                         const ImproveOptions& options)
    : assignment_(assignment),
      centers_(std::move(centers)),
      options_(options),
      random_(options.seed),
      most_(std::max(1, assignment.k() / 8)),
      limit_(most_),
      cost_(assignment.cost(centers_)) {
  if (assignment.k() > kMaxClusters) options_.rounds = options_.shaken = 0;
}

bool Improvement::step() {
  if (options_.rounds > 0) {
    --options_.rounds;
    if (!try_round(nullptr) || limit_ == 0) options_.rounds = 0;
    if (options_.rounds == 0) limit_ = most_;
    return true;
  }
  if (options_.shaken == 0) return false;
  --options_.shaken;
  if (!try_round(&random_) || limit_ == 0) limit_ = most_;
  return true;
}

bool Improvement::try_round(Random* random) {
  std::vector<double> tried = centers_;
  const int applied = apply(assignment_, tried, limit_, random);
  if (applied == 0) return false;
  Fit fit = lloyd(assignment_, std::move(tried),
                  {.max_iter = options_.passes, .relaxed = options_.passes - 1});
  n_iter_ += fit.n_iter;
  if (fit.inertia < cost_) {
    cost_ = fit.inertia;
    centers_ = std::move(fit.centers);
  } else {
    assignment_.update(centers_);
    ++n_iter_;
    limit_ = std::min(limit_, applied) / 2;
  }
  return true;
}

int improve(Assignment& assignment, std::vector<double>& centers, const ImproveOptions& options) {
  Improvement improvement(assignment, std::move(centers), options);
  while (improvement.step()) {
  }
  centers = improvement.centers();
  return improvement.n_iter();
}

std::vector<double> grow(const Assignment& assignment, std::vector<double> centers, int k) {
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  const auto size = static_cast<std::size_t>(k) * dim;
  for (const Split& split : plan_splits(assignment, centers)) {
    if (centers.size() >= size || split.gain == 0) break;
    std::array<double, kMaxDim> other{};
    split_cluster(assignment, split, centers, other.data());
    centers.insert(centers.end(), other.begin(), other.begin() + assignment.points().dim());
  }
  while (centers.size() < size) centers.push_back(centers[centers.size() - dim]);
  return centers;
}

}  // namespace kpalette
