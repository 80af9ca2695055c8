#include "predict.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "center_search.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBlocksPerTask = 16;

/// Calls body(first, count, worker) for pieces of rows, on all threads.
template <class Body>
void for_pieces(std::size_t rows, Team& team, const Watch& watch, const Body& body) {
  constexpr std::size_t kRows = kBlocksPerTask * kBlock;
  team.run((rows + kRows - 1) / kRows, [&](std::size_t task, int id) {
    watch.look(id);
    body(task * kRows, std::min(kRows, rows - task * kRows));
  });
}

}  // namespace

template <class T>
bool predict(std::span<const T> rows, int dim, std::span<const double> centers,
             std::int32_t* labels, Team& team, const Watch& watch) {
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t k = centers.size() / width;
  const std::size_t n = rows.size() / width;
  if (k == 1) {
    std::fill_n(labels, n, 0);
    return false;
  }
  // About the middle of the centres, where rounding to floats costs least; as T, see BlockMaker.
  std::vector<double> origin(width);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    origin[i % width] += centers[i] / static_cast<double>(k);
  }
  double reach = 0;
  for (double& value : origin) value = static_cast<double>(static_cast<T>(value));
  for (std::size_t i = 0; i < centers.size(); ++i) {
    reach = std::max(reach, std::abs(centers[i] - origin[i % width]));
  }
  const int most = sizeof(T) == sizeof(float) ? 120 : 1000;
  const double scale =
      reach > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(reach), -most, most)) : 1.0;
  CenterSearch search(static_cast<int>(k), dim);
  search.prepare(centers, origin, scale);
  std::atomic<bool> finite = true;
  for_pieces(n, team, watch, [&](std::size_t first, std::size_t count) {
    BlockMaker<T> maker(origin, scale);
    for (std::size_t at = first; at < first + count; at += kBlock) {
      const std::size_t some = std::min<std::size_t>(kBlock, first + count - at);
      const T* from = rows.data() + at * width;
      const Block block = maker.make(from, some);
      search.label(block, from, some, labels + at);
      float sum = 0;
      for (int lane = 0; lane < kBlock; ++lane) sum += block.norms[lane];
      if (!std::isfinite(sum)) finite = false;
    }
  });
  return finite;
}

template <class T>
double inertia(std::span<const T> rows, int dim, std::span<const double> weights,
               std::span<const double> centers, const std::int32_t* labels, Team& team) {
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t n = rows.size() / width;
  std::vector<double> parts(n / (kBlocksPerTask * kBlock) + 1);
  for_pieces(n, team, {}, [&](std::size_t first, std::size_t count) {
    std::vector<double> squares(count);
    row_loops<T>().squares(rows.data() + first * width, count, dim, centers.data(), labels + first,
                           squares.data());
    double part = 0;
    for (std::size_t i = 0; i < count; ++i) {
      part += weights.empty() ? squares[i] : weights[first + i] * squares[i];
    }
    parts[first / (kBlocksPerTask * kBlock)] = part;
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

template <class T>
void distances(std::span<const T> rows, int dim, std::span<const T> centers, T* out, Team& team,
               const Watch& watch) {
  constexpr std::size_t kFar = RowKernels::kFar;
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t k = centers.size() / width;
  std::vector<T> groups((k + kFar - 1) / kFar * kFar * width);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    const std::size_t j = i / width;
    groups[(j / kFar * width + i % width) * kFar + j % kFar] = centers[i];
  }
  for_pieces(rows.size() / width, team, watch, [&](std::size_t first, std::size_t count) {
    row_loops<T>().distances(rows.data() + first * width, count, dim, groups.data(),
                             static_cast<int>(k), out + first * k);
  });
}

template bool predict(std::span<const float>, int, std::span<const double>, std::int32_t*, Team&,
                      const Watch&);
template bool predict(std::span<const double>, int, std::span<const double>, std::int32_t*, Team&,
                      const Watch&);
template double inertia(std::span<const float>, int, std::span<const double>,
                        std::span<const double>, const std::int32_t*, Team&);
template double inertia(std::span<const double>, int, std::span<const double>,
                        std::span<const double>, const std::int32_t*, Team&);
template void distances(std::span<const float>, int, std::span<const float>, float*, Team&,
                        const Watch&);
template void distances(std::span<const double>, int, std::span<const double>, double*, Team&,
                        const Watch&);

}  // namespace kpalette
