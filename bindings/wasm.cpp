// The core for the playground: the calls of python.cpp, over linear memory.
//
// The worker owns what it asks for: it frees objects by the function beside the one that made them,
// and arrays, which it passes by their address, by free(). It checks what it passes, as the package
// does for Python. Names of spaces, seedings and masks are numbers here: the order below.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <typeinfo>
#include <vector>

#include "assignment.hpp"
#include "delta_e.hpp"
#include "dither.hpp"
#include "error.hpp"
#include "histogram.hpp"
#include "improve.hpp"
#include "islands.hpp"
#include "lloyd.hpp"
#include "palette.hpp"
#include "parallel.hpp"
#include "points.hpp"
#include "remap.hpp"
#include "seeding.hpp"
#include "spaces.hpp"

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

constexpr std::array kSpaces{SpaceName::oklab, SpaceName::srgb, SpaceName::linear, SpaceName::lab};

using Seeding = std::vector<double> (*)(const Points&, int, std::uint64_t, Team&);
constexpr std::array<Seeding, 4> kSeedings{seed_random, seed_kmeanspp, seed_maximin, seed_wu};

using MaskMaker = Mask (*)();
constexpr std::array<MaskMaker, 2> kMasks{blue_noise_mask, bayer_mask};

Space space_of(int space, int channels) {
  return {kSpaces[static_cast<std::size_t>(space)], channels};
}

template <class T>
std::span<const T> span_of(const T* data, std::size_t n, int channels = 1) {
  return {data, n * static_cast<std::size_t>(channels)};
}

std::vector<double> centers_of(const Assignment* assignment, const double* centers) {
  return {centers, centers + assignment->k() * assignment->points().dim()};
}

}  // namespace

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

EXPORT(collect)
Histogram* collect_colors(const std::uint8_t* colors, const std::int64_t* counts, std::size_t n,
                          int channels) {
  return new Histogram(collect(span_of(colors, n, channels), span_of(counts, n), channels));
}

EXPORT(thin_out) Histogram* thinned(const Histogram* histogram, std::size_t step) {
  return new Histogram(thin_out(histogram->colors, histogram->counts, histogram->channels, step));
}

EXPORT(histogram_size) std::size_t histogram_size(const Histogram* self) { return self->size(); }
EXPORT(histogram_colors) const std::uint8_t* histogram_colors(const Histogram* self) {
  return self->colors.data();
}
EXPORT(histogram_counts) const std::int64_t* histogram_counts(const Histogram* self) {
  return self->counts.data();
}
EXPORT(histogram_free) void histogram_free(Histogram* self) { delete self; }

// ---- spaces ----

EXPORT(place)
void place(const std::uint8_t* colors, std::size_t n, int channels, int name, double* coords) {
  const Space space = space_of(name, channels);
  const auto dim = static_cast<std::size_t>(channels);
  std::vector<std::int32_t> placed(n * dim);
  space.place(span_of(colors, n, channels), placed.data(), n);
  for (std::size_t i = 0; i < placed.size(); ++i) coords[i] = placed[i % dim * n + i / dim];
}

EXPORT(unplace)
void unplace(const double* coords, std::size_t n, int channels, int name, std::uint8_t* colors) {
  const Space space = space_of(name, channels);
  const auto dim = static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < n; ++i) space.unplace(coords + i * dim, colors + i * dim);
}

EXPORT(steps) int steps(int channels, int name) { return space_of(name, channels).steps(); }

// ---- fits ----

/// The histogram must outlive the points.
EXPORT(points_new) Points* points_new(const Histogram* histogram, int name) {
  return new Points(histogram->colors, space_of(name, histogram->channels), histogram->counts,
                    team);
}
EXPORT(points_free) void points_free(Points* self) { delete self; }

EXPORT(seed)
void seed_centers(const Points* points, int seeding, int k, std::uint64_t seed, double* centers) {
  std::ranges::copy(kSeedings[static_cast<std::size_t>(seeding)](*points, k, seed, team), centers);
}

/// The points must outlive the assignment, and this all that takes it.
EXPORT(assignment_new) Assignment* assignment_new(const Points* points, int k) {
  return new Assignment(*points, k, team);
}
EXPORT(assignment_free) void assignment_free(Assignment* self) { delete self; }
EXPORT(assignment_pin) void assignment_pin(Assignment* self, int n) { self->pin(n); }

EXPORT(assignment_update)
std::int64_t assignment_update(Assignment* self, const double* centers) {
  return self->update(centers_of(self, centers));
}

EXPORT(assignment_cost)
double assignment_cost(const Assignment* self, const double* centers) {
  return self->cost(centers_of(self, centers));
}

EXPORT(assignment_labels) const std::uint16_t* assignment_labels(const Assignment* self) {
  return self->labels();
}

EXPORT(assignment_counts) void assignment_counts(const Assignment* self, std::int64_t* counts) {
  for (int j = 0; j < self->k(); ++j) counts[j] = self->weight(j);
}

/// `centers` go in and out; `how` is inertia, n_iter, converged.
EXPORT(lloyd)
void run_lloyd(Assignment* assignment, double* centers, int max_iter, int relaxed, double* how) {
  const Fit fit = lloyd(*assignment, centers_of(assignment, centers),
                        {.max_iter = max_iter, .relaxed = relaxed});
  std::ranges::copy(fit.centers, centers);
  how[0] = fit.inertia;
  how[1] = fit.n_iter;
  how[2] = fit.converged ? 1 : 0;
}

EXPORT(improvement_new)
Improvement* improvement_new(Assignment* assignment, const double* centers, int rounds, int passes,
                             int shaken, std::uint64_t seed) {
  return new Improvement(*assignment, centers_of(assignment, centers),
                         {.rounds = rounds, .passes = passes, .shaken = shaken, .seed = seed});
}
EXPORT(improvement_step) bool improvement_step(Improvement* self) { return self->step(); }
EXPORT(improvement_n_iter) int improvement_n_iter(const Improvement* self) {
  return self->n_iter();
}
EXPORT(improvement_centers) const double* improvement_centers(const Improvement* self) {
  return self->centers().data();
}
EXPORT(improvement_free) void improvement_free(Improvement* self) { delete self; }

EXPORT(grow)
void run_grow(const Assignment* assignment, const double* centers, int k, double* grown) {
  std::ranges::copy(grow(*assignment, centers_of(assignment, centers), k), grown);
}

/// How many bytes of `colors` were written: up to `most` colours.
EXPORT(find_islands)
std::size_t run_find_islands(const Assignment* assignment, const double* centers, int most,
                             std::uint8_t* colors) {
  const std::vector<std::uint8_t> found =
      find_islands(*assignment, centers_of(assignment, centers), most);
  std::ranges::copy(found, colors);
  return found.size();
}

EXPORT(fourth_powers)
double run_fourth_powers(const Assignment* assignment, const double* centers) {
  return fourth_powers(*assignment, centers_of(assignment, centers));
}

EXPORT(round_centers)
void run_round_centers(Assignment* assignment, const double* centers, const std::uint8_t* fixed,
                       std::size_t n_fixed, bool faithful, std::uint8_t* colors) {
  std::ranges::copy(round_centers(*assignment, centers_of(assignment, centers),
                                  span_of(fixed, n_fixed, assignment->points().dim()), faithful),
                    colors);
}

EXPORT(squared_error)
double run_squared_error(const Histogram* histogram, const std::uint16_t* labels,
                         const std::uint8_t* palette, std::size_t k) {
  return squared_error(histogram->colors, histogram->channels, histogram->counts,
                       span_of(labels, histogram->size()), span_of(palette, k, histogram->channels),
                       team);
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
                       std::size_t width, int channels, int space, const std::uint8_t* palette,
                       std::size_t k, float strength, std::uint8_t* indices, float* errors) {
  const std::uint8_t* band = pixels + first * width * static_cast<std::size_t>(channels);
  const std::uint8_t* above = first > 0 ? band - width * static_cast<std::size_t>(channels) : band;
  diffuse_error({.pixels = span_of(band, rows * width, channels),
                 .height = rows,
                 .width = width,
                 .y0 = first,
                 .above = span_of(above, width, channels)},
                space_of(space, channels), span_of(palette, k, channels), strength,
                indices + first * width, team, {errors, 4 * width});
}

EXPORT(dither_ordered)
void run_dither_ordered(const std::uint8_t* pixels, std::size_t height, std::size_t width,
                        const Histogram* histogram, const std::uint16_t* labels, int mask,
                        int space, const std::uint8_t* palette, std::size_t k, float strength,
                        std::uint8_t* indices) {
  const int channels = histogram->channels;
  dither_ordered({span_of(pixels, height * width, channels), height, width},
                 space_of(space, channels), span_of(palette, k, channels), histogram->colors,
                 span_of(labels, histogram->size()), kMasks[static_cast<std::size_t>(mask)](),
                 strength, indices, team);
}

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
