#include "sparse.hpp"

#include <algorithm>
#include <atomic>

namespace kpalette {
namespace {

constexpr std::size_t kRowsPerTask = 1024;

std::size_t tasks_for(std::size_t rows) { return (rows + kRowsPerTask - 1) / kRowsPerTask; }

template <class T, class Index>
const SparseLoops<T, Index>& loops_of(const SparseRow<T, Index>&) {
  const RowKernels& rows = kernels().rows;
  constexpr bool kShort = sizeof(Index) == 4;
  if constexpr (sizeof(T) == sizeof(float)) {
    if constexpr (kShort)
      return rows.sparse_floats;
    else
      return rows.sparse_floats_long;
  } else {
    if constexpr (kShort)
      return rows.sparse_doubles;
    else
      return rows.sparse_doubles_long;
  }
}

/// Calls body(i, row) for the rows of a task.
template <class T, class Index, class Body>
void for_rows(const Csr<T, Index>& matrix, std::size_t task, const Body& body) {
  const std::size_t end = std::min(matrix.rows(), (task + 1) * kRowsPerTask);
  for (std::size_t i = task * kRowsPerTask; i < end; ++i) body(i, matrix.row(i));
}

/// Calls body(i, row) for all rows, on all threads.
template <class Body>
void for_all_rows(const SparseSamples& samples, Team& team, const Watch& watch, const Body& body) {
  std::visit(
      [&](const auto& matrix) {
        team.run(tasks_for(matrix.rows()), [&](std::size_t task, int id) {
          watch.look(id);
          for_rows(matrix, task, body);
        });
      },
      samples.matrix());
}

std::vector<double> squared_norms(std::span<const double> points, std::size_t dim) {
  std::vector<double> squares(points.size() / dim);
  for (std::size_t i = 0; i < points.size(); ++i) squares[i / dim] += points[i] * points[i];
  return squares;
}

}  // namespace

SparseSamples::SparseSamples(const Matrix& matrix, int dim, std::span<const double> weights,
                             Team& team)
    : matrix_(matrix), dim_(dim), weights_(weights) {
  squares_.resize(std::visit([](const auto& typed) { return typed.rows(); }, matrix_));
  total_weight_ = weights.empty() ? static_cast<double>(size()) : 0.0;
  for (const double weight : weights) total_weight_ += weight;
  for_all_rows(*this, team, {}, [&](std::size_t i, const auto& row) {
    double square = 0;
    for (std::size_t at = 0; at < row.count; ++at) {
      const auto value = static_cast<double>(row.values[at]);
      square += value * value;
    }
    squares_[i] = square;
  });
  const double most = *std::max_element(squares_.begin(), squares_.end());
  if (most > 0) scale_ = std::ldexp(1.0, std::clamp(-std::ilogb(std::sqrt(most)), -1000, 1000));
}

void SparseSamples::coordinates(std::size_t i, double* out) const {
  std::fill_n(out, dim_, 0.0);
  std::visit(
      [&](const auto& matrix) {
        const auto row = matrix.row(i);
        for (std::size_t at = 0; at < row.count; ++at) {
          out[row.columns[at]] = static_cast<double>(row.values[at]);
        }
      },
      matrix_);
}

double SparseSamples::variance(Team&) const {
  std::vector<double> sums(static_cast<std::size_t>(dim_));
  std::visit(
      [&](const auto& matrix) {
        for (std::size_t at = 0; at < matrix.values.size(); ++at) {
          sums[static_cast<std::size_t>(matrix.columns[at])] +=
              static_cast<double>(matrix.values[at]);
        }
      },
      matrix_);
  const auto n = static_cast<double>(size());
  double square = 0;
  for (const double part : squares_) square += part;
  for (const double sum : sums) square -= sum / n * sum;
  return std::max(0.0, square) / n / static_cast<double>(dim_);
}

Panel::Panel(std::size_t k, int dim)
    : k_(k),
      dim_(static_cast<std::size_t>(dim)),
      width_((k + RowKernels::kPanel - 1) / RowKernels::kPanel * RowKernels::kPanel),
      columns_(width_ * dim_) {}

void Panel::set(std::span<const double> points) {
  for (std::size_t j = 0; j < k_; ++j) {
    for (std::size_t axis = 0; axis < dim_; ++axis) {
      columns_[axis * width_ + j] = points[j * dim_ + axis];
    }
  }
  squares_ = squared_norms(points, dim_);
}

template <class T, class Index>
void Panel::dots(const SparseRow<T, Index>& row, double* out) const {
  loops_of(row).dots(row.values, row.columns, row.count, columns_.data(), width_, out);
}

template <class T, class Index>
std::int32_t Panel::nearest(const SparseRow<T, Index>& row, double* out) const {
  dots(row, out);
  double best = 0.5 * squares_[0] - out[0];
  std::int32_t label = 0;
  for (std::size_t j = 1; j < k_; ++j) {
    const double score = 0.5 * squares_[j] - out[j];
    if (score < best) {
      best = score;
      label = static_cast<std::int32_t>(j);
    }
  }
  return label;
}

template void Panel::dots(const SparseRow<float, std::int32_t>&, double*) const;
template void Panel::dots(const SparseRow<float, std::int64_t>&, double*) const;
template void Panel::dots(const SparseRow<double, std::int32_t>&, double*) const;
template void Panel::dots(const SparseRow<double, std::int64_t>&, double*) const;

SparseAssignment::SparseAssignment(const SparseSamples& samples, int k, Team& team)
    : samples_(samples),
      k_(k),
      team_(team),
      panel_(static_cast<std::size_t>(k), samples.dim()),
      labels_(samples.size(), -1),
      order_(samples.size()),
      sums_(static_cast<std::size_t>(k) * dim()),
      totals_(static_cast<std::size_t>(k)) {}

std::int64_t SparseAssignment::update(std::span<const double> centers) {
  const std::int64_t changed = label(centers);
  add();
  return changed;
}

double SparseAssignment::settle(std::span<const double> centers) {
  label(centers);
  return cost(centers);
}

std::int64_t SparseAssignment::label(std::span<const double> centers) {
  panel_.set(centers);
  std::vector<std::int64_t> changed(tasks_for(samples_.size()));
  std::visit(
      [&](const auto& matrix) {
        team_.run(changed.size(), [&](std::size_t task, int id) {
          watch_.look(id);
          std::vector<double> dots(panel_.width());
          for_rows(matrix, task, [&](std::size_t i, const auto& row) {
            const std::int32_t label = panel_.nearest(row, dots.data());
            changed[task] += labels_[i] != label;
            labels_[i] = label;
          });
        });
      },
      samples_.matrix());
  std::int64_t total = 0;
  for (const std::int64_t part : changed) total += part;
  return total;
}

/// Sums up cluster by cluster, each in the order of its samples: chunks with sums of their own, as
/// for dense samples, would take up more memory than the data.
void SparseAssignment::add() {
  std::vector<std::size_t> starts(static_cast<std::size_t>(k_) + 1);
  for (const std::int32_t label : labels_) ++starts[static_cast<std::size_t>(label) + 1];
  for (std::size_t j = 1; j < starts.size(); ++j) starts[j] += starts[j - 1];
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    order_[next[static_cast<std::size_t>(labels_[i])]++] = static_cast<std::uint32_t>(i);
  }
  std::visit(
      [&](const auto& matrix) {
        team_.run(totals_.size(), [&](std::size_t j, int id) {
          double* sum = sums_.data() + j * dim();
          std::fill_n(sum, dim(), 0.0);
          double total = 0;
          for (std::size_t at = starts[j]; at < starts[j + 1]; ++at) {
            if (at % kRowsPerTask == 0) watch_.look(id);
            const auto row = matrix.row(order_[at]);
            const double weight = samples_.weight(order_[at]);
            total += weight;
            for (std::size_t value = 0; value < row.count; ++value) {
              sum[row.columns[value]] += weight * static_cast<double>(row.values[value]);
            }
          }
          totals_[j] = total;
        });
      },
      samples_.matrix());
}

void SparseAssignment::mean(int cluster, double* out) const {
  const auto j = static_cast<std::size_t>(cluster);
  for (std::size_t axis = 0; axis < dim(); ++axis) out[axis] = sums_[j * dim() + axis] / totals_[j];
}

/// Calls body(i, square, norms) with the squared distance of sample i to its centre, and the sum of
/// both squared norms, to which rounding is relative.
template <class Body>
void SparseAssignment::for_squares(std::span<const double> centers, const Body& body) const {
  const std::vector<double> norms = squared_norms(centers, dim());
  for_all_rows(samples_, team_, watch_, [&](std::size_t i, const auto& row) {
    const auto j = static_cast<std::size_t>(labels_[i]);
    const double* center = centers.data() + j * dim();
    double dot = 0;
    for (std::size_t at = 0; at < row.count; ++at) {
      dot += static_cast<double>(row.values[at]) * center[row.columns[at]];
    }
    const double sum = samples_.square(i) + norms[j];
    body(i, std::max(0.0, sum - 2 * dot), sum);
  });
}

std::vector<double> SparseAssignment::squares(std::span<const double> centers) const {
  std::vector<double> squares(samples_.size());
  for_squares(centers, [&](std::size_t i, double square, double norms) {
    squares[i] = square > 0x1p-45 * norms ? square : 0;
  });
  return squares;
}

double SparseAssignment::cost(std::span<const double> centers) const {
  std::vector<double> parts(tasks_for(samples_.size()));
  for_squares(centers, [&](std::size_t i, double square, double) {
    parts[i / kRowsPerTask] += samples_.weight(i) * square;
  });
  double cost = 0;
  for (const double part : parts) cost += part;
  return cost;
}

bool sparse_predict(const SparseSamples::Matrix& matrix, int dim, std::span<const double> centers,
                    std::int32_t* labels, Team& team, const Watch& watch) {
  Panel panel(centers.size() / static_cast<std::size_t>(dim), dim);
  panel.set(centers);
  std::atomic<bool> good = true;
  std::visit(
      [&](const auto& typed) {
        if (!typed.bounded()) {
          good = false;
          return;
        }
        team.run(tasks_for(typed.rows()), [&](std::size_t task, int id) {
          watch.look(id);
          std::vector<double> dots(panel.width());
          for_rows(typed, task, [&](std::size_t i, const auto& row) {
            bool inside = true;
            for (std::size_t at = 0; at < row.count; ++at) {
              inside &= row.columns[at] >= 0 && row.columns[at] < dim;
            }
            if (inside) {
              labels[i] = panel.nearest(row, dots.data());
            } else {
              good = false;
            }
          });
        });
      },
      matrix);
  return good;
}

template <class T>
void sparse_distances(const SparseSamples& samples, std::span<const double> centers, T* out,
                      Team& team) {
  const std::size_t k = centers.size() / static_cast<std::size_t>(samples.dim());
  Panel panel(k, samples.dim());
  panel.set(centers);
  std::visit(
      [&](const auto& matrix) {
        team.run(tasks_for(samples.size()), [&](std::size_t task, int) {
          std::vector<double> dots(panel.width());
          for_rows(matrix, task, [&](std::size_t i, const auto& row) {
            panel.dots(row, dots.data());
            for (std::size_t j = 0; j < k; ++j) {
              const double square = samples.square(i) + panel.square(j) - 2 * dots[j];
              out[i * k + j] = static_cast<T>(std::sqrt(std::max(0.0, square)));
            }
          });
        });
      },
      samples.matrix());
}

template void sparse_distances(const SparseSamples&, std::span<const double>, float*, Team&);
template void sparse_distances(const SparseSamples&, std::span<const double>, double*, Team&);

}  // namespace kpalette
