#include "png_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "paeth.hpp"

namespace kpalette {
namespace {

using Byte = std::uint8_t;

/// 8 levels, of which a pixel's are the first. A pixel's bytes are undone side by side: each
/// depends on the pixel before.
using Levels = std::int16_t __attribute__((vector_size(16)));
using Packed = std::uint8_t __attribute__((vector_size(8)));

template <std::size_t n>
Levels load(const Byte* from) {
  std::uint64_t bytes = 0;
  if constexpr (n == 3) {  // put together in a register: what was just stored is slow to load
    std::uint16_t two = 0;
    std::memcpy(&two, from, 2);
    bytes = std::uint64_t{from[2]} << 16 | two;
  } else {
    std::memcpy(&bytes, from, n);
  }
  return __builtin_convertvector(std::bit_cast<Packed>(bytes), Levels);
}

template <std::size_t n>
void store(const Levels& levels, Byte* to) {
  const auto bytes = std::bit_cast<std::uint64_t>(__builtin_convertvector(levels, Packed));
  if constexpr (n == 3) {
    std::memcpy(to, &bytes, 2);
    to[2] = static_cast<Byte>(bytes >> 16);
  } else {
    std::memcpy(to, &bytes, n);
  }
}

/// Adds to a row what its filter took away: `n` bytes, `size` of them a pixel.
template <std::size_t size>
bool undo(int filter, Byte* __restrict line, const Byte* __restrict above, std::size_t n) {
  switch (filter) {
    case 0:
      return true;
    case 1: {
      Levels left{};
      for (std::size_t i = 0; i < n; i += size) {
        left = (left + load<size>(line + i)) & 255;
        store<size>(left, line + i);
      }
      return true;
    }
    case 2:
      for (std::size_t i = 0; i < n; ++i) line[i] = static_cast<Byte>(line[i] + above[i]);
      return true;
    case 3: {
      Levels left{};
      for (std::size_t i = 0; i < n; i += size) {
        left = (load<size>(line + i) + ((left + load<size>(above + i)) >> 1)) & 255;
        store<size>(left, line + i);
      }
      return true;
    }
    case 4: {
      Levels left{};
      Levels above_left{};
      for (std::size_t i = 0; i < n; i += size) {
        const Levels up = load<size>(above + i);
        left = (load<size>(line + i) + paeth(left, up, above_left)) & 255;
        store<size>(left, line + i);
        above_left = up;
      }
      return true;
    }
    default:
      return false;
  }
}

bool undo(std::size_t size, int filter, Byte* line, const Byte* above, std::size_t n) {
  switch (size) {
    case 1:
      return undo<1>(filter, line, above, n);
    case 2:
      return undo<2>(filter, line, above, n);
    case 3:
      return undo<3>(filter, line, above, n);
    case 4:
      return undo<4>(filter, line, above, n);
    case 6:
      return undo<6>(filter, line, above, n);
    default:
      return undo<8>(filter, line, above, n);
  }
}

unsigned wide(const Byte* at) { return unsigned{at[0]} << 8 | at[1]; }

/// The sizes of the passes of an interlaced picture: the first column and row, and the steps.
struct Pass {
  std::size_t left, top, across, down;

  std::size_t columns(std::size_t width) const { return (width + across - 1 - left) / across; }
  std::size_t rows(std::size_t height) const { return (height + down - 1 - top) / down; }
};
constexpr std::array<Pass, 7> kPasses{{{0, 0, 8, 8},
                                       {4, 0, 8, 8},
                                       {0, 4, 4, 8},
                                       {2, 0, 4, 4},
                                       {0, 2, 2, 4},
                                       {1, 0, 2, 2},
                                       {0, 1, 1, 2}}};

/// Reads the passes one after the other and puts their pixels where they belong.
bool read_passes(const PngFormat& format, std::span<Byte> rows, Byte* pixels) {
  const auto d = static_cast<std::size_t>(format.channels());
  std::vector<Byte> line(format.width * d);
  for (const Pass& pass : kPasses) {
    const std::size_t columns = pass.columns(format.width);
    const std::size_t stride = format.stride(columns);
    if (columns == 0) continue;
    PngRows reader(format, columns);
    for (std::size_t row = 0; row < pass.rows(format.height); ++row) {
      if (!reader.read(rows.first(stride), line.data())) return false;
      rows = rows.subspan(stride);
      const std::size_t first = (pass.top + row * pass.down) * format.width + pass.left;
      for (std::size_t i = 0; i < columns; ++i) {
        std::memcpy(&pixels[(first + i * pass.across) * d], &line[i * d], d);
      }
    }
  }
  return true;
}

/// Whether the alpha of all pixels is 255.
bool is_opaque(std::span<const Byte> rgba) {
  constexpr std::size_t kBlock = 4096;
  while (!rgba.empty()) {
    const auto block = rgba.first(std::min(kBlock, rgba.size()));
    Byte all = 255;
    for (std::size_t i = 3; i < block.size(); i += 4) all &= block[i];
    if (all != 255) return false;
    rgba = rgba.subspan(block.size());
  }
  return true;
}

}  // namespace

bool PngFormat::is_valid() const {
  constexpr std::size_t kMostSide = 0x7fffffff;
  if (width < 1 || height < 1 || width > kMostSide || height > kMostSide) return false;
  if (width > ~std::size_t{0} / 16 / height) return false;  // so that no size overflows
  const bool few = depth == 1 || depth == 2 || depth == 4;
  switch (color) {
    case kGrey:
      return (few || depth == 8 || depth == 16) &&
             (transparency.empty() || transparency.size() == 2);
    case kRgb:
      return (depth == 8 || depth == 16) && (transparency.empty() || transparency.size() == 6);
    case kIndexed:
      return (few || depth == 8) && !palette.empty() && palette.size() % 3 == 0 &&
             palette.size() <= 3 * 256 && transparency.size() <= palette.size() / 3;
    case kGreyAlpha:
    case kRgba:
      return (depth == 8 || depth == 16) && transparency.empty();
    default:
      return false;
  }
}

int PngFormat::channels() const {
  return color == kGreyAlpha || color == kRgba || !transparency.empty() ? 4 : 3;
}

std::size_t PngFormat::stride(std::size_t columns) const {
  return 1 + (columns * static_cast<std::size_t>(samples() * depth) + 7) / 8;
}

std::size_t PngFormat::size() const {
  if (!interlaced) return height * stride(width);
  std::size_t sum = 0;
  for (const Pass& pass : kPasses) {
    const std::size_t columns = pass.columns(width);
    if (columns > 0) sum += pass.rows(height) * stride(columns);
  }
  return sum;
}

PngRows::PngRows(const PngFormat& format, std::size_t columns)
    : format_(format),
      columns_(columns),
      stride_(format.stride(columns)),
      pixel_bytes_(static_cast<std::size_t>(std::max(1, format.samples() * format.depth / 8))),
      above_(stride_ - 1) {
  if (format.depth > 8 || format.samples() > 1) return;
  const auto entry = [](unsigned red, unsigned green, unsigned blue, unsigned alpha) {
    const std::array<Byte, 4> rgba{static_cast<Byte>(red), static_cast<Byte>(green),
                                   static_cast<Byte>(blue), static_cast<Byte>(alpha)};
    return std::bit_cast<std::uint32_t>(rgba);
  };
  const auto& clear = format.transparency;
  if (format.color == PngFormat::kIndexed) {
    entries_ = format.palette.size() / 3;
    for (std::size_t i = 0; i < entries_; ++i) {
      const Byte* rgb = &format.palette[3 * i];
      table_[i] = entry(rgb[0], rgb[1], rgb[2], i < clear.size() ? clear[i] : 255);
    }
    return;
  }
  const unsigned most = (1u << format.depth) - 1;
  // The lower bits alone count (11.3.1.1); of one bit, Pillow takes all that is not 0 for white.
  unsigned key = most + 1;
  if (!clear.empty()) key = most == 1 ? wide(clear.data()) != 0 : wide(clear.data()) & most;
  for (unsigned level = 0; level <= most; ++level) {
    const unsigned grey = level * (255 / most);
    table_[level] = entry(grey, grey, grey, level == key ? 0 : 255);
  }
}

bool PngRows::read(std::span<std::uint8_t> rows, std::uint8_t* pixels) {
  const std::size_t n = stride_ - 1;
  const std::size_t row_bytes = columns_ * static_cast<std::size_t>(format_.channels());
  const bool plain = format_.is_plain();
  const Byte* above = above_.data();
  for (; !rows.empty(); rows = rows.subspan(stride_), pixels += row_bytes) {
    Byte* line = rows.data() + 1;
    const int filter = rows.front();
    if (plain) {
      std::memmove(pixels, line, n);
      line = pixels;
    }
    if (!undo(pixel_bytes_, filter, line, above, n)) return false;
    above = line;
    if (plain) continue;
    if (format_.depth <= 8 && format_.samples() == 1) {
      if (!read_table(line, pixels)) return false;
    } else {
      read_wide(line, pixels);
    }
  }
  if (above != above_.data()) std::copy_n(above, n, above_.data());
  return true;
}

bool PngRows::read_table(const std::uint8_t* line, std::uint8_t* pixels) const {
  return format_.channels() == 4 ? look_up<4>(line, pixels) : look_up<3>(line, pixels);
}

/// Pixels of samples that name a colour.
template <int channels>
bool PngRows::look_up(const std::uint8_t* line, std::uint8_t* pixels) const {
  unsigned most = 0;
  const auto put = [&](unsigned sample) {
    most = std::max(most, sample);
    std::memcpy(pixels, &table_[sample], channels);
    pixels += channels;
  };
  if (format_.depth == 8) {
    for (std::size_t i = 0; i < columns_; ++i) put(line[i]);
  } else {
    const auto depth = static_cast<unsigned>(format_.depth);
    const unsigned mask = (1u << depth) - 1;
    for (std::size_t i = 0; i < columns_; ++line) {
      for (unsigned shift = 8; shift > 0 && i < columns_; ++i) {
        shift -= depth;
        put(*line >> shift & mask);
      }
    }
  }
  return most < entries_;
}

/// Pixels of several samples, or of 16 bits.
void PngRows::read_wide(const std::uint8_t* line, std::uint8_t* pixels) const {
  const auto samples = static_cast<std::size_t>(format_.samples());
  const auto bytes = static_cast<std::size_t>(format_.depth / 8);
  const bool has_alpha = format_.channels() == 4;
  const bool has_key = !format_.transparency.empty();
  const std::size_t colors = samples >= 3 ? 3 : 1;
  std::vector<Byte> key = format_.transparency;  // as samples hold it
  for (std::size_t i = 0; bytes == 1 && i < key.size(); i += 2) key[i / 2] = key[i + 1];
  for (std::size_t i = 0; i < columns_; ++i, line += samples * bytes) {
    if (colors == 3) {
      for (std::size_t c = 0; c < 3; ++c) pixels[c] = line[c * bytes];
    } else {
      // Grey of 16 bits is rounded where it is alone.
      const unsigned level =
          bytes == 2 && samples == 1 ? (wide(line) * 255 + 32767) / 65535 : line[0];
      std::fill_n(pixels, 3, static_cast<Byte>(level));
    }
    pixels += 3;
    if (!has_alpha) continue;
    const bool is_clear = has_key && std::equal(line, line + colors * bytes, key.begin());
    *pixels++ = has_key ? (is_clear ? 0 : 255) : line[colors * bytes];
  }
}

int read_png(const PngFormat& format, std::span<std::uint8_t> rows, std::uint8_t* pixels) {
  const bool whole = format.interlaced ? read_passes(format, rows, pixels)
                                       : PngRows(format, format.width).read(rows, pixels);
  if (!whole) return 0;
  if (format.channels() == 3) return 3;
  const std::size_t n = format.width * format.height;
  if (!is_opaque({pixels, 4 * n})) return 4;
  for (std::size_t i = 0; i < n; ++i) std::memmove(pixels + 3 * i, pixels + 4 * i, 3);
  return 3;
}

}  // namespace kpalette
