// Exact weighted k-means by Lloyd's algorithm (1982), doi:10.1109/TIT.1982.1056489.
#pragma once

#include <vector>

#include "assignment.hpp"
#include "sample_assignment.hpp"
#include "sparse.hpp"
#include "watch.hpp"

namespace kpalette {

/// Where the centre of a cluster goes that has lost all its points.
enum class Relocation {
  /// To the point that by itself adds most to the cost.
  dearest,
  /// To the sample that is farthest from its centre, one sample of those that share a point: what
  /// scikit-learn does, so that the same passes lead to the same centres.
  farthest,
};

struct LloydOptions {
  int max_iter = 300;
  double tol = 0;  // stop when the Frobenius norm of the centres' change is below it
  /// The first passes may move each centre by more than the way to its mean, which saves half the
  /// passes (Lee, Baek and Sung 1997, doi:10.1109/97.551685).
  int relaxed = 0;
  double relaxation = 1.85;
  Relocation relocation = Relocation::dearest;
  bool single = false;  // whether centres of samples are rounded to floats, pass by pass
  bool settle = true;   // whether samples are labelled once more where max_iter ends the fit
  Watch watch = {};     // looks at least once a pass
};

struct Fit {
  std::vector<double> centers;  // (k, dim), means of the labels of the last pass where plain
  double inertia;               // weighted squared distances from points to their labels' centres
  int n_iter;                   // passes made
  bool converged;               // a plain pass moved no centre, or all together less than tol
};

/// Makes passes from the given centres.
Fit lloyd(Assignment& assignment, std::vector<double> centers, const LloydOptions& options);

/// The same for samples; empty clusters always go to the farthest. The labels and the inertia are
/// those of the centres returned, even where the last pass moved them.
Fit lloyd(SampleAssignment& assignment, std::vector<double> centers, const LloydOptions& options);
Fit lloyd(SparseAssignment& assignment, std::vector<double> centers, const LloydOptions& options);

/// Places the centre of each of the given empty clusters on the point that by itself adds most to
/// the cost, one after another, until the cost is zero. Returns how many it placed.
int relocate(const Assignment& assignment, std::vector<double>& centers,
             const std::vector<int>& empty);

}  // namespace kpalette
