// How well text of one colour is read on another: the contrast ratio of WCAG 2.1.
//
// W3C, Web Content Accessibility Guidelines (WCAG) 2.1, "contrast ratio" and "relative luminance".
// 4.5 is its least for text (success criterion 1.4.3), 3 for what is no text (1.4.11).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace kpalette {

using Color = std::array<std::uint8_t, 3>;  // R, G, B

inline constexpr double kTextContrast = 4.5;
inline constexpr double kGraphicContrast = 3;

/// 0 for black to 1 for white.
double relative_luminance(const Color& color);

/// 1 for equal colours to 21 for black and white.
double contrast(const Color& a, const Color& b);

/// Black or white, whichever is read better on that background: at 4.58 or more, as 21 is what both
/// have together.
Color text_on(const Color& background);

/// The pairs {i, j}, i < j, of colours that are read on each other, those of most contrast first.
std::vector<std::array<int, 2>> readable_pairs(std::span<const Color> colors);

}  // namespace kpalette
