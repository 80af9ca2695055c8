// Palettes, and k-means pass by pass.
#include <algorithm>

#include "exports.hpp"
#include "fit.hpp"
#include "histogram.hpp"
#include "quick.hpp"

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

/// The quickest fit of RGB pixels (n, 3) in sRGB, with their indices: writes the colours (k, 3),
/// the counts (k), k and n_iter. False, and nothing, where that takes a histogram.
EXPORT(quantize_quickly)
bool run_quantize_quickly(const std::uint8_t* pixels, std::size_t n, int k, int effort,
                          std::uint64_t seed, const std::uint8_t* fixed, std::size_t bytes,
                          std::uint8_t* indices, std::uint8_t* colors, std::int64_t* counts,
                          double* about) {
  const Effort& how = kEfforts.at(static_cast<std::size_t>(effort)).value;
  const auto found =
      quantize_quickly(span_of(pixels, n, 3), k, how, seed, {fixed, bytes}, indices, team);
  if (!found) return false;
  std::ranges::copy(found->colors, colors);
  std::ranges::copy(found->counts, counts);
  about[0] = static_cast<double>(found->counts.size());
  about[1] = found->n_iter;
  return true;
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
