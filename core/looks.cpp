#include "looks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "delta_e.hpp"
#include "spaces.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kTilePixels = kLooksTile * kLooksTile;
constexpr std::size_t kTilesPerTask = 256;
constexpr double kCubeUnits = 0x1p50;

// The scale is 100 - kFall ln(1 + kRise error): 97 at an error of 0.0002, 86 at 0.001, 71 at 0.003,
// 46 at 0.01. Around it SSIMULACRA2 has a standard deviation of 7.4. Fits to either half of the
// pictures agree to 2 points.
constexpr double kFall = 25;
constexpr double kRise = 750;

using Coords = std::array<std::int32_t, 3>;
typedef std::int32_t Four __attribute__((vector_size(16)));

struct Tile {
  std::size_t y, x, height, width;
};

std::size_t tiles_across(const Extent& extent) {
  return (extent.width + kLooksTile - 1) / kLooksTile;
}

std::size_t tiles_of(const Extent& extent) {
  return tiles_across(extent) * ((extent.height + kLooksTile - 1) / kLooksTile);
}

Tile tile_at(const Extent& extent, std::size_t index) {
  const std::size_t y = index / tiles_across(extent) * kLooksTile;
  const std::size_t x = index % tiles_across(extent) * kLooksTile;
  return {y, x, std::min(kLooksTile, extent.height - y), std::min(kLooksTile, extent.width - x)};
}

const Space& oklab() {
  static const Space space(SpaceName::oklab, 3);
  return space;
}

/// An image's pixels as they show over a backdrop.
class PixelRows {
 public:
  PixelRows(const std::uint8_t* pixels, const Extent& extent, int backdrop)
      : pixels_(pixels), extent_(extent), backdrop_(backdrop) {}

  /// A row of a tile (width, 3), written to `shown` if it is nowhere yet.
  const std::uint8_t* row(const Tile& tile, std::size_t y, std::uint8_t* shown) const {
    const std::size_t first = (tile.y + y) * extent_.width + tile.x;
    const std::uint8_t* row = pixels_ + first * static_cast<std::size_t>(extent_.channels);
    if (extent_.channels == 3) return row;
    composite(row, tile.width, backdrop_, shown);
    return shown;
  }

  Coords sum(const Tile& tile) const {
    std::uint8_t shown[3 * kTilePixels];
    std::uint8_t* out = shown;
    for (std::size_t y = 0; y < tile.height; ++y, out += 3 * tile.width) {
      const std::uint8_t* from = row(tile, y, out);
      if (from != out) std::memcpy(out, from, 3 * tile.width);
    }
    const std::size_t n = tile.height * tile.width;
    std::int32_t placed[3][kTilePixels];
    oklab().place({shown, 3 * n}, placed[0], kTilePixels);
    Coords sum{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      for (std::size_t i = 0; i < n; ++i) sum[axis] += placed[axis][i];
    }
    return sum;
  }

 private:
  const std::uint8_t* pixels_;
  const Extent& extent_;
  int backdrop_;
};

/// The same of the entries that indices name.
template <class Index>
class EntryRows {
 public:
  EntryRows(const Index* indices, std::span<const std::uint8_t> palette, const Extent& extent,
            int backdrop)
      : indices_(indices), width_(extent.width) {
    const std::size_t k = palette.size() / static_cast<std::size_t>(extent.channels);
    shown_.resize(3 * k);
    if (extent.channels == 3) {
      std::copy(palette.begin(), palette.end(), shown_.begin());
    } else {
      composite(palette.data(), k, backdrop, shown_.data());
    }
    std::vector<std::int32_t> placed(3 * k);
    oklab().place(shown_, placed.data(), k);
    for (std::size_t j = 0; j < k; ++j) {
      coords_.push_back(Four{placed[j], placed[k + j], placed[2 * k + j], 0});
    }
  }

  const std::uint8_t* row(const Tile& tile, std::size_t y, std::uint8_t* shown) const {
    const Index* indices = indices_ + (tile.y + y) * width_ + tile.x;
    for (std::size_t x = 0; x < tile.width; ++x) {
      std::memcpy(shown + 3 * x, shown_.data() + 3 * std::size_t{indices[x]}, 3);
    }
    return shown;
  }

  Coords sum(const Tile& tile) const {
    Four sum{};
    for (std::size_t y = 0; y < tile.height; ++y) {
      const Index* indices = indices_ + (tile.y + y) * width_ + tile.x;
      for (std::size_t x = 0; x < tile.width; ++x) sum += coords_[indices[x]];
    }
    return {sum[0], sum[1], sum[2]};
  }

 private:
  const Index* indices_;
  std::size_t width_;
  std::vector<std::uint8_t> shown_;  // the palette (k, 3)
  std::vector<Four> coords_;         // and where that is
};

template <class RowsA, class RowsB>
bool differ(const RowsA& a, const RowsB& b, const Tile& tile) {
  std::uint8_t shown[2][3 * kLooksTile];
  for (std::size_t y = 0; y < tile.height; ++y) {
    if (std::memcmp(a.row(tile, y, shown[0]), b.row(tile, y, shown[1]), 3 * tile.width) != 0) {
      return true;
    }
  }
  return false;
}

/// What a tile adds to the sum of cubes.
std::uint64_t cube_of(const Coords& a, const Coords& b, std::size_t pixels) {
  std::int64_t square = 0;  // of twice the summed error: below 2^62
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t shift = std::int64_t{b[axis]} - a[axis];
    square += axis == 0 ? 4 * shift * shift : shift * shift;  // a and b are halved
  }
  const auto n = static_cast<double>(pixels);
  const double error = std::sqrt(static_cast<double>(square)) / (2 * oklab().steps()) / n;
  return static_cast<std::uint64_t>(
      static_cast<std::int64_t>(error * error * error * n * kCubeUnits + 0.5));
}

/// Adds a changed tile whose coordinates sum up to `a` in one image and to `b` in the other.
void add_tile(TileSum& sum, const Tile& tile, const Coords& a, const Coords& b) {
  const std::size_t pixels = tile.height * tile.width;
  const std::uint64_t cube = cube_of(a, b, pixels);
  add(sum, {static_cast<std::int64_t>(pixels),
            {0, cube},
            cube,
            tile.y,
            tile.x,
            tile.height,
            tile.width});
}

/// Calls body(task, tile) for all tiles, those of a task one after the other.
template <class Body>
void for_tiles(const Extent& extent, Team& team, const Body& body) {
  const std::size_t tiles = tiles_of(extent);
  team.run((tiles + kTilesPerTask - 1) / kTilesPerTask, [&](std::size_t task, int) {
    const std::size_t last = std::min(tiles, (task + 1) * kTilesPerTask);
    for (std::size_t tile = task * kTilesPerTask; tile < last; ++tile) body(task, tile);
  });
}

/// The cube root by Newton's method, from above.
double cube_root(double x) {
  if (x == 0) return 0;
  double y = std::max(x, 1.0);
  for (int step = 0; step < 200; ++step) {
    const double next = y - (y - x / (y * y)) / 3;
    if (next >= y) break;
    y = next;
  }
  return y;
}

/// The natural logarithm of what is at least 1.
double logarithm(double x) {
  // x = m 2^e with m from sqrt(1/2) to sqrt(2), and ln m = 2 artanh((m - 1) / (m + 1))
  constexpr double kLn2 = 0.6931471805599453;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffff) | std::uint64_t{1023} << 52);
  if (m > 1.4142135623730951) {
    m /= 2;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);
  double sum = 0;
  for (int power = 23; power > 0; power -= 2) sum = sum * s * s + 1.0 / power;
  return exponent * kLn2 + 2 * s * sum;
}

}  // namespace

void add(TileSum& sum, const TileSum& more) {
  const std::int64_t pixels = sum.pixels + more.pixels;
  Wide cubes = sum.cubes;
  cubes += more.cubes;
  if (more.pixels > 0 && (sum.pixels == 0 || more.worst > sum.worst)) sum = more;
  sum.pixels = pixels;
  sum.cubes = cubes;
}

TiledImage::TiledImage(std::span<const std::uint8_t> pixels, const Extent& extent, Team& team)
    : pixels_(pixels), extent_(extent) {
  for (const int backdrop : {0, 255}) {
    if (backdrop > 0 && extent_.channels == 3) break;
    std::vector<Coords>& sums = sums_[backdrop > 0];
    sums.resize(tiles_of(extent_));
    const PixelRows rows(pixels_.data(), extent_, backdrop);
    for_tiles(extent_, team, [&](std::size_t, std::size_t tile) {
      sums[tile] = rows.sum(tile_at(extent_, tile));
    });
  }
}

template <class Rows>
TileSum TiledImage::errors_over(int backdrop, const Rows& others, Team& team) const {
  const PixelRows own(pixels_.data(), extent_, backdrop);
  const std::vector<Coords>& sums = sums_[backdrop > 0];
  std::vector<TileSum> parts(sums.size() / kTilesPerTask + 1);
  for_tiles(extent_, team, [&](std::size_t task, std::size_t index) {
    const Tile tile = tile_at(extent_, index);
    if (!differ(own, others, tile)) return;
    add_tile(parts[task], tile, sums[index], others.sum(tile));
  });
  TileSum sum;
  for (const TileSum& part : parts) add(sum, part);
  return sum;
}

TileSums TiledImage::errors(std::span<const std::uint8_t> pixels, Team& team) const {
  const auto over = [&](int backdrop) {
    return errors_over(backdrop, PixelRows(pixels.data(), extent_, backdrop), team);
  };
  const TileSum black = over(0);
  return {black, extent_.channels == 3 ? black : over(255)};
}

template <class Index>
TileSums TiledImage::errors(std::span<const Index> indices, std::span<const std::uint8_t> palette,
                            Team& team) const {
  const std::size_t k = palette.size() / static_cast<std::size_t>(extent_.channels);
  if (std::ranges::any_of(indices, [&](Index index) { return index >= k; })) {
    throw std::invalid_argument("an index that the palette lacks");
  }
  const auto over = [&](int backdrop) {
    const EntryRows<Index> rows(indices.data(), palette, extent_, backdrop);
    return errors_over(backdrop, rows, team);
  };
  const TileSum black = over(0);
  return {black, extent_.channels == 3 ? black : over(255)};
}

template TileSums TiledImage::errors(std::span<const std::uint8_t>, std::span<const std::uint8_t>,
                                     Team&) const;
template TileSums TiledImage::errors(std::span<const std::uint16_t>, std::span<const std::uint8_t>,
                                     Team&) const;

TiledRuns::TiledRuns(std::span<const std::int32_t> which, std::span<const std::uint8_t> colors,
                     const Extent& extent, Team& team)
    : colors_(colors.begin(), colors.end()),
      extent_(extent),
      parts_((tiles_of(extent) + kTilesPerTask - 1) / kTilesPerTask) {
  for_tiles(extent_, team, [&](std::size_t task, std::size_t index) {
    const Tile tile = tile_at(extent_, index);
    std::vector<Run>& runs = parts_[task].runs;
    Run run{0, 0};
    for (std::size_t y = tile.y; y < tile.y + tile.height; ++y) {
      const std::int32_t* row = which.data() + y * extent_.width + tile.x;
      for (std::size_t x = 0; x < tile.width; ++x) {
        const auto color = static_cast<std::uint32_t>(row[x]);
        if (color != run.color) {
          if (run.length > 0) runs.push_back(run);
          run = {color, 0};
        }
        ++run.length;
      }
    }
    runs.push_back(run);
    parts_[task].ends.push_back(static_cast<std::uint32_t>(runs.size()));
  });
}

TileSums TiledRuns::errors(std::span<const std::uint16_t> labels,
                           std::span<const std::uint8_t> palette, Team& team) const {
  const auto channels = static_cast<std::size_t>(extent_.channels);
  const std::size_t n = labels.size();
  std::vector<std::uint8_t> entries(channels * n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t entry = channels * labels[i];
    if (entry >= palette.size()) throw std::invalid_argument("a label that the palette lacks");
    std::memcpy(entries.data() + channels * i, palette.data() + entry, channels);
  }
  // Of each colour: its shift, and whether there is any.
  std::vector<Four> shifts(n);
  const auto over = [&](int backdrop) {
    std::uint8_t shown[2][3 * kTilePixels];
    std::int32_t placed[2][3][kTilePixels];
    for (std::size_t first = 0; first < n; first += kTilePixels) {
      const std::size_t count = std::min(kTilePixels, n - first);
      const Extent line{1, n, extent_.channels};
      const Tile part{0, first, 1, count};
      const std::uint8_t* both[2] = {
          PixelRows(colors_.data(), line, backdrop).row(part, 0, shown[0]),
          PixelRows(entries.data(), line, backdrop).row(part, 0, shown[1])};
      for (int side = 0; side < 2; ++side) {
        oklab().place({both[side], 3 * count}, placed[side][0], kTilePixels);
      }
      for (std::size_t i = 0; i < count; ++i) {
        Four& shift = shifts[first + i];
        for (int axis = 0; axis < 3; ++axis) shift[axis] = placed[1][axis][i] - placed[0][axis][i];
        shift[3] = std::memcmp(both[0] + 3 * i, both[1] + 3 * i, 3) != 0;
      }
    }
    std::vector<TileSum> sums(parts_.size());
    team.run(parts_.size(), [&](std::size_t task, int) {
      std::size_t run = 0;
      for (std::size_t i = 0; i < parts_[task].ends.size(); ++i) {
        Four sum{};
        for (; run < parts_[task].ends[i]; ++run) {
          const auto [color, length] = parts_[task].runs[run];
          const auto times = static_cast<std::int32_t>(length);
          sum += shifts[color] * Four{times, times, times, times};
        }
        if (sum[3] == 0) continue;
        add_tile(sums[task], tile_at(extent_, task * kTilesPerTask + i), {},
                 {sum[0], sum[1], sum[2]});
      }
    });
    TileSum sum;
    for (const TileSum& part : sums) add(sum, part);
    return sum;
  };
  const TileSum black = over(0);
  return {black, extent_.channels == 3 ? black : over(255)};
}

double looks(double mean_cube) { return 100 - kFall * logarithm(1 + kRise * cube_root(mean_cube)); }

double looks(const TileSum& sum) {
  if (sum.pixels == 0) return 100;
  const double cubes =
      0x1p64 * static_cast<double>(sum.cubes.high) + static_cast<double>(sum.cubes.low);
  return looks(cubes / static_cast<double>(sum.pixels) / kCubeUnits);
}

}  // namespace kpalette
