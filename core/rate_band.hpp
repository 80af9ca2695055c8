// The search for indices that cost few bits, in some rows of a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "buffer.hpp"
#include "point4.hpp"

namespace kpalette {

inline constexpr float kExact = 1e30f;  // the weight of errors where there shall be none

/// What the frame before shows where a frame of an animation is searched: pixels may be written as
/// the entry `keep`, which leaves that.
struct RateBefore {
  int keep = -1;                      // none; otherwise the number of entries
  Buffer<Point4> shown;               // colours
  std::vector<std::uint8_t> indices;  // entries
  std::vector<std::uint8_t> still;    // where another colour is seen as flicker
  float flicker = 0;                  // and what that costs
};

/// A picture as the search needs it.
struct RateScene {
  std::size_t width;
  std::size_t height;
  Buffer<Point4> coords;
  Buffer<float> weights;       // kExact where the nearest entry is the pixel's colour
  Buffer<std::uint8_t> solid;  // with alpha: whether only opaque entries are allowed
  std::vector<Point4> entries;
  std::vector<std::uint8_t> opaque;  // whether entries are
  std::vector<std::uint8_t> groups;
  Buffer<float> axes;  // the entries' coordinates, axis by axis, `stride` for each
  std::size_t stride;  // a multiple of 4
  float per_bit;
  Point4 right, below_left, below, below_right;  // what becomes of an error
  RateBefore before{};
};

/// Turns the nearest entries of `rows` rows from the row `first` on into what is written, as
/// choose_by_rate says, without regard to other rows.
class BandSearch {
 public:
  BandSearch(const RateScene& scene, int channels, std::size_t first, std::size_t rows,
             std::uint8_t* indices);
  ~BandSearch();

  /// Writes a row; returns false after the last.
  bool step();

  /// The bits so far, in units of 2^-16.
  std::int64_t bits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kpalette
