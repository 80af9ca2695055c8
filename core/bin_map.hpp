// The nearest palette entry of each pixel in sRGB, without a histogram.
//
// Each bin of 8 × 8 × 8 colours that occurs has a page of labels. Few entries can be nearest to
// some colour of a bin (Kanungo et al. 2002, doi:10.1109/TPAMI.2002.1017616); where it is one, bins
// share a page, and elsewhere a vector loop over all colours of the bin fills it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bins.hpp"
#include "parallel.hpp"

namespace kpalette {

class BinMap {
 public:
  /// `palette` (k, 3), at most 256 colours; `bins` are those of the pixels that will be mapped.
  BinMap(std::span<const std::uint8_t> palette, const Bins& bins, Team& team);

  /// Writes the nearest entry of each pixel (n, 3), the first among equals, and returns how many
  /// pixels each entry has (k).
  std::vector<std::int64_t> map(std::span<const std::uint8_t> pixels, std::uint8_t* indices,
                                Team& team) const;

 private:
  std::size_t k_;
  std::vector<std::uint32_t> starts_;  // of the page of each bin
  Buffer<std::uint8_t> pages_;         // (k + bins that occur, 512)
};

}  // namespace kpalette
