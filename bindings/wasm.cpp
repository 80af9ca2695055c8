// The core for the playground: the calls of python/, over linear memory.
//
// The worker owns what it asks for: it frees objects by the function beside the one that made them,
// and arrays, which it passes by their address, by free(). It checks what it passes, as the package
// does for Python. What is chosen by name is a number here: its place in the table, which tables()
// lists.
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "color_names.hpp"
#include "contrast.hpp"
#include "delta_e.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "fit.hpp"
#include "gif_changes.hpp"
#include "histogram.hpp"
#include "looks.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "mix.hpp"
#include "parallel.hpp"
#include "png.hpp"
#include "rate.hpp"
#include "remap.hpp"
#include "saliency.hpp"
#include "seeding.hpp"
#include "spaces.hpp"
#include "spatial.hpp"
#include "theme.hpp"
#include "theme_text.hpp"

using namespace kpalette;

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

// ---- failures: nothing here catches, so that what is thrown becomes an error of JavaScript ----

/// Throws in the worker, which lets go of this instance and its memory.
extern "C" __attribute__((import_module("kpalette"), import_name("fail"))) [[noreturn]] void fail(
    const char* message, std::size_t length);

extern "C" void* __cxa_allocate_exception(std::size_t) noexcept {
  alignas(16) static std::array<std::byte, 256> room;  // of memory there may be none left
  return room.data();
}

extern "C" [[noreturn]] void __cxa_throw(void* thrown, std::type_info*, void (*)(void*)) {
  const char* message = static_cast<std::exception*>(thrown)->what();  // the core throws no other
  fail(message, std::strlen(message));
}

void* operator new(std::size_t size) {
  void* memory = std::malloc(std::max<std::size_t>(size, 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

Team team(1);

Space space_of(int space, int channels) {
  return {kSpaces.at(static_cast<std::size_t>(space)).value, channels};
}

template <class T>
std::span<const T> span_of(const T* data, std::size_t n, int channels = 1) {
  return {data, n * static_cast<std::size_t>(channels)};
}

/// A table's names, as a list in JSON.
template <class Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& entry : table) {
    names += (names.empty() ? "[\"" : "\",\"") + std::string(entry.name);
  }
  return names + "\"]";
}

}  // namespace

// ---- what can be chosen ----

/// All tables, as an object of lists in JSON that ends with 0.
EXPORT(tables) const char* tables() {
  static const std::string all =
      "{\"spaces\":" + names_of(kSpaces) + ",\"seedings\":" + names_of(kSeedings) +
      ",\"efforts\":" + names_of(kEfforts) + ",\"dithers\":" + names_of(kDithers) +
      ",\"roles\":" + names_of(kRoles) + "}";
  return all.c_str();
}

// ---- memory ----

EXPORT(malloc_bytes) void* malloc_bytes(std::size_t size) { return operator new(size); }
EXPORT(free_bytes) void free_bytes(void* memory) { std::free(memory); }

// ---- pixels and histograms ----

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

// ---- fits ----

/// The histogram must outlive the fitter, and this a walk by it.
EXPORT(fitter_new) Fitter* fitter_new(const Histogram* histogram, int space) {
  return new Fitter(*histogram, space_of(space, histogram->channels), team);
}
EXPORT(fitter_free) void fitter_free(Fitter* self) { delete self; }

EXPORT(fitter_fit)
void fitter_fit(Fitter* self, int k, int effort, std::uint64_t seed, const std::uint8_t* fixed,
                std::size_t bytes, bool mixing) {
  self->fit(k, kEfforts.at(static_cast<std::size_t>(effort)).value, seed, {fixed, bytes}, mixing);
}
EXPORT(fitter_grow) void fitter_grow(Fitter* self, int k, int effort, std::uint64_t seed) {
  self->grow(k, kEfforts.at(static_cast<std::size_t>(effort)).value, seed);
}
EXPORT(fitter_step) bool fitter_step(Fitter* self) { return self->step(); }
EXPORT(fitter_n_iter) int fitter_n_iter(const Fitter* self) { return self->n_iter(); }

EXPORT(fitter_assign)
void fitter_assign(Fitter* self, const std::uint8_t* colors, std::size_t bytes, bool by_frequency) {
  self->assign({colors, bytes}, by_frequency);
}

/// Writes where the result's colours, counts and labels are, and k, cost, mse and n_iter.
EXPORT(fitter_result) void fitter_result(const Fitter* self, double* about) {
  const Fitted& found = self->fitted();
  const auto address = [](const void* data) {
    return static_cast<double>(reinterpret_cast<std::uintptr_t>(data));
  };
  const double all[] = {address(found.colors.data()),
                        address(found.counts.data()),
                        address(found.labels.data()),
                        static_cast<double>(found.counts.size()),
                        found.cost,
                        found.mse,
                        static_cast<double>(found.n_iter)};
  std::ranges::copy(all, about);
}

EXPORT(walk_new) Walk* walk_new(Fitter* fitter, int k, int seeding, std::uint64_t seed) {
  return new Walk(*fitter, k, kSeedings.at(static_cast<std::size_t>(seeding)).value, seed);
}
/// The same from centres at some colours.
EXPORT(walk_from)
Walk* walk_from(Fitter* fitter, const std::uint8_t* colors, std::size_t bytes) {
  return new Walk(*fitter, {colors, bytes});
}
EXPORT(walk_step) void walk_step(Walk* self) { self->step(); }
EXPORT(walk_free) void walk_free(Walk* self) { delete self; }

/// Writes the colours (k, channels) and counts (k); `about` is the cost, and whether it is done.
EXPORT(walk_look)
void walk_look(const Walk* self, std::uint8_t* colors, std::int64_t* counts, std::size_t k,
               double* about) {
  std::ranges::copy(self->colors(), colors);
  for (std::size_t j = 0; j < k; ++j) counts[j] = self->count(static_cast<int>(j));
  about[0] = self->cost();
  about[1] = self->done() ? 1 : 0;
}

// ---- themes ----

namespace {

using ThemeText = std::string (*)(const Theme&, std::string_view);
constexpr std::array<Named<ThemeText>, 3> kThemeTexts{
    {{"css", theme_css}, {"tailwind", theme_tailwind}, {"tokens", theme_tokens}}};

MaskedPicture whole_picture(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                            int channels) {
  return {span_of(pixels, height * width, channels), height, width, channels, {}};
}

}  // namespace

EXPORT(theme_counts_new) ThemeCounts* theme_counts_new() { return new ThemeCounts; }

/// Adds a picture, or a frame; `ignored` are RGB colours.
EXPORT(theme_counts_add)
void theme_counts_add(ThemeCounts* self, const std::uint8_t* pixels, std::size_t height,
                      std::size_t width, int channels, const std::uint8_t* ignored,
                      std::size_t bytes) {
  const ThemeCounts found =
      count_for_theme(whole_picture(pixels, height, width, channels), {ignored, bytes}, team);
  self->colors = merge(self->colors, found.colors, 3);
  self->edge = merge(self->edge, found.edge, 3);
  self->ignored = found.ignored;
}
EXPORT(theme_counts_size) std::size_t theme_counts_size(const ThemeCounts* self) {
  return self->colors.size();
}
EXPORT(theme_counts_free) void theme_counts_free(ThemeCounts* self) { delete self; }

EXPORT(theme_new) Theme* theme_new(const ThemeCounts* counts, int k) {
  return new Theme(make_theme(*counts, k, team));
}
/// The same again, of what theme_look wrote.
EXPORT(theme_again)
Theme* theme_again(const std::uint8_t* colors, const std::int64_t* counts, std::size_t k,
                   const std::uint8_t* roles) {
  auto* const theme = new Theme{{colors, colors + 3 * k}, {counts, counts + k}, {}};
  for (std::optional<Color>& role : theme->roles) {
    if (roles[3] != 0) role = Color{roles[0], roles[1], roles[2]};
    roles += 4;
  }
  return theme;
}
EXPORT(theme_size) std::size_t theme_size(const Theme* self) { return self->counts.size(); }
EXPORT(theme_free) void theme_free(Theme* self) { delete self; }

/// Writes the colours (k, 3), the counts (k), and RGBA of each role, which is clear if there is
/// none.
EXPORT(theme_look)
void theme_look(const Theme* self, std::uint8_t* colors, std::int64_t* counts,
                std::uint8_t* roles) {
  std::ranges::copy(self->colors, colors);
  std::ranges::copy(self->counts, counts);
  for (const std::optional<Color>& role : self->roles) {
    if (role) *std::ranges::copy(*role, roles).out = 255;
    roles += 4;
  }
}

/// Writes x and y of a pixel for each of the colours (k, 3).
EXPORT(theme_places)
void run_theme_places(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                      int channels, const std::uint8_t* colors, std::size_t k,
                      std::int32_t* places) {
  const auto found =
      theme_places(whole_picture(pixels, height, width, channels), span_of(colors, k, 3), team);
  for (const auto& place : found) places = std::ranges::copy(place, places).out;
}

/// The common name of each of the colours (k, 3), and that of CSS, a line for each.
EXPORT(color_names)
std::vector<std::uint8_t>* color_names(const std::uint8_t* colors, std::size_t k) {
  std::string names;
  for (std::size_t i = 0; i < k; ++i, colors += 3) {
    const Color color{colors[0], colors[1], colors[2]};
    names.append(common_name(color)).append("\n").append(css_name(color)).append("\n");
  }
  return new std::vector<std::uint8_t>(names.begin(), names.end());
}

/// Writes the colour of text on each of the colours (k, 3).
EXPORT(text_colors)
void text_colors(const std::uint8_t* colors, std::size_t k, std::uint8_t* text) {
  for (std::size_t i = 0; i < k; ++i, colors += 3) {
    text = std::ranges::copy(text_on({colors[0], colors[1], colors[2]}), text).out;
  }
}

/// The pairs of the colours (k, 3) that are read on each other: their indices, four bytes each.
EXPORT(readable_pairs)
std::vector<std::uint8_t>* run_readable_pairs(const std::uint8_t* colors, std::size_t k) {
  std::vector<Color> list(k);
  for (Color& color : list) {
    std::copy_n(colors, 3, color.data());
    colors += 3;
  }
  const auto pairs = readable_pairs(list);
  auto* const bytes = new std::vector<std::uint8_t>(sizeof(pairs[0]) * pairs.size());
  std::memcpy(bytes->data(), pairs.data(), bytes->size());
  return bytes;
}

/// A theme as kThemeTexts has it, in UTF-8; `name` begins the names in it.
EXPORT(theme_text)
std::vector<std::uint8_t>* theme_text(const Theme* self, int kind, const char* name,
                                      std::size_t bytes) {
  const auto write = kThemeTexts.at(static_cast<std::size_t>(kind)).value;
  const std::string text = write(*self, {name, bytes});
  return new std::vector<std::uint8_t>(text.begin(), text.end());
}

/// A card as SVG, with a picture of that size at a URI; none if the size is 0.
EXPORT(theme_card)
std::vector<std::uint8_t>* theme_card(const Theme* self, int width, int height, const char* uri,
                                      std::size_t uri_bytes, const char* title,
                                      std::size_t title_bytes) {
  const Card card = lay_out_card(*self, width, height);
  const std::string svg = card_svg(card, {uri, uri_bytes}, {title, title_bytes});
  return new std::vector<std::uint8_t>(svg.begin(), svg.end());
}

// ---- pixels to indices ----

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

// ---- indices to files ----

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
  std::vector<std::uint8_t> bytes{};
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
std::vector<std::uint8_t>* run_lzw(const std::uint8_t* indices, std::size_t n, int bits) {
  return new std::vector(lzw({.bits = bits, .indices = span_of(indices, n)}));
}
EXPORT(bytes_at) const std::uint8_t* bytes_at(const std::vector<std::uint8_t>* self) {
  return self->data();
}
EXPORT(bytes_size) std::size_t bytes_size(const std::vector<std::uint8_t>* self) {
  return self->size();
}
EXPORT(bytes_free) void bytes_free(std::vector<std::uint8_t>* self) { delete self; }

/// Writes which of 256 entries an image's data have.
EXPORT(lzw_entries)
void run_lzw_entries(const std::uint8_t* data, std::size_t n, std::uint8_t* entries) {
  std::ranges::copy(lzw_entries(span_of(data, n)), entries);
}

/// Data of the same codes, where each of 256 entries is another one.
EXPORT(recode_lzw)
std::vector<std::uint8_t>* run_recode_lzw(const std::uint8_t* data, std::size_t n,
                                          const std::uint8_t* entries, int bits) {
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

// ---- what it cost ----

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
