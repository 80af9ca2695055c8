// Where the centres of a fit start. All four take weights and are reproducible from a seed; all
// return (k, dim) absolute coordinates of distinct points or of means of points. k is at most the
// number of points of positive weight.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "named.hpp"
#include "parallel.hpp"
#include "points.hpp"
#include "samples.hpp"

namespace kpalette {

/// k distinct points, drawn one after another with probability proportional to their weight: what
/// drawing pixels at random gives when repeated colours are drawn again.
std::vector<double> seed_random(const Points& points, int k, std::uint64_t seed, Team& team);

/// Greedy k-means++ (Arthur and Vassilvitskii 2007; greedy as in scikit-learn): each centre is the
/// best of 2 + log(k) points drawn with probability proportional to their cost.
std::vector<double> seed_kmeanspp(const Points& points, int k, std::uint64_t seed, Team& team);
std::vector<double> seed_kmeanspp(const Samples& samples, int k, std::uint64_t seed, Team& team);

/// The first centre is drawn by weight, each next is the point farthest from those before it
/// (Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5). Weights only decide the first.
std::vector<double> seed_maximin(const Points& points, int k, std::uint64_t seed, Team& team);
std::vector<double> seed_maximin(const Samples& samples, int k, std::uint64_t seed, Team& team);

/// Cuts the box that gains most by its best cut, where the cut leaves the least variance, until
/// there are k (Wu 1991, in Graphics Gems II). Draws nothing: `seed` is not used.
std::vector<double> seed_wu(const Points& points, int k, std::uint64_t seed, Team& team);

using Seeding = std::vector<double> (*)(const Points&, int, std::uint64_t, Team&);

inline constexpr std::array<Named<Seeding>, 4> kSeedings{{{"random", seed_random},
                                                          {"k-means++", seed_kmeanspp},
                                                          {"maximin", seed_maximin},
                                                          {"wu", seed_wu}}};

/// The same for samples, where each box is cut across the axis along which it varies most.
std::vector<double> seed_wu(const Samples& samples, int k, std::uint64_t seed, Team& team);

}  // namespace kpalette
