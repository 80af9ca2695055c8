// Spatial quantization: indices for which what an eye sees at a distance is nearest to the image.
//
// The error e of each pixel, in the space for mixing, is blurred by a kernel B of 5 x 5 pixels,
// [1 4 6 4 1] / 16 in both directions. What is lowered is the sum over pixels of e . (B e) + l
// |e|^2 with an l for lightness and one for colour. Its second part keeps the grain fine.
//
// Errors are diffused within blocks at first. Then each pixel in turn takes the entry that is best
// as things stand, in nine phases: pixels that are three apart meet in no sum, so that all of a
// phase decide independently. From diffused errors two passes end lower than eight from the nearest
// entries (by 6 of SSIMULACRA2 at 8 colours, 4 at 16, and 2 at 64).
//
// Orchard and Bouman (1991), doi:10.1109/78.107417; Kolpatzik and Bouman (1995),
// doi:10.1117/12.202519; Puzicha, Held, Ketterer, Buhmann and Fellner (2000),
// doi:10.1109/83.841942.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dither.hpp"
#include "parallel.hpp"

namespace kpalette {

/// Turns `indices`, which come in as the nearest entries, into some for which the sum is low. l is
/// divided by the square of `strength`, 0 to 1: with less, fewer pixels change, and with 0 none.
///
/// A pixel only gets an entry that is at most kSpatialBound times as far from it as the nearest
/// one, and what nobody sees is left alone, so that what has its colour in the palette, or almost,
/// keeps it. Opaque pixels whose nearest entry is opaque stay opaque; transparent ones keep theirs.
///
/// Pixels that are kept are what others are chosen to go with, whatever index they have.
///
/// An image is mapped in bands of at least 2 kSpatialBlock rows, each with the block above it and
/// kSpatialRows below, which is as far as anything reaches. Memory is 28 bytes per pixel of a band.
template <class Index>
void map_spatially(const Raster& raster, std::span<const std::uint8_t> palette, int channels,
                   float strength, Index* indices, Team& team);
inline constexpr float kSpatialBound = 7;
inline constexpr int kSpatialPasses = 2;
inline constexpr std::size_t kSpatialBlock = 32;
inline constexpr std::size_t kSpatialRows = 6 * kSpatialPasses;

/// Rows and columns of an image.
struct Places {
  std::vector<std::size_t> rows;
  std::vector<std::size_t> columns;
};

/// Returns which pixels of an image a palette is moved by: all, unless those of its blocks are more
/// than kPalettePixels; then those of whole blocks that are equally far apart. Of an image of just
/// these pixels it is all.
Places palette_places(std::size_t height, std::size_t width);
inline constexpr std::size_t kPalettePixels = 1u << 22;

/// An image whose palette is moved, or some rows of it, and how much each pixel matters.
struct PalettePart {
  Raster raster;
  std::span<const std::uint16_t> weights = {};  // (height, width), at most kMostWeight; none: 1
};
inline constexpr std::uint16_t kMostWeight = 1u << 12;  // so that sums stay below 2^63

/// Returns the colours of a palette, at most kMostMixed, moved to where they lower the same sum
/// over all parts by least squares, in turns with the indices. A product of two pixels' errors
/// counts by the smaller of their weights. Entries for which `stays` is not 0 keep their colour;
/// only opaque ones may move. Of each part, palette_places are looked at.
std::vector<std::uint8_t> spatial_palette(std::span<const PalettePart> parts,
                                          std::span<const std::uint8_t> palette, int channels,
                                          std::span<const char> stays, float strength, Team& team);

}  // namespace kpalette
