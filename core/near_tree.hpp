// The nearest few of many points to one of them, by a k-d tree (Bentley 1975,
// doi:10.1145/361002.361007).
//
// Boxes that are too far are left out. A box's distance is computed like a point's, from the
// nearest coordinates that are in it, so that rounding, which keeps order, never makes it larger
// than that of a point in it: what is found is exact.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "point4.hpp"

namespace kpalette {

class NearTree {
 public:
  /// A squared distance, and which point it is to. The lower index comes first among equals.
  using Near = std::pair<float, std::int32_t>;

  /// `ids` name the points that count. The points must outlive the tree.
  NearTree(std::span<const Point4> points, std::vector<std::int32_t> ids);

  /// Up to `most` points that are not in the same place, the nearest first: those with the least
  /// ((x0 - p0)^2 + (x1 - p1)^2) + ... in floats, without contraction. May be called by several
  /// threads at once.
  std::vector<Near> find(Point4 place, std::size_t most) const;

 private:
  /// The points ids_[first] to ids_[last], in a box. Its halves, if any, are the next node and
  /// nodes_[right].
  struct Node {
    Point4 low{};
    Point4 high{};
    std::int32_t least_id = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t right = 0;
  };

  std::uint32_t build(std::uint32_t first, std::uint32_t last);
  void search(std::uint32_t node, Point4 place, std::size_t most, std::vector<Near>& heap) const;

  std::span<const Point4> points_;
  std::vector<std::int32_t> ids_;
  std::vector<Node> nodes_;
};

}  // namespace kpalette
