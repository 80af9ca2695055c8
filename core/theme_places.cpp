#include <algorithm>
#include <limits>

#include "color_table.hpp"
#include "fit.hpp"
#include "spaces.hpp"
#include "theme.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kCells = 48;  // along the longer side of the picture, about
// Of larger pictures, every so many rows and columns are looked at, so that about so many remain of
// the longer side: pins take a tenth of the time. What is not among them is looked for in all.
constexpr std::size_t kSide = 256;
constexpr double kAbout = 0.06;  // in Oklab: how far a pixel that shows an entry may be from it

/// Which of the colours (k, 3) each colour of a histogram shows, or k.
std::vector<std::uint8_t> shown(const Histogram& histogram, std::span<const std::uint8_t> colors,
                                Team& team) {
  Fitter fitter(histogram, Space(SpaceName::oklab, 3), team);
  const std::vector<std::uint16_t> labels = fitter.assign(colors).labels;
  const Points& points = fitter.points();
  const std::vector<double> entries = points.space().place(colors);
  const double reach = kAbout * points.space().steps();
  std::vector<std::uint8_t> shown(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    double at[3];
    points.coordinates(i, at);
    double square = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double off = at[axis] - entries[3 * std::size_t{labels[i]} + axis];
      square += off * off;
    }
    const std::size_t entry = square <= reach * reach ? labels[i] : colors.size() / 3;
    shown[i] = static_cast<std::uint8_t>(entry);
  }
  return shown;
}

using Places = std::vector<std::array<std::int32_t, 2>>;

Places places_in(const MaskedPicture& picture, std::span<const std::uint8_t> colors, Team& team) {
  const std::size_t k = colors.size() / 3;
  Places places(k, {-1, -1});
  const Histogram histogram = count_for_theme(picture, {}, team).colors;
  if (k == 0 || histogram.size() == 0) return places;
  const std::vector<std::uint8_t> labels = shown(histogram, colors, team);
  const BinTable<std::uint8_t> table(histogram.colors, std::span<const std::uint8_t>(labels));
  const auto entry_at = [&](std::size_t i) {
    return picture.covers(i) ? std::size_t{table[last_word(picture.color(i))]} : k;
  };

  // How many pixels of each square cell show each entry.
  const std::size_t longer = std::max(picture.width, picture.height);
  const std::size_t side = (longer + kCells - 1) / kCells;
  const std::size_t columns = (picture.width + side - 1) / side;
  const std::size_t rows = (picture.height + side - 1) / side;
  std::vector<std::int64_t> counts(rows * columns * k);
  team.run(rows, [&](std::size_t row, int) {
    for (std::size_t y = row * side; y < std::min(picture.height, (row + 1) * side); ++y) {
      for (std::size_t x = 0; x < picture.width; ++x) {
        const std::size_t entry = entry_at(y * picture.width + x);
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
        if (entry_at(y * picture.width + x) != entry) continue;
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

}  // namespace

Places theme_places(const MaskedPicture& picture, std::span<const std::uint8_t> colors,
                    Team& team) {
  const std::size_t step = std::max(picture.width, picture.height) / kSide;
  if (step < 2) return places_in(picture, colors, team);
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
  constexpr std::array<std::int32_t, 2> nowhere{-1, -1};
  const bool is_missed = std::ranges::find(places, nowhere) != places.end();
  const Places all = is_missed ? places_in(picture, colors, team) : Places();
  for (std::size_t entry = 0; entry < places.size(); ++entry) {
    if (places[entry] == nowhere) {
      places[entry] = all[entry];
    } else {
      for (std::int32_t& at : places[entry]) at *= static_cast<std::int32_t>(step);
    }
  }
  return places;
}

}  // namespace kpalette
