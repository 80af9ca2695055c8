// How different two images look: what shift of colour remains at a distance, where it is worst.
//
// The eye averages over small tiles, here of 16 by 16 pixels. A tile's error is the length of its
// mean error vector in Oklab, with a and b halved; in a mean, dithering cancels out. The image's
// error is the cubic mean of its tiles', each weighted by its pixels, over those in which a pixel
// changed: an unchanged background of any size dilutes nothing.
//
// On 78 pictures (26 photos, 52 charts, screenshots, icons, logos, maps and wallpapers) in 4 to 256
// colours the rank correlation with SSIMULACRA2, where that is from 30 to 95, is 0.91, dithered or
// not; that of the mean distance in Oklab is 0.82. Tiles of 32 are as good on photos, but forgive
// graphics more, and so do a and b in full. Dividing by 1 + 4 times the tile's deviation in
// lightness, as texture hides errors, gives 0.93, but forgives an error beside text. Overlapping
// tiles, two sizes of tiles at once, other powers from 2 to 6, and a share of the deviation within
// a tile gain nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel.hpp"

namespace kpalette {

inline constexpr std::size_t kLooksTile = 16;  // pixels to a side

/// An unsigned integer of 128 bits.
struct Wide {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const Wide&) const = default;
  void operator+=(const Wide& other) {
    low += other.low;
    high += other.high + (low < other.low);
  }
};

/// What changed tiles sum up to. All are integers, so parts of an image add up in any order.
struct TileSum {
  std::int64_t pixels = 0;
  Wide cubes;  // of pixels times the cubed length of their tile's mean error, in units of 2^-50

  std::uint64_t worst = 0;  // the largest that a tile adds to `cubes`
  std::size_t y = 0;        // that tile, the first of several
  std::size_t x = 0;
  std::size_t height = 0;
  std::size_t width = 0;

  bool operator==(const TileSum&) const = default;
};

/// Adds what other tiles sum up to, which come later.
void add(TileSum& sum, const TileSum& more);

/// The sums over a black and over a white backdrop, which are equal for opaque images.
using TileSums = std::array<TileSum, 2>;

/// An image's shape, or that of a part of one whose tiles begin at its first pixel.
struct Extent {
  std::size_t height;
  std::size_t width;
  int channels;
};

/// An image whose tiles are summed up once, to be compared with others of its size.
class TiledImage {
 public:
  /// `pixels` (height, width, channels) must outlive it.
  TiledImage(std::span<const std::uint8_t> pixels, const Extent& extent, Team& team);

  const Extent& extent() const { return extent_; }

  /// How the tiles of another image differ from these.
  TileSums errors(std::span<const std::uint8_t> pixels, Team& team) const;

  /// The same for one that shows the entries of `palette` (k, channels) that indices name.
  template <class Index>
  TileSums errors(std::span<const Index> indices, std::span<const std::uint8_t> palette,
                  Team& team) const;

 private:
  using Coords = std::array<std::int32_t, 3>;  // of a tile: below 2^29

  template <class Rows>
  TileSum errors_over(int backdrop, const Rows& others, Team& team) const;

  std::span<const std::uint8_t> pixels_;
  Extent extent_;
  std::vector<Coords> sums_[2];  // over each backdrop, of each tile; the second is empty if opaque
};

/// The same of an image with long runs of one colour, as graphics have, by its colours' labels:
/// takes time by the number of runs instead of that of pixels.
class TiledRuns {
 public:
  /// `which` (height, width) tells which of `colors` (n, channels) each pixel has.
  TiledRuns(std::span<const std::int32_t> which, std::span<const std::uint8_t> colors,
            const Extent& extent, Team& team);

  const Extent& extent() const { return extent_; }
  std::size_t colors() const { return colors_.size() / static_cast<std::size_t>(extent_.channels); }

  /// How tiles differ from those of an image that shows, for each colour, the entry of `palette`
  /// (k, channels) that its label (n) names.
  TileSums errors(std::span<const std::uint16_t> labels, std::span<const std::uint8_t> palette,
                  Team& team) const;

 private:
  struct Run {
    std::uint32_t color;
    std::uint32_t length;
  };
  struct Part {
    std::vector<Run> runs;            // of some tiles, one after the other
    std::vector<std::uint32_t> ends;  // where in `runs` those of each tile end
  };

  std::vector<std::uint8_t> colors_;
  Extent extent_;
  std::vector<Part> parts_;
};

/// Tells how images look whose tiles' errors have this mean cube, on the scale of SSIMULACRA2: 100
/// is without an error, and it falls with every larger one. The arithmetic is that of IEEE 754
/// alone, so it is the same on every machine.
double looks(double mean_cube);

/// Tells the same of images whose changed tiles sum up to this; 100 where there are none.
double looks(const TileSum& sum);

}  // namespace kpalette
