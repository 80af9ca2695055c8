// What stands out in an image: small vivid regions, and a little what is in the middle.
//
// A pixel is salient by the distance of its colour, smoothed, from the mean colour of the image, in
// Oklab, which is large for what is vivid or small and unlike the rest: Achanta, Hemami, Estrada
// and Suesstrunk (2009), Frequency-tuned salient region detection, doi:10.1109/CVPR.2009.5206596.
// The less of a colour is seen, the less it counts: of what is wholly transparent, nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

/// Returns how much each pixel of an image (height, width, channels) stands out: 0.1 to 1.
std::vector<double> saliency_map(std::span<const std::uint8_t> pixels, std::size_t height,
                                 std::size_t width, int channels, Team& team);

/// Returns how often each of an image's colours (n, channels) counts if each pixel counts by that,
/// in steps of which 1 is 65,536. `colors` are distinct, and all that the image has. The map is not
/// kept, which would take 8 bytes a pixel: it is made twice.
std::vector<std::int64_t> weigh_salient(std::span<const std::uint8_t> pixels, std::size_t height,
                                        std::size_t width, std::span<const std::uint8_t> colors,
                                        int channels, Team& team);

/// The same by weights that are given for each pixel, in steps of which 1 is `steps`.
std::vector<std::int64_t> weigh(std::span<const std::uint8_t> pixels,
                                std::span<const double> weights, double steps,
                                std::span<const std::uint8_t> colors, int channels, Team& team);

}  // namespace kpalette
