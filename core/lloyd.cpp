#include "lloyd.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 256;

/// The point that adds most to the cost, and what it adds; lowest index first.
struct Dearest {
  double cost = 0;
  std::size_t point = 0;
};

/// What a sample at point i weighs, and how many samples are there.
struct Share {
  double weight;
  std::int64_t samples;
};
Share share(const Points& points, std::size_t i) { return {1, points.weight(i)}; }
Share share(const Samples& samples, std::size_t i) { return {samples.weight(i), 1}; }
Share share(const SparseSamples& samples, std::size_t i) { return {samples.weight(i), 1}; }

/// The squared distance of each point to the centre that its label names.
std::vector<double> squares(const Assignment& assignment, std::span<const double> centers) {
  const Points& points = assignment.points();
  const auto dim = static_cast<std::size_t>(points.dim());
  std::vector<double> squares(points.size());
  std::vector<double> x(dim);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points.coordinates(i, x.data());
    const double* center = centers.data() + static_cast<std::size_t>(assignment.labels()[i]) * dim;
    for (std::size_t axis = 0; axis < dim; ++axis) {
      squares[i] += (x[axis] - center[axis]) * (x[axis] - center[axis]);
    }
  }
  return squares;
}
template <class Assignments>
std::vector<double> squares(const Assignments& assignment, std::span<const double> centers) {
  return assignment.squares(centers);
}

/// Relocation::farthest, where `before` are the centres that the labels refer to and `centers` the
/// means by now, which lose the samples that are taken away. Returns whether there was any.
template <class Assignments>
bool take_farthest(const Assignments& assignment, std::span<const double> before,
                   std::vector<double>& centers, const std::vector<int>& empty) {
  const auto& points = assignment.points();
  const auto dim = static_cast<std::size_t>(points.dim());
  std::vector<double> x(dim);
  struct Far {
    double square;
    std::size_t point;
  };
  std::vector<Far> far;
  const std::vector<double> distances = squares(assignment, before);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (distances[i] > 0 && points.weight(i) > 0) far.push_back({distances[i], i});
  }
  const std::size_t wanted = std::min(far.size(), empty.size());
  std::partial_sort(far.begin(), far.begin() + static_cast<std::ptrdiff_t>(wanted), far.end(),
                    [](const Far& a, const Far& b) {
                      return a.square != b.square ? a.square > b.square : a.point < b.point;
                    });
  std::vector<double> left;  // of the clusters' weights
  for (int j = 0; j < assignment.k(); ++j) {
    left.push_back(static_cast<double>(assignment.weight(j)));
  }
  std::size_t next = 0;  // of the empty clusters
  for (std::size_t rank = 0; rank < wanted && next < empty.size(); ++rank) {
    const std::size_t i = far[rank].point;
    const auto from = static_cast<std::size_t>(assignment.labels()[i]);
    points.coordinates(i, x.data());
    const Share sample = share(points, i);
    for (std::int64_t copy = 0; copy < sample.samples && next < empty.size(); ++copy, ++next) {
      left[from] -= sample.weight;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        double& mean = centers[from * dim + axis];
        if (left[from] > 0) mean += (mean - x[axis]) * (sample.weight / left[from]);
        centers[static_cast<std::size_t>(empty[next]) * dim + axis] = x[axis];
      }
    }
  }
  return next > 0;
}

}  // namespace

int relocate(const Assignment& assignment, std::vector<double>& centers,
             const std::vector<int>& empty) {
  const Points& points = assignment.points();
  const auto dim = static_cast<std::size_t>(points.dim());
  const std::size_t n = points.size();
  std::vector<double> squares(n);  // to the nearest centre so far
  const std::size_t tasks = (points.blocks() + kBlocksPerTask - 1) / kBlocksPerTask;
  std::vector<Dearest> dearest(tasks);
  const double* placed = nullptr;  // the centre just placed, or none yet
  int done = 0;
  for (const int j : empty) {
    assignment.team().run(tasks, [&](std::size_t task, int) {
      dearest[task] = {};
      const std::size_t end = std::min(n, (task + 1) * kBlocksPerTask * kBlock);
      for (std::size_t i = task * kBlocksPerTask * kBlock; i < end; ++i) {
        const std::uint16_t label = assignment.labels()[i];
        const double* center = placed != nullptr ? placed : centers.data() + label * dim;
        double square = 0;
        for (std::size_t axis = 0; axis < dim; ++axis) {
          const double offset = static_cast<double>(points.at(i, static_cast<int>(axis))) +
                                points.origin()[axis] - center[axis];
          square += offset * offset;
        }
        if (placed == nullptr || square < squares[i]) squares[i] = square;
        const double cost = static_cast<double>(points.weight(i)) * squares[i];
        if (cost > dearest[task].cost) dearest[task] = {cost, i};
      }
    });
    Dearest most;
    for (const Dearest& candidate : dearest) {
      if (candidate.cost > most.cost) most = candidate;
    }
    if (most.cost == 0) break;
    double* center = centers.data() + static_cast<std::size_t>(j) * dim;
    for (std::size_t axis = 0; axis < dim; ++axis) {
      center[axis] = static_cast<double>(points.at(most.point, static_cast<int>(axis))) +
                     points.origin()[axis];
    }
    placed = center;
    ++done;
  }
  return done;
}

namespace {

bool fill(const Assignment& assignment, Relocation relocation, std::span<const double> before,
          std::vector<double>& centers, const std::vector<int>& empty) {
  return relocation == Relocation::dearest ? relocate(assignment, centers, empty) > 0
                                           : take_farthest(assignment, before, centers, empty);
}

template <class Assignments>
bool fill(const Assignments& assignment, Relocation, std::span<const double> before,
          std::vector<double>& centers, const std::vector<int>& empty) {
  return take_farthest(assignment, before, centers, empty);
}

template <class Assignments>
Fit iterate(Assignments& assignment, std::vector<double> centers, const LloydOptions& options) {
  constexpr bool kSamples = !std::is_same_v<Assignments, Assignment>;
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  const int k = assignment.k();
  int pass = 0;
  bool converged = false;
  bool rests = false;  // the labels are of the centres as they are
  std::vector<double> mean(dim);
  std::vector<double> before;
  std::vector<int> empty;
  const auto rounded = [&](double value) {
    return options.single ? static_cast<double>(static_cast<float>(value)) : value;
  };
  if constexpr (kSamples) {
    std::transform(centers.begin(), centers.end(), centers.begin(), rounded);
  }
  while (pass < options.max_iter && !converged) {
    options.watch.look(0);
    assignment.update(centers);
    const double step = pass < options.relaxed ? options.relaxation : 1.0;
    ++pass;
    before = centers;
    empty.clear();
    double moved = 0;
    for (int j = 0; j < k; ++j) {
      if (assignment.pinned(j)) continue;
      if (assignment.weight(j) == 0) {
        empty.push_back(j);
        continue;
      }
      assignment.mean(j, mean.data());
      if constexpr (kSamples) std::transform(mean.begin(), mean.end(), mean.begin(), rounded);
      double* center = centers.data() + static_cast<std::size_t>(j) * dim;
      bool stays = true;  // to what a mean can tell
      for (std::size_t axis = 0; axis < dim; ++axis) {
        stays &= std::abs(mean[axis] - center[axis]) <= assignment.resolution(axis, mean[axis]);
      }
      if (stays) continue;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        const double target =
            step == 1.0 ? mean[axis] : center[axis] + step * (mean[axis] - center[axis]);
        moved += (target - center[axis]) * (target - center[axis]);
        center[axis] = target;
      }
    }
    if (!empty.empty() && fill(assignment, options.relocation, before, centers, empty)) {
      if constexpr (kSamples) {
        std::transform(centers.begin(), centers.end(), centers.begin(), rounded);
      }
      rests = false;
      continue;
    }
    rests = moved == 0;
    if (step != 1.0) continue;
    converged = moved == 0 || std::sqrt(moved) < options.tol;
  }
  double inertia = 0;
  if constexpr (kSamples) {
    const bool labelled = rests || !(converged || options.settle);
    inertia = labelled ? assignment.cost(centers) : assignment.settle(centers);
  } else {
    inertia = assignment.cost(centers);
  }
  return {std::move(centers), inertia, pass, converged};
}

}  // namespace

Fit lloyd(Assignment& assignment, std::vector<double> centers, const LloydOptions& options) {
  return iterate(assignment, std::move(centers), options);
}

Fit lloyd(SampleAssignment& assignment, std::vector<double> centers, const LloydOptions& options) {
  assignment.set_watch(options.watch);
  return iterate(assignment, std::move(centers), options);
}

Fit lloyd(SparseAssignment& assignment, std::vector<double> centers, const LloydOptions& options) {
  assignment.set_watch(options.watch);
  return iterate(assignment, std::move(centers), options);
}

}  // namespace kpalette
