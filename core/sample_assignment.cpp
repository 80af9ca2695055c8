#include "sample_assignment.hpp"

#include <algorithm>

namespace kpalette {
namespace {

template <class Span>
using Value = std::remove_cv_t<typename Span::element_type>;

}  // namespace

SampleAssignment::SampleAssignment(const Samples& samples, int k, Team& team)
    : samples_(samples),
      k_(k),
      team_(team),
      search_(k, samples.dim()),
      labels_(samples.size(), std::int32_t{-1}),
      sums_(static_cast<std::size_t>(k) * dim()),
      totals_(static_cast<std::size_t>(k)) {
  // Each chunk has sums of its own, so that adding goes in the same order on any number of
  // threads: few enough chunks that adding them up is little work beside filling them.
  const std::size_t least = std::max<std::size_t>(64, static_cast<std::size_t>(k) / 16);
  chunk_blocks_ = std::max(least, (samples.blocks() + 31) / 32);
  chunks_.resize((samples.blocks() + chunk_blocks_ - 1) / chunk_blocks_);
}

template <class Body>
void SampleAssignment::for_blocks(std::size_t chunk, const Body& body) const {
  const std::size_t end = std::min(samples_.blocks(), (chunk + 1) * chunk_blocks_);
  for (std::size_t block = chunk * chunk_blocks_; block < end; ++block) body(block);
}

std::int64_t SampleAssignment::update(std::span<const double> centers) {
  search_.prepare(centers, samples_.origin(), samples_.scale());
  std::visit(
      [&](const auto values) {
        team_.run(chunks_.size(),
                  [&](std::size_t chunk, int id) { update_chunk(chunk, values, id); });
      },
      samples_.values());
  std::int64_t changed = 0;
  std::fill(sums_.begin(), sums_.end(), 0.0);
  std::fill(totals_.begin(), totals_.end(), 0.0);
  for (const Chunk& chunk : chunks_) {
    changed += chunk.changed;
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += chunk.sums[i];
    for (std::size_t j = 0; j < totals_.size(); ++j) totals_[j] += chunk.totals[j];
  }
  return changed;
}

template <class T>
void SampleAssignment::update_chunk(std::size_t index, std::span<const T> values, int worker) {
  Chunk& chunk = chunks_[index];
  chunk.sums.assign(sums_.size(), 0.0);
  chunk.totals.assign(totals_.size(), 0.0);
  chunk.changed = 0;
  BlockMaker<T> maker(samples_.origin(), samples_.scale());
  for_blocks(index, [&](std::size_t b) {
    watch_.look(worker);
    const T* rows = values.data() + b * kBlock * dim();
    const std::size_t filled = samples_.filled(b);
    std::int32_t found[kBlock];
    search_.label(samples_.block(b, rows, maker), rows, filled, found);
    std::int32_t* labels = labels_.data() + b * kBlock;
    for (std::size_t lane = 0; lane < filled; ++lane) {
      chunk.changed += labels[lane] != found[lane];
      labels[lane] = found[lane];
    }
    row_loops<T>().add(rows, filled, samples_.dim(), samples_.origin().data(), samples_.weights(b),
                       labels, chunk.sums.data(), chunk.totals.data());
  });
}

double SampleAssignment::settle(std::span<const double> centers) {
  search_.prepare(centers, samples_.origin(), samples_.scale());
  std::visit(
      [&](const auto values) {
        using T = Value<decltype(values)>;
        team_.run(chunks_.size(), [&](std::size_t chunk, int id) {
          BlockMaker<T> maker(samples_.origin(), samples_.scale());
          for_blocks(chunk, [&](std::size_t b) {
            watch_.look(id);
            const T* rows = values.data() + b * kBlock * dim();
            search_.label(samples_.block(b, rows, maker), rows, samples_.filled(b),
                          labels_.data() + b * kBlock);
          });
        });
      },
      samples_.values());
  return cost(centers);
}

void SampleAssignment::mean(int cluster, double* out) const {
  const auto j = static_cast<std::size_t>(cluster);
  for (std::size_t axis = 0; axis < dim(); ++axis) {
    out[axis] = samples_.origin()[axis] + sums_[j * dim() + axis] / totals_[j];
  }
}

std::vector<double> SampleAssignment::squares(std::span<const double> centers) const {
  std::vector<double> squares(samples_.size());
  std::visit(
      [&](const auto values) {
        using T = Value<decltype(values)>;
        team_.run(chunks_.size(), [&](std::size_t chunk, int) {
          for_blocks(chunk, [&](std::size_t b) {
            const std::size_t first = b * kBlock;
            const T* rows = values.data() + first * dim();
            row_loops<T>().squares(rows, samples_.filled(b), samples_.dim(), centers.data(),
                                   labels_.data() + first, squares.data() + first);
            for (std::size_t lane = 0; lane < samples_.filled(b); ++lane) {
              double near = 0;
              for (std::size_t axis = 0; axis < dim(); ++axis) {
                const double rounding =
                    resolution(axis, static_cast<double>(rows[lane * dim() + axis]));
                near += rounding * rounding;
              }
              if (squares[first + lane] <= near) squares[first + lane] = 0;
            }
          });
        });
      },
      samples_.values());
  return squares;
}

double SampleAssignment::cost(std::span<const double> centers) const {
  std::vector<double> parts(chunks_.size());
  std::visit(
      [&](const auto values) {
        using T = Value<decltype(values)>;
        team_.run(chunks_.size(), [&](std::size_t chunk, int) {
          double squares[kBlock];
          for_blocks(chunk, [&](std::size_t b) {
            const double* weights = samples_.weights(b);
            row_loops<T>().squares(values.data() + b * kBlock * dim(), samples_.filled(b),
                                   samples_.dim(), centers.data(), labels_.data() + b * kBlock,
                                   squares);
            for (std::size_t lane = 0; lane < samples_.filled(b); ++lane) {
              parts[chunk] += weights == nullptr ? squares[lane] : weights[lane] * squares[lane];
            }
          });
        });
      },
      samples_.values());
  double cost = 0;
  for (const double part : parts) cost += part;
  return cost;
}

}  // namespace kpalette
