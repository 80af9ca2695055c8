// Small vivid regions that a fit has swallowed: too few pixels for a centre of their own to lower
// the cost, but what the eye looks for first.
#pragma once

#include <cstdint>
#include <vector>

#include "assignment.hpp"

namespace kpalette {

/// Finds vivid regions in Oklab, at most `most` of them: colourful points, at least 0.05 % of all
/// weight and 7 % of the sum of fourth powers within a ball, that are far from the centres that
/// stand for them. Returns a colour for each (regions, channels), that of the most outlying first.
/// The assignment's labels are those of `centers`.
std::vector<std::uint8_t> find_vivid_regions(const Assignment& assignment,
                                             const std::vector<double>& centers, int most);

/// Weighted sum of the fourth powers of distances, to which few large ones contribute most: what
/// tells whether a palette with the vivid regions is the better one.
double fourth_powers(const Assignment& assignment, const std::vector<double>& centers);

}  // namespace kpalette
