#include "quick.hpp"

#include "bin_map.hpp"

namespace kpalette {

Fitted fit_to_bins(const Bins& bins, int k, Effort effort, std::uint64_t seed,
                   std::span<const std::uint8_t> fixed, Team& team) {
  const Histogram means = bins.means();
  Fitter fitter(means, Space(SpaceName::srgb, 3), team);
  effort.bins = false;
  fitter.fit(k, effort, seed, fixed);
  while (fitter.step()) {
  }
  return fitter.fitted();
}

std::optional<Quick> quantize_quickly(std::span<const std::uint8_t> pixels, int k,
                                      const Effort& effort, std::uint64_t seed,
                                      std::span<const std::uint8_t> fixed, std::uint8_t* indices,
                                      Team& team) {
  if (pixels.size() / 3 < Bins::kFewest) return {};
  const Bins bins(pixels, team);
  if (!bins.suffice(k)) return {};
  Fitted fitted = fit_to_bins(bins, k, effort, seed, fixed, team);
  std::vector<std::int64_t> counts = BinMap(fitted.colors, bins, team).map(pixels, indices, team);
  return Quick{std::move(fitted.colors), std::move(counts), fitted.n_iter};
}

}  // namespace kpalette
