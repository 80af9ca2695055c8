// Which samples are alike, value by value.
#pragma once

#include <cstdint>
#include <vector>

#include "parallel.hpp"
#include "samples.hpp"
#include "sparse.hpp"

namespace kpalette {

/// A number for each sample that depends on its values alone, not on where it stands.
std::vector<std::uint64_t> hash_samples(const Samples& samples, Team& team);
std::vector<std::uint64_t> hash_samples(const SparseSamples& samples, Team& team);

/// Whether some samples are alike.
bool any_repeats(const Samples& samples, Team& team);
bool any_repeats(const SparseSamples& samples, Team& team);

}  // namespace kpalette
