#include "lloyd.hpp"

#include <cmath>

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 256;

/// The point that adds most to the cost, and what it adds; lowest index first.
struct Dearest {
  double cost = 0;
  std::size_t point = 0;
};

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

Fit lloyd(Assignment& assignment, std::vector<double> centers, const LloydOptions& options) {
  const auto dim = static_cast<std::size_t>(assignment.points().dim());
  const int k = assignment.k();
  int pass = 0;
  bool converged = false;
  std::vector<double> mean(dim);
  std::vector<int> empty;
  while (pass < options.max_iter && !converged) {
    assignment.update(centers);
    const double step = pass < options.relaxed ? options.relaxation : 1.0;
    ++pass;
    empty.clear();
    double moved = 0;
    for (int j = 0; j < k; ++j) {
      if (assignment.weight(j) == 0) {
        empty.push_back(j);
        continue;
      }
      assignment.mean(j, mean.data());
      double* center = centers.data() + static_cast<std::size_t>(j) * dim;
      for (std::size_t axis = 0; axis < dim; ++axis) {
        const double target =
            step == 1.0 ? mean[axis] : center[axis] + step * (mean[axis] - center[axis]);
        moved += (target - center[axis]) * (target - center[axis]);
        center[axis] = target;
      }
    }
    if (!empty.empty() && relocate(assignment, centers, empty) > 0) continue;
    if (step != 1.0) continue;
    converged = moved == 0 || std::sqrt(moved) < options.tol;
  }
  const double inertia = assignment.cost(centers);
  return {std::move(centers), inertia, pass, converged};
}

}  // namespace kpalette
