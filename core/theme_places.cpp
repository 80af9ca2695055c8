#include <algorithm>
#include <limits>

#include "spaces.hpp"
#include "theme.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kCells = 48;  // along the longer side of the picture, about
// Of larger pictures, every so many rows and columns are looked at, so that about so many remain of
// the longer side: pins take a tenth of the time. What is not among them is looked for among more,
// at last among all.
constexpr std::size_t kSide = 256;
constexpr double kAbout = 0.06;  // in Oklab: how far a pixel that shows an entry may be from it

/// Which of the colours (k, 3) each pixel of a picture shows, the nearest if that is near enough;
/// k where it shows none.
std::vector<std::uint8_t> shown(const MaskedPicture& picture, std::span<const std::uint8_t> colors,
                                Team& team) {
  const Space oklab(SpaceName::oklab, 3);
  const std::vector<double> entries = oklab.place(colors);
  const std::size_t k = colors.size() / 3;
  const double reach = kAbout * oklab.steps();
  std::vector<std::uint8_t> shown(picture.height * picture.width, static_cast<std::uint8_t>(k));
  team.run(picture.height, [&](std::size_t y, int) {
    const std::size_t width = picture.width;
    std::vector<std::uint8_t> row;
    for (std::size_t i = y * width; i < (y + 1) * width; ++i) {
      const std::uint8_t* color = picture.color(i);
      row.insert(row.end(), color, color + 3);
    }
    std::vector<std::int32_t> coords(3 * width);
    oklab.place(row, coords.data(), width);
    for (std::size_t x = 0; x < width; ++x) {
      if (!picture.covers(y * width + x)) continue;
      double least = reach * reach;
      for (std::size_t entry = k; entry-- > 0;) {  // of equally near ones, the first
        double square = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const double off = coords[axis * width + x] - entries[3 * entry + axis];
          square += off * off;
        }
        if (square > least) continue;
        least = square;
        shown[y * width + x] = static_cast<std::uint8_t>(entry);
      }
    }
  });
  return shown;
}

using Places = std::vector<std::array<std::int32_t, 2>>;

Places places_in(const MaskedPicture& picture, std::span<const std::uint8_t> colors, Team& team) {
  const std::size_t k = colors.size() / 3;
  Places places(k, {-1, -1});
  const std::vector<std::uint8_t> labels = shown(picture, colors, team);

  // How many pixels of each square cell show each entry.
  const std::size_t longer = std::max(picture.width, picture.height);
  const std::size_t side = (longer + kCells - 1) / kCells;
  const std::size_t columns = (picture.width + side - 1) / side;
  const std::size_t rows = (picture.height + side - 1) / side;
  std::vector<std::int64_t> counts(rows * columns * k);
  team.run(rows, [&](std::size_t row, int) {
    for (std::size_t y = row * side; y < std::min(picture.height, (row + 1) * side); ++y) {
      for (std::size_t x = 0; x < picture.width; ++x) {
        const std::size_t entry = labels[y * picture.width + x];
        if (entry < k) ++counts[(row * columns + x / side) * k + entry];
      }
    }
  });

  // The cell that shows most of it, itself and around, and there the pixel nearest to the middle.
  for (std::size_t entry = 0; entry < k; ++entry) {
    const auto count = [&](std::size_t row, std::size_t column) {
      if (row >= rows || column >= columns) return std::int64_t{0};  // also before the first
      return counts[(row * columns + column) * k + entry];
    };
    std::int64_t most = 0;
    std::size_t best_row = 0;
    std::size_t best_column = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        if (count(row, column) == 0) continue;
        std::int64_t around = 8 * count(row, column);
        for (std::size_t y = row - 1; y != row + 2; ++y) {
          for (std::size_t x = column - 1; x != column + 2; ++x) around += count(y, x);
        }
        if (around <= most) continue;
        most = around;
        best_row = row;
        best_column = column;
      }
    }
    if (most == 0) continue;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (std::size_t y = best_row * side; y < std::min(picture.height, (best_row + 1) * side);
         ++y) {
      for (std::size_t x = best_column * side;
           x < std::min(picture.width, (best_column + 1) * side); ++x) {
        if (labels[y * picture.width + x] != entry) continue;
        const auto down = static_cast<std::int64_t>(2 * (y - best_row * side)) -
                          static_cast<std::int64_t>(side - 1);
        const auto right = static_cast<std::int64_t>(2 * (x - best_column * side)) -
                           static_cast<std::int64_t>(side - 1);
        const std::int64_t away = down * down + right * right;
        if (away >= least) continue;
        least = away;
        places[entry] = {static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)};
      }
    }
  }
  return places;
}

/// The same for every so many rows and columns.
Places places_among(const MaskedPicture& picture, std::size_t step,
                    std::span<const std::uint8_t> colors, Team& team) {
  MaskedPicture few = picture;
  few.height = (picture.height + step - 1) / step;
  few.width = (picture.width + step - 1) / step;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> mask;
  pixels.reserve(few.height * few.width * static_cast<std::size_t>(picture.channels));
  for (std::size_t y = 0; y < picture.height; y += step) {
    for (std::size_t x = 0; x < picture.width; x += step) {
      const std::size_t i = y * picture.width + x;
      pixels.insert(pixels.end(), picture.color(i), picture.color(i) + picture.channels);
      if (!picture.mask.empty()) mask.push_back(picture.mask[i]);
    }
  }
  few.pixels = pixels;
  few.mask = mask;
  Places places = places_in(few, colors, team);
  for (auto& [x, y] : places) {
    if (x < 0) continue;
    x *= static_cast<std::int32_t>(step);
    y *= static_cast<std::int32_t>(step);
  }
  return places;
}

}  // namespace

Places theme_places(const MaskedPicture& picture, std::span<const std::uint8_t> colors,
                    Team& team) {
  constexpr std::array<std::int32_t, 2> nowhere{-1, -1};
  Places places(colors.size() / 3, nowhere);
  for (std::size_t step = std::max(picture.width, picture.height) / kSide;; step /= 2) {
    const Places found =
        step < 2 ? places_in(picture, colors, team) : places_among(picture, step, colors, team);
    for (std::size_t entry = 0; entry < places.size(); ++entry) {
      if (places[entry] == nowhere) places[entry] = found[entry];
    }
    if (step < 2 || std::ranges::find(places, nowhere) == places.end()) return places;
  }
}

}  // namespace kpalette
