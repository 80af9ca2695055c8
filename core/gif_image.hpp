// A frame of a GIF: the rectangle that is written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kpalette {

/// A rectangle of pixels: rows from top to before bottom.
struct Rectangle {
  std::size_t top, left, bottom, right;

  std::size_t width() const { return right - left; }
  std::size_t height() const { return top < bottom ? bottom - top : 0; }
  std::size_t size() const { return height() > 0 ? height() * width() : 0; }
};

/// The rectangle around the pixels that are something, which has none if there are none.
template <class Is>
Rectangle around(std::size_t height, std::size_t width, const Is& is) {
  Rectangle part{height, width, 0, 0};
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      if (!is(y * width + x)) continue;
      part.top = std::min(part.top, y);
      part.left = std::min(part.left, x);
      part.bottom = y + 1;
      part.right = std::max(part.right, x + 1);
    }
  }
  return part;
}

/// The values of a part, row by row.
template <class T>
std::vector<T> cut(const T* values, std::size_t width, const Rectangle& part) {
  std::vector<T> out;
  out.reserve(part.size());
  for (std::size_t y = part.top; y < part.bottom; ++y) {
    out.insert(out.end(), values + y * width + part.left, values + y * width + part.right);
  }
  return out;
}

/// What is written for a frame.
struct GifImage {
  Rectangle part;
  int keep;                        // the entry that leaves what is shown, or -1
  bool cleared;                    // whether the part becomes clear before the next frame
  std::vector<std::uint8_t> data;  // as lzw() has them
};

}  // namespace kpalette
