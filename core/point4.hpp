// Vectors of four floats, which every machine has.
#pragma once

namespace kpalette {

/// A point with an axis per lane, 0 past the last; or one coordinate of each of four points.
typedef float Point4 __attribute__((vector_size(16)));

inline Point4 all4(float value) { return Point4{value, value, value, value}; }
inline Point4 least4(Point4 a, Point4 b) { return a < b ? a : b; }
inline Point4 most4(Point4 a, Point4 b) { return a > b ? a : b; }
inline float square4(Point4 a) {
  const Point4 squares = a * a;
  return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

}  // namespace kpalette
