// Indices to files.
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "exports.hpp"
#include "gif_changes.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "png.hpp"
#include "rate.hpp"

namespace {

std::vector<std::uint8_t> deflate(std::span<const std::uint8_t> bytes, int level) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(level);
  if (compressor == nullptr) throw std::bad_alloc();
  std::vector<std::uint8_t> out(libdeflate_zlib_compress_bound(compressor, bytes.size()));
  out.resize(
      libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

struct PngFile {
  std::vector<std::uint8_t> indices;
  PngEncoder encoder;
  OutBytes bytes{};
};

}  // namespace

/// Copies what it is given.
EXPORT(png_new)
PngFile* png_new(const std::uint8_t* indices, std::size_t n, std::size_t width,
                 const std::uint8_t* colors, std::size_t k, int channels, bool quick,
                 bool keep_order) {
  const PngOptions options{.effort = quick ? PngEffort::quick : PngEffort::usual,
                           .keep_order = keep_order};
  std::vector<std::uint8_t> copied(indices, indices + n);  // whose place stays as it moves
  PngEncoder encoder(copied, width, span_of(colors, k, channels), channels, options, deflate, team);
  return new PngFile{std::move(copied), std::move(encoder)};
}
EXPORT(png_free) void png_free(PngFile* self) { delete self; }

EXPORT(png_step) bool png_step(PngFile* self) {
  const bool more = self->encoder.step();
  if (!more) self->bytes = self->encoder.chunks().file();
  return more;
}
EXPORT(png_bytes) const std::uint8_t* png_bytes(const PngFile* self) { return self->bytes.data(); }
EXPORT(png_size) std::size_t png_size(const PngFile* self) { return self->bytes.size(); }

/// The data of a still's image in a GIF, `bits` for an entry.
EXPORT(lzw)
OutBytes* run_lzw(const std::uint8_t* indices, std::size_t n, int bits) {
  return new std::vector(lzw({.bits = bits, .indices = span_of(indices, n)}));
}

/// Writes which of 256 entries an image's data have.
EXPORT(lzw_entries)
void run_lzw_entries(const std::uint8_t* data, std::size_t n, std::uint8_t* entries) {
  std::ranges::copy(lzw_entries(span_of(data, n)), entries);
}

/// Data of the same codes, where each of 256 entries is another one.
EXPORT(recode_lzw)
OutBytes* run_recode_lzw(const std::uint8_t* data, std::size_t n, const std::uint8_t* entries,
                         int bits) {
  std::array<std::uint8_t, 256> others;
  std::copy_n(entries, others.size(), others.begin());
  return new std::vector(recode_lzw(span_of(data, n), others, bits));
}

using GifImages = std::vector<std::optional<GifImage>>;

/// What is written for each of `n` frames (height, width), whose colours are RGBA (n, 256, 4), of
/// which each has `counts`.
EXPORT(code_changes)
GifImages* run_code_changes(const std::uint8_t* indices, std::size_t n, std::size_t height,
                            std::size_t width, const std::uint8_t* colors,
                            const std::int32_t* counts) {
  std::vector<GifFrame> frames;
  for (std::size_t i = 0; i < n; ++i) {
    frames.push_back({span_of(indices + i * height * width, height * width),
                      span_of(colors + i * 1024, static_cast<std::size_t>(counts[i]), 4), 4});
  }
  return new GifImages(code_changes(frames, width, team));
}

EXPORT(few_colors) std::size_t few_colors() { return kFewColors; }

/// Frames of one palette that a GIF takes few bytes for; to be freed.
EXPORT(lossy_frames_new)
LossyFrames* lossy_frames_new(const std::uint8_t* palette, std::size_t k, int channels,
                              std::size_t height, std::size_t width, double smaller) {
  return new LossyFrames(span_of(palette, k, channels), channels, width, height, per_bit(smaller));
}
EXPORT(lossy_frames_free) void lossy_frames_free(LossyFrames* self) { delete self; }

/// Turns the next frame's nearest entries into such as cost few bits. One image, or none for a
/// frame that stays as the one before.
EXPORT(lossy_frames_choose)
GifImages* lossy_frames_choose(LossyFrames* self, const std::uint8_t* pixels,
                               std::uint8_t* indices) {
  const auto all = span_of(pixels, self->height() * self->width(), self->channels());
  return new GifImages{self->choose(all, indices, team)};
}

/// Writes whether there is the i-th image; its left, top, width, height, entry to keep or -1, and
/// whether it is cleared; where its data are, and their size.
EXPORT(images_look) void images_look(const GifImages* self, std::size_t i, double* about) {
  const std::optional<GifImage>& image = (*self)[i];
  about[0] = image ? 1 : 0;
  if (!image) return;
  const Rectangle& part = image->part;
  const double all[] = {static_cast<double>(part.left),
                        static_cast<double>(part.top),
                        static_cast<double>(part.width()),
                        static_cast<double>(part.height()),
                        static_cast<double>(image->keep),
                        image->cleared ? 1.0 : 0.0,
                        static_cast<double>(reinterpret_cast<std::uintptr_t>(image->data.data())),
                        static_cast<double>(image->data.size())};
  std::ranges::copy(all, about + 1);
}
EXPORT(images_free) void images_free(GifImages* self) { delete self; }
