// Dithering: indices whose colours, seen from afar, mix to those of the pixels.
//
// All start from the nearest entry of each pixel, by whatever space, and mix in that for mixing.
// What nobody sees of a pixel's difference from that entry they leave alone (unseen.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "named.hpp"
#include "parallel.hpp"
#include "spaces.hpp"

namespace kpalette {

/// The pixels of an image, or of a part of one whose first pixel is at row y0 and column x0.
struct Raster {
  std::span<const std::uint8_t> pixels;  // (height, width, channels)
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t y0 = 0;
  std::size_t x0 = 0;
  std::span<const std::uint8_t> above = {};  // the row before the first, if it is another part's
  std::span<const std::uint8_t> kept = {};   // (height, width), by spatial dithering: if not 0, the
                                             // pixel keeps the index that it comes with
};

/// Error diffusion with the weights of Floyd and Steinberg (1976), even rows to the right and odd
/// ones to the left. `indices` come in as the nearest entries and go out dithered.
///
/// What a pixel takes from its neighbours is scaled by `strength`, 0 to 1, and at edges and in
/// texture by down to 0.87 of that. If it exceeds kErrorBound times what is seen of the pixel's own
/// distance to its nearest entry, it came from across an edge, or from where the palette has no
/// colour, and is scaled down, the more the larger it is. So a pixel that has its colour in the
/// palette, or almost, keeps it, and no pixel gets an entry farther than 1 + 2 kErrorBound times
/// its distance to the nearest. Opaque pixels whose nearest entry is opaque stay opaque;
/// transparent ones keep their entry.
///
/// An image may come in bands of whole rows, from top to bottom, each with the last row of the one
/// `above` it: `errors`, four floats per column, takes what one band leaves to the next. It starts
/// as zeros; without it nothing comes in.
template <class Index>
void diffuse_error(const Raster& raster, std::span<const std::uint8_t> palette, int channels,
                   float strength, Index* indices, Team& team, std::span<float> errors = {});
inline constexpr float kErrorBound = 3;

/// A threshold for each pixel by its place alone: the ranks 0 to side * side - 1 in a square that
/// is repeated in both directions. `side` is a power of 2.
struct Mask {
  std::span<const std::uint16_t> ranks;
  std::size_t side;
};

/// Bayer (1973), 16 by 16.
Mask bayer_mask();

/// Void and cluster (Ulichney 1993, doi:10.1117/12.152707), 64 by 64.
Mask blue_noise_mask();

enum class DitherName { floyd_steinberg, blue_noise, bayer, spatial };

/// All ways to dither: error diffusion, two with a mask, and that of spatial.hpp.
inline constexpr std::array<Named<DitherName>, 4> kDithers{
    {{"floyd-steinberg", DitherName::floyd_steinberg},
     {"blue-noise", DitherName::blue_noise},
     {"bayer", DitherName::bayer},
     {"spatial", DitherName::spatial}}};

/// Returns the mask of blue noise or Bayer's.
inline Mask mask_of(DitherName name) {
  return name == DitherName::bayer ? bayer_mask() : blue_noise_mask();
}

/// Ordered dithering. A pixel shows its nearest entry or one of that entry's kNeighbours nearest
/// ones, by turns as the mask has it: the pair and the shares for which w times the squared error
/// of the mean, plus 1 - w times the mean squared error, is least, where w is 4/5 of `strength`.
/// They depend on the colour alone: labels[i] is the nearest entry of colors[i], which are all
/// colours of the pixels.
template <class Index>
void dither_ordered(const Raster& raster, std::span<const std::uint8_t> palette, int channels,
                    std::span<const std::uint8_t> colors, std::span<const std::uint16_t> labels,
                    const Mask& mask, float strength, Index* indices, Team& team);
inline constexpr int kNeighbours = 32;

}  // namespace kpalette
