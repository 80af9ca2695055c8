// Pixels and histograms.
#include <algorithm>

#include "exports.hpp"
#include "histogram.hpp"
#include "saliency.hpp"

/// Packs RGBA to RGB, in place, if all is opaque; how many channels there are.
EXPORT(pack) int pack(std::uint8_t* pixels, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (pixels[4 * i + 3] != 255) return 4;
  }
  for (std::size_t i = 1; i < n; ++i) std::copy_n(pixels + 4 * i, 3, pixels + 3 * i);
  return 3;
}

EXPORT(count_colors)
Histogram* count(const std::uint8_t* pixels, std::size_t n, int channels) {
  return new Histogram(count_colors(span_of(pixels, n, channels), channels, team));
}

/// Counts each pixel by how much it stands out.
EXPORT(weigh_salient)
Histogram* run_weigh_salient(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                             const Histogram* histogram) {
  const auto all = span_of(pixels, height * width, histogram->channels);
  const auto counts =
      weigh_salient(all, height, width, histogram->colors, histogram->channels, team);
  return new Histogram(collect(histogram->colors, counts, histogram->channels));
}

EXPORT(thin_out) Histogram* thinned(const Histogram* histogram, std::size_t step) {
  return new Histogram(
      thin_out(histogram->colors, histogram->counts, histogram->channels, step, team));
}

EXPORT(histogram_size) std::size_t histogram_size(const Histogram* self) { return self->size(); }
EXPORT(histogram_colors) const std::uint8_t* histogram_colors(const Histogram* self) {
  return self->colors.data();
}
EXPORT(histogram_counts) const std::int64_t* histogram_counts(const Histogram* self) {
  return self->counts.data();
}
EXPORT(histogram_free) void histogram_free(Histogram* self) { delete self; }
