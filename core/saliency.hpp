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

#include "histogram.hpp"
#include "parallel.hpp"

namespace kpalette {

/// Returns how much each pixel of an image (height, width, channels) stands out: 0.1 to 1.
std::vector<double> saliency_map(std::span<const std::uint8_t> pixels, std::size_t height,
                                 std::size_t width, int channels, Team& team);

/// Returns the histogram of an image that counts each pixel by that, in steps of which 1 is 65,536;
/// `histogram` is the image's own.
Histogram weigh_salient(std::span<const std::uint8_t> pixels, std::size_t height, std::size_t width,
                        const Histogram& histogram, Team& team);

}  // namespace kpalette
