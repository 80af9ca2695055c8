// Palettes for dithering: what they mix to is near the colours of an image, not their entries.
//
// The centres of k-means lie inside the cloud of colours, and what lies outside cannot be mixed
// from them. Here each colour x is written as a mixture of a few entries, with shares p, which is
// found by the method of Frank and Wolfe (1956, doi:10.1002/nav.3800030109), and the entries are
// then moved to where the mixtures are nearest, by least squares, in turns. What is lowered is the
// sum over pixels of |x - sum p c|^2 + l sum p |x - c|^2 in the space for mixing. Its second part
// keeps mixtures of near colours over those of far ones, whose grain would show.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "histogram.hpp"
#include "parallel.hpp"

namespace kpalette {

/// Larger palettes have a colour near every other as they are.
inline constexpr int kMostMixed = 256;

/// Returns the opaque colours (m, channels) of large flat areas, which are not to be dithered:
/// those that more than kLargeFlat in k pixels have.
std::vector<std::uint8_t> large_flats(const HistogramView& histogram, int channels, int k);
inline constexpr double kLargeFlat = 2;

/// Which entries (k) of a palette (k, channels) keep their colour when it is made one for mixing:
/// those that are `fixed` (m, channels), or not opaque, or just the colour of a large flat area or
/// of most of their pixels, such as a page or its text. `labels` are the entries of the histogram's
/// colours.
std::vector<char> staying_entries(const HistogramView& histogram,
                                  std::span<const std::uint16_t> labels,
                                  std::span<const std::uint8_t> palette, int channels,
                                  std::span<const std::uint8_t> fixed);

/// Returns the shares (n, k) of a palette's entries (k, 3) in the mixtures for colours (n, 3).
std::vector<float> mixtures(std::span<const std::uint8_t> colors,
                            std::span<const std::uint8_t> palette);

/// Gives entries that have become equal to another one the colour back that they had at `first`.
void keep_distinct(std::vector<std::uint8_t>& colors, std::span<const std::uint8_t> first,
                   std::span<const char> stays);

/// Returns a palette for mixing, of as many distinct colours as `palette` (k, channels) has, at
/// most kMostMixed, from which it begins. Only opaque colours are mixed, from opaque entries.
std::vector<std::uint8_t> mix_palette(const HistogramView& histogram,
                                      std::span<const std::uint8_t> palette, int channels,
                                      std::span<const char> stays, Team& team);

}  // namespace kpalette
