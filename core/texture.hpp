// How visible an error is: texture hides it.
#pragma once

#include <cstdint>
#include <span>

#include "buffer.hpp"
#include "gif_image.hpp"
#include "parallel.hpp"
#include "point4.hpp"

namespace kpalette {

/// Writes by how much a squared error at each pixel counts: about 1 in the mean, more where the
/// picture is smooth, less in texture.
///
/// With v the variance in a Gaussian window of 1.5 pixels, summed over the axes of Oklab, and a the
/// least v of the 5 by 5 pixels around, so that edges, beside which an error is seen, are no
/// texture: (c / (c + a))^(3/4), times what makes its mean that of the power 1/2.
void weigh_by_texture(std::span<const Point4> coords, std::size_t width, float* weights,
                      Team& team);

/// The same for films, at a quarter of the time: 1 / (1 + v / 250), where v is the variance in 5 by
/// 5 pixels of a lightness that goes to 100. Of a part of the picture.
void weigh_by_lightness(std::span<const Point4> coords, std::size_t width, const Rectangle& part,
                        float* weights, Team& team);

}  // namespace kpalette
