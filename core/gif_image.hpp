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

/// A rectangle with what is so near to it in a picture.
inline Rectangle grown(const Rectangle& part, std::size_t by, std::size_t height,
                       std::size_t width) {
  return {part.top - std::min(part.top, by), part.left - std::min(part.left, by),
          std::min(height, part.bottom + by), std::min(width, part.right + by)};
}

/// The rectangle around the pixels of a part that are something, which has none if there are none.
template <class Is>
Rectangle around(const Rectangle& part, std::size_t width, const Is& is) {
  const auto has = [&](std::size_t y) {
    for (std::size_t x = part.left; x < part.right; ++x) {
      if (is(y * width + x)) return true;
    }
    return false;
  };
  Rectangle found = part;
  while (found.top < found.bottom && !has(found.top)) ++found.top;
  if (found.size() == 0) return {};
  while (!has(found.bottom - 1)) --found.bottom;
  std::size_t left = part.right;
  std::size_t right = part.left;
  for (std::size_t y = found.top; y < found.bottom; ++y) {
    for (std::size_t x = part.left; x < left; ++x) {
      if (is(y * width + x)) left = x;
    }
    for (std::size_t x = part.right; x > std::max(right, left); --x) {
      if (is(y * width + x - 1)) right = x;
    }
  }
  return {found.top, left, found.bottom, std::max(right, left + 1)};
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
