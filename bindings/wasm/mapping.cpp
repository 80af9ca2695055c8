// Pixels to indices.
#include <algorithm>
#include <cmath>
#include <vector>

#include "dither.hpp"
#include "exports.hpp"
#include "histogram.hpp"
#include "mix.hpp"
#include "rate.hpp"
#include "remap.hpp"
#include "saliency.hpp"
#include "spatial.hpp"

EXPORT(remap)
void run_remap(const std::uint8_t* pixels, std::size_t n, const Histogram* histogram,
               const std::uint16_t* labels, std::uint8_t* indices) {
  remap<std::uint16_t, std::uint8_t>(span_of(pixels, n, histogram->channels), histogram->channels,
                                     histogram->colors, span_of(labels, histogram->size()), indices,
                                     team);
}

/// Of some rows of an image, from the `first` on; `errors` (width, 4) is zeros for the first band,
/// and handed on from each to the next.
EXPORT(diffuse_error)
void run_diffuse_error(const std::uint8_t* pixels, std::size_t first, std::size_t rows,
                       std::size_t width, int channels, const std::uint8_t* palette, std::size_t k,
                       float strength, std::uint8_t* indices, float* errors) {
  const std::uint8_t* band = pixels + first * width * static_cast<std::size_t>(channels);
  const std::uint8_t* above = first > 0 ? band - width * static_cast<std::size_t>(channels) : band;
  diffuse_error({.pixels = span_of(band, rows * width, channels),
                 .height = rows,
                 .width = width,
                 .y0 = first,
                 .above = span_of(above, width, channels)},
                span_of(palette, k, channels), channels, strength, indices + first * width, team,
                {errors, 4 * width});
}

EXPORT(dither_ordered)
void run_dither_ordered(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                        const Histogram* histogram, const std::uint16_t* labels, int dither,
                        const std::uint8_t* palette, std::size_t k, float strength,
                        std::uint8_t* indices) {
  const int channels = histogram->channels;
  dither_ordered(
      {span_of(pixels, height * width, channels), height, width}, span_of(palette, k, channels),
      channels, histogram->colors, span_of(labels, histogram->size()),
      mask_of(kDithers.at(static_cast<std::size_t>(dither)).value), strength, indices, team);
}

EXPORT(map_spatially)
void run_map_spatially(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                       int channels, const std::uint8_t* palette, std::size_t k, float strength,
                       std::uint8_t* indices) {
  map_spatially({span_of(pixels, height * width, channels), height, width},
                span_of(palette, k, channels), channels, strength, indices, team);
}

/// Moves a palette (k, channels) to where spatial dithering shows the pixels best; `labels` are the
/// entries of the histogram's colours, and `fixed` are colours that stay. If `salient` is not 0,
/// each pixel counts by how much it stands out, as in the histogram.
EXPORT(spatial_palette)
void run_spatial_palette(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                         const Histogram* histogram, const std::uint16_t* labels,
                         std::uint8_t* palette, std::size_t k, const std::uint8_t* fixed,
                         std::size_t bytes, float strength, int salient) {
  const int channels = histogram->channels;
  const auto all = span_of(pixels, height * width, channels);
  std::vector<std::uint16_t> weights;
  if (salient) {
    for (const double weight : saliency_map(all, height, width, channels, team)) {
      weights.push_back(static_cast<std::uint16_t>(std::nearbyint(kMostWeight * weight)));
    }
  }
  const auto before = span_of<std::uint8_t>(palette, k, channels);
  const std::vector<char> stays = staying_entries(*histogram, span_of(labels, histogram->size()),
                                                  before, channels, {fixed, bytes});
  const PalettePart whole{{all, height, width}, weights};
  std::ranges::copy(spatial_palette({&whole, 1}, before, channels, stays, strength, team), palette);
}

/// Begins to turn nearest entries into some whose file is smaller, as choose_by_rate does.
EXPORT(rate_new)
RateSearch* rate_new(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                     int channels, const std::uint8_t* palette, std::size_t k, double smaller,
                     float strength, std::uint8_t* indices) {
  return new RateSearch(span_of(pixels, height * width, channels), channels, width,
                        span_of(palette, k, channels), per_bit(smaller), strength, indices, team);
}

/// Goes on with a row; 0 after the last.
EXPORT(rate_step)
int rate_step(RateSearch* search) { return search->step(); }

EXPORT(rate_free)
void rate_free(RateSearch* search) { delete search; }
