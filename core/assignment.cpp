#include "assignment.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "candidates.hpp"

namespace kpalette {
/// The centres of the update under way, in the forms that the search wants.
struct Assignment::Search {
  Search(int k, int dim) : all(k, dim), packed(static_cast<std::size_t>(k * (dim + 1))) {}

  const float* at(int center, int dim) const { return packed.data() + center * (dim + 1); }

  std::span<const double> centers;  // absolute coordinates
  CandidateList all;
  std::vector<float> packed;  // (k, dim + 1), see Kernels::assign
  float slack = 0;
  float gap = 0;
  const Kernels& isa = kernels();
};

/// What one thread writes to during an update.
struct Assignment::Worker {
  Worker(const Assignment& assignment)
      : ids(static_cast<std::size_t>(assignment.k_ + Candidates::kPad)),
        deltas(static_cast<std::size_t>(assignment.k_) * assignment.stride()) {
    for (std::size_t level = 1; level < assignment.points_.levels().size(); ++level) {
      lists.emplace_back(assignment.k_, assignment.points_.dim());
    }
  }

  std::vector<CandidateList> lists;  // by level of the tree, from the second: what is left there
  std::vector<std::int32_t> ids;     // what is left for a block
  std::vector<std::int64_t> deltas;  // (k, dim + 1), to be added to the sums
  std::int64_t changed = 0;
};

Assignment::Assignment(const Points& points, int k, Team& team)
    : points_(points),
      k_(k),
      team_(team),
      pinned_(static_cast<std::size_t>(k)),
      labels_(points.blocks() * kBlock, std::uint16_t{0}),
      uniform_(points.blocks(), -1),
      sums_(static_cast<std::size_t>(k) * stride()),
      search_(std::make_unique<Search>(k, points.dim())) {
  for (int i = 0; i < team.size(); ++i) workers_.push_back(std::make_unique<Worker>(*this));
}

Assignment::~Assignment() = default;

std::int64_t Assignment::update(std::span<const double> centers) {
  prepare(centers);
  for (const auto& worker : workers_) {
    worker->changed = 0;
    std::fill(worker->deltas.begin(), worker->deltas.end(), 0);
  }
  const std::size_t top = points_.levels().size() - 1;
  team_.run(points_.levels()[top].size(), [&](std::size_t node, int id) {
    Worker& worker = *workers_[static_cast<std::size_t>(id)];
    if (points_.dim() == 3) {
      visit<3>(top, node, search_->all.view, worker);
    } else {
      visit<4>(top, node, search_->all.view, worker);
    }
  });
  std::int64_t changed = 0;
  for (const auto& worker : workers_) {
    changed += worker->changed;
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += worker->deltas[i];
  }
  fresh_ = false;
  return changed;
}

void Assignment::prepare(std::span<const double> centers) {
  const int dim = points_.dim();
  Candidates& all = search_->all.view;
  float reach = points_.reach();
  all.count = k_;
  for (int j = 0; j < k_; ++j) {
    double square = 0;
    for (int axis = 0; axis < dim; ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      const double value =
          centers[static_cast<std::size_t>(j) * (stride() - 1) + a] - points_.origin()[a];
      all.coords[axis][j] = static_cast<float>(value);
      square += value * value;
      reach = std::max(reach, std::abs(static_cast<float>(value)));
    }
    float* packed = search_->packed.data() + j * (dim + 1);
    for (int axis = 0; axis < dim; ++axis) packed[axis] = all.coords[axis][j];
    packed[dim] = static_cast<float>(0.5 * square);
    all.ids[j] = j;
  }
  for (int j = k_; j % Candidates::kPad != 0; ++j) {
    for (int axis = 0; axis < dim; ++axis) all.coords[axis][j] = Candidates::kFar;
  }
  // Rounding bounds, with M = reach and u = 2^-24. A half squared distance of the leaf kernel is
  // off by at most 6 u (1.5 dim M^2): centre, half square, product and sums rounded once each; two
  // of them by 18 u dim M^2 < 2^-19 dim M^2. A squared distance to a box's middle is off by at
  // most 16 u dim M^2; a difference of two, with the corner term, by less than 2^-18 dim M^2.
  const float bound = static_cast<float>(dim) * reach * reach;
  search_->centers = centers;
  search_->gap = std::ldexp(bound, -19);
  search_->slack = std::ldexp(bound, -18);
}

/// Narrows the candidates to those of one box and goes on with what is in it.
template <int D>
void Assignment::visit(std::size_t level, std::size_t node, const Candidates& candidates,
                       Worker& worker) {
  if (level == 0) return search_block<D>(node, candidates, worker);
  std::size_t first = node;
  std::size_t last = node + 1;
  for (std::size_t i = 0; i < level; ++i) {
    first *= kFan;
    last *= kFan;
  }
  last = std::min(last, points_.blocks());
  Candidates& left = worker.lists[level - 1].view;
  const Box& box = points_.levels()[level][node];
  search_->isa.narrow[D](box, candidates, pivot<D>((first + last) / 2), search_->slack, left);
  if (left.count == 1) {
    for (std::size_t block = first; block < last; ++block) {
      relabel_whole(block, static_cast<std::uint16_t>(left.ids[0]), worker);
    }
    return;
  }
  const std::size_t end = std::min((node + 1) * kFan, points_.levels()[level - 1].size());
  for (std::size_t child = node * kFan; child < end; ++child) {
    visit<D>(level - 1, child, left, worker);
  }
}

/// Where a centre is that was nearest to a point of the block, if labels say so already.
template <int D>
const float* Assignment::pivot(std::size_t block) const {
  return fresh_ ? nullptr : search_->at(labels_[block * kBlock + kBlock / 2], D);
}

template <int D>
void Assignment::search_block(std::size_t block, const Candidates& candidates, Worker& worker) {
  const Search& search = *search_;
  std::int32_t* ids = worker.ids.data();
  const Box& box = points_.levels()[0][block];
  const int count = search.isa.list[D](box, candidates, pivot<D>(block), search.slack, ids);
  if (count == 1) return relabel_whole(block, static_cast<std::uint16_t>(ids[0]), worker);
  alignas(64) std::uint16_t labels[kBlock];
  const std::uint16_t* before = labels_.data() + block * kBlock;
  Marks marks = search.isa.assign[D](points_.block(block), search.packed.data(), ids, count,
                                     search.gap, before, labels);
  for (; marks.close != 0; marks.close &= marks.close - 1) {
    const int lane = std::countr_zero(marks.close);
    labels[lane] = decide<D>(block, lane, {ids, static_cast<std::size_t>(count)});
    const std::uint64_t bit = std::uint64_t{1} << lane;
    marks.changed = labels[lane] != before[lane] ? marks.changed | bit : marks.changed & ~bit;
  }
  relabel<D>(block, labels, marks.changed, worker);
}

/// The nearest candidate by the definition, for a point that floats cannot decide.
template <int D>
std::uint16_t Assignment::decide(std::size_t block, int lane,
                                 std::span<const std::int32_t> ids) const {
  double x[D];
  for (int axis = 0; axis < D; ++axis) {
    x[axis] = static_cast<double>(points_.block(block)[axis * kBlock + lane]) +
              points_.origin()[static_cast<std::size_t>(axis)];
  }
  double best = 0;
  std::int32_t label = -1;
  for (const std::int32_t id : ids) {
    const double* center = search_->centers.data() + static_cast<std::size_t>(id) * D;
    double square = 0;
    for (int axis = 0; axis < D; ++axis) {
      const double offset = x[axis] - center[axis];
      square += offset * offset;
    }
    if (label < 0 || square < best) {
      best = square;
      label = id;
    }
  }
  return static_cast<std::uint16_t>(label);
}

/// Moves the points of a block whose label changed from sum to sum.
template <int D>
void Assignment::relabel(std::size_t block, const std::uint16_t* labels, std::uint64_t changed,
                         Worker& worker) {
  std::uint16_t* old = labels_.data() + block * kBlock;
  if (fresh_) changed = ~std::uint64_t{0};
  if (changed == 0) return;
  const std::int64_t* weights = points_.weights(block);
  const float* coords = points_.block(block);
  for (; changed != 0; changed &= changed - 1) {
    const int lane = std::countr_zero(changed);
    std::int64_t sums[D + 1];
    sums[0] = weights[lane];
    for (int axis = 0; axis < D; ++axis) {
      sums[1 + axis] = sums[0] * static_cast<std::int64_t>(coords[axis * kBlock + lane]);
    }
    worker.changed += sums[0] > 0;
    std::int64_t* to = worker.deltas.data() + labels[lane] * (D + 1);
    for (int i = 0; i <= D; ++i) to[i] += sums[i];
    if (fresh_) continue;
    std::int64_t* from = worker.deltas.data() + old[lane] * (D + 1);
    for (int i = 0; i <= D; ++i) from[i] -= sums[i];
  }
  std::memcpy(old, labels, kBlock * sizeof *old);
  uniform_[block] = -1;
}

/// The same for a block that has one nearest centre: nothing to do if it had the same before.
void Assignment::relabel_whole(std::size_t block, std::uint16_t label, Worker& worker) {
  if (uniform_[block] == label) return;
  if (fresh_ || uniform_[block] >= 0) {
    // All of the block moves: add its sums, which are known.
    const std::int64_t* sums = points_.block_sums(block);
    for (std::size_t i = 0; i < stride(); ++i) {
      worker.deltas[label * stride() + i] += sums[i];
      if (!fresh_) {
        worker.deltas[static_cast<std::size_t>(uniform_[block]) * stride() + i] -= sums[i];
      }
    }
    for (int lane = 0; lane < kBlock; ++lane) {
      worker.changed += points_.weights(block)[lane] > 0;
    }
    std::fill_n(labels_.data() + block * kBlock, kBlock, label);
  } else {
    alignas(64) std::uint16_t labels[kBlock];
    std::fill_n(labels, kBlock, label);
    std::uint64_t changed = 0;
    for (std::size_t lane = 0; lane < kBlock; ++lane) {
      changed |= std::uint64_t{labels_[block * kBlock + lane] != label} << lane;
    }
    if (points_.dim() == 3) {
      relabel<3>(block, labels, changed, worker);
    } else {
      relabel<4>(block, labels, changed, worker);
    }
  }
  uniform_[block] = label;
}

void Assignment::permute(std::span<const int> order) {
  std::vector<std::uint16_t> renamed(order.size());
  std::vector<char> pinned;
  std::vector<std::int64_t> sums;
  sums.reserve(sums_.size());
  for (std::size_t j = 0; j < order.size(); ++j) {
    renamed[static_cast<std::size_t>(order[j])] = static_cast<std::uint16_t>(j);
    pinned.push_back(pinned_[static_cast<std::size_t>(order[j])]);
    sums.insert(sums.end(), this->sums(order[j]), this->sums(order[j]) + stride());
  }
  pinned_ = std::move(pinned);
  sums_ = std::move(sums);
  for (std::uint16_t& label : labels_) label = renamed[label];
  for (std::int32_t& label : uniform_) {
    if (label >= 0) label = renamed[static_cast<std::size_t>(label)];
  }
}

void Assignment::mean(int cluster, double* out) const {
  const std::int64_t* sum = sums(cluster);
  for (std::size_t axis = 0; axis + 1 < stride(); ++axis) {
    // The sum of absolute coordinates is exact, so this is the correctly rounded mean.
    const std::int64_t absolute = sum[1 + axis] + sum[0] * points_.origin()[axis];
    out[axis] = static_cast<double>(absolute) / static_cast<double>(sum[0]);
  }
}

double Assignment::cost(std::span<const double> centers) const {
  // sum of w |x - c|^2 = sum of w |x|^2 - (2 c . S - W |c|^2) over clusters, relative to origin.
  double saved = 0;
  for (int j = 0; j < k_; ++j) {
    const std::int64_t* sum = sums(j);
    double dot = 0;
    double square = 0;
    for (std::size_t axis = 0; axis + 1 < stride(); ++axis) {
      const double value =
          centers[static_cast<std::size_t>(j) * (stride() - 1) + axis] - points_.origin()[axis];
      dot += value * static_cast<double>(sum[1 + axis]);
      square += value * value;
    }
    saved += 2 * dot - static_cast<double>(sum[0]) * square;
  }
  return std::max(0.0, static_cast<double>(points_.total_square()) - saved);
}

}  // namespace kpalette
