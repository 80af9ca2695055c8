// What it cost, and how it looks.
#include <algorithm>
#include <vector>

#include "delta_e.hpp"
#include "exports.hpp"
#include "histogram.hpp"
#include "looks.hpp"

/// The squared error; `counts` (k) of how often each entry is shown.
EXPORT(tally)
double run_tally(const std::uint8_t* pixels, std::size_t n, int channels,
                 const std::uint8_t* indices, const std::uint8_t* palette, std::size_t k,
                 std::int64_t* counts) {
  const Tally result = tally(span_of(pixels, n, channels), channels, span_of(indices, n),
                             span_of(palette, k, channels), team);
  std::ranges::copy(result.counts, counts);
  return result.squared_error;
}

namespace {

/// The sum of CIEDE2000 between n colours and the palette's that their labels name, each as often
/// as `times` says.
template <class Label, class Times>
double sum_delta_e(const std::uint8_t* colors, std::size_t n, int channels, const Label* labels,
                   const std::uint8_t* palette, const Times& times) {
  constexpr std::size_t kBatch = 1024;
  const auto width = static_cast<std::size_t>(channels);
  std::vector<std::uint8_t> shown(kBatch * width);
  std::vector<double> measures(kBatch * kMeasures);
  double sum = 0;
  for (std::size_t first = 0; first < n; first += kBatch) {
    const std::size_t count = std::min(kBatch, n - first);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(palette + width * labels[first + i], width, shown.data() + width * i);
    }
    color_differences(span_of(colors + width * first, count, channels),
                      span_of(shown.data(), count, channels), channels, measures.data(), team);
    for (std::size_t i = 0; i < count; ++i) sum += measures[kMeasures * i + 2] * times(first + i);
  }
  return sum;
}

}  // namespace

/// The sum over pixels of CIEDE2000, for `n` colours of a histogram from the given one on.
EXPORT(delta_e_colors)
double delta_e_colors(const Histogram* histogram, std::size_t first, std::size_t n,
                      const std::uint16_t* labels, const std::uint8_t* palette) {
  const std::int64_t* counts = histogram->counts.data() + first;
  return sum_delta_e(
      histogram->colors.data() + first * static_cast<std::size_t>(histogram->channels), n,
      histogram->channels, labels + first, palette,
      [&](std::size_t i) { return static_cast<double>(counts[i]); });
}

/// The same for pixels one by one.
EXPORT(delta_e_pixels)
double delta_e_pixels(const std::uint8_t* pixels, std::size_t n, int channels,
                      const std::uint8_t* indices, const std::uint8_t* palette) {
  return sum_delta_e(pixels, n, channels, indices, palette, [](std::size_t) { return 1.0; });
}

// ---- how it looks, by bands of whole tiles from the top ----

EXPORT(tile_sums_new) TileSums* tile_sums_new() { return new TileSums(); }
EXPORT(tile_sums_free) void tile_sums_free(TileSums* self) { delete self; }

/// Adds some rows of an image, from the `first` on, and what they are shown as.
EXPORT(tile_sums_add)
void tile_sums_add(TileSums* self, const std::uint8_t* pixels, std::size_t first, std::size_t rows,
                   std::size_t width, int channels, const std::uint8_t* indices,
                   const std::uint8_t* palette, std::size_t k) {
  const std::uint8_t* band = pixels + first * width * static_cast<std::size_t>(channels);
  const TiledImage image(span_of(band, rows * width, channels), {rows, width, channels}, team);
  TileSums more = image.errors(span_of(indices, rows * width), span_of(palette, k, channels), team);
  for (std::size_t backdrop = 0; backdrop < more.size(); ++backdrop) {
    more[backdrop].y += first;
    add((*self)[backdrop], more[backdrop]);
  }
}

/// Writes how it looks over the worse backdrop, and the worst tile: left, top, width and height, 0
/// where nothing changed.
EXPORT(tile_sums_result) void tile_sums_result(const TileSums* self, double* about) {
  const auto& [black, white] = *self;
  const TileSum& seen = looks(white) < looks(black) ? white : black;
  const double all[] = {looks(seen), static_cast<double>(seen.x), static_cast<double>(seen.y),
                        static_cast<double>(seen.width), static_cast<double>(seen.height)};
  std::ranges::copy(all, about);
}
