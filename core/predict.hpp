// What a fitted k-means says of new rows, in one pass over them and without a copy.
#pragma once

#include <cstdint>
#include <span>

#include "parallel.hpp"
#include "watch.hpp"

namespace kpalette {

/// Writes the nearest of the centres (k, dim) of each row, by the definition of CenterSearch.
/// Returns whether all rows are surely finite: if not, one may hold a NaN or an infinity, or a
/// value too large beside the centres for floats.
template <class T>
bool predict(std::span<const T> rows, int dim, std::span<const double> centers,
             std::int32_t* labels, Team& team, const Watch& watch);

/// The weighted sum of squared distances of rows to the centres that their labels name. No weights:
/// they are 1.
template <class T>
double inertia(std::span<const T> rows, int dim, std::span<const double> weights,
               std::span<const double> centers, const std::int32_t* labels, Team& team);

/// Writes the distance of each row to each centre (k, dim), as (n, k).
template <class T>
void distances(std::span<const T> rows, int dim, std::span<const T> centers, T* out, Team& team,
               const Watch& watch);

}  // namespace kpalette
