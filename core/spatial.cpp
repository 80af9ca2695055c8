#include "spatial.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "buffer.hpp"
#include "descent.hpp"
#include "least_squares.hpp"
#include "mix.hpp"
#include "palette.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kBandPixels = 1u << 21;  // 28 bytes for each
constexpr int kPaletteRounds = 2;  // a third one adds .4 of SSIMULACRA2 at 16 and 64 colours
constexpr double kRelaxed = 1.5;
constexpr double kHold = 1e-4;

template <int D, class Index>
void map_bands(const Raster& raster, std::span<const std::uint8_t> palette, float strength,
               Index* indices, Team& team) {
  const std::size_t blocks = std::max<std::size_t>(2, kBandPixels / raster.width / kSpatialBlock);
  std::vector<Index> found;
  std::vector<Index> above;  // the nearest entries of the block above
  for (std::size_t first = 0; first < raster.height;) {
    // Bands end where blocks do, and begin with the block above.
    const std::size_t rows = kSpatialBlock * blocks - (raster.y0 + first) % kSpatialBlock;
    const std::size_t last = std::min(raster.height, first + rows);
    const std::size_t begin = first - std::min(first, kSpatialBlock);
    const std::size_t end = std::min(raster.height, last + kSpatialRows);
    const Raster band{
        .pixels = raster.pixels.subspan(begin * raster.width * D, (end - begin) * raster.width * D),
        .height = end - begin,
        .width = raster.width,
        .y0 = raster.y0 + begin,
        .x0 = raster.x0,
        .kept = raster.kept.empty()
                    ? raster.kept
                    : raster.kept.subspan(begin * raster.width, (end - begin) * raster.width)};
    found = above;
    found.insert(found.end(), indices + first * raster.width, indices + end * raster.width);
    const std::size_t kept = (last - begin) - std::min(last - begin, kSpatialBlock);
    above.assign(found.begin() + static_cast<std::ptrdiff_t>(kept * raster.width),
                 found.begin() + static_cast<std::ptrdiff_t>((last - begin) * raster.width));
    Descent<D, Index>(band, palette, strength, found.data(), team).run(kSpatialPasses);
    std::copy(found.begin() + static_cast<std::ptrdiff_t>((first - begin) * raster.width),
              found.begin() + static_cast<std::ptrdiff_t>((last - begin) * raster.width),
              indices + first * raster.width);
    first = last;
  }
}

/// Moves colours (k, D) by one step of least squares.
template <int D>
void move_colors(std::vector<std::uint8_t>& colors, std::span<const char> stays, const Sums& sums,
                 std::array<float, 2> additions) {
  const Space space(SpaceName::mixing, 3);
  const std::size_t k = stays.size();
  std::vector<std::size_t> moving;
  double total = 0;
  for (std::size_t j = 0; j < k; ++j) {
    total += static_cast<double>(sums.counts[j]);
    if (!stays[j]) moving.push_back(j);
  }
  if (total == 0) return;  // nothing matters
  const std::size_t m = moving.size();
  // The matrix for lightness has another l than that for colour.
  LeastSquares systems[2]{LeastSquares(m), LeastSquares(m)};
  for (int color = 0; color < 2; ++color) {
    LeastSquares& system = systems[color];
    const double addition = additions[static_cast<std::size_t>(color)];
    for (std::size_t row = 0; row < m; ++row) {
      const std::size_t u = moving[row];
      for (std::size_t column = row; column < m; ++column) {
        const std::size_t v = moving[column];
        system.at(row, column) = static_cast<double>(sums.pairs[u * k + v] + sums.pairs[v * k + u]);
      }
      // A pixel is a pair with itself once, of those within an entry each is counted once.
      const auto n = static_cast<double>(sums.counts[u]);
      system.at(row, row) +=
          (addition - kOwn) * n + kHold * (kOwn + addition) * total / static_cast<double>(k);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        system.right[row][axis] = -(static_cast<double>(sums.blurred[u][axis]) +
                                    addition * static_cast<double>(sums.errors[u][axis]));
      }
    }
    system.solve();
  }
  for (std::size_t row = 0; row < m; ++row) {
    std::uint8_t* color = colors.data() + moving[row] * D;
    const std::vector<double> now = space.place({color, 3});
    std::array<double, 3> target;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      target[axis] = now[axis] + kRelaxed * kFine * systems[axis > 0].right[row][axis];
    }
    std::ranges::copy_n(nearest_color(space, target.data()).begin(), 3, color);
  }
}

/// Returns the places along one axis of at most `most` blocks that are equally far apart.
std::vector<std::size_t> spread_blocks(std::size_t size, std::size_t most) {
  const std::size_t blocks = (size + kSpatialBlock - 1) / kSpatialBlock;
  const std::size_t n = std::min(blocks, most);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t block = n == blocks ? i : (2 * i + 1) * (blocks - 1) / (2 * n);
    const std::size_t end = std::min(size, (block + 1) * kSpatialBlock);
    for (std::size_t at = block * kSpatialBlock; at < end; ++at) places.push_back(at);
  }
  return places;
}

/// Returns the values of an image's rows, (height, width) of `size` values each, at some places.
template <class T>
std::vector<T> take(std::span<const T> values, std::size_t width, std::size_t size,
                    const Places& places) {
  std::vector<T> taken;
  taken.reserve(places.rows.size() * places.columns.size() * size);
  for (const std::size_t y : places.rows) {
    for (const std::size_t x : places.columns) {
      const auto value = values.subspan((y * width + x) * size, size);
      taken.insert(taken.end(), value.begin(), value.end());
    }
  }
  return taken;
}

/// Adds a part's sums for its indices by error diffusion and one pass over the pixels, and returns
/// the additions for lightness and for colour.
template <int D>
std::array<float, 2> add_sums(const PalettePart& part, std::span<const std::uint8_t> colors,
                              float strength, Sums& sums, Team& team) {
  PalettePart few = part;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint16_t> weights;
  const auto& [whole, weighted] = part;
  const Places places = palette_places(whole.height, whole.width);
  if (places.rows.size() * places.columns.size() < whole.height * whole.width) {
    pixels = take(whole.pixels, whole.width, D, places);
    if (!weighted.empty()) weights = take(weighted, whole.width, 1, places);
    few = {{.pixels = pixels, .height = places.rows.size(), .width = places.columns.size()},
           weights};
  }
  Buffer<std::uint8_t> indices(few.raster.height * few.raster.width);
  Descent<D, std::uint8_t> descent(few.raster, colors, strength, indices.data(), team);
  descent.find_nearest();
  descent.run(1);
  descent.add_to(sums, few.weights);
  return {descent.addition(0), descent.addition(1)};
}

template <int D>
std::vector<std::uint8_t> improve_palette(std::span<const PalettePart> parts,
                                          std::span<const std::uint8_t> palette,
                                          std::span<const char> stays, float strength, Team& team) {
  std::vector<std::uint8_t> colors(palette.begin(), palette.end());
  for (int round = 0; round < kPaletteRounds; ++round) {
    Sums sums(stays.size());
    std::array<float, 2> additions{};
    for (const PalettePart& part : parts) {
      if (part.raster.pixels.empty()) continue;
      additions = add_sums<D>(part, colors, strength, sums, team);
    }
    move_colors<D>(colors, stays, sums, additions);
  }
  keep_distinct(colors, palette, stays);
  return colors;
}

}  // namespace

template <class Index>
void map_spatially(const Raster& raster, std::span<const std::uint8_t> palette, int channels,
                   float strength, Index* indices, Team& team) {
  if (strength == 0 || raster.height == 0 || raster.width == 0) return;
  if (channels == 3) {
    map_bands<3, Index>(raster, palette, strength, indices, team);
  } else {
    map_bands<4, Index>(raster, palette, strength, indices, team);
  }
}

template void map_spatially(const Raster&, std::span<const std::uint8_t>, int, float, std::uint8_t*,
                            Team&);
template void map_spatially(const Raster&, std::span<const std::uint8_t>, int, float,
                            std::uint16_t*, Team&);

Places palette_places(std::size_t height, std::size_t width) {
  constexpr std::size_t kSquare = kSpatialBlock * kSpatialBlock;
  const std::size_t across = std::min(width, kPalettePixels / kSpatialBlock);
  const std::size_t down = kPalettePixels / kSpatialBlock / std::max<std::size_t>(1, across);
  return {spread_blocks(height, down), spread_blocks(width, kPalettePixels / kSquare)};
}

std::vector<std::uint8_t> spatial_palette(std::span<const PalettePart> parts,
                                          std::span<const std::uint8_t> palette, int channels,
                                          std::span<const char> stays, float strength, Team& team) {
  return channels == 3 ? improve_palette<3>(parts, palette, stays, strength, team)
                       : improve_palette<4>(parts, palette, stays, strength, team);
}

}  // namespace kpalette
