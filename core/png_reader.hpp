// Pixels of PNG files: rows, once they are inflated, become 8-bit RGB, or RGBA where there is
// alpha.
//
// Who calls it has cut the file into chunks, has checked the header, and inflates. Files that may
// be read in more than one way are read as Pillow and browsers do; of 16 bits, grey is rounded, and
// of colours the lower eight are dropped.
//
// W3C (2025). Portable Network Graphics (PNG) Specification, third edition.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kpalette {

/// What a file says of its pixels.
struct PngFormat {
  static constexpr int kGrey = 0, kRgb = 2, kIndexed = 3, kGreyAlpha = 4, kRgba = 6;

  std::size_t width = 1;
  std::size_t height = 1;
  int depth = 8;  // bits of a sample, as the colour type allows them
  int color = kRgb;
  bool interlaced = false;
  std::vector<std::uint8_t> palette{};       // what PLTE holds, of indexed pictures
  std::vector<std::uint8_t> transparency{};  // what tRNS holds, if anything

  /// Whether there can be such a file: its sides, depth, palette and transparency go together.
  bool is_valid() const;
  /// 4 where some pixel may be transparent, otherwise 3.
  int channels() const;
  /// Whether inflated rows hold the pixels as they are to be, after each filter's number.
  bool is_plain() const { return depth == 8 && channels() == samples() && !interlaced; }
  /// The bytes of a row of so many pixels, with its filter's number.
  std::size_t stride(std::size_t columns) const;
  /// The bytes of all rows, of all passes if the picture is interlaced.
  std::size_t size() const;

 private:
  int samples() const { return color == kRgba ? 4 : color == kRgb ? 3 : 1 + (color == kGreyAlpha); }
  friend class PngRows;
};

/// Reads rows of one width from above to below, some at a time.
class PngRows {
 public:
  /// `format` must outlive this; `columns` are those of its pass, if it is interlaced.
  PngRows(const PngFormat& format, std::size_t columns);

  /// Makes pixels (rows, columns, channels) of whole rows, which are overwritten. `pixels` may be
  /// where the rows are, if the format is plain. False, with some of the pixels made, if a filter
  /// is none of the five, or the palette lacks an entry.
  bool read(std::span<std::uint8_t> rows, std::uint8_t* pixels);

  /// The last row, as it was before it became pixels: what the next is told from. Another reader of
  /// the same format goes on from it.
  std::span<const std::uint8_t> above() const { return above_; }
  void go_on_below(std::span<const std::uint8_t> above) {
    std::copy_n(above.data(), std::min(above.size(), above_.size()), above_.data());
  }

 private:
  bool read_table(const std::uint8_t* line, std::uint8_t* pixels) const;
  void read_wide(const std::uint8_t* line, std::uint8_t* pixels) const;
  template <int channels>
  bool look_up(const std::uint8_t* line, std::uint8_t* pixels) const;

  const PngFormat& format_;
  std::size_t columns_;
  std::size_t stride_;
  std::size_t pixel_bytes_;                 // as filters count them: at least 1
  std::vector<std::uint8_t> above_;         // the last row
  std::array<std::uint32_t, 256> table_{};  // RGBA of each sample: of a palette, or of grey
  std::size_t entries_ = 256;
};

/// Makes pixels (height, width, channels) of all rows, which are overwritten; for `pixels` as
/// above. Returns the channels: 3, with the pixels closed up, if all turn out to be opaque. 0 if
/// the rows are damaged.
int read_png(const PngFormat& format, std::span<std::uint8_t> rows, std::uint8_t* pixels);

}  // namespace kpalette
