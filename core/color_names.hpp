// What colours are called: by CSS, and by people.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "contrast.hpp"

namespace kpalette {

/// The name of the nearest colour, in Oklab, that CSS has a name for: "steelblue".
std::string_view css_name(const Color& color);

/// What people call the nearest colour, in Oklab, of the survey's: "dusty blue".
std::string_view common_name(const Color& color);

/// The colour of a name, of CSS or else of the survey, whatever its letters' case and spaces.
std::optional<Color> color_named(std::string_view name);

}  // namespace kpalette
