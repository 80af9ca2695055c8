// Small vivid regions that a fit has swallowed: too few pixels for a centre of their own to lower
// the cost, but what the eye looks for first.
#pragma once

#include <cstdint>
#include <vector>

#include "assignment.hpp"

namespace kpalette {

/// Finds islands in Oklab, at most `most` of them: at least 0.05 % of all weight within a ball,
/// little around it, far from the centres that stand for it, and much more colourful than they are.
/// Returns a colour for each (islands, channels), the heaviest first. The assignment's labels are
/// those of `centers`.
std::vector<std::uint8_t> find_islands(const Assignment& assignment,
                                       const std::vector<double>& centers, int most);

}  // namespace kpalette
