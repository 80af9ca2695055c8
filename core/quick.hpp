// The quickest way from RGB pixels to indices, in sRGB: a fit to the means of bins, and a map of
// bins, without counting colours.
//
// A Fitter gives the same palette for the histogram of the pixels, with the same labels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bins.hpp"
#include "fit.hpp"
#include "parallel.hpp"

namespace kpalette {

/// The palette of a fit, as Fitter::fit makes it, to the means of bins that suffice for k colours.
/// The most frequent entry is the first if bins are counted as a whole.
Fitted fit_to_bins(const Bins& bins, int k, Effort effort, std::uint64_t seed,
                   std::span<const std::uint8_t> fixed, Team& team);

struct Quick {
  std::vector<std::uint8_t> colors;  // (k, 3)
  std::vector<std::int64_t> counts;  // (k), of the pixels that show each
  int n_iter;
};

/// Fits at most 256 colours to pixels (n, 3), and writes the nearest of each, the first among
/// equals; nothing where their bins do not suffice.
std::optional<Quick> quantize_quickly(std::span<const std::uint8_t> pixels, int k,
                                      const Effort& effort, std::uint64_t seed,
                                      std::span<const std::uint8_t> fixed, std::uint8_t* indices,
                                      Team& team);

}  // namespace kpalette
