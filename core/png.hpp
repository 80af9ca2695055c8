// Indexed and grey PNG files: of all ways to write the same pixels, the one that takes fewest
// bytes.
//
// A way is an order of the palette, or levels of grey instead; a number of bits; and a choice of
// filters. Which is smallest depends on the picture: neighbours of photos have indices that are
// near once the palette is in order, so differences compress better; of graphics, repeated rows and
// bytes that hold several pixels do. Trying all in full takes several times as long, so a quick
// compression says which are worth it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "deflate_strips.hpp"
#include "named.hpp"
#include "parallel.hpp"
#include "png_chunks.hpp"

namespace kpalette {

/// Compresses bytes as a zlib stream, by libdeflate's levels, 1 to 12. Threads call it at once. The
/// core's callers bring it, since Python has it as a package.
using Deflate = std::function<std::vector<std::uint8_t>(std::span<const std::uint8_t>, int level)>;

enum class PngEffort {
  quick,     ///< few bits, the palette in its order, no filter, and level 7
  usual,     ///< the ways that seem smallest are compressed
  thorough,  ///< all of them are, by level 12
};

inline constexpr std::array<Named<PngEffort>, 3> kPngEfforts{
    {{"quick", PngEffort::quick}, {"usual", PngEffort::usual}, {"thorough", PngEffort::thorough}}};

struct PngOptions {
  PngEffort effort = PngEffort::usual;
  bool keep_order = false;  // of the palette, so that indices stay as they are
  bool may_be_grey = true;  // levels of grey may take the palette's place
};

/// Encodes a picture, a step at a time: a step compresses once on each thread. Large pictures are
/// compressed in strips, whatever the number of threads.
///
/// W3C (2025). Portable Network Graphics (PNG) Specification, third edition.
class PngEncoder {
 public:
  /// `indices` (height, width) are each below k, and there are some; of `colors` (k, channels), k
  /// is at most 256. `indices` and `team` must outlive this.
  PngEncoder(std::span<const std::uint8_t> indices, std::size_t width,
             std::span<const std::uint8_t> colors, int channels, const PngOptions& options,
             Deflate deflate, Team& team);

  /// Makes the next step; false where none was left, and chunks() is the result.
  bool step();

  const PngChunks& chunks() const { return chunks_; }

 private:
  using Bytes = std::vector<std::uint8_t>;

  /// A way to write the pixels.
  struct Way {
    Bytes palette;  // what PLTE holds; nothing for grey
    Bytes alphas;   // what tRNS holds: opaque entries at the end go without saying
    int bits;       // per pixel: 1, 2, 4 or 8
    Bytes rows;     // (height, 1 + stride), each after its filter's number
    double estimate = 0;
    int level = 0;
    Bytes compressed{};

    /// Bytes that other ways may save, besides those of the rows.
    std::size_t overhead() const;
  };

  /// A part of a way's rows that is compressed by itself.
  struct Strip {
    std::size_t way;
    std::size_t first;
    std::size_t size;
    DeflatedStrip deflated{};
  };

  /// What is written for each index.
  using Numbers = std::array<std::uint8_t, 256>;

  std::size_t height() const { return indices_.size() / width_; }

  void make_ways();
  void add_plain(const Numbers& numbers, const Bytes& order, int bits);
  void add_filtered(const Numbers& numbers, const Bytes& order, int bits);
  void add(const Bytes& order, int bits, Bytes&& rows);
  void make_row(const Numbers& numbers, int bits, std::size_t row, std::uint8_t* to) const;
  Bytes order_by_count() const;
  std::optional<Bytes> grey_levels() const;

  std::size_t stride(const Way& way) const { return way.rows.size() / height(); }
  double estimate(const Way& way, double share, int level) const;
  int level_for(const Way& way) const;
  void keep_promising();
  bool for_all(const std::function<void(Way&)>& make);
  void cut();
  bool compress();
  void join();
  void finish();

  std::span<const std::uint8_t> indices_;
  std::size_t width_;
  Bytes rgba_;  // (k, 4)
  PngOptions options_;
  Deflate deflate_;
  Team& team_;

  enum class Stage { make, estimate, estimate_whole, level, compress, done } stage_ = Stage::make;
  std::vector<Way> ways_;
  std::vector<Strip> strips_;
  std::size_t next_ = 0;  // of the ways or strips, in this stage
  bool flat_ = false;     // whether a way shrinks so much that a sample of it says little
  PngChunks chunks_;
};

}  // namespace kpalette
